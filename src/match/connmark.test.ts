import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { MARK } from '../conntrack/entry.ts'

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

test('the mark of the entry, in both directions', () => {
  const bench = new RuleBench({
    rules: `
      -A FORWARD -m connmark --mark 0x1/0xff
      -A FORWARD -m connmark ! --mark 0x1/0xff
      -A FORWARD -m connmark --mark 0xf0000001`,
  })
  bench.send(out)
  const { table } = bench.tracker
  const { entry } = bench.firewall.passage.outcome
  table.words(entry)[table.at(entry) + MARK] = 0xf000_0001 | 0
  bench.send(back)
  expect(bench.counts('filter', 'FORWARD').slice(0, 3)).toEqual([1, 1, 1])
  const tcp = { sourcePort: 1, destinationPort: 2, flags: 'SF' }
  bench.send({ source: '10.0.1.2', destination: '192.0.2.9', tcp })
  expect(bench.counts('filter', 'FORWARD').slice(0, 3)).toEqual([1, 1, 1])
})
