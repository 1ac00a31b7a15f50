import { expect, test } from 'vitest'
import { RuleBench } from '../test/support/rule-bench.ts'
import { makeRules } from './rules-text.ts'
import { Traffic } from './traffic.ts'

/** The form of a rule without its values: which options, which lengths of networks, how ports are told. */
function shapeOf(line: string): string {
  return line
    .replace(/\d+\.\d+\.\d+\.\d+/g, 'A')
    .replace(/port \d+(?=:)/g, 'port N')
    .replace(/port \d+/g, 'port P')
}

test('more than 200 shapes, a fifth inverted, a tenth with an interface, a twentieth that no index knows', () => {
  const lines = makeRules({ count: 10_000, stateful: true })
  const share = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length / lines.length
  expect(new Set(lines.map(shapeOf)).size).toBeGreaterThan(200)
  expect(share(/! -[sd]/)).toBeCloseTo(0.2, 1)
  expect(share(/-[io] /)).toBeCloseTo(0.1, 1)
  expect(share(/-m (string|limit|recent)/)).toBeCloseTo(0.05, 1)
  expect(
    makeRules({ count: 10_000, stateful: false }).some((line) => /-m (string|limit|recent)/.test(line)),
  ).toBe(false)
})

test('no rule takes a packet of the traffic', () => {
  const rules = makeRules({ count: 1000, stateful: true })
  const bench = new RuleBench({ rules: [...rules, '-A FORWARD -j ACCEPT'].join('\n') })
  const traffic = new Traffic({ connections: 100 })
  const chunk = new Uint8Array(500 * traffic.recordLength)
  const records = traffic.fill(chunk)
  for (let i = 0; i < records; i++) {
    const at = i * traffic.recordLength + 16 + 14
    const decided = bench.sendBytes(chunk.slice(at, at + traffic.recordLength - 30))
    expect(decided.decidedBy).toBe('filter FORWARD 1001')
  }
})
