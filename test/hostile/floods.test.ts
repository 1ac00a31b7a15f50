/** Floods: time and memory stay bounded, and the report says what happened. Bounds are generous, what was measured is printed. */
import { expect, test } from 'vitest'
import { concat, description, option, section } from '../../src/capture/fixtures.ts'
import { MergedCapture } from '../../src/capture/merge.ts'
import { CaptureReader } from '../../src/capture/reader.ts'
import { CaptureRecord } from '../../src/capture/record.ts'
import { Settings } from '../../src/conntrack/settings.ts'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { parseFilter } from '../../src/filter/filter.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { DIAGNOSTIC_LIMIT, parseTable } from '../../src/format/parse.ts'
import { buildPacket } from '../../src/packet/build.ts'
import { internetChecksum } from '../../src/packet/checksum.ts'
import { LINKTYPE_RAW } from '../../src/packet/link-type.ts'
import { Replay } from '../../src/replay/replay.ts'
import { pcapOf } from './packets.ts'

/** A segment of the entries' slab. */
const SEGMENT = 4 * 1024 * 1024
const MEBIBYTE = 1_048_576
const MILLION = 1_000_000
/** A tenth of it in the normal run: `SALLYPORT_FLOOD=full npx vitest run test/hostile/floods.test.ts` is the whole. */
const SCALE = process.env['SALLYPORT_FLOOD'] === 'full' ? 1 : 0.1
const PACKETS = MILLION * SCALE
const LIMIT = Math.floor(262_144 * SCALE)

/** Seconds of the processor since `from`: other work on the machine does not count. */
function processorSeconds(from = 0): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6 - from
}

/** Prints what a flood took. */
function tell(what: string): void {
  process.stdout.write(`  flood: ${what}\n`)
}

/** Raw frames of one pattern, a chunk at a time, as a pcap stream: nothing of it is held. */
function* flood(
  pattern: Uint8Array,
  count: number,
  vary: (frame: DataView, index: number) => void,
  microseconds: number,
): Generator<Uint8Array> {
  yield pcapOf(LINKTYPE_RAW, [], (length) => length)
  const size = 16 + pattern.length
  const perChunk = 10_000
  for (let from = 0; from < count; from += perChunk) {
    const frames = Math.min(perChunk, count - from)
    const chunk = new Uint8Array(frames * size)
    const view = new DataView(chunk.buffer)
    for (let i = 0; i < frames; i++) {
      const at = i * size
      const time = (from + i) * microseconds
      view.setUint32(at, 1_700_000_000 + Math.floor(time / 1e6), true)
      view.setUint32(at + 4, time % 1e6, true)
      view.setUint32(at + 8, pattern.length, true)
      view.setUint32(at + 12, pattern.length, true)
      chunk.set(pattern, at + 16)
      vary(new DataView(chunk.buffer, at + 16, pattern.length), from + i)
    }
    yield chunk
  }
}

async function replay(chunks: Iterable<Uint8Array>, sysctls: Readonly<Record<string, number>> = {}) {
  const settings = new Settings()
  for (const [name, value] of Object.entries(sysctls)) settings.set(name, value)
  const firewall = new Firewall(new Tracker({ settings, checksums: 'ignore' }))
  const run = new Replay(new MergedCapture([{ name: 'flood', chunks }]), firewall)
  const heap = process.memoryUsage().heapUsed
  const start = processorSeconds()
  await run.run()
  return {
    run,
    firewall,
    seconds: processorSeconds(start),
    heap: process.memoryUsage().heapUsed - heap,
  }
}

const syn = buildPacket({
  source: '10.0.0.1',
  destination: '192.0.2.9',
  tcp: { sourcePort: 1, destinationPort: 80, flags: 'S' },
})
const fromAnother = (frame: DataView, index: number) => {
  frame.setUint32(12, 0x0a00_0000 + index)
  frame.setUint16(10, 0)
  frame.setUint16(10, internetChecksum(frame, 0, 20))
}

