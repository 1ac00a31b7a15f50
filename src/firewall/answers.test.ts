import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { ctstateOf } from '../conntrack/status.ts'
import { tableOf } from '../conntrack/view-entry.ts'
import { VERDICT_DROP } from '../hook/hook.ts'

const syn = {
  source: '10.0.0.2',
  destination: '192.0.2.9',
  tcp: { sourcePort: 40_000, destinationPort: 80, flags: 'S' },
}

test('an answer goes out through OUTPUT and POSTROUTING as RELATED, and its packet leaves no entry', () => {
  const bench = new RuleBench({
    rules: `
      *mangle
      -A POSTROUTING -o in0 -m conntrack --ctstate RELATED --ctdir REPLY -j MARK --set-mark 9
      COMMIT
      *filter
      -A FORWARD -p tcp -j REJECT --reject-with tcp-reset
      -A OUTPUT -p tcp -m tcp --tcp-flags RST RST -j ACCEPT
      COMMIT`,
  })
  expect(bench.send(syn)).toMatchObject({ verdict: 'REJECT', decidedBy: 'filter FORWARD 1' })
  const { list } = bench.firewall.answers!
  expect(list).toHaveLength(1)
  const [answer] = list
  expect(ctstateOf(answer!.outcome.ctinfo)).toBe('RELATED')
  expect(answer!.passage.mark).toBe(9)
  expect(answer!.packet.destinationPort).toBe(40_000)
  expect(bench.counts('filter', 'OUTPUT')).toEqual([1, 0])
  expect([...tableOf(bench.tracker)]).toEqual([])
})

test('the next packet has no answer of the one before', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -p tcp -j REJECT' })
  bench.send(syn)
  bench.send({ source: '10.0.0.2', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } })
  expect(bench.firewall.answers!.list).toEqual([])
})

test('an answer may be dropped on its own way', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -j REJECT\n-A OUTPUT -p icmp -j DROP' })
  bench.send(syn)
  expect(bench.firewall.answers!.list[0]!.decision.rule!.number).toBe(1)
})

test('an answer that is dropped leaves the entry to its packet: the next ones keep theirs', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -p tcp -j REJECT\n-A OUTPUT -j DROP' })
  bench.send(syn)
  const there = { source: '10.0.0.2', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } }
  const other = { source: '10.0.0.3', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } }
  const back = { source: '192.0.2.9', destination: '10.0.0.2', udp: { sourcePort: 2, destinationPort: 1 } }
  expect([there, other, back].map((plan) => bench.send(plan).ctstate)).toEqual(['NEW', 'NEW', 'ESTABLISHED'])
})

test('an answer cannot wait in a queue while the entry that it shares is not in the table', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -j REJECT\n-A OUTPUT -j NFQUEUE' })
  const there = { source: '10.0.0.2', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } }
  bench.send(there)
  const [answer] = bench.firewall.answers!.list
  expect(answer!.decision.verdict).toBe(VERDICT_DROP)
})

test('the answer to a reset that ends its connection belongs to that connection', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -p tcp -m tcp --tcp-flags RST RST -j REJECT' })
  const [source, destination] = ['10.0.0.2', '192.0.2.9']
  const there = { sourcePort: 1, destinationPort: 2, flags: 'PA', sequence: 100, acknowledgment: 500 }
  bench.send({ source, destination, tcp: { ...there, payload: 'x' } })
  const back = { sourcePort: 2, destinationPort: 1, flags: 'R', sequence: 500 }
  bench.send({ source: destination, destination: source, tcp: back })
  const [answer] = bench.firewall.answers!.list
  expect(ctstateOf(answer!.outcome.ctinfo)).toBe('RELATED')
})

test('a packet that meets no rule has no answer of the one before either', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -p tcp -j REJECT' })
  bench.send(syn)
  expect(bench.firewall.answers!.list).toHaveLength(1)
  bench.sendBytes(new Uint8Array(20).fill(0x45))
  expect(bench.firewall.answers!.list).toEqual([])
})
