import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MergedCapture } from '../capture/merge.ts'
import { pcapHeader, pcapRecord } from '../capture/pcap-writer.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { Firewall } from '../firewall/firewall.ts'
import { buildPacket } from '../packet/build.ts'
import { ethernet } from '../packet/build-link.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import type { PacketRecord } from './record.ts'
import { recordOf } from './record-of.ts'
import { Replay, type ReplayObserver } from './replay.ts'

const FORMAT = { precision: 'micro', byteOrder: 'little' } as const

/** What happens next, to which of a few connections, and by which side. */
const step = fc.record({
  flow: fc.nat(3),
  side: fc.nat(1),
  kind: fc.constantFrom(
    ...([
      'open',
      'open',
      'open',
      'data',
      'data',
      'data',
      'data',
      'data',
      'ack',
      'ack',
      'ack',
      'ack',
    ] as const),
    ...(['fin', 'fin', 'reset', 'again', 'ahead', 'zero', 'udp', 'stray'] as const),
  ),
  payload: fc.constantFrom(0, 1, 7, 10, 16, 33, 1500),
  oddity: fc.constantFrom(
    ...Array<'none'>(20).fill('none'),
    ...(['sum', 'cut', 'options', 'timestamps', 'tag', 'piece', 'padded'] as const),
  ),
  /** Milliseconds. */
  gap: fc.constantFrom(0, 0, 1, 2, 3, 3, 5, 40, 1_100, 61_000, 700_000, -2_500),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** A capture of it: sequence numbers are those of hosts that mean it, unless the step says otherwise. */
function capture(steps: readonly Step[]): Uint8Array[] {
  const next = [0, 1, 2, 3].map((flow) => [flow * 1000 - 2000, flow * 777 + 5] as [number, number])
  const handshake = [0, 0, 0, 0]
  let time = 1_700_000_000_000
  const records = steps.map(({ flow, side, kind, payload, oddity, gap }) => {
    time += gap
    const numbers = next[flow]!
    let from = side as 0 | 1
    let flags = kind === 'data' ? 'PA' : 'A'
    let shift = 0
    if (kind === 'open') {
      const stage = handshake[flow]!
      handshake[flow] = (stage + 1) % 3
      from = stage === 1 ? 1 : 0
      flags = ['S', 'SA', 'A'][stage]!
    } else if (kind === 'fin') flags = 'FA'
    else if (kind === 'reset') flags = 'RA'
    else if (kind === 'again') shift = -3
    else if (kind === 'ahead') shift = 90_000
    else if (kind === 'stray') flags = 'SFA'
    const size = flags === 'PA' ? payload : 0
    const tcp = {
      sourcePort: from === 0 ? 4000 + flow : 80,
      destinationPort: from === 0 ? 80 : 4000 + flow,
      flags,
      sequence: numbers[from] + shift,
      acknowledgment: flags === 'S' ? 0 : numbers[from ^ 1]!,
      window: kind === 'zero' ? 0 : 5000,
      payload: new Uint8Array(size).fill(0x5a),
      ...(oddity === 'timestamps' && { options: Uint8Array.of(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8) }),
    }
    if (shift === 0) numbers[from] += size + (/[SF]/.test(flags) ? 1 : 0)
    const ends = from === 0 ? (['10.0.0.2', '192.0.2.9'] as const) : (['192.0.2.9', '10.0.0.2'] as const)
    const packet = buildPacket({
      source: ends[0],
      destination: ends[1],
      ...(kind === 'udp' ? { udp: { sourcePort: 53, destinationPort: 4000 + flow } } : { tcp }),
      ...(oddity === 'options' && { ipOptions: [1, 1, 1, 0] }),
    })
    if (oddity === 'sum') packet[packet.length - 1]! ^= 1
    if (oddity === 'piece') {
      packet[6]! |= 0x20
      packet[10] = 0
      packet[11] = 0
    }
    const padded = oddity === 'padded' ? Uint8Array.from([...packet, 1, 2, 3, 4, 5]) : packet
    const bytes = ethernet(padded, oddity === 'tag' ? { vlans: [7] } : {})
    const end = oddity === 'cut' ? Math.min(bytes.length, 58) : bytes.length
    return pcapRecord(FORMAT, {
      bytes,
      start: 0,
      end,
      originalLength: bytes.length,
      seconds: Math.floor(time / 1000),
      nanoseconds: (time % 1000) * 1_000_000,
    })
  })
  return [pcapHeader(FORMAT, LINKTYPE_ETHERNET), ...records]
}

/** Runs in which packets went the short way. */
let shortRuns = 0

/** Everything that a run leaves behind. */
async function run(chunks: readonly Uint8Array[], look: 'all' | 'notable') {
  const tracker = new Tracker({ fillRandom: (words) => words.fill(0x9e37_79b1) })
  tracker.settings.set('nf_conntrack_acct', 1)
  const firewall = new Firewall(tracker)
  const merged = new MergedCapture([{ name: 'a', chunks }])
  const notable: PacketRecord[] = []
  const source = { names: ['a'], interfaces: merged.interfaces, tracker }
  const observer: ReplayObserver =
    look === 'notable'
      ? {
          onNotablePacket: (packet, outcome, number) =>
            notable.push(recordOf(source, packet, outcome, number)),
        }
      : {
          onPacket(packet, outcome, number) {
            const { changes, reasons, droppedBy } = outcome
            if ((changes & 7) !== 0 || reasons.count > 0 || droppedBy !== 0)
              notable.push(recordOf(source, packet, outcome, number))
          },
        }
  const replay = new Replay(merged, firewall, observer)
  await replay.run()
  if (look === 'notable' && tracker.plain!.length > 0) shortRuns++
  const { table, statistics, census, clock, offloadedChecksums } = tracker
  const { entries, wheel } = table
  const { summary } = replay
  return {
    notable,
    summary: { ...summary, reasons: summary.reasons(), ctstates: summary.ctstates },
    words: Array.from({ length: entries.limit }, (_, number) =>
      Array.from(table.words(number).subarray(table.at(number), table.at(number) + 32)),
    ),
    wheel: [wheel.size, wheel.cursor],
    clock: { ...clock },
    counters: [table.count, statistics, census, offloadedChecksums],
  }
}

test('packets that nobody looks at leave behind what those do that are looked at', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 150 }), async (steps) => {
      const bytes = capture(steps)
      const seen = await run(bytes, 'all')
      expect(await run(bytes, 'notable')).toEqual(seen)
    }),
    { numRuns: 150, seed: 11 },
  )
  expect(shortRuns).toBeGreaterThan(130)
})