test('half-open connections beyond the limit: the table is full, each eviction and refusal is told of', async () => {
  const { run, firewall, seconds } = await replay(flood(syn, PACKETS, fromAnother, 100), {
    nf_conntrack_max: LIMIT,
  })
  const { summary, tracker } = run
  const evicted = tracker.statistics.earlyDrop
  const refused = summary.withReason('table-full')
  tell(
    `${PACKETS} SYN, limit ${LIMIT}: ${seconds.toFixed(1)} s, table ${(tracker.table.bytes / MEBIBYTE).toFixed(0)} MiB, ${evicted} evicted, ${refused} refused`,
  )
  expect(summary.packets).toBe(PACKETS)
  expect(summary.peak).toBe(LIMIT)
  expect(evicted).toBe(summary.withReason('early-drop'))
  expect(LIMIT + evicted + refused).toBe(PACKETS)
  expect(tracker.table.bytes).toBeLessThan(64 * MEBIBYTE)
  expect(seconds).toBeLessThan(20)
  expect(firewall.reassembler.charged).toBe(0)
}, 60_000)

test('half-open connections without a limit: as many entries, at a bounded price each', async () => {
  const { run, seconds } = await replay(flood(syn, PACKETS, fromAnother, 100), {
    nf_conntrack_max: 0,
  })
  const { summary, tracker } = run
  tell(
    `${PACKETS} SYN, no limit: ${seconds.toFixed(1)} s, table ${(tracker.table.bytes / MEBIBYTE).toFixed(0)} MiB, ${(tracker.table.bytes / PACKETS).toFixed(0)} bytes each`,
  )
  expect(summary.entries).toBe(PACKETS)
  // Memory comes in whole segments; a table smaller than the default limit pays for a part of one.
  expect((tracker.table.bytes - SEGMENT) / PACKETS).toBeLessThan(192)
  expect(seconds).toBeLessThan(20)
  const start = processorSeconds()
  tracker.setTime(1_700_001_000, 0)
  tracker.settle()
  expect(tracker.table.count).toBe(0)
  expect(processorSeconds(start)).toBeLessThan(10)
}, 60_000)

test('first pieces that never complete: the limit holds, and in a minute they are gone', async () => {
  const whole = buildPacket({
    source: '2001:db8::1',
    destination: '2001:db8::2',
    extensions: [{ fragment: { more: true, identification: 0 } }],
    udp: { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(40) },
  })
  const vary = (frame: DataView, index: number) => frame.setUint32(44, index)
  const { run, firewall, seconds, heap } = await replay(flood(whole, PACKETS, vary, 10))
  const { reassembler } = firewall
  tell(
    `${PACKETS} first pieces: ${seconds.toFixed(1)} s, ${reassembler.pending} kept, ${(reassembler.charged / MEBIBYTE).toFixed(1)} MiB charged, heap ${(heap / MEBIBYTE).toFixed(0)} MiB more`,
  )
  expect(reassembler.charged).toBeLessThan(4_194_304 + 1024)
  expect(run.summary.held + run.summary.withReason('fragment-memory')).toBe(PACKETS)
  expect(heap).toBeLessThan(64 * MEBIBYTE)
  expect(seconds).toBeLessThan(20)
  reassembler.expire(run.tracker.clock.ticks + 61 * run.tracker.clock.hz)
  expect([reassembler.pending, reassembler.charged]).toEqual([0, 0])
}, 60_000)

test('first pieces behind long chains of headers: what is kept of the headers is charged too', async () => {
  const whole = buildPacket({
    source: '2001:db8::1',
    destination: '2001:db8::2',
    extensions: [
      ...Array.from({ length: 30 }, () => ({ destination: new Uint8Array(2046) })),
      { fragment: { more: true, identification: 0 } },
    ],
    udp: { sourcePort: 1, destinationPort: 2 },
  })
  const vary = (frame: DataView, index: number) => frame.setUint32(frame.byteLength - 12, index)
  const before = process.memoryUsage().arrayBuffers
  const { firewall } = await replay(flood(whole, 4000, vary, 10))
  const kept = process.memoryUsage().arrayBuffers - before
  tell(`pieces behind ${whole.length} bytes of headers: ${firewall.reassembler.pending} kept`)
  expect(firewall.reassembler.pending * whole.length).toBeLessThan(3 * 4_194_304)
  expect(kept).toBeLessThan(512 * MEBIBYTE)
}, 60_000)

test('a capture of a million interfaces: 65,536 are kept, the rest is told of, within bounds', () => {
  const reader = new CaptureReader()
  const record = new CaptureRecord()
  const blocks = concat(
    ...Array<Uint8Array>(1000).fill(description(true, 1, 0, [2, new TextEncoder().encode('eth0')])),
  )
  const start = processorSeconds()
  reader.feed(section(true))
  for (let i = 0; i < 1000; i++) {
    while (reader.next(record)) throw new Error('a packet where there is none')
    reader.feed(blocks.slice())
  }
  reader.end()
  while (reader.next(record)) throw new Error('a packet where there is none')
  const seconds = processorSeconds(start)
  tell(`million interfaces: ${seconds.toFixed(1)} s, ${reader.interfaces.length} kept`)
  expect(reader.interfaces).toHaveLength(65_536)
  expect(reader.problems).toHaveLength(100)
  expect(reader.problems.length + reader.omittedProblems).toBe(MILLION - 65_536)
  expect(seconds).toBeLessThan(10)
}, 30_000)

