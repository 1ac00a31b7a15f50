import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { readSets } from '../ipset/reader.ts'
import { Sets } from '../ipset/sets.ts'
import type { PacketPlan } from '../packet/build.ts'

function bench(file: string, ...rules: string[]): RuleBench {
  const sets = new Sets()
  expect(readSets(file, 'f', sets)).toEqual([])
  return new RuleBench({ rules: rules.map((rule) => `-A FORWARD ${rule}`).join('\n'), sets })
}

/** Which of the rules took the packet. */
function taken(rules: RuleBench, packet: PacketPlan): number[] {
  const before = rules.counts('filter', 'FORWARD')
  rules.send(packet)
  return rules
    .counts('filter', 'FORWARD')
    .slice(0, -1)
    .map((count, rule) => count - before[rule]!)
}

const query = (source: string, sourcePort = 1): PacketPlan => ({
  source,
  destination: '192.0.2.9',
  udp: { sourcePort, destinationPort: 53 },
})
const echo: PacketPlan = { source: '10.0.1.2', destination: '192.0.2.9', icmp: { type: 8, id: 1 } }

test('addresses, networks and what is excepted: the longest prefix decides', () => {
  const file = `create ips hash:ip netmask 24
    add ips 10.0.1.77
    create nets hash:net
    add nets 10.0.0.0/16
    add nets 10.0.1.0/24 nomatch
    add nets 10.0.1.2`.replace(/^ +/gm, '')
  const rules = bench(
    file,
    '-m set --match-set ips src',
    '-m set ! --match-set ips src',
    '-m set --match-set nets src',
    '-m set --match-set nets src --return-nomatch',
    '-m set --match-set nets dst',
  )
  expect(taken(rules, query('10.0.1.2'))).toEqual([1, 0, 1, 0, 0])
  expect(taken(rules, query('10.0.1.3'))).toEqual([1, 0, 0, 1, 0])
  expect(taken(rules, query('10.0.2.3'))).toEqual([0, 1, 1, 0, 0])
})

test('ports, ICMP types, second addresses; too few directions find nothing', () => {
  const file = `create np hash:net,port
    add np 10.0.0.0/16,udp:53
    add np 10.0.0.0/16,icmp:echo-request
    create ipi hash:ip,port,ip
    add ipi 10.0.1.2,udp:53,192.0.2.9
    create ipn hash:ip,port,net
    add ipn 10.0.1.2,udp:53,192.0.0.0/16
    create bp bitmap:port range 50-60
    add bp 53`.replace(/^ +/gm, '')
  const rules = bench(
    file,
    '-m set --match-set np src,dst',
    '-m set --match-set np src',
    '-m set ! --match-set np src',
    '-m set --match-set ipi src,dst,dst',
    '-m set --match-set ipn src,dst,dst,src',
    '-m set --match-set bp dst',
  )
  expect(taken(rules, query('10.0.1.2'))).toEqual([1, 0, 1, 1, 1, 1])
  expect(taken(rules, echo)).toEqual([1, 0, 1, 0, 0, 0])
})

test('counters count each packet that is looked up, and are compared behind that', () => {
  const file = 'create a hash:ip counters\nadd a 10.0.1.2 packets 5 bytes 0\n'
  const rules = bench(
    file,
    '-m set --match-set a src --packets-eq 6',
    '-m set --match-set a src ! --update-counters --packets-eq 6',
    '-m set --match-set a src --packets-gt 6 --bytes-lt 100',
    '-m set --match-set a src ! --packets-eq 8',
  )
  expect(taken(rules, query('10.0.1.2'))).toEqual([1, 1, 1, 0])
})

test('elements expire in the time of packets', () => {
  const rules = bench(
    'create a hash:ip timeout 3\nadd a 10.0.1.2\nadd a 10.0.1.3 timeout 0\n',
    '-m set --match-set a src',
  )
  expect(taken(rules, query('10.0.1.2'))).toEqual([1])
  rules.wait(2.9)
  expect(taken(rules, query('10.0.1.2'))).toEqual([1])
  rules.wait(0.2)
  expect(taken(rules, query('10.0.1.2'))).toEqual([0])
  expect(taken(rules, query('10.0.1.3'))).toEqual([1])
})

test('a list asks its sets in turn', () => {
  const file =
    'create a hash:ip\ncreate b hash:ip,port\nadd b 10.0.1.2,udp:53\ncreate l list:set\nadd l a\nadd l b\n'
  const rules = bench(file, '-m set --match-set l src,dst', '-m set --match-set l src')
  expect(taken(rules, query('10.0.1.2'))).toEqual([1, 0])
})

test('ports that the capture lacks: nobody knows', () => {
  const rules = bench('create a hash:ip,port\n', '-m set --match-set a src,dst -j DROP')
  const bytes = new Uint8Array(20 + 40)
  bytes.set([0x45, 0, 0, 60, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 1, 2, 192, 0, 2, 9])
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!
  sum = (sum & 0xffff) + (sum >>> 16)
  bytes.set([(~sum >>> 8) & 0xff, ~sum & 0xff], 10)
  expect(rules.sendBytes(bytes, 22)).toMatchObject({ verdict: null })
})

test('a set that was not given, or of the other family, is not evaluated', () => {
  expect(() => bench('', '-m set --match-set x src')).toThrow('no set "x": give --ipset FILE')
  expect(() => bench('create x hash:ip family inet6\n', '-m set --match-set x src')).toThrow('IPv6')
})

test("a set that is not read is in nobody's way until a rule asks it", () => {
  const sets = new Sets()
  readSets(
    'create m hash:mac\nadd m 1:2:3:4:5:6\ncreate l list:set\nadd l m\ncreate a hash:ip\nadd a 10.0.1.2\n',
    'f',
    sets,
  )
  const rules = (rule: string) => new RuleBench({ rules: rule, sets })
  expect(taken(rules('-A FORWARD -m set --match-set a src'), query('10.0.1.2'))).toEqual([1])
  const unread = 'holds Ethernet addresses, which are not read here'
  expect(() => rules('-A FORWARD -m set --match-set m src')).toThrow(`the set "m" ${unread}`)
  expect(() => rules('-A FORWARD -m set --match-set l src')).toThrow(
    `the set "l" holds the set "m", which ${unread}`,
  )
  expect(() => rules('-A FORWARD -j SET --add-set m src')).toThrow(`the set "m" ${unread}`)
})
