import { describe, expect, test } from 'vitest'
import { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { Firewall } from '../firewall/firewall.ts'
import { parseRuleset } from '../firewall/ruleset-text.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { Packet } from '../packet/packet.ts'
import { Feed } from './feed.ts'
import { History } from './history.ts'

function lab(rules?: string) {
  const tracker = new Tracker()
  const rulesets =
    rules === undefined ? [] : [parseRuleset(rules, { file: 'rules.v4', family: 'ipv4' }).ruleset]
  const feed = new Feed(new Firewall(tracker, { rulesets }))
  const history = new History(tracker, { all: false })
  const packet = new Packet()
  const tuple = new Tuple()
  return {
    settle: () => tracker.settle(),
    send: (plan: PacketPlan, seconds: number) => feed.send(buildPacket(plan), { seconds }),
    find: (plan: PacketPlan) => {
      const bytes = buildPacket(plan)
      decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
      tracker.prepare(packet, tuple)
      return history.find(tuple)
    },
  }
}

function segment(
  port: number,
  isBack: boolean,
  flags: string,
  sequence: number,
  acknowledgment = 0,
  six = false,
) {
  const [client, server] = six ? ['2001:db8::1', '2001:db8::2'] : ['10.0.0.2', '192.0.2.9']
  const [source, destination] = isBack ? [server!, client!] : [client!, server!]
  const [sourcePort, destinationPort] = isBack ? [80, port] : [port, 80]
  return {
    source,
    destination,
    tcp: { sourcePort, destinationPort, flags, sequence, acknowledgment, window: 64_240 },
  }
}

function reset(
  send: (plan: PacketPlan, seconds: number) => unknown,
  port: number,
  seconds: number,
  six = false,
): void {
  send(segment(port, false, 'S', 100, 0, six), seconds)
  send(segment(port, true, 'SA', 500, 101, six), seconds)
  send(segment(port, false, 'A', 101, 501, six), seconds)
  send(segment(port, true, 'RA', 501, 101, six), seconds)
}

describe('a connection that was reset', () => {
  test.each([
    ['IPv4', false],
    ['IPv6', true],
  ])('%s: is found from either side once its 10 s are over, and not before', (_, six) => {
    const { send, find } = lab()
    reset(send, 40_000, 1000, six)
    const late = segment(40_000, false, 'FA', 101, 501, six)
    expect(find(late)).toBeNull()
    send(late, 1013.5)
    const former = find(late)
    expect(former).toMatchObject({
      state: 'CLOSE',
      endedBy: 'timeout',
      ended: 1010,
      answered: true,
      lastFrom: 'reply',
    })
    expect(find(segment(40_000, true, 'A', 501, 101, six))).toEqual(former)
    expect(find(segment(40_001, false, 'FA', 101, 501, six))).toBeNull()
  })

  test('of several with the same ports, the last one is told', () => {
    const { send, find } = lab()
    for (const at of [1000, 2000, 3000]) reset(send, 40_000, at)
    const late = segment(40_000, false, 'FA', 101, 501)
    send(late, 4000)
    expect(find(late)).toMatchObject({ ended: 3010 })
  })

  test('one that a packet ended says so', () => {
    const { send, find } = lab()
    reset(send, 40_000, 1000)
    // The side that was reset begins anew: the old entry goes at once.
    send(segment(40_000, true, 'R', 501), 1001)
    send(segment(40_000, false, 'S', 9000), 1002)
    const former = find(segment(40_000, false, 'FA', 101, 501))
    expect(former === null || former.endedBy === 'packet').toBe(true)
  })
})

test('a translated connection is found by what is behind the NAT, and by what is before it', () => {
  const { send, find } = lab(`*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -j SNAT --to-source 203.0.113.5
COMMIT
`)
  const outside = (plan: ReturnType<typeof segment>) => ({ ...plan, destination: '203.0.113.5' })
  send(segment(40_000, false, 'S', 100), 1000)
  send(outside(segment(40_000, true, 'SA', 500, 101)), 1000)
  send(segment(40_000, false, 'A', 101, 501), 1000)
  send(outside(segment(40_000, true, 'RA', 501, 101)), 1000)
  send(segment(50_000, false, 'S', 1), 1020)
  const inner = find(segment(40_000, false, 'FA', 101, 501))
  expect(inner).toMatchObject({
    translated: true,
    original: { source: '10.0.0.2' },
    reply: { destination: '203.0.113.5' },
  })
  expect(find(outside(segment(40_000, true, 'FA', 501, 101)))).toEqual(inner)
})

test('the oldest are forgotten, and the others found', () => {
  const { send, find, settle } = lab()
  let seconds = 1000
  for (let turn = 0; turn < 2; turn++) {
    for (let port = 1024; port < 1024 + 20_000; port++) reset(send, port, seconds)
    seconds += 100
  }
  send(segment(99, false, 'S', 1), seconds)
  settle()
  expect(find(segment(1024 + 19_999, false, 'FA', 101, 501))).toMatchObject({ ended: 1110 })
  expect(find(segment(1024, false, 'FA', 101, 501))).toMatchObject({ ended: 1110 })
  expect(find(segment(1023, false, 'FA', 101, 501))).toBeNull()
})
