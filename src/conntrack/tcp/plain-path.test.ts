import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket } from '../../packet/build.ts'
import type { CaptureRecord } from '../../packet/capture-record.ts'
import { decodeRecord } from '../../packet/decode.ts'
import { LINKTYPE_RAW } from '../../packet/link-type.ts'
import { Packet } from '../../packet/packet.ts'
import {
  DEADLINE,
  ENTRY_WORDS,
  FLOW,
  FLOW_LAST_DIRECTION_SHIFT,
  FLOW_LAST_INDEX_SHIFT,
  FLOW_SCALE_SHIFT,
  FLOW_STATE_SHIFT,
  STATUS,
  TCP_LAST,
  TCP_LAST_ACK,
  TCP_LAST_END,
  TCP_LAST_SEQ,
} from '../entry.ts'
import { Outcome } from '../outcome.ts'
import { STATUS_ACCOUNTED, STATUS_CONFIRMED } from '../status.ts'
import { Tracker } from '../tracker.ts'
import { Tuple } from '../tuple.ts'
import { segmentRecord } from './fixtures.ts'
import { END, MAXACK, MAXEND, MAXWIN, sideAt } from './side.ts'

const SECONDS = 1_700_000_000
/** Seconds between two scenes. */
const GAP = 10
/** The wheel's part of the status word. */
const WHEEL = 0x7ff_0000

/** Around here all numbers are, so that most segments fit: near the point where they wrap. */
const BASE = -40

/** Mostly small distances, now and then any number. */
const near = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -30, max: 30 }).map((distance) => (BASE + distance) | 0) },
  { weight: 1, arbitrary: fc.integer() },
)
const windowWord = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 40, max: 200_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 5, -1, 0x7fff_ffff, -0x8000_0000) },
)
const side = fc.record({ end: near, maxEnd: near, window: windowWord, maxAck: near })

/** Mostly what is usual, so that the plain way is met often. */
const mostly = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const scene = fc.record({
  sides: fc.tuple(side, side),
  scales: fc.tuple(fc.nat(14), fc.nat(14)),
  sideFlags: fc.tuple(fc.nat(0x3f), fc.nat(0x3f)),
  state: fc.constantFrom(3, 3, 3, 3, 3, 2, 4, 5, 6, 7, 1, 8, 9),
  status: mostly(0xe, 0xc, 0xa, 0xf, 0x40e, 0x20e, 0xe | STATUS_ACCOUNTED),
  last: fc.record({
    seq: near,
    ack: near,
    end: near,
    repeated: fc.boolean(),
    direction: fc.nat(1),
    kind: fc.nat(5),
    word: fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer()),
  }),
  direction: fc.nat(1),
  flags: mostly('A', 'PA', 'EA', 'WA', 'UA', 'SA', 'FA', 'FA', 'FPA', 'R', 'S', ''),
  sequence: near,
  ack: near,
  payload: fc.oneof(fc.constant(0), fc.nat(40)),
  window: mostly(500, 0, 1, 65_535),
  options: mostly<readonly number[]>(
    [],
    [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0],
    [1, 1, 5, 10, 0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xf8],
    [4, 2, 1, 1],
  ),
  checksum: mostly(false, true),
  verifies: mostly(1, 0),
  /** Bytes of the chunk behind the frame. */
  behind: fc.constantFrom(0, 3, 40),
  /** Ticks until the entry expires. */
  left: mostly(108_000_000, 1, 250, 251, 70_000),
  headerLength: mostly(-1, 0, 16, 60),
  maxRetrans: mostly(3, 0, 255),
  unacknowledged: mostly(300, 600_000),
})
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never

const client = { address: '10.0.0.2', port: 1 }
const server = { address: '192.0.2.9', port: 2 }

function recordOf(given: Scene): CaptureRecord {
  return given.direction === 0 ? segmentRecord(given, client, server) : segmentRecord(given, server, client)
}

const opening = new Packet()
opening.record.linkType = LINKTYPE_RAW
opening.record.bytes = buildPacket({
  source: '10.0.0.2',
  destination: '192.0.2.9',
  tcp: { sourcePort: 1, destinationPort: 2, flags: 'S' },
})
opening.record.view = new DataView(opening.record.bytes.buffer)
opening.record.end = opening.record.bytes.length
decodeRecord(opening)

