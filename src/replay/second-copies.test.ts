import { expect, test } from 'vitest'
import { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { fragmentPiece } from '../packet/build-fragments.ts'
import { decoded } from '../packet/decoded.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING } from '../packet/packet.ts'
import { SecondCopies } from './second-copies.ts'

interface Seen {
  readonly seconds?: number
  readonly direction?: number
  /** Number of the interface in the capture. */
  readonly on?: number
}

class Bench {
  readonly #tracker = new Tracker()
  readonly #copies = new SecondCopies(this.#tracker.table.flowHash)
  #packets = 0

  /** Number of the packet whose second copy it is, or 0; it is remembered then. */
  see(plan: PacketPlan | Uint8Array, { seconds = 0, direction = 0, on = 0 }: Seen): number {
    const packet = decoded(plan instanceof Uint8Array ? plan : buildPacket(plan))
    packet.seconds = seconds
    packet.direction = direction
    packet.interfaceIndex = on
    const tuple = new Tuple()
    this.#tracker.prepare(packet, tuple)
    this.#packets++
    if (this.#copies.isSecond(packet)) return this.#copies.first
    this.#copies.remember(packet, tuple, this.#packets)
    return 0
  }
}

const IN = { direction: DIRECTION_INCOMING }
const OUT = { direction: DIRECTION_OUTGOING }

const client = '10.0.0.2'
const router = '203.0.113.5'
const server = '203.0.113.9'

const plan = (source: string, destination: string, more: Partial<PacketPlan> = {}): PacketPlan => ({
  source,
  destination,
  identification: 7,
  udp: { sourcePort: 1000, destinationPort: 53, payload: new Uint8Array(20) },
  ...more,
})
const came = plan(client, server)
const left = plan(router, server, { ttl: 63 })

test('in, and out with another source: the second copy; once', () => {
  const bench = new Bench()
  expect([bench.see(came, IN), bench.see(left, OUT), bench.see(left, OUT)]).toEqual([0, 1, 0])
})

test('sent twice, out twice: one after the other', () => {
  const bench = new Bench()
  const seen = [bench.see(came, IN), bench.see(came, IN), bench.see(left, OUT), bench.see(left, OUT)]
  expect(seen).toEqual([0, 0, 1, 2])
})

test('another identification, another payload, later than two seconds: not the same packet', () => {
  const bench = new Bench()
  bench.see(came, IN)
  expect(bench.see({ ...left, identification: 8 }, OUT)).toBe(0)
  const other = { sourcePort: 1000, destinationPort: 53, payload: new Uint8Array(20).fill(1) }
  expect(bench.see({ ...left, udp: other }, OUT)).toBe(0)
  expect(bench.see(left, { ...OUT, seconds: 3 })).toBe(0)
})

test('both ends translated: by identification and payload', () => {
  const bench = new Bench()
  bench.see(came, IN)
  expect(bench.see(plan(router, '192.0.2.1', { ttl: 63 }), OUT)).toBe(1)
})

test('no directions: on another interface, with a hop less', () => {
  const bench = new Bench()
  bench.see(came, { on: 0 })
  expect(bench.see(left, { on: 0 })).toBe(0)
  expect(bench.see(plan(router, server, { ttl: 65 }), { on: 1 })).toBe(0)
  expect(bench.see(left, { on: 1 })).toBe(1)
})

test('fragments: each piece by itself, the first one with its ports translated', () => {
  const bench = new Bench()
  const payload = new Uint8Array(100).map((_, index) => index)
  const whole = (source: string, port: number) =>
    buildPacket(plan(source, server, { udp: { sourcePort: port, destinationPort: 53, payload } }))
  const pieces = (bytes: Uint8Array) => [
    fragmentPiece(bytes, 0, 56, true, { identification: 7 }),
    fragmentPiece(bytes, 56, 52, false, { identification: 7 }),
  ]
  const [first, second] = pieces(whole(client, 1000))
  const [firstLeft, secondLeft] = pieces(whole(router, 2000))
  expect([bench.see(first!, IN), bench.see(second!, IN)]).toEqual([0, 0])
  expect([bench.see(firstLeft!, OUT), bench.see(secondLeft!, OUT)]).toEqual([1, 2])
})
