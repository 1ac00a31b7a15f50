import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { RuleBench } from '../test/support/rule-bench.ts'
import { makeRules } from './rules-text.ts'
import { Traffic } from './traffic.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heldBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** What so many rules hold when they are loaded and packets have made their index look further. */
function bytesOf(count: number): number {
  const rules = makeRules({ count, stateful: true }).join('\n')
  const traffic = new Traffic({ connections: 100 })
  const chunk = new Uint8Array(500 * traffic.recordLength)
  const records = traffic.fill(chunk)
  const before = heldBytes()
  const bench = new RuleBench({ rules })
  for (let i = 0; i < records; i++) {
    const at = i * traffic.recordLength + 16 + 14
    bench.sendBytes(chunk.subarray(at, at + traffic.recordLength - 30))
  }
  const held = heldBytes() - before
  expect(bench.tracker.table.count).toBeGreaterThan(0)
  return held
}

test('four times as many rules hold about four times as much memory', () => {
  bytesOf(1000)
  const few = bytesOf(10_000)
  const many = bytesOf(40_000)
  expect(few).toBeGreaterThan(10_000 * 200)
  expect(many / few).toBeLessThan(4.5)
})
