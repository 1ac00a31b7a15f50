import { describe, expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { Outcome } from '../conntrack/outcome.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { Packet } from '../packet/packet.ts'
import { Consequences } from './consequences.ts'

/** Sends packets as a replay does; answers the packet that silenced each, or 0. */
function course(rules: string, family: 'ipv4' | 'ipv6' = 'ipv4') {
  const { firewall } = new RuleBench({ rules, family })
  const consequences = new Consequences(firewall)
  let number = 0
  const send = (plan: PacketPlan): number => {
    number++
    const bytes = buildPacket(plan)
    const packet = new Packet()
    packet.seconds = 1_700_000_000
    decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
    const tuple = new Tuple()
    firewall.prepare(packet, tuple)
    const cause = consequences.causeOf(packet, tuple)
    if (cause > 0) return cause
    firewall.process(packet, tuple, new Outcome())
    consequences.learn(packet, tuple, number)
    return 0
  }
  return { send, consequences }
}

const there = { source: '10.0.0.2', destination: '192.0.2.9' }
const back = { source: '192.0.2.9', destination: '10.0.0.2' }
const client = (flags: string): PacketPlan => ({
  ...there,
  tcp: { sourcePort: 40_000, destinationPort: 80, flags },
})
const server = (flags: string): PacketPlan => ({
  ...back,
  tcp: { sourcePort: 80, destinationPort: 40_000, flags },
})

describe('consequences of a dropped opening packet', () => {
  test('the rest of its flow would not have been seen, and other flows are', () => {
    const { send, consequences } = course('-A FORWARD -p tcp -m tcp --dport 80 -j DROP')
    expect([client('S'), server('SA'), client('A'), client('PA')].map(send)).toEqual([0, 1, 1, 1])
    expect(send({ ...there, tcp: { sourcePort: 40_001, destinationPort: 81, flags: 'S' } })).toBe(0)
    expect(consequences.silenced).toBe(3)
  })

  test('until a retransmitted SYN gets through', () => {
    const { send } = course('-A FORWARD -p tcp --syn -m statistic --mode nth --every 2 --packet 0 -j DROP')
    expect([client('S'), server('SA'), client('S'), server('SA'), client('A')].map(send)).toEqual([
      0, 1, 0, 0, 0,
    ])
  })

  test('the answer of the server that it was translated to would not have been seen either', () => {
    const { send, consequences } = course(`
      *nat
      :PREROUTING ACCEPT [0:0]
      -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.1.20:8080
      COMMIT
      *filter
      :FORWARD ACCEPT [0:0]
      -A FORWARD -p tcp --syn -m statistic --mode nth --every 2 --packet 0 -j DROP
      COMMIT`)
    const answer: PacketPlan = {
      source: '192.168.1.20',
      destination: '10.0.0.2',
      tcp: { sourcePort: 8080, destinationPort: 40_000, flags: 'SA' },
    }
    expect([client('S'), answer, client('A'), client('S'), answer].map(send)).toEqual([0, 1, 1, 0, 0])
    expect(consequences.silenced).toBe(2)
  })

  test('an error about a packet that would not have been sent', () => {
    const { send } = course('-A FORWARD -p udp -j DROP')
    const question: PacketPlan = { ...there, udp: { sourcePort: 5000, destinationPort: 53 } }
    const other: PacketPlan = { ...there, udp: { sourcePort: 5001, destinationPort: 53 } }
    const error = (about: PacketPlan): PacketPlan => ({
      ...back,
      icmp: { type: 3, code: 3, payload: buildPacket(about) },
    })
    expect([question, error(question), error(other)].map(send)).toEqual([0, 1, 0])
  })

  test('a dropped later packet silences nothing', () => {
    const { send } = course('-A FORWARD -p tcp --tcp-flags PSH PSH -j DROP')
    expect(
      [client('S'), server('SA'), client('A'), client('PA'), client('PA'), server('A')].map(send),
    ).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('a connection that was there before goes on sending', () => {
    const { send } = course('-A FORWARD -j DROP')
    expect([client('PA'), server('A'), client('A')].map(send)).toEqual([0, 0, 0])
  })

  test('a question may be asked again, and has no answer', () => {
    const { send } = course('-A FORWARD -j DROP', 'ipv6')
    const query = {
      source: 'fd00::1',
      destination: 'fd00::2',
      udp: { sourcePort: 5000, destinationPort: 53 },
    }
    const answer = {
      source: 'fd00::2',
      destination: 'fd00::1',
      udp: { sourcePort: 53, destinationPort: 5000 },
    }
    expect([query, answer, query, answer].map(send)).toEqual([0, 1, 0, 3])
  })

  test('so many flows that some are forgotten', () => {
    const { send, consequences } = course('-A FORWARD -j DROP')
    for (let port = 1; port <= 65_535; port++)
      send({ ...there, udp: { sourcePort: port, destinationPort: 53 } })
    for (let port = 1; port <= 3; port++) send({ ...there, udp: { sourcePort: port, destinationPort: 54 } })
    expect(consequences.forgotten).toBe(2)
    expect(send({ ...back, udp: { sourcePort: 53, destinationPort: 3 } })).toBe(3)
    expect(send({ ...back, udp: { sourcePort: 53, destinationPort: 1 } })).toBe(0)
  })
})