test('a block of a million options, and a million sections: read once, in no time', () => {
  const start = processorSeconds()
  const many = new Uint8Array(4 * MILLION)
  const view = new DataView(many.buffer)
  for (let at = 0; at < many.length; at += 4) view.setUint16(at, 1, true)
  const read = (...parts: Uint8Array[]) => {
    const reader = new CaptureReader()
    const record = new CaptureRecord()
    for (const part of parts) {
      reader.feed(part)
      while (reader.next(record)) {}
    }
    reader.end()
    while (reader.next(record)) {}
    return reader
  }
  const length = 20 + many.length
  const head = new DataView(new ArrayBuffer(16))
  head.setUint32(0, 1, true)
  head.setUint32(4, length, true)
  const tail = new DataView(new ArrayBuffer(4))
  tail.setUint32(0, length, true)
  const block = concat(new Uint8Array(head.buffer), many, new Uint8Array(tail.buffer))
  expect(read(section(true), block, section(true)).interfaces).toHaveLength(1)
  const sections = concat(...Array<Uint8Array>(1000).fill(section(true)))
  expect(read(...Array<Uint8Array>(1000).fill(sections)).problems).toEqual([])
  expect(option(true, 1, new Uint8Array(0))).toHaveLength(4)
  tell(`million options, million sections: ${(processorSeconds(start)).toFixed(1)} s`)
  expect(processorSeconds(start)).toBeLessThan(10)
}, 30_000)

test.each([
  ['parentheses', (n: number) => `${'('.repeat(n)}tcp${')'.repeat(n)}`],
  ['parentheses never closed', (n: number) => '('.repeat(n)],
  ['nots', (n: number) => `${'not '.repeat(n)}tcp`],
  ['values in parentheses', (n: number) => `port ${'('.repeat(n)}80`],
])('a selection of a hundred thousand %s: refused in words', (_, text) => {
  expect(parseFilter(text(100_000))).toHaveProperty('error')
  expect(parseFilter(text(100_000))).not.toHaveProperty('filter')
})

test('a selection of a hundred thousand terms: read, and printed again', () => {
  const start = processorSeconds()
  for (const operator of [' or ', ' and ']) {
    const result = parseFilter(Array<string>(100_000).fill('port 80').join(operator))
    if (!('filter' in result)) throw new Error('refused')
    expect(result.filter.toString()).toHaveLength(100_000 * 7 + 99_999 * operator.length)
  }
  expect(processorSeconds(start)).toBeLessThan(10)
})

test.each([
  ['one word', () => 'x'.repeat(20_000_000)],
  ['digits', () => `tcp 6 ${'9'.repeat(20_000_000)}`],
  ['an address', () => `udp 17 30 src=${'1.'.repeat(10_000_000)}`],
  ['commas', () => `udp 17 30 src=${','.repeat(10_000_000)} `.repeat(2)],
  ['fields', () => `udp 17 30 ${'src=10.0.0.1 '.repeat(1_000_000)}`],
  ['unknown fields', () => `udp 17 30 src=10.0.0.1 ${'a=b '.repeat(1_000_000)}`],
  ['brackets', () => `udp 17 30 ${'['.repeat(10_000_000)}`],
  ['words', () => 'tcp '.repeat(2_000_000)],
  ['beginnings', () => 'tcp 6 '.repeat(1_000_000)],
])(
  'a table of a single huge line of %s: a bounded list of problems, in bounded time',
  (what, text) => {
    const start = processorSeconds()
    const { entries, diagnostics } = parseTable(text(), 'hostile')
    const seconds = processorSeconds(start)
    tell(`table of ${what}: ${seconds.toFixed(1)} s, ${diagnostics.length} diagnostics`)
    expect(entries).toHaveLength(0)
    expect(diagnostics.length).toBeLessThanOrEqual(DIAGNOSTIC_LIMIT + 1)
    for (const { message } of diagnostics) expect(message.length).toBeLessThan(200)
    expect(seconds).toBeLessThan(10)
  },
  30_000,
)
