import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import type { PacketPlan } from '../packet/build.ts'

const out = (udp = { sourcePort: 1000, destinationPort: 53 }): PacketPlan => ({
  source: '10.0.1.2',
  destination: '192.0.2.9',
  udp,
})
const back: PacketPlan = {
  source: '192.0.2.9',
  destination: '10.0.1.2',
  udp: { sourcePort: 53, destinationPort: 1000 },
}
const segment = (flags: string, sequence = 0): PacketPlan => ({
  source: '10.0.1.2',
  destination: '192.0.2.9',
  tcp: { sourcePort: 1002, destinationPort: 80, flags, sequence },
})

/** What the packets after another add to the counters of rules `-m conntrack …`, which count only. */
function matched(options: string, packets: readonly PacketPlan[], rules = '-m conntrack '): boolean[] {
  const bench = new RuleBench({ rules: `-A FORWARD ${rules}${options}` })
  return packets.map((packet) => {
    const before = bench.counts('filter', 'FORWARD')[0]!
    bench.send(packet)
    return bench.counts('filter', 'FORWARD')[0]! > before
  })
}

// As Linux 6.18 counted them: a question, its answer, the next question.
test.each([
  ['--ctstate NEW --ctexpire 0', [true, false, false]],
  ['--ctexpire 1:', [false, true, true]],
  ['--ctexpire 30', [false, true, true]],
  ['! --ctexpire 0', [false, true, true]],
  ['--ctstatus CONFIRMED', [false, true, true]],
  ['--ctstatus SEEN_REPLY', [false, true, true]],
  ['--ctstatus NONE', [false, false, false]],
  ['! --ctstatus NONE', [true, true, true]],
  ['--ctproto 0', [false, false, false]],
  ['! --ctproto 0', [true, true, true]],
  ['--ctproto udp', [true, true, true]],
  ['--ctorigdstport 53', [true, true, true]],
  ['--ctreplsrcport 50:60', [true, true, true]],
  ['! --ctreplsrcport 50:60', [false, false, false]],
  ['--ctrepldstport 1000', [true, true, true]],
  ['--ctorigsrcport 1001', [false, false, false]],
  ['--ctorigsrc 10.0.1.0/24', [true, true, true]],
  ['--ctorigsrc 10.0.1.9/24', [true, true, true]],
  ['--ctreplsrc 192.0.2.9', [true, true, true]],
  ['--ctrepldst 10.0.1.2 --ctorigdst 192.0.2.9', [true, true, true]],
  ['! --ctrepldst 10.0.1.2', [false, false, false]],
  ['--ctdir REPLY', [false, true, false]],
  ['--ctdir ORIGINAL', [true, false, true]],
  ['--ctstate ESTABLISHED', [false, true, true]],
  ['! --ctstate ESTABLISHED,RELATED', [true, false, false]],
  ['--ctstate SNAT,DNAT', [false, false, false]],
  ['! --ctstate SNAT', [true, true, true]],
])('conntrack %s', (options, wanted) => {
  expect(matched(options, [out(), back, out()])).toEqual(wanted)
})

test('a packet without an entry is asked for its state only', () => {
  const bad = [segment('SF')]
  expect(matched('--ctstate INVALID --ctdir REPLY --ctstatus NONE', bad)).toEqual([true])
  expect(matched('! --ctstate NEW --ctproto 99', bad)).toEqual([true])
  expect(matched('--ctdir ORIGINAL', bad)).toEqual([false])
  expect(matched('! --ctproto 99', bad)).toEqual([false])
})

test('a reset that ends its connection still belongs to it', () => {
  const packets = [segment('S'), segment('R', 1)]
  expect(matched('--ctstate NEW', packets)).toEqual([true, true])
  expect(matched('--ctstatus CONFIRMED', packets)).toEqual([false, true])
  expect(matched('--ctexpire 1:', packets)).toEqual([false, true])
  expect(matched('--ctorigsrcport 1002 --ctreplsrc 192.0.2.9', packets)).toEqual([true, true])
  expect(matched('INVALID', packets, '-m state --state ')).toEqual([false, false])
})

test('SNAT and DNAT are told by the entry, and the reply tuple is the translated one', () => {
  const bench = new RuleBench({
    rules: `
      *nat
      -A POSTROUTING -p udp -j SNAT --to-source 203.0.113.1:2000
      COMMIT
      *filter
      -A FORWARD -m conntrack --ctstate SNAT
      -A FORWARD -m conntrack --ctstate DNAT,NEW
      -A FORWARD -m conntrack ! --ctstate SNAT,DNAT
      -A FORWARD -m conntrack --ctrepldst 203.0.113.1 --ctrepldstport 2000 --ctorigsrc 10.0.1.2 --ctorigsrcport 1000
      COMMIT`,
  })
  const counts = () => bench.counts('filter', 'FORWARD').slice(0, 4)
  bench.send(out())
  expect(counts()).toEqual([0, 1, 1, 0])
  const udp = { sourcePort: 53, destinationPort: 2000 }
  bench.send({ source: '192.0.2.9', destination: '203.0.113.1', udp })
  expect(counts()).toEqual([1, 1, 1, 1])
  bench.send(out())
  expect(counts()).toEqual([2, 1, 1, 2])
})

test('ICMP: the ports of a tuple are identifier, and type and code', () => {
  const echo: PacketPlan = { source: '10.0.1.2', destination: '192.0.2.9', icmp: { type: 8, id: 7 } }
  expect(matched('--ctorigsrcport 7 --ctorigdstport 2048 --ctreplsrcport 7', [echo])).toEqual([true])
  expect(matched('--ctrepldstport 0', [echo])).toEqual([true])
})

test.each([
  ['NEW', [true, false, false]],
  ['ESTABLISHED,RELATED', [false, true, true]],
])('state %s', (states, wanted) => {
  expect(matched(states, [out(), back, out()], '-m state --state ')).toEqual(wanted)
})

test('ahead of the tracker no packet has a connection', () => {
  const bench = new RuleBench({
    rules: `*raw
      -A PREROUTING -m state --state INVALID
      -A PREROUTING -m conntrack --ctstate UNTRACKED
      -A PREROUTING -m conntrack --ctproto udp
      COMMIT`,
  })
  bench.send(out())
  expect(bench.counts('raw', 'PREROUTING').slice(0, 3)).toEqual([1, 0, 0])
})

test('what the tracker could not judge, the rule cannot either', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -m state --state NEW -j ACCEPT' })
  const bytes = new Uint8Array(20 + 20)
  bytes.set([0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 1, 2, 192, 0, 2, 9])
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!
  sum = (sum & 0xffff) + (sum >>> 16)
  bytes.set([(~sum >>> 8) & 0xff, ~sum & 0xff], 10)
  expect(bench.sendBytes(bytes, 30)).toMatchObject({ verdict: null })
})