/** Does the scene to the one entry of a tracker. */
function set(tracker: Tracker, given: Scene, packet: Packet): void {
  tracker.settings.set('nf_conntrack_tcp_max_retrans', given.maxRetrans)
  tracker.settings.set('nf_conntrack_tcp_timeout_unacknowledged', given.unacknowledged)
  tracker.settings.set('nf_conntrack_checksum', given.verifies)
  tracker.setTime(packet.seconds - 1, 0)
  if (tracker.table.count === 0) {
    const tuple = new Tuple()
    const outcome = new Outcome()
    tracker.prepare(opening, tuple)
    tracker.track(opening, tuple, outcome)
    tracker.confirm(opening, tuple, outcome)
  }
  const words = tracker.table.words(0)
  given.sides.forEach(({ end, maxEnd, window, maxAck }, direction) => {
    const first = sideAt(0, direction)
    words[first + END] = end
    words[first + MAXEND] = maxEnd
    words[first + MAXWIN] = window
    words[first + MAXACK] = maxAck
  })
  const { last, sideFlags, scales } = given
  words[STATUS] = (words[STATUS]! & WHEEL) | STATUS_CONFIRMED | given.status
  words[DEADLINE] = tracker.clock.now + given.left
  tracker.table.wheel.moved(0, words, 0)
  words[FLOW] =
    sideFlags[0] |
    (sideFlags[1] << 8) |
    (scales[0] << FLOW_SCALE_SHIFT) |
    (scales[1] << (FLOW_SCALE_SHIFT + 4)) |
    (given.state << FLOW_STATE_SHIFT) |
    (last.direction << FLOW_LAST_DIRECTION_SHIFT) |
    (last.kind << FLOW_LAST_INDEX_SHIFT)
  words[TCP_LAST] = last.word
  words[TCP_LAST_SEQ] = last.seq
  words[TCP_LAST_ACK] = last.ack
  words[TCP_LAST_END] = last.end
  if (last.repeated) {
    words[TCP_LAST_SEQ] = packet.sequence
    words[TCP_LAST_ACK] = packet.acknowledgment
    words[TCP_LAST_END] = packet.sequence + packet.transportLength - packet.tcpHeaderLength
    words[TCP_LAST] = (last.word & ~0xffff) | packet.window
  }
  tracker.setTime(packet.seconds, 0)
}

function makeTracker(): Tracker {
  return new Tracker({ fillRandom: (words) => words.fill(0x9e37_79b1) })
}

/** What there is to see of a tracker whose only entry is number 0. */
function seen(tracker: Tracker) {
  const { table, statistics, census } = tracker
  return {
    words: table.words(0).slice(0, ENTRY_WORDS),
    count: table.count,
    statistics,
    census,
    wheel: table.wheel.size,
  }
}

test('a plain segment does what the general way does; what is not plain is left alone', () => {
  let time = SECONDS
  let plain = 0
  // By the frame's bytes, by the general way, and by the short one of a packet that was decoded, as rules want it.
  const [short, general, decoded] = [makeTracker(), makeTracker(), makeTracker()]
  const kinds = new Set<string>()
  fc.assert(
    fc.property(scene, (given) => {
      const packet = new Packet()
      Object.assign(packet.record, recordOf(given))
      packet.seconds = time += GAP
      decodeRecord(packet)
      const tuple = new Tuple()
      const outcome = new Outcome()
      for (const tracker of [short, general, decoded]) set(tracker, given, packet)

      short.prepare(packet, tuple)
      const references = new Int32Array(1)
      short.table.lookAhead(Int32Array.of(tuple.hash), references, 1)
      const before = seen(short)
      const network = short.plain!.begin(packet.record)
      expect(network === 0 || short.plain!.hash === tuple.hash).toBe(true)
      const found = network <= 0 ? -1 : short.trackFrame(packet.record, network, references[0]!)
      if (found < 0) {
        expect(seen(short)).toEqual(before)
        return
      }
      plain++
      kinds.add(`${given.flags} ${given.state}`)

      general.prepare(packet, tuple)
      tuple.ahead = -1
      general.track(packet, tuple, outcome)
      general.confirm(packet, tuple, outcome)
      expect([outcome.entry, outcome.reasons.count, outcome.droppedBy]).toEqual([0, 0, 0])
      expect([found, short.plain!.changes]).toEqual([outcome.ctinfo === 0 ? 0 : 1, outcome.changes])
      expect(seen(short)).toEqual(seen(general))

      const again = new Outcome()
      decoded.prepare(packet, tuple)
      decoded.track(packet, tuple, again)
      decoded.confirm(packet, tuple, again)
      expect(again).toEqual(outcome)
      expect(seen(decoded)).toEqual(seen(general))
    }),
    { numRuns: 8_000, seed: 7 },
  )
  expect(plain).toBeGreaterThan(400)
  expect([...kinds]).toEqual(expect.arrayContaining(['A 2', 'A 3', 'A 4', 'A 5', 'FA 3', 'FA 5']))
})
