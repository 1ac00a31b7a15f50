import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { KernelTrace } from './kernel-trace.ts'

test('a rule with a verdict and no condition is called what Linux takes it for: the end of its chain', () => {
  const bench = new RuleBench({
    rules: `
      *mangle
      :r - [0:0]
      :n - [0:0]
      -A PREROUTING -j r
      -A PREROUTING -m comment --comment x -j ACCEPT
      -A r -j RETURN
      -A POSTROUTING -g n
      -A n
      -A n -o out+ -j RETURN
      COMMIT
      *filter
      -A FORWARD -p all -j ACCEPT
      COMMIT`,
  })
  const trace = new KernelTrace(bench.firewall)
  bench.send({ source: '10.0.1.2', destination: '10.0.2.2', udp: { sourcePort: 1, destinationPort: 2 } })
  expect(trace.lines.map((line) => /TRACE: (\S+) /.exec(line)![1])).toEqual([
    'mangle:PREROUTING:rule:1',
    'mangle:r:return:1',
    'mangle:PREROUTING:rule:2',
    'mangle:FORWARD:policy:1',
    'filter:FORWARD:policy:1',
    'mangle:POSTROUTING:rule:1',
    'mangle:n:rule:1',
    'mangle:n:rule:2',
    'mangle:POSTROUTING:policy:2',
  ])
})
