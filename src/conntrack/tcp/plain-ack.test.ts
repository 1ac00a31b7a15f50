import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket } from '../../packet/build.ts'
import { decoded } from '../../packet/decoded.ts'
import { CHECKSUM_BAD, CHECKSUM_GOOD, type Packet } from '../../packet/packet.ts'
import {
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
import { HANDLED_INVALID, HANDLED_REFRESH, Handling } from '../handling.ts'
import { Reasons } from '../reason.ts'
import { Settings } from '../settings.ts'
import { NOT_PLAIN, trackPlainAck } from './plain-ack.ts'
import { END, MAXACK, MAXEND, MAXWIN, sideAt } from './side.ts'
import { checkTcp, trackTcp } from './tracker.ts'

const NOW = 1_000_000
const HZ = 250
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
  state: mostly(3, 1, 2, 4, 5, 6, 7, 8, 9),
  status: mostly(0xe, 0xc, 0xa, 0x6, 0xf, 0x40e, 0x20e),
  last: fc.record({
    seq: near,
    ack: near,
    end: near,
    repeated: fc.boolean(),
    direction: fc.nat(1),
    kind: fc.nat(5),
    word: fc.integer(),
  }),
  direction: fc.nat(1),
  flags: mostly('A', 'PA', 'EA', 'WA', 'UA', 'SA', 'FA', 'R', 'S', ''),
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
  checksum: mostly(CHECKSUM_GOOD, CHECKSUM_BAD),
  headerLength: mostly(-1, 0, 16, 60),
  maxRetrans: mostly(3, 0, 255),
  unacknowledged: mostly(300, 600_000),
})
type Scene = typeof scene extends fc.Arbitrary<infer T> ? T : never

function packetOf(given: Scene): Packet {
  const packet = decoded(
    buildPacket({
      source: '10.0.0.2',
      destination: '192.0.2.9',
      tcp: {
        sourcePort: 1,
        destinationPort: 2,
        flags: given.flags,
        sequence: given.sequence,
        acknowledgment: given.ack,
        window: given.window,
        options: Uint8Array.from(given.options),
        payload: new Uint8Array(given.payload),
      },
    }),
  )
  packet.checksum = given.checksum
  if (given.headerLength >= 0) packet.tcpHeaderLength = given.headerLength
  return packet
}

function wordsOf(given: Scene, packet: Packet): Int32Array {
  const words = new Int32Array(ENTRY_WORDS * 3)
  const at = ENTRY_WORDS
  given.sides.forEach(({ end, maxEnd, window, maxAck }, direction) => {
    const first = sideAt(at, direction)
    words[first + END] = end
    words[first + MAXEND] = maxEnd
    words[first + MAXWIN] = window
    words[first + MAXACK] = maxAck
  })
  const { last, sideFlags, scales } = given
  words[at + STATUS] = given.status
  words[at + FLOW] =
    sideFlags[0] |
    (sideFlags[1] << 8) |
    (scales[0] << FLOW_SCALE_SHIFT) |
    (scales[1] << (FLOW_SCALE_SHIFT + 4)) |
    (given.state << FLOW_STATE_SHIFT) |
    (last.direction << FLOW_LAST_DIRECTION_SHIFT) |
    (last.kind << FLOW_LAST_INDEX_SHIFT)
  words[at + TCP_LAST] = last.word
  words[at + TCP_LAST_SEQ] = last.seq
  words[at + TCP_LAST_ACK] = last.ack
  words[at + TCP_LAST_END] = last.end
  if (last.repeated) {
    words[at + TCP_LAST_SEQ] = packet.sequence
    words[at + TCP_LAST_ACK] = packet.acknowledgment
    words[at + TCP_LAST_END] = packet.sequence + packet.transportLength - packet.tcpHeaderLength
    words[at + TCP_LAST] = (last.word & ~0xffff) | packet.window
  }
  return words
}

test('a plain ACK does what the general way does; what is not plain is left alone', () => {
  let plain = 0
  fc.assert(
    fc.property(scene, (given) => {
      const packet = packetOf(given)
      const before = wordsOf(given, packet)
      const settings = new Settings()
      settings.set('nf_conntrack_tcp_max_retrans', given.maxRetrans)
      settings.set('nf_conntrack_tcp_timeout_unacknowledged', given.unacknowledged)
      const words = before.slice()
      const seconds = trackPlainAck(words, ENTRY_WORDS, packet, given.direction, settings)
      if (seconds === NOT_PLAIN) {
        expect(words).toEqual(before)
        return
      }
      plain++
      const general = before.slice()
      const reasons = new Reasons()
      const handling = new Handling()
      const result = checkTcp(packet, reasons)
        ? trackTcp(general, ENTRY_WORDS, packet, given.direction, NOW, HZ, settings, reasons, handling)
        : HANDLED_INVALID
      expect([result, reasons.count, handling.stateChanged, handling.timeout]).toEqual([
        HANDLED_REFRESH,
        0,
        false,
        seconds,
      ])
      expect(words).toEqual(general)
    }),
    { numRuns: 6_000, seed: 7 },
  )
  expect(plain).toBeGreaterThan(300)
})
