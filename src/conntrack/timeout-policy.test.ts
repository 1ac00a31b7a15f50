import { expect, test } from 'vitest'
import { TargetBench } from '../../test/support/target-bench.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { Packet } from '../packet/packet.ts'
import { Outcome } from './outcome.ts'
import { Settings } from './settings.ts'
import { Template } from './template.ts'
import { readTimeoutPolicies, TimeoutPolicyError } from './timeout-policy.ts'
import { Tracker } from './tracker.ts'
import { Tuple } from './tuple.ts'
import { tableOf } from './view-entry.ts'

const read = (text: string, base = new Settings()) => readTimeoutPolicies(text, base)

test('a policy has its own timeouts, and the rest from the sysctls', () => {
  const base = new Settings()
  base.set('nf_conntrack_tcp_timeout_close', 7)
  const policies = read(
    `
    # short ones
    nfct timeout add short inet tcp ESTABLISHED 100 syn_sent2 5
    dns inet udp unreplied 3 replied 9 # comment
    nfct add timeout six inet6 icmpv6 timeout 1
    `,
    base,
  )
  expect([...policies.keys()]).toEqual(['short', 'dns', 'six'])
  const { tcp } = policies.get('short')!.settings
  expect([tcp[3], tcp[9], tcp[8], tcp[1]]).toEqual([100, 5, 7, 120])
  const { udpTimeout, udpTimeoutStream } = policies.get('dns')!.settings
  expect([udpTimeout, udpTimeoutStream]).toEqual([3, 9])
  expect(policies.get('six')!.settings.icmpv6Timeout).toBe(1)
  expect([base.tcp[3], base.udpTimeout]).toEqual([432_000, 30])
})

test('what is no policy is refused with its line', () => {
  const lines: readonly [string, string][] = [
    ['a inet', 'a policy is NAME'],
    ['a inet tcp close', 'a policy is NAME'],
    ['a ip tcp close 1', 'neither inet nor inet6'],
    ['a inet dccp close 1', 'dccp has no timeouts here'],
    ['a inet tcp replied 1', 'tcp has no replied'],
    ['a inet tcp close -1', '-1 is no number of seconds'],
    ['a inet tcp close 1\na inet tcp close 1', 'line 2: a is there already'],
  ]
  for (const [text, message] of lines) {
    expect(() => read(text), text).toThrow(TimeoutPolicyError)
    expect(() => read(text), text).toThrow(message)
  }
})

test('a rule that names one finds it', () => {
  const rule = '-p tcp -j CT --timeout short'
  expect(() => new TargetBench(rule, { table: 'raw', chain: 'PREROUTING' })).toThrow('is not known')
})

test('an entry keeps its policy; others have the sysctls', () => {
  const tracker = new Tracker()
  const template = new Template()
  template.given = true
  template.policy = read('short inet udp unreplied 3 replied 9\ntcp inet tcp established 50 close 4').get(
    'short',
  )!
  let seconds = 1_700_000_000
  const send = (plan: Partial<PacketPlan>, by: Template | null = null) => {
    const bytes = buildPacket({ source: '10.0.1.2', destination: '10.0.2.2', ...plan })
    const [packet, tuple, outcome] = [new Packet(), new Tuple(), new Outcome()]
    decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
    tracker.setTime(seconds, 0)
    tracker.prepare(packet, tuple)
    tracker.track(packet, tuple, outcome, by)
    tracker.confirm(packet, tuple, outcome)
    return [...tableOf(tracker)].map(({ timeout }) => timeout)
  }
  const answer = { source: '10.0.2.2', destination: '10.0.1.2', udp: { sourcePort: 53, destinationPort: 1 } }
  expect(send({ udp: { sourcePort: 1, destinationPort: 53 } }, template)).toEqual([3])
  expect(send({ udp: { sourcePort: 1, destinationPort: 54 } })).toEqual([3, 30])
  seconds += 2
  expect(send(answer)).toEqual([3, 28])
  seconds += 2
  expect(send(answer)).toEqual([9, 26])
  seconds += 9
  expect(send({ udp: { sourcePort: 1, destinationPort: 54 } })).toEqual([30])
})

test('TCP, its plain ACK and the CLOSE of a reset too', () => {
  const bench = new TargetBench('-p tcp -j CT --timeout short', {
    table: 'raw',
    chain: 'PREROUTING',
    timeoutPolicies: 'short inet tcp established 50 close 4',
  })
  const { tracker, passage } = bench
  const ends = { source: '10.0.1.2', destination: '10.0.2.2' }
  const back = { source: '10.0.2.2', destination: '10.0.1.2' }
  const ports = { sourcePort: 9, destinationPort: 80 }
  tracker.setTime(1_700_000_000, 0)
  const timeouts = (plan: PacketPlan) => {
    bench.act(plan)
    const { packet, tuple, outcome, template } = passage
    tracker.prepare(packet, tuple)
    tracker.track(packet, tuple, outcome, template)
    tracker.confirm(packet, tuple, outcome)
    return [...tableOf(tracker)].map(({ timeout }) => timeout)
  }
  expect(timeouts({ ...ends, tcp: { ...ports, flags: 'S', sequence: 1 } })).toEqual([120])
  const synack = { sourcePort: 80, destinationPort: 9, flags: 'SA', sequence: 5, acknowledgment: 2 }
  expect(timeouts({ ...back, tcp: synack })).toEqual([60])
  const ack = { ...ends, tcp: { ...ports, flags: 'A', sequence: 2, acknowledgment: 6 } }
  expect(timeouts(ack)).toEqual([50])
  expect(timeouts(ack)).toEqual([50])
  tracker.setClosing(passage.outcome)
  expect([...tableOf(tracker)].map(({ state, timeout }) => `${state} ${timeout}`)).toEqual(['CLOSE 4'])
})
