/** ULOG and CLUSTERIP, which Linux has no more: the texts are what iptables 1.8.9 made of its own. */
import { expect, test } from 'vitest'
import { canonicalRules } from '../../test/support/canonical-rules.ts'
import { registry } from '../../test/support/registry.ts'
import { parseRuleset } from '../ruleset/parser.ts'

const mac = '--clustermac 01:0:5e:00:00:20'
const whole = `--new --hashmode sourceip ${mac} --total-nodes 2 --local-node 1`

test.each([
  ['ULOG', 'ULOG'],
  ['ULOG --ulog-nlgroup 1 --ulog-cprange 0 --ulog-qthreshold 1 --ulog-prefix a', 'ULOG --ulog-prefix a'],
  [
    'ULOG --ulog-nlgroup 32 --ulog-cprange 100 --ulog-qthreshold 50 --ulog-prefix "a b"',
    'ULOG --ulog-prefix "a b" --ulog-nlgroup 32 --ulog-cprange 100 --ulog-qthreshold 50',
  ],
  [`ULOG --ulog-prefix ${'x'.repeat(32)}`, `ULOG --ulog-prefix ${'x'.repeat(31)}`],
  ['CLUSTERIP', 'CLUSTERIP'],
  [
    `CLUSTERIP ${whole}`,
    'CLUSTERIP --new --hashmode sourceip --clustermac 01:00:5E:00:00:20 --total-nodes 2 --local-node 1 --hash-init 0',
  ],
  [
    `CLUSTERIP --hash-init 0x7 --local-node 16 --total-nodes 16 ${mac} --hashmode sourceip-sourceport-destport --new`,
    'CLUSTERIP --new --hashmode sourceip-sourceport-destport --clustermac 01:00:5E:00:00:20 --total-nodes 16 --local-node 16 --hash-init 7',
  ],
])('%s is printed as %s', (target, printed) => {
  expect(canonicalRules(`-A INPUT -j ${target}`)).toEqual([`-A INPUT -j ${printed}`])
})

test.each([
  'ULOG --ulog-nlgroup 0',
  'ULOG --ulog-nlgroup 33',
  'ULOG --ulog-qthreshold 51',
  'ULOG --ulog-prefix ""',
  'CLUSTERIP --new',
  'CLUSTERIP --hash-init 5',
  `CLUSTERIP --hashmode sourceip ${mac} --total-nodes 2 --local-node 1`,
  `CLUSTERIP ${whole.replace('01:', '00:')}`,
  `CLUSTERIP ${whole.replace('sourceip', 'SOURCEIP')}`,
  `CLUSTERIP ${whole.replace('nodes 2', 'nodes 17')}`,
])('%s is refused', (target) => {
  expect(canonicalRules(`-A INPUT -j ${target}`)).toBe('refused')
})

test('that Linux has it no more is told', () => {
  const { diagnostics } = parseRuleset('*filter\n-A INPUT -j ULOG\nCOMMIT\n', { family: 'ipv4', registry })
  expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(['warning obsolete'])
})
