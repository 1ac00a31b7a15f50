import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecord } from '../../packet/decode.ts'
import { Packet } from '../../packet/packet.ts'
import { DEADLINE, ENTRY_WORDS, FLOW, STATUS, TCP_LAST } from '../entry.ts'
import { findHelper } from '../helper/registry.ts'
import { Outcome } from '../outcome.ts'
import {
  STATUS_ASSURED,
  STATUS_DST_NAT,
  STATUS_FIXED_TIMEOUT,
  STATUS_OWN_TIMEOUTS,
  STATUS_SEEN_REPLY,
  STATUS_SEQ_ADJUST,
} from '../status.ts'
import { Tracker } from '../tracker.ts'
import { Tuple } from '../tuple.ts'
import { type Endpoint, type SegmentPlan, segmentRecord } from './fixtures.ts'
import { MAXWIN, sideAt } from './side.ts'

const SECONDS = 1_700_000_000

/** Mostly what is usual, so that the short way is met often. */
const mostly = <T>(usual: T, ...others: readonly T[]) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) })

const MSS = [2, 4, 5, 0xb4]
const SCALE = [1, 3, 3, 7]
const SACK_PERMITTED = [1, 1, 4, 2]
const SACK = [1, 1, 5, 10, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff]
const optionList = fc.oneof(
  { weight: 2, arbitrary: fc.constant<readonly number[]>([]) },
  {
    weight: 6,
    arbitrary: fc
      .array(fc.constantFrom(MSS, SCALE, SACK_PERMITTED, [1, 3, 3, 15], [1, 1, 1, 1]), { maxLength: 4 })
      .map((list) => list.flat()),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<readonly number[]>(SACK, [3, 9, 9, 9], [0, 0, 0, 0], [1, 1, 1, 3]),
  },
)
const word = fc.oneof(fc.constantFrom(0, -1, -2, 1, 0x7fff_ffff, -0x8000_0000), fc.integer())

const segment = fc.record({
  flags: fc.constantFrom('S', 'S', 'S', 'SEW', 'SP', 'SU', 'SF', 'SR', 'A'),
  sequence: word,
  ack: word,
  window: mostly(64_240, 0, 1, 65_535),
  options: optionList,
  payload: mostly(0, 1, 20),
  checksum: mostly(false, true),
  /** The header's length, as it says; -1 for the right one. */
  headerLength: mostly(-1, 0, 16, 60),
  /** Bytes of the chunk behind the frame. */
  behind: fc.constantFrom(0, 3, 40),
})

const scene = fc.record({
  syn: segment,
  answer: segment,
  answerFlags: fc.constantFrom('SA', 'SA', 'SA', 'SAE', 'SPA', 'SFA', 'SUA', 'RSA', 'S', 'A'),
  /** What the answer acknowledges, beyond the SYN. */
  beyond: mostly(1, 0, 2, -65_998, -66_001, 0x7000_0000),
  /** An answer to a flow that is unknown. */
  isStray: mostly(false, true),
  /** From an address and a port to itself. */
  isSelf: mostly(false, true),
  /** Seconds to the answer. */
  later: mostly(1, 0, 119, 121),
  /** The SYN comes again ahead of the answer. */
  isRepeated: mostly(false, true),
  change: mostly(null, 'status', 'flow', 'last', 'window', 'deadline'),
  status: fc.constantFrom(
    STATUS_SEEN_REPLY,
    STATUS_ASSURED,
    STATUS_FIXED_TIMEOUT,
    STATUS_OWN_TIMEOUTS,
    STATUS_SEQ_ADJUST,
    STATUS_DST_NAT,
    1 << 28,
  ),
  flow: fc.integer(),
  window: fc.constantFrom(0, -1, 0x7fff_ffff),
  sysctls: fc.record({
    acct: fc.nat(1),
    checksum: mostly(1, 0),
    timestamp: mostly(0, 1),
    max: mostly(1000, 0, 1, 2),
    tcp_max_retrans: mostly(3, 0, 255),
    tcp_timeout_max_retrans: mostly(300, 20),
    tcp_be_liberal: mostly(0, 1),
    tcp_loose: mostly(1, 0),
  }),
  hasHelper: mostly(false, true),
})
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never

