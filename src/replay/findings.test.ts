import { expect, test } from 'vitest'
import { Outcome } from '../conntrack/outcome.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { Firewall } from '../firewall/firewall.ts'
import { buildPacket } from '../packet/build.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { Packet } from '../packet/packet.ts'
import { Findings } from './findings.ts'

/** A run of segments, each of which comes 10 ms after the one before. */
function run() {
  const firewall = new Firewall(new Tracker())
  const findings = new Findings(firewall)
  const tuple = new Tuple()
  let number = 0
  const send = (isClient: boolean, flags: string, sequence: number, acknowledgment = 0, port = 40_000) => {
    number++
    const client = '10.0.0.2'
    const server = '192.0.2.9'
    const ports = isClient
      ? { sourcePort: port, destinationPort: 80 }
      : { sourcePort: 80, destinationPort: port }
    const bytes = buildPacket({
      source: isClient ? client : server,
      destination: isClient ? server : client,
      tcp: { ...ports, flags, sequence, acknowledgment, window: 1000 },
    })
    const packet = new Packet()
    packet.seconds = 1_700_000_000
    packet.nanoseconds = number * 10_000_000
    decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
    const outcome = new Outcome()
    firewall.prepare(packet, tuple)
    firewall.process(packet, tuple, outcome)
    findings.add(packet, outcome, number)
  }
  const found = () =>
    findings.finish().map(({ code, packets, flows, first }) => ({ code, packets, flows, first }))
  return { send, found }
}

test('a SYN+ACK ahead of its SYN is a finding, with all of the connection that is INVALID by it', () => {
  const { send, found } = run()
  send(false, 'SA', 5000, 1001)
  send(true, 'S', 1000)
  send(true, 'A', 1001, 5001)
  send(true, 'PA', 1001, 5001)
  send(false, 'A', 5001, 1001)
  send(true, 'FA', 1001, 5001)
  expect(found()).toEqual([{ code: 'handshake-order', packets: 4, flows: 1, first: 1 }])
})

test('a SYN+ACK that answers another SYN, or none, is of no known connection', () => {
  const { send, found } = run()
  send(false, 'SA', 5000, 2001)
  send(true, 'S', 1000)
  send(false, 'SA', 5000, 1001)
  send(false, 'SA', 7000, 9001, 40_001)
  expect(found()).toEqual([{ code: 'no-connection', packets: 2, flows: 2, first: 1 }])
})

test('however many SYN+ACKs answer nothing, each is counted', () => {
  const { send, found } = run()
  for (let port = 1; port <= 1500; port++) send(false, 'SA', 5000, 1001, port)
  send(true, 'S', 1000, 0, 1500)
  expect(found()).toEqual([
    { code: 'handshake-order', packets: 1, flows: 1, first: 1500 },
    { code: 'no-connection', packets: 1499, flows: 512, first: 1 },
  ])
})

test('packets that have no place in the state of their connection are a finding; one direction alone is another', () => {
  const { send, found } = run()
  send(true, 'S', 1000)
  send(false, 'A', 77, 1001)
  send(true, 'A', 1001, 5001)
  send(true, 'PA', 1001, 5001)
  send(true, 'S', 1000, 0, 40_001)
  send(true, 'A', 1001, 5001, 40_001)
  expect(found()).toEqual([
    { code: 'one-sided', packets: 0, flows: 1, first: 0 },
    { code: 'out-of-state', packets: 2, flows: 1, first: 3 },
  ])
})
