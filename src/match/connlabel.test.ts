import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { extensions } from '../firewall/extensions.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { printRuleset } from '../ruleset/printer.ts'

const out = {
  source: '10.0.1.2',
  destination: '192.0.2.9',
  udp: { sourcePort: 1000, destinationPort: 53, payload: new Uint8Array(72) },
}
const back = {
  source: '192.0.2.9',
  destination: '10.0.1.2',
  udp: { sourcePort: 53, destinationPort: 1000, payload: new Uint8Array(472) },
}

test('a label is there once it was set, and belongs to the connection', () => {
  const bench = new RuleBench({
    rules: `
      -A FORWARD -m connlabel --label 127
      -A FORWARD -m connlabel ! --label 127
      -A FORWARD -p udp --sport 53 -m connlabel --label 127 --set
      -A FORWARD -m connlabel --label 95`,
  })
  const counts = () => bench.counts('filter', 'FORWARD').slice(0, 4)
  bench.send(out)
  expect(counts()).toEqual([0, 1, 0, 0])
  bench.send(back)
  expect(counts()).toEqual([0, 2, 1, 0])
  bench.send(out)
  expect(counts()).toEqual([1, 2, 1, 0])
  bench.wait(1000)
  bench.send(out)
  expect(counts()).toEqual([1, 3, 1, 0])
})

test('setting it matches as if it had been there; without a connection only the inversion does', () => {
  const bench = new RuleBench({
    rules:
      '-A FORWARD -m connlabel ! --label 1 --set\n-A FORWARD -m connlabel --label 1\n-A FORWARD -m connlabel ! --label 1',
  })
  bench.send(out)
  expect(bench.counts('filter', 'FORWARD').slice(0, 3)).toEqual([0, 1, 0])
  const tcp = { sourcePort: 1, destinationPort: 2, flags: 'SF' }
  bench.send({ source: '10.0.1.2', destination: '192.0.2.9', tcp })
  expect(bench.counts('filter', 'FORWARD').slice(0, 3)).toEqual([1, 1, 1])
})

// As iptables 1.8.9 takes and prints them where there is no connlabel.conf.
test.each([
  ['--label 5', '--label "5"'],
  ['! --label 0x10', '! --label "16"'],
  ['--set --label 3', '--label "3" --set'],
  ['--label 010', '--label "8"'],
  ['--label 65536', '--label "0"'],
  ['--label 4294967297', '--label "1"'],
  ['--label +5', '--label "5"'],
  ['--label 128', null],
  ['--label foo', null],
  ['--label -1', null],
  ['--label 5x', null],
  ['--set', null],
])('connlabel %s is printed %s', (options, printed) => {
  const text = `*filter\n-A INPUT -m connlabel ${options}\nCOMMIT\n`
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', registry: extensions })
  if (printed === null) expect(diagnostics.map(({ severity }) => severity)).toContain('error')
  else expect(printRuleset(ruleset, { form: 'canonical' })).toContain(`-m connlabel ${printed}\n`)
})
