import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import type { PacketPlan } from '../packet/build.ts'

const address = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.2',
  '10.0.1.1',
  '10.9.0.1',
  '192.0.2.1',
  '255.255.255.255',
)
const address6 = fc.constantFrom('fd00::1', 'fd00::2', 'fd00:0:0:1::1', 'fd01::1', '2001:db8::1', 'ff02::1')
const port = fc.constantFrom(0, 22, 53, 80, 81, 1024, 65_535)
const not = fc.constantFrom('', '', '', '! ')
const some = (arbitrary: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), arbitrary)

function ruleOf(addresses: fc.Arbitrary<string>, lengths: readonly number[]): fc.Arbitrary<string> {
  const network = fc.tuple(not, addresses, fc.constantFrom(...lengths))
  const test = (option: string) =>
    network.map(([inverted, text, length]) => `${inverted}${option} ${text}/${length}`)
  const ports = (option: string) =>
    fc.tuple(not, port, fc.constantFrom(0, 1, 30, 500)).map(([inverted, from, more]) => {
      const to = Math.min(65_535, from + more)
      return `${inverted}${option} ${from}:${to}`
    })
  const transport = fc
    .tuple(fc.constantFrom('tcp', 'udp'), some(ports('--sport')), some(ports('--dport')))
    .map(([name, source, destination]) => `-p ${name} -m ${name} ${source} ${destination}`)
  return fc
    .tuple(
      some(test('-s')),
      some(test('-d')),
      some(fc.constantFrom('-i in0', '! -i in0', '-i in+', '-i eth0', '-o out0', '-o eth0')),
      fc.oneof(fc.constant(''), fc.constant('-p tcp'), fc.constant('! -p udp'), transport, transport),
      some(
        fc.constantFrom(
          '-m limit --limit 1/h --limit-burst 1',
          '-m mark --mark 1',
          '-m state --state NEW',
          '-m state ! --state ESTABLISHED',
          '-m conntrack --ctstate ESTABLISHED,RELATED',
          '-m conntrack ! --ctstate NEW,SNAT',
          '-m conntrack --ctstate INVALID,DNAT',
        ),
      ),
      fc.constantFrom(
        '',
        '',
        '-j MARK --set-mark 1',
        '-j a',
        '-g a',
        '-j b',
        '-j RETURN',
        '-j ACCEPT',
        '-j DROP',
      ),
    )
    .map((parts) => parts.filter((part) => part !== '').join(' '))
}

function packetOf(addresses: fc.Arbitrary<string>): fc.Arbitrary<PacketPlan> {
  return fc
    .tuple(addresses, addresses, port, port, fc.boolean(), fc.constantFrom('S', 'S', 'SA', 'A'))
    .map(([source, destination, sourcePort, destinationPort, isTcp, flags]) => ({
      source,
      destination,
      ...(isTcp ? { tcp: { sourcePort, destinationPort, flags } } : { udp: { sourcePort, destinationPort } }),
    }))
}

const listener = { onPacket() {}, onRule() {}, onReturn() {}, onPolicy() {} }

test.each([
  ['ipv4', address, [8, 16, 24, 31, 32]],
  ['ipv6', address6, [7, 16, 48, 64, 127, 128]],
] as const)(
  'a chain with an index decides, counts and changes as the walk from rule to rule (%s)',
  (family, addresses, lengths) => {
    const rule = ruleOf(addresses, lengths)
    const rules = fc.array(rule, { minLength: 16, maxLength: 60 })
    const chain = (name: string, list: readonly string[]) => list.map((text) => `-A ${name} ${text}`)
    /** Chains lead only onwards, so that there is no loop. */
    const onwards = (list: readonly string[], targets: RegExp) =>
      list.map((text) => text.replace(targets, '-j ACCEPT'))
    fc.assert(
      fc.property(
        rules,
        rules,
        fc.array(rule, { maxLength: 5 }),
        fc.array(packetOf(addresses), { minLength: 5, maxLength: 20 }),
        (forward, a, b, packets) => {
          const text = [
            '*filter',
            ':a - [0:0]',
            ':b - [0:0]',
            ...chain('FORWARD', forward),
            ...chain('a', onwards(a, /-[jg] a/)),
            ...chain('b', onwards(b, /-[jg] [ab]/)),
            'COMMIT',
          ].join('\n')
          const found = new RuleBench({ rules: text, family })
          const asked = new RuleBench({ rules: text, family })
          asked.firewall.listener = listener
          for (const packet of packets) {
            const { verdict, decidedBy, mark } = found.send(packet)
            const expected = asked.send(packet)
            expect({ verdict, decidedBy, mark }).toEqual({
              verdict: expected.verdict,
              decidedBy: expected.decidedBy,
              mark: expected.mark,
            })
          }
          for (const name of ['FORWARD', 'a', 'b'])
            expect(found.counts('filter', name, family)).toEqual(asked.counts('filter', name, family))
        },
      ),
      { numRuns: 60 },
    )
  },
)

test('ten thousand rules of which few can take a packet', () => {
  const rules = Array.from(
    { length: 10_000 },
    (_, index) => `-A FORWARD -s 10.${index >> 8}.${index & 255}.0/24 -p tcp -m tcp --dport 80 -j DROP`,
  )
  const bench = new RuleBench({ rules: rules.join('\n') })
  const tcp = { sourcePort: 1, destinationPort: 80, flags: 'S' }
  expect(bench.send({ source: '10.20.30.40', destination: '1.2.3.4', tcp }).decidedBy).toBe(
    'filter FORWARD 5151',
  )
  expect(bench.send({ source: '10.220.30.40', destination: '1.2.3.4', tcp }).decidedBy).toBe(
    'filter FORWARD policy',
  )
})

test('the same rule ten thousand times', () => {
  const bench = new RuleBench({
    rules: Array.from({ length: 10_000 }, () => '-A FORWARD -s 10.0.0.1').join('\n'),
  })
  bench.send({ source: '10.0.0.1', destination: '1.2.3.4', udp: { sourcePort: 1, destinationPort: 2 } })
  expect(new Set(bench.counts('filter', 'FORWARD'))).toEqual(new Set([1]))
})
