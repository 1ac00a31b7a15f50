/** Targets that tell something, and change no header. */
import { expect, test } from 'vitest'
import { TargetBench } from '../../test/support/target-bench.ts'
import { CTINFO_NONE, CTINFO_UNTRACKED } from '../conntrack/status.ts'
import {
  VERDICT_ACCEPT,
  VERDICT_CONTINUE,
  VERDICT_DROP,
  VERDICT_QUEUE,
  VERDICT_RETURN,
} from '../hook/hook.ts'
import type { PacketPlan } from '../packet/build.ts'

const udp = {
  source: '10.0.1.2',
  destination: '10.0.2.2',
  udp: { sourcePort: 1, destinationPort: 2 },
} as const

test('verdicts', () => {
  expect(new TargetBench('-j ACCEPT').act(udp)).toBe(VERDICT_ACCEPT)
  expect(new TargetBench('-j DROP').act(udp)).toBe(VERDICT_DROP)
  expect(new TargetBench('-j RETURN').act(udp)).toBe(VERDICT_RETURN)
})

test('LOG says the same note of every packet', () => {
  const bench = new TargetBench('-j LOG --log-prefix "a b " --log-level 3 --log-tcp-options --log-macdecode')
  expect(bench.act(udp)).toBe(VERDICT_CONTINUE)
  bench.act(udp)
  expect(bench.notes[0]).toEqual({
    kind: 'log',
    prefix: 'a b ',
    level: 3,
    tcpSequence: false,
    tcpOptions: true,
    ipOptions: false,
    uid: false,
    macDecode: true,
  })
  expect(bench.notes[1]).toBe(bench.notes[0])
})

test('NFLOG says prefix and group', () => {
  const bench = new TargetBench('-j NFLOG --nflog-group 7 --nflog-prefix x')
  expect(bench.act(udp)).toBe(VERDICT_CONTINUE)
  expect(bench.notes).toEqual([{ kind: 'nflog', prefix: 'x', group: 7 }])
})

test('TRACE and CLASSIFY', () => {
  const traced = new TargetBench('-j TRACE', { table: 'raw', chain: 'PREROUTING' })
  expect(traced.act(udp)).toBe(VERDICT_CONTINUE)
  expect(traced.passage.traced).toBe(true)
  const classified = new TargetBench('-j CLASSIFY --set-class 1:ffff')
  expect(classified.act(udp)).toBe(VERDICT_CONTINUE)
  expect(classified.passage.priority).toBe(0x1ffff)
})

test('NOTRACK, unless the tracker has seen the packet or CT spoke first', () => {
  const bench = new TargetBench('-j NOTRACK', { table: 'raw', chain: 'PREROUTING' })
  expect(bench.act(udp)).toBe(VERDICT_CONTINUE)
  expect(bench.passage.outcome.ctinfo).toBe(CTINFO_UNTRACKED)
  bench.act(udp)
  const { passage } = bench
  passage.outcome.reset()
  passage.template.given = true
  expect(passage.isTrackingSettled).toBe(true)
  expect(passage.outcome.ctinfo).toBe(CTINFO_NONE)
})

test('QUEUE and NFQUEUE say which queue', () => {
  const queue = (rule: string, plan: PacketPlan = udp) => {
    const bench = new TargetBench(rule)
    expect(bench.act(plan)).toBe(VERDICT_QUEUE)
    return bench.passage.queue
  }
  expect(queue('-j QUEUE')).toBe(0)
  expect(queue('-j NFQUEUE --queue-num 7 --queue-bypass')).toBe(7)
  expect(queue('-j NFQUEUE --queue-balance 7:9 --queue-cpu-fanout')).toBe(7)
  const found = new Set<number>()
  for (let i = 1; i < 50; i++) {
    const there = { ...udp, source: `10.0.1.${i}` }
    const back = {
      source: udp.destination,
      destination: there.source,
      udp: { sourcePort: 9, destinationPort: 8 },
    }
    const chosen = queue('-j NFQUEUE --queue-balance 7:9', there)
    expect(queue('-j NFQUEUE --queue-balance 7:9', back)).toBe(chosen)
    found.add(chosen)
  }
  expect([...found].sort()).toEqual([7, 8, 9])
})
