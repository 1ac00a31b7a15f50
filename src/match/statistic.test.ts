import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'

const out = {
  source: '10.0.1.2',
  destination: '192.0.2.9',
  udp: { sourcePort: 1000, destinationPort: 53, payload: new Uint8Array(72) },
}
const matched = (options: string, packets: number, seed = 1) => {
  const bench = new RuleBench({
    rules: `-A FORWARD -m statistic ${options} -j DROP\n-A FORWARD -j ACCEPT`,
    seed,
  })
  return Array.from({ length: packets }, () => (bench.send(out).verdict === 'DROP' ? 1 : 0)).join('')
}

test('every nth, from a packet on', () => {
  expect(matched('--mode nth --every 3 --packet 0', 7)).toBe('1001001')
  expect(matched('--mode nth --every 3 --packet 1', 7)).toBe('0100100')
  expect(matched('--mode nth --every 3 --packet 2', 7)).toBe('0010010')
  expect(matched('--mode nth ! --every 3 --packet 0', 7)).toBe('0110110')
  expect(matched('--mode nth --every 1 --packet 0', 3)).toBe('111')
  expect(matched('--mode nth --every 4294967295 --packet 1', 3)).toBe('010')
})

test('by chance: never, always, and about as often as told; the same again with the same seed', () => {
  expect(matched('--mode random --probability 0', 20)).not.toContain('1')
  expect(matched('--mode random --probability 1', 20)).not.toContain('0')
  expect(matched('--mode random ! --probability 1', 20)).not.toContain('1')
  const half = matched('--mode random --probability 0.5', 400)
  expect(half.split('1').length - 1).toBeGreaterThan(150)
  expect(half.split('1').length - 1).toBeLessThan(250)
  expect(matched('--mode random --probability 0.5', 400)).toBe(half)
  expect(matched('--mode random --probability 0.5', 400, 2)).not.toBe(half)
})
