import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { readSets } from '../ipset/reader.ts'
import { Sets } from '../ipset/sets.ts'
import type { PacketPlan } from '../packet/build.ts'

function bench(file: string, rules: string): RuleBench {
  const sets = new Sets()
  expect(readSets(file, 'f', sets)).toEqual([])
  return new RuleBench({ rules, sets })
}
const from = (source: string, destinationPort = 53): PacketPlan => ({
  source,
  destination: '192.0.2.9',
  udp: { sourcePort: 1, destinationPort },
})
const isIn = (rules: RuleBench, packet: PacketPlan) => rules.send(packet).verdict === 'DROP'

test('an element is added for a time, and begins it anew only with --exist', () => {
  const rules = (exist: string) =>
    bench(
      'create a hash:ip timeout 10\n',
      `-A FORWARD -m set --match-set a src -p udp --dport 54 -j DROP\n-A FORWARD -j SET --add-set a src --timeout 2 ${exist}`,
    )
  for (const exist of ['', '--exist']) {
    const dynamic = rules(exist)
    expect(isIn(dynamic, from('10.0.1.2', 54))).toBe(false)
    dynamic.wait(1.5)
    dynamic.send(from('10.0.1.2'))
    dynamic.wait(1)
    expect(isIn(dynamic, from('10.0.1.2', 54))).toBe(exist !== '')
  }
})

test('an element is removed', () => {
  const rules = bench(
    'create a hash:ip,port\nadd a 10.0.1.2,udp:54\n',
    '-A FORWARD -m set --match-set a src,dst -j DROP\n-A FORWARD -p udp --dport 1 -j SET --del-set a src,src',
  )
  expect(isIn(rules, from('10.0.1.2', 54))).toBe(true)
  rules.send(from('10.0.1.2', 1))
  expect(isIn(rules, from('10.0.1.2', 54))).toBe(true)
})

test('networks are added with the longest prefix that the set has', () => {
  const rules = bench(
    'create a hash:net\nadd a 10.9.0.0/24\nadd a 10.8.0.0/20\n',
    '-A FORWARD -m set --match-set a src -j DROP\n-A FORWARD -j SET --add-set a src',
  )
  expect(isIn(rules, from('10.0.1.2'))).toBe(false)
  expect(isIn(rules, from('10.0.1.77'))).toBe(true)
  expect(isIn(rules, from('10.0.2.77'))).toBe(false)
})

test('the mark that the set says', () => {
  const rules = bench(
    'create a hash:ip skbinfo\nadd a 10.0.1.2 skbmark 0x5/0xff\n',
    '*mangle\n-A FORWARD -j MARK --set-mark 0x1234\n-A FORWARD -j SET --map-set a src --map-mark\nCOMMIT\n',
  )
  expect(rules.send(from('10.0.1.2')).mark).toBe(0x1205)
  expect(rules.send(from('10.0.1.3')).mark).toBe(0x1234)
})

test('a set that was not given is not evaluated', () => {
  expect(() => bench('', '-A FORWARD -j SET --add-set x src')).toThrow('no set "x"')
})
