import { expect, test } from 'vitest'
import { Tracker } from '../../conntrack/tracker.ts'
import { Firewall } from '../../firewall/firewall.ts'
import { rulesOf } from './fixtures.ts'
import { hitChangesOf } from './rule-hits.ts'
import { pairChains } from './rule-pairs.ts'

/** A letter is a rule of its own in FORWARD. */
function firewallOf(letters: string): Firewall {
  const rules = [...letters].map((letter) => `-A FORWARD -p tcp --dport ${letter.charCodeAt(0)} -j ACCEPT`)
  const ruleset = rulesOf(`*filter\n${rules.join('\n')}\nCOMMIT\n`)
  return new Firewall(new Tracker(), { rulesets: [ruleset] })
}

/** `a1-1 b2-3 ~`: which rule of NEW each of OLD is; then what moved, by its letter. */
function paired(old: string, now: string) {
  const [before, after] = [firewallOf(old), firewallOf(now)]
  const pair = pairChains(before.programs.ipv4, after.programs.ipv4).find(({ name }) => name === 'FORWARD')!
  return {
    newOf: [...pair.newOf].map((index) => (index === -1 ? '-' : now[index])).join(''),
    moved: [...now].filter((_, index) => pair.moved[index] === 1).join(''),
    became: [...pair.becameOf].map((index) => (index === -1 ? '.' : now[index])).join(''),
    kinds: hitChangesOf(before, after).map(
      ({ kind, old, new: now }) => `${kind} ${old?.number ?? '-'} ${now?.number ?? '-'}`,
    ),
  }
}

test.each([
  ['abc', 'abc', 'abc', '', '...', []],
  ['abc', 'axbc', 'abc', '', '...', ['added - 2']],
  ['abc', 'ac', 'a-c', '', '...', ['removed 2 -']],
  ['abc', 'axc', 'a-c', '', '.x.', ['changed 2 2']],
  ['abcd', 'dabc', 'abcd', 'd', '....', ['moved 4 1']],
  ['abcd', 'abdc', 'abcd', 'd', '....', ['moved 4 3']],
  ['aab', 'aba', 'aab', 'b', '...', ['moved 3 2']],
  ['ab', 'xy', '--', '', 'xy', ['changed 1 1', 'changed 2 2']],
  ['', 'ab', '', '', '', ['added - 1', 'added - 2']],
  ['abc', 'xcy', '--c', '', 'x..', ['changed 1 1', 'removed 2 -', 'added - 3']],
])('%s and %s', (old, now, newOf, moved, became, kinds) => {
  const pair = paired(old, now)
  expect(pair).toMatchObject({ newOf, became, kinds })
  expect(pair.moved.length).toBe(moved.length)
})

test('10,000 rules in reverse order are paired in a moment', () => {
  const text = (numbers: number[]) =>
    `*filter\n${numbers.map((number) => `-A FORWARD -s 10.0.${number >> 8}.${number & 255} -j DROP`).join('\n')}\nCOMMIT\n`
  const numbers = Array.from({ length: 10_000 }, (_, index) => index)
  const firewall = (list: number[]) => new Firewall(new Tracker(), { rulesets: [rulesOf(text(list))] })
  const [old, now] = [firewall(numbers), firewall([...numbers].reverse())]
  const begin = performance.now()
  const pair = pairChains(old.programs.ipv4, now.programs.ipv4).find(({ name }) => name === 'FORWARD')!
  expect(performance.now() - begin).toBeLessThan(5000)
  expect(pair.moved.reduce((sum, one) => sum + one, 0)).toBe(9999)
})
