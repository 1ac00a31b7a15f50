/** The lines of LOG against those of the real kernel log: the same packets, byte by byte the same text. */
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Outcome } from '../../src/conntrack/outcome.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { logLine } from '../../src/format/log-line.ts'
import { HOOK_PREROUTING } from '../../src/hook/hook.ts'
import type { LogNote } from '../../src/hook/note.ts'
import { Passage } from '../../src/hook/passage.ts'
import { Interfaces } from '../../src/host/interfaces.ts'
import { Namespace } from '../../src/live/namespace.ts'
import { Tun } from '../../src/live/tun.ts'
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { internetChecksum } from '../../src/packet/checksum.ts'
import { decodeFrame } from '../../src/packet/decode.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/packet/link-type.ts'
import { Packet } from '../../src/packet/packet.ts'
import { randomOf } from '../support/rules.ts'
import { whyNot } from './needs.ts'

const SWITCH = '/proc/sys/net/netfilter/nf_log_all_netns'
const skip = whyNot() ?? (existsSync(SWITCH) ? null : 'lines are logged for the first network namespace only')
if (skip) console.warn(`log-line.test.ts is skipped: ${skip}`)

const plain = { tcpSequence: false, tcpOptions: false, ipOptions: false, uid: false, macDecode: false }
const full = { tcpSequence: true, tcpOptions: true, ipOptions: true, uid: true, macDecode: true }
const notes: readonly LogNote[] = [
  { kind: 'log', prefix: 'sallyport', level: 4, ...plain },
  { kind: 'log', prefix: 'sallyport full: ', level: 7, ...full },
]
const RULES = `*mangle
-A PREROUTING -j LOG --log-prefix sallyport
-A PREROUTING -j MARK --set-mark 0x2a
-A PREROUTING -j LOG --log-prefix "sallyport full: " --log-level 7 --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode
-A PREROUTING -j DROP
COMMIT
`

const four = { source: '10.0.1.2', destination: '10.0.2.2' } as const
const six = { source: 'fd00:1::2', destination: 'fd00:2::2' } as const
const tcp = { sourcePort: 1000, destinationPort: 80, flags: 'S', options: [{ mss: 1460 }, 'nop'] } as const
const udp = { sourcePort: 5, destinationPort: 6, payload: [1, 2, 3] } as const
const quoted4 = buildPacket({ ...four, ttl: 1, tcp })
const quoted6 = buildPacket({ ...six, udp })
const errorIn4 = buildPacket({ ...four, icmp: { type: 3, code: 1, payload: quoted4 } })

const plans: readonly PacketPlan[] = [
  { ...four, tcp, tos: 0xff, identification: 0xfffe, dontFragment: true },
  { ...four, udp, ipOptions: [7, 7, 4, 0, 0, 0, 0] },
  { ...four, udplite: { sourcePort: 5, destinationPort: 6 } },
  { ...four, sctp: { sourcePort: 1, destinationPort: 2, chunks: [{ type: 1 }] } },
  ...[50, 51, 47, 253].map((protocol) => ({
    ...four,
    protocol,
    payload: [0, 1, 2, 3, 0xab, 5, 6, 7, 8, 9, 10, 11],
  })),
  ...[0, 3, 4, 5, 8, 11, 12, 13, 14, 17, 18, 30].map((type) => ({
    ...four,
    icmp: { type, code: 4, id: 0xabcd, sequence: 1400, payload: quoted4 },
  })),
  { ...four, icmp: { type: 11, payload: errorIn4 } },
  { ...six, tcp, tos: 0xab, flowLabel: 0xfffff },
  {
    ...six,
    udp,
    extensions: [{ hopByHop: [] }, { destination: [1, 2, 0, 0] }, { routing: [0, 0, 0, 0], type: 4 }],
  },
  { ...six, tcp, extensions: [{ authentication: [0, 0, 0xab, 1, 0, 0, 0, 2] }] },
  { ...six, protocol: 50, payload: [0, 1, 2, 3, 4, 5, 6, 7] },
  { ...six, protocol: 59, payload: [] },
  ...[1, 2, 3, 4, 128, 129, 130, 135, 200].map((type) => ({
    ...six,
    icmpv6: { type, code: 1, id: 0xabcd, sequence: 1400, payload: quoted6 },
  })),
  { ...six, extensions: Array.from({ length: 180 }, () => ({ destination: [] })), udp },
]

/** The packet cut to `length` bytes, with lengths and header checksum that say so; options of IPv4 stay. */
function shortened(bytes: Uint8Array, length: number): Uint8Array {
  const short = bytes.slice(0, length)
  const view = new DataView(short.buffer)
  if (short[0]! >> 4 === 6) view.setUint16(4, length - 40)
  else sealHeader(view, () => view.setUint16(2, length))
  return short
}

