import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Direction,
  type Expression,
  formatExpression,
  PORT_PROTOCOLS,
  PROTOCOL_WORDS,
  type Term,
} from './expression.ts'
import { parseFilter } from './filter.ts'
import { networkOf } from './network.ts'
import { parseExpression } from './parser.ts'
import { formatFilterError } from './refusal.ts'
import { CTSTATES, FIRST_WORDS, KEYWORDS, REASON_CODES, STATES, VERDICTS } from './vocabulary.ts'

/** What was understood, in full. */
function understood(text: string): string {
  const result = parseFilter(text)
  return 'filter' in result ? String(result.filter) : formatFilterError(result.error, text)
}

// The left column was read by tcpdump 4.99 (tcpdump -d) and gave the same program as the right one.
test.each([
  ['host 1.1.1.1', 'host 1.1.1.1'],
  ['src 1.1.1.1', 'src host 1.1.1.1'],
  ['port 80 or 443', 'port 80 or port 443'],
  ['port not 80', 'not port 80'],
  ['port (80 or 443)', '(port 80 or port 443)'],
  ['port 80 or (443 and not 22) or 21', 'port 80 or (port 443 and not port 22) or port 21'],
  ['port 80 and (host 1.1.1.1) or 443', 'port 80 and host 1.1.1.1 or port 443'],
  ['not host 1.1.1.1 and 2.2.2.2', 'not host 1.1.1.1 and host 2.2.2.2'],
  ['tcp src port 80 or 443', 'tcp src port 80 or tcp src port 443'],
  ['src or dst port 80', 'port 80'],
  ['dst and src net 10', 'src and dst net 10.0.0.0/8'],
  ['net 192.168', 'net 192.168.0.0/16'],
  ['net 10.0.0.0 mask 255.0.0.0', 'net 10.0.0.0/8'],
  ['net 1.2.3.4', 'net 1.2.3.4/32'],
  ['net fe80::', 'net fe80::/128'],
  ['portrange 90-80', 'portrange 80-90'],
  ['portrange 80', 'port 80'],
  ['ip proto \\tcp', 'ip proto 6'],
  ['!tcp && udp || ip6', 'not tcp and udp or ip6'],
  ['(tcp)', 'tcp'],
])('%s is %s', (text, full) => {
  const lone = (words: string) => words.replace(/^\((.*)\)$/, '$1')
  expect(lone(understood(text))).toBe(lone(full))
})

test.each([
  ['ctstate new,INVALID', 'ctstate NEW,INVALID'],
  ['ctstate NEW, invalid or RELATED', 'ctstate NEW,INVALID or ctstate RELATED'],
  ['state syn_sent', 'state SYN_SENT'],
  ['reason tcp-seq-high,icmp*', 'reason tcp-seq-high,icmp*'],
  ['frame 7,100-200', 'frame 7,100-200'],
  ['verdict drop', 'verdict DROP'],
])('our own words: %s is %s', (text, full) => {
  expect(understood(text)).toBe(full)
})

test.each([
  'prot 80',
  '10.0.0.1 and tcp',
  'port http',
  'port 80-90',
  'port 80,443',
  'port 99999',
  'host example.org',
  'host 10.0.0.0/8',
  'net 10.1.0.0/8',
  'net 10.0.0.0 mask 255.0.255.0',
  'net 10.0.0.0/33',
  'ip host ::1',
  'ip port 80',
  'tcp host 10.0.0.1',
  'tcp src 10.0.0.1',
  'icmp port 80',
  'host 10.0.0.1 port 80',
  'host 10.0.0.1 adn port 80',
  'port 80 & tcp',
  'tcp and',
  '(tcp or udp',
  'tcp)',
  'port 80 and tcp or 443',
  '(port 80) or 443',
  'port (80 or tcp)',
  'tcp[13] & 2 != 0',
  'ctstate NEU',
  'state ESTABLISHD',
  'reason tcp-seq-hi',
  'verdict PERHAPS',
  'frame 9-',
  'less many',
  '',
])('a text that is no selection is refused with a caret: %s', (text) => {
  expect(`\n${understood(text)}\n`).toMatchSnapshot()
})

