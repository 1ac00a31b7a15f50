/** The longest that one packet waits, with a million entries due in the same second. */
import { Outcome } from '../src/conntrack/outcome.ts'
import { Tuple } from '../src/conntrack/tuple.ts'
import { Firewall } from '../src/firewall/firewall.ts'
import { decodeFrame } from '../src/packet/decode.ts'
import { Packet } from '../src/packet/packet.ts'
import { atMost, type Row } from './measure.ts'
import { makeTracker } from './stream.ts'
import { Traffic } from './traffic.ts'

const ENTRIES = 1_000_000
/** The same run several times: a packet's own time is the shortest that it took, the rest is the machine's noise. */
const RUNS = 3
/** Room for the new connections of a course. */
const NEWCOMERS = 150_000
const LIMIT = 5
const RECORD_HEADER = 16
const START_SECONDS = 1_700_000_000

/** Packets sent one after the other: each connection's next one, or new connections. */
interface Wave {
  readonly of: 'all' | 'new'
  readonly packets: number
  /** Seconds after the first packet of all. */
  readonly from: number
  readonly until: number
}

interface Course {
  readonly name: string
  readonly full: boolean
  readonly waves: readonly Wave[]
}

const opening: Wave = { of: 'all', packets: ENTRIES, from: 0, until: 1 }

const courses: readonly Course[] = [
  {
    name: 'all due, quiet until then',
    full: false,
    waves: [opening, { of: 'new', packets: 100_000, from: 121, until: 121.1 }],
  },
  {
    name: 'all due, packets arriving meanwhile',
    full: false,
    waves: [opening, { of: 'new', packets: 150_000, from: 119.9, until: 121.4 }],
  },
  {
    name: 'all due, table full',
    full: true,
    waves: [opening, { of: 'new', packets: 100_000, from: 121, until: 121.1 }],
  },
  {
    // SYN+ACK and ACK: the entries stand in the wheel where SYN_RECV would have ended, and have 5 days now.
    name: 'all refreshed, table full',
    full: true,
    waves: [
      opening,
      { of: 'all', packets: ENTRIES, from: 1, until: 2 },
      { of: 'all', packets: ENTRIES, from: 2, until: 3 },
      { of: 'new', packets: 100_000, from: 65, until: 65.1 },
    ],
  },
]

export function measureLatency(): Row[] {
  return courses.map((course) => {
    const packets = course.waves.reduce((sum, wave) => sum + wave.packets, 0)
    const shortest = new Float64Array(packets).fill(Number.POSITIVE_INFINITY)
    for (let run = 0; run < RUNS; run++) runCourse(course, shortest)
    const longest = shortest.reduce((most, time) => Math.max(most, time), 0)
    if (process.env['BENCH_VERBOSE'] === '1') {
      const worst = [...shortest.keys()].sort((a, b) => shortest[b]! - shortest[a]!).slice(0, 8)
      console.error(course.name, worst.map((i) => `${i}: ${shortest[i]!.toFixed(2)}`).join(', '))
    }
    return atMost(`longest packet: ${course.name}`, longest, LIMIT, ' ms', 2)
  })
}

/** Leaves for each packet the shorter time of those so far in `times`, in milliseconds. */
function runCourse(course: Course, times: Float64Array): void {
  const firewall = new Firewall(makeTracker(course.full ? { nf_conntrack_max: ENTRIES } : {}))
  const packet = new Packet()
  const tuple = new Tuple()
  const outcome = new Outcome()
  const all = new Traffic({ connections: ENTRIES, interval: 1 })
  const others = new Traffic({ connections: NEWCOMERS, interval: 1, firstSerial: ENTRIES })
  const bytes = new Uint8Array(all.recordLength)
  const view = new DataView(bytes.buffer)
  let number = 0
  for (const { of, packets, from, until } of course.waves) {
    for (let i = 0; i < packets; i++, number++) {
      if (of === 'all') all.fillInTurn(bytes, i)
      else others.fillInTurn(bytes, i)
      const seconds = from + (i / packets) * (until - from)
      packet.seconds = START_SECONDS + Math.floor(seconds)
      packet.nanoseconds = Math.floor((seconds % 1) * 1e9)
      const start = performance.now()
      decodeFrame(packet, view, bytes, RECORD_HEADER, bytes.length, bytes.length - RECORD_HEADER, 1)
      firewall.prepare(packet, tuple)
      firewall.process(packet, tuple, outcome)
      const time = performance.now() - start
      if (time < times[number]!) times[number] = time
    }
  }
}