function sealHeader(view: DataView, change: () => void): void {
  change()
  view.setUint16(10, 0)
  view.setUint16(10, internetChecksum(view, 0, (view.getUint8(0) & 15) * 4))
}

function packets(): Uint8Array[] {
  const random = randomOf(11)
  const all: Uint8Array[] = []
  for (const plan of plans) {
    const bytes = buildPacket(plan)
    const header = bytes[0]! >> 4 === 6 ? 40 : (bytes[0]! & 15) * 4
    all.push(bytes)
    for (let length = header; length < Math.min(bytes.length, header + 80); length++)
      all.push(shortened(bytes, length))
    for (let i = 0; i < 12 && bytes.length > header; i++) {
      const bent = bytes.slice()
      for (let j = 0; j < 3; j++)
        bent[header + Math.floor(random() * (bent.length - header))] = random() * 256
      all.push(bent)
    }
  }
  return all
}

describe.skipIf(skip !== null)('LOG', () => {
  let namespace: Namespace
  let log = -1
  let before = ''
  let devices: { readonly tun: Tun; readonly tap: Tun }
  const record = new Uint8Array(8192)

  /** Lines of ours that were logged since. */
  function logged(): string[] {
    const lines: string[] = []
    for (;;) {
      try {
        const length = readSync(log, record)
        const text = new TextDecoder().decode(record.subarray(0, length))
        const line = text.slice(text.indexOf(';') + 1).split('\n')[0]!
        if (line.startsWith('sallyport')) lines.push(line)
      } catch (error) {
        const { code } = error as { code?: string }
        if (code === 'EAGAIN') return lines
        // Records that were overwritten before they were read.
        if (code !== 'EPIPE') throw error
      }
    }
  }

  beforeAll(() => {
    before = readFileSync(SWITCH, 'utf8')
    writeFileSync(SWITCH, '1')
    namespace = new Namespace()
    namespace.set('net.ipv4.conf.all.rp_filter', 0)
    namespace.set('net.ipv4.conf.default.rp_filter', 0)
    namespace.set('net.ipv6.conf.default.router_solicitations', 0)
    namespace.set('net.ipv6.conf.default.accept_dad', 0)
    devices = namespace.inside(() => ({ tun: new Tun('tun0'), tap: new Tun('tap0', 'tap') }))
    for (const device of ['tun0', 'tap0']) namespace.run('ip', 'link', 'set', device, 'up', 'mtu', '9000')
    namespace.run('ip', 'link', 'set', 'tap0', 'address', '02:00:00:00:00:01')
    for (const program of ['iptables-legacy-restore', 'ip6tables-legacy-restore']) {
      namespace.run('sh', '-c', `${program} -w <<'END'\n${RULES}END`)
    }
    log = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
    logged()
  })
  afterAll(() => {
    if (log >= 0) closeSync(log)
    if (before !== '') writeFileSync(SWITCH, before)
    devices?.tun.close()
    devices?.tap.close()
    namespace?.remove()
  })

  function ours(frame: Uint8Array, linkType: number, device: string): string[] {
    const packet = new Packet()
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
    decodeFrame(packet, view, frame, 0, frame.length, frame.length, linkType)
    packet.frameBytes = frame
    packet.frameEnd = frame.length
    const interfaces = new Interfaces()
    const passage = new Passage()
    passage.begin(packet, new Tuple(), new Outcome())
    passage.hook = HOOK_PREROUTING
    passage.inInterface = interfaces.numberOf(device)
    return notes.map((note, index) => {
      passage.mark = index * 0x2a
      return logLine(note, passage, interfaces)
    })
  }

  test('packets of all kinds, cut short at every byte, and bent', () => {
    const differences: string[] = []
    let compared = 0
    for (const bytes of packets()) {
      devices.tun.write(bytes)
      const theirs = logged()
      if (theirs.length === 0) continue
      compared++
      const lines = ours(bytes, LINKTYPE_RAW, 'tun0')
      if (JSON.stringify(lines) !== JSON.stringify(theirs))
        differences.push(
          `${Buffer.from(bytes).toString('hex')}\n  ${lines.join('\n  ')}\n  ${theirs.join('\n  ')}`,
        )
    }
    expect(differences.slice(0, 5)).toEqual([])
    console.log(`${compared} packets compared`)
    expect(compared).toBeGreaterThan(1000)
  })

  test('behind an Ethernet header', () => {
    for (const [plan, type] of [
      [plans[0]!, [0x08, 0x00]],
      [{ ...six, udp }, [0x86, 0xdd]],
    ] as const) {
      const frame = Uint8Array.from([
        2,
        0,
        0,
        0,
        0,
        1,
        0xde,
        0xad,
        0xbe,
        0xef,
        0,
        9,
        ...type,
        ...buildPacket(plan),
      ])
      devices.tap.write(frame)
      expect(ours(frame, LINKTYPE_ETHERNET, 'tap0')).toEqual(logged())
    }
  })
})