const client = { address: '10.0.0.2', port: 40_000 }
const server = { address: '192.0.2.9', port: 80 }

function packetOf(given: SegmentPlan, from: Endpoint, to: Endpoint, time: number): Packet {
  const packet = new Packet()
  Object.assign(packet.record, segmentRecord(given, from, to))
  packet.seconds = time
  decodeRecord(packet)
  return packet
}

function makeTracker({ sysctls, hasHelper }: Scene): Tracker {
  const tracker = new Tracker({ fillRandom: (words) => words.fill(0x9e37_79b1) })
  for (const [name, value] of Object.entries(sysctls)) tracker.settings.set(`nf_conntrack_${name}`, value)
  const helper = findHelper('ftp')!
  if (hasHelper) tracker.helpers.assignments.push({ helper, protocol: 6, port: 80 })
  return tracker
}

/** Something is another way with the one entry that there may be. */
function change(tracker: Tracker, given: Scene): void {
  const { table } = tracker
  if (table.count === 0) return
  const words = table.words(0)
  if (given.change === 'status') words[STATUS] = words[STATUS]! | given.status
  else if (given.change === 'flow') words[FLOW] = given.flow
  else if (given.change === 'last') words[TCP_LAST] = given.flow
  else if (given.change === 'window') words[sideAt(0, given.flow & 1) + MAXWIN] = given.window
  else if (given.change === 'deadline') words[DEADLINE] = tracker.clock.now + (given.flow & 0xff)
}

/** What there is to see of a tracker with two entries at most, their places in index and wheel included. */
function seen(tracker: Tracker, tuple: Tuple) {
  const { table, statistics, census } = tracker
  return {
    words: table.entries.limit === 0 ? null : table.words(0).slice(0, ENTRY_WORDS * 3),
    limit: table.entries.limit,
    count: table.count,
    reference: table.referenceOf(tuple.hash),
    statistics,
    census,
    wheel: table.wheel.size,
  }
}

test('a SYN and its SYN+ACK do what the general way does; what is not plain is left alone', () => {
  const ways = { syn: 0, answer: 0 }
  fc.assert(
    fc.property(scene, (given) => {
      const [short, general] = [makeTracker(given), makeTracker(given)]
      const time = SECONDS + given.later
      const [from, to] = given.isSelf ? [client, client] : [client, server]
      const syn = packetOf(given.syn, from, to, SECONDS)
      const stray = given.isStray ? { ...client, port: 1 } : from
      const ack = (given.syn.sequence + given.beyond) | 0
      const answer = packetOf({ ...given.answer, flags: given.answerFlags, ack }, to, stray, time)
      const packets = given.isRepeated ? [syn, syn, answer] : [syn, answer]
      packets.forEach((packet, index) => {
        for (const tracker of [short, general]) {
          tracker.setTime(packet.seconds, 0)
          if (index === packets.length - 1) change(tracker, given)
        }
        const tuple = new Tuple()
        const outcome = new Outcome()
        general.prepare(packet, tuple)
        const before = structuredClone(seen(short, tuple))
        const network = short.plain?.begin(packet.record) ?? 0
        expect(network < 0).toBe(short.plain !== null && (packet.tcpFlags & 6) === 2)
        const found = network < 0 ? short.openFrame(packet.record, -network, tuple.hash) : -1
        if (found < 0) {
          expect(structuredClone(seen(short, tuple))).toEqual(before)
          track(short, packet, new Outcome())
        }
        track(general, packet, outcome)
        expect(seen(short, tuple)).toEqual(seen(general, tuple))
        if (found < 0) return
        const own = new Outcome()
        short.fillOpening(own, found)
        expect(own).toEqual(outcome)
        if ((found & 1) === 0) ways.syn++
        else ways.answer++
      })
      // Others get its memory, or the test would take minutes.
      for (const tracker of [short, general]) tracker.dispose()
    }),
    { numRuns: 3_000, seed: 7 },
  )
  expect(ways.syn).toBeGreaterThan(800)
  expect(ways.answer).toBeGreaterThan(200)
})

function track(tracker: Tracker, packet: Packet, outcome: Outcome): void {
  const tuple = new Tuple()
  tracker.prepare(packet, tuple)
  tracker.track(packet, tuple, outcome)
  tracker.confirm(packet, tuple, outcome)
}