const direction = fc.constantFrom<Direction>('src', 'dst', 'src or dst', 'src and dst')
const range = (largest: number) =>
  fc.tuple(fc.nat(largest), fc.nat(largest)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
const words = (known: readonly string[]) =>
  fc.array(fc.constantFrom(...known), { minLength: 1, maxLength: 3 })
const address = fc.oneof(
  fc.integer().map((word) => ({ family: 2 as const, words: Int32Array.of(word, 0, 0, 0) })),
  fc
    .tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer())
    .map((parts) => ({ family: 10 as const, words: Int32Array.from(parts) })),
)
const located = fc
  .record({ address, direction, qualified: fc.boolean() })
  .map(({ address, direction, qualified }) => {
    const family = qualified ? (address.family === 2 ? ('ip' as const) : ('ip6' as const)) : null
    return { family, direction, address }
  })

const term: fc.Arbitrary<Term> = fc.oneof(
  fc.record({ kind: fc.constant('family' as const), family: fc.constantFrom('ip' as const, 'ip6' as const) }),
  fc.constantFrom(...(Object.keys(PROTOCOL_WORDS) as (keyof typeof PROTOCOL_WORDS)[])).map((protocol) => ({
    kind: 'protocol' as const,
    protocol,
  })),
  fc.record({
    kind: fc.constant('proto' as const),
    family: fc.constantFrom(null, 'ip' as const, 'ip6' as const),
    number: fc.nat(255),
  }),
  located.map((host) => ({ kind: 'host' as const, ...host })),
  fc.tuple(located, fc.nat(128)).map(([host, bits]) => {
    const prefix = host.address.family === 2 ? bits >> 2 : bits
    return { kind: 'net' as const, ...host, address: networkOf(host.address, prefix), prefix }
  }),
  fc.record({
    kind: fc.constant('port' as const),
    protocol: fc.constantFrom(null, ...PORT_PROTOCOLS),
    direction,
    range: range(65_535),
  }),
  fc.record({ kind: fc.constantFrom('less' as const, 'greater' as const), length: fc.nat(70_000) }),
  fc.record({
    kind: fc.constant('frame' as const),
    ranges: fc.array(range(1_000_000), { minLength: 1, maxLength: 3 }),
  }),
  words(CTSTATES).map((list) => ({ kind: 'ctstate' as const, words: list })),
  words(VERDICTS).map((list) => ({ kind: 'verdict' as const, words: list })),
  words(STATES).map((list) => ({ kind: 'state' as const, words: list })),
  words([...REASON_CODES, 'tcp-*', '*']).map((list) => ({ kind: 'reason' as const, words: list })),
)

const expression = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    term,
    tie('expression').map((operand) => ({ kind: 'not' as const, operand })),
    fc
      .record({
        first: tie('expression'),
        rest: fc.array(
          fc.record({ operator: fc.constantFrom('and' as const, 'or' as const), operand: tie('expression') }),
          { minLength: 1, maxLength: 4 },
        ),
      })
      .map((chain) => ({ kind: 'chain' as const, ...chain })),
  ),
})).expression

test('any expression, printed and read again, is equal', () => {
  fc.assert(
    fc.property(expression, (value) => {
      expect(parseExpression(formatExpression(value))).toEqual(value)
    }),
    { numRuns: 500 },
  )
})

test('any mix of words: a selection that prints and reads equal, or an error inside the text', () => {
  const token = fc.oneof(
    fc.constantFrom(
      ...KEYWORDS,
      ...FIRST_WORDS,
      ')',
      ',',
      '&&',
      '||',
      '80',
      '10.0.0.1',
      '::1',
      '10/8',
      '1-2',
      'NEW',
      '[',
      '\u0000',
    ),
    fc.string({ maxLength: 6 }),
  )
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
      const text = tokens.join(' ')
      const result = parseFilter(text)
      if ('filter' in result) {
        const printed = String(result.filter)
        expect(understood(printed)).toBe(printed)
      } else {
        const { position, length } = result.error
        expect(position + length).toBeLessThanOrEqual(text.length)
        expect(formatFilterError(result.error, text).split('\n')).toHaveLength(3)
      }
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['parentheses', '('.repeat(200_000)],
  ['nots', 'not '.repeat(200_000)],
  ['signs', '!('.repeat(100_000)],
  ['closed parentheses', `${'('.repeat(5000)}tcp${')'.repeat(5000)}`],
])('%s without end are refused, not followed', (_name, text) => {
  expect(understood(text)).toContain('nested too deep: at most 100 levels')
})

test('a hundred thousand terms are read in a flat list', () => {
  const text = `port 1${' or 2'.repeat(100_000)}`
  const result = parseExpression(text)
  expect(result.kind === 'chain' && result.rest.length).toBe(100_000)
})

test('a word of a megabyte is refused in few characters', () => {
  const text = `host ${'a'.repeat(1_000_000)}`
  expect(understood(text).length).toBeLessThan(1000)
})
