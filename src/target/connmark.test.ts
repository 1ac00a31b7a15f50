import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { TargetBench } from '../../test/support/target-bench.ts'
import { MARK } from '../conntrack/entry.ts'
import { CHANGED_MARK } from '../conntrack/outcome.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'

const udp = {
  source: '10.0.1.2',
  destination: '10.0.2.2',
  udp: { sourcePort: 1, destinationPort: 2 },
} as const

/** Marks of packet and entry behind these targets, from those given. */
function marks(packet: number, entry: number, target: string): string {
  const bench = new RuleBench({
    rules: `*mangle
      -A PREROUTING -j CONNMARK --set-mark ${entry}
      -A PREROUTING -j MARK --set-mark ${packet}
      -A FORWARD -j CONNMARK ${target}
      COMMIT`,
  })
  const { mark } = bench.send(udp)
  const { table } = bench.tracker
  const words = table.words(0)
  return `${(mark >>> 0).toString(16)} ${(words[table.at(0) + MARK]! >>> 0).toString(16)}`
}

test('CONNMARK changes the mark of the entry', () => {
  expect(marks(1, 0x12345678, '--set-mark 0xff')).toBe('1 ff')
  expect(marks(1, 0x12345678, '--set-xmark 0xff/0xff00')).toBe('1 12340087')
  expect(marks(1, 0x12345678, '--and-mark 0xffff')).toBe('1 5678')
  expect(marks(1, 0x12345678, '--or-mark 0x80000000')).toBe('1 92345678')
})

test('CONNMARK saves and restores under both masks', () => {
  expect(marks(0xabcdef01, 0x12345678, '--save-mark')).toBe('abcdef01 abcdef01')
  expect(marks(0xabcdef01, 0x12345678, '--save-mark --nfmask 0xff --ctmask 0xffff0000')).toBe('abcdef01 5679')
  expect(marks(0xabcdef01, 0x12345678, '--restore-mark')).toBe('12345678 12345678')
  expect(marks(0xabcdef01, 0x12345678, '--restore-mark --nfmask 0xffff --ctmask 0xff')).toBe(
    'abcd0078 12345678',
  )
})

test('CONNMARK shifts what is copied, and all of what is set', () => {
  expect(marks(0xff, 0, '--save-mark --left-shift-mark 24')).toBe('ff ff000000')
  expect(marks(0, 0xff000000, '--restore-mark --right-shift-mark 24')).toBe('ff ff000000')
  expect(marks(0, 0x10, '--set-xmark 0x1/0x0 --left-shift-mark 4')).toBe('0 110')
})

test('CONNMARK without an entry does nothing; with one it says when the mark changed', () => {
  const bench = new TargetBench('-j CONNMARK --set-mark 7')
  expect(bench.act(udp)).toBe(VERDICT_CONTINUE)
  expect(bench.passage.outcome.changes).toBe(0)
  const rules = new RuleBench({ rules: '*mangle\n-A FORWARD -j CONNMARK --set-mark 7\nCOMMIT' })
  const told: number[] = []
  rules.tracker.onEvent = (_, __, changes) => told.push(changes & CHANGED_MARK)
  rules.send(udp)
  rules.tracker.table.words(0)[rules.tracker.table.at(0) + MARK] = 5
  rules.send(udp)
  rules.send(udp)
  expect(told).toEqual([0, CHANGED_MARK])
})
