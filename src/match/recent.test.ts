import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { ringSize } from './recent-list.ts'

const from = (source: string, ttl = 64) => ({
  source,
  destination: '192.0.2.9',
  ttl,
  udp: { sourcePort: 1, destinationPort: 2 },
})
const one = from('10.0.1.2')

/** Counters of the rules after each packet, by how much they grew. */
function hits(bench: RuleBench, packet: ReturnType<typeof from> = one): number[] {
  const before = bench.counts('filter', 'FORWARD')
  bench.send(packet)
  return bench
    .counts('filter', 'FORWARD')
    .slice(0, -1)
    .map((count, rule) => count - before[rule]!)
}
const bench = (...rules: string[]) =>
  new RuleBench({ rules: rules.map((rule) => `-A FORWARD -m recent ${rule}`).join('\n') })

test.each([
  [0, 32],
  [19, 32],
  [20, 32],
  [32, 32],
  [33, 64],
  [65_535, 65_536],
])('a rule of %i hits keeps %i times', (count, size) => {
  expect(ringSize(count)).toBe(size)
})

test('set, rcheck, update, remove and their inversions, as Linux counted them', () => {
  const all = bench(
    '--set --name a',
    '--rcheck --rttl --name a',
    '! --rcheck --rttl --name a',
    '! --set --name b',
    '! --remove --name b',
    '! --update --name b',
    '--rcheck --hitcount 3 --name a',
    '--rcheck --hitcount 0 --name a',
    '--remove --name c',
    '--update --name c',
  )
  expect(hits(all)).toEqual([1, 1, 0, 0, 0, 1, 0, 1, 0, 0])
  expect(hits(all, from('10.0.1.2', 20))).toEqual([1, 1, 0, 0, 0, 1, 0, 1, 0, 0])
  expect(hits(all)).toEqual([1, 1, 0, 0, 0, 1, 1, 1, 0, 0])
})

test('three attempts a minute: the fourth is refused, and each refusal begins the time anew', () => {
  const rules = new RuleBench({
    rules: `
      -A FORWARD -m recent --update --seconds 60 --hitcount 3 -j DROP
      -A FORWARD -m recent --set -j ACCEPT`,
  })
  const verdicts = Array.from({ length: 5 }, () => rules.send(one).verdict)
  expect(verdicts).toEqual(['ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP', 'DROP'])
  rules.wait(59)
  expect(rules.send(one).verdict).toBe('DROP')
  rules.wait(60)
  // Three of them are not older than a minute: the one of 60 seconds ago counts, and is the only one.
  expect(rules.send(one).verdict).toBe('ACCEPT')
})

test('a time that is exactly as old as --seconds counts', () => {
  const rules = bench('--rcheck --seconds 10', '--set')
  expect(hits(rules)).toEqual([0, 1])
  rules.wait(10)
  expect(hits(rules)).toEqual([1, 1])
  rules.wait(10.005)
  expect(hits(rules)).toEqual([0, 1])
})

test('the time to live has to be that of the last packet that was put on the list', () => {
  const rules = bench('--rcheck --rttl', '--set')
  hits(rules)
  expect(hits(rules, from('10.0.1.2', 63))).toEqual([0, 1])
  expect(hits(rules, from('10.0.1.2', 63))).toEqual([1, 1])
})

test('the mask is that of the first rule', () => {
  const rules = bench('--set --mask 255.255.255.0', '--rcheck --mask 255.255.255.255')
  hits(rules)
  const other = bench('--rcheck --mask 255.255.255.0', '--set')
  expect(hits(other)).toEqual([0, 1])
  expect(hits(other, from('10.0.1.9'))).toEqual([1, 1])
})

test('the destination', () => {
  const rules = bench('--rcheck --rdest', '--set --rdest')
  expect(hits(rules)).toEqual([0, 1])
  expect(hits(rules, from('10.0.1.77'))).toEqual([1, 1])
})

test('a hundred addresses: the one that was not seen for longest gives way', () => {
  const rules = bench('--rcheck --name a', '--update --name a', '--set --name a')
  for (let i = 0; i < 100; i++) hits(rules, from(`10.0.2.${i}`))
  expect(hits(rules, from('10.0.2.0'))).toEqual([1, 1, 1])
  hits(rules, from('10.0.3.1'))
  expect(hits(rules, from('10.0.2.0'))).toEqual([1, 1, 1])
  expect(hits(rules, from('10.0.2.1'))).toEqual([0, 0, 1])
})

test('the ring keeps 32 times: hits further back are forgotten', () => {
  const rules = bench('--rcheck --hitcount 19', '--rcheck --seconds 40 --hitcount 19', '--set')
  for (let i = 0; i < 40; i++) {
    expect(hits(rules)).toEqual([i >= 19 ? 1 : 0, i >= 19 ? 1 : 0, 1])
    rules.wait(1)
  }
  rules.wait(21)
  expect(hits(rules)).toEqual([1, 1, 1])
  rules.wait(1)
  expect(hits(rules)).toEqual([1, 1, 1])
  rules.wait(2)
  expect(hits(rules)).toEqual([1, 0, 1])
})

test('reap drops the oldest address, but not the one in hand that is updated', () => {
  const rules = bench('--update --seconds 10 --reap', '--rcheck', '--set')
  hits(rules, from('10.0.1.3'))
  rules.wait(5)
  hits(rules)
  rules.wait(6)
  // Drops 10.0.1.3, which is 11 seconds old.
  expect(hits(rules)).toEqual([1, 1, 1])
  expect(hits(rules, from('10.0.1.3'))).toEqual([0, 0, 1])
  rules.wait(11)
  // Its own times are too old: dropped by the first rule, so the second does not find it.
  expect(hits(rules)).toEqual([0, 0, 1])
})

test('a list belongs to both families', () => {
  const rules = new RuleBench({
    family: 'ipv6',
    rules: '-A FORWARD -m recent --rcheck\n-A FORWARD -m recent --set',
  })
  const packet = { source: 'fd00::1', destination: 'fd00::2', udp: { sourcePort: 1, destinationPort: 2 } }
  rules.send(packet)
  rules.send(packet)
  rules.send({ ...packet, source: 'fd00:1::1' })
  expect(rules.counts('filter', 'FORWARD', 'ipv6').slice(0, 2)).toEqual([1, 3])
})
