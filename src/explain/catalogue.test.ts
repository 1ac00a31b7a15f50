import fc from 'fast-check'
import { expect, test } from 'vitest'
import { REASONS, type ReasonCode, type ReasonData } from '../conntrack/reason.ts'
import { SYSCTLS } from '../conntrack/settings.ts'
import { catalogue, reasonEntry, reasonSentence } from './catalogue.ts'
import type { ReasonContext } from './entry.ts'
import { exampleReason, exampleSentence } from './reasons-page.ts'

const codes: readonly ReasonCode[] = REASONS.map((shape) => shape.code)

/** Values that this example's sentence has no place for: an IPv4 address has one word. */
const unsaid = /^icmp-outer-destination\.(outer|inner)[123]$/

const shapes = REASONS.map((shape): { code: ReasonCode; fields: readonly string[] } => shape)

const contexts: fc.Arbitrary<ReasonContext> = fc.record(
  {
    family: fc.constantFrom('ipv4', 'ipv6', null),
    protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'icmpv6', 'sctp'),
    tcpFlags: fc.constantFrom('', 'S', 'SA', 'FPA', 'RA', 'SFRPAUEW'),
    acknowledgment: fc.integer({ min: 0, max: 0xffff_ffff }),
  },
  { requiredKeys: [] },
)

/** Any value, and often one near the bounds that sentences tell apart. */
const anyValue = fc.oneof(
  fc.integer({ min: 0, max: 260 }),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
)

test('the catalogue has the codes of the engine, no more and no fewer', () => {
  expect(Object.keys(catalogue).sort()).toEqual([...codes].sort())
})

test('no value of a reason has the name of its code', () => {
  expect(shapes.filter(({ fields }) => fields.includes('code'))).toEqual([])
})

test('each example gives exactly the values of its reason', () => {
  for (const { code, fields } of shapes) {
    expect(Object.keys(reasonEntry(code).example.values), code).toEqual([...fields])
  }
})

test('all example sentences, to be read as a whole', () => {
  const width = Math.max(...codes.map((code) => code.length))
  const table = shapes.map(({ code }) => `${code.padEnd(width)}  ${exampleSentence(code)}`)
  expect(table.join('\n')).toMatchSnapshot()
})

test('any values, any context: one line of at most 120 characters without a hole in it', () => {
  const reasons = fc
    .constantFrom(...shapes)
    .chain(({ code, fields }) =>
      fc
        .tuple(...fields.map(() => anyValue))
        .map((values) => ({ code, ...Object.fromEntries(fields.map((field, i) => [field, values[i]!])) })),
    )
  fc.assert(
    fc.property(reasons, contexts, (reason, context) => {
      const sentence = reasonSentence(reason as ReasonData, context)
      expect(sentence).toMatch(/^.{10,120}$/)
      expect(sentence).not.toMatch(/undefined|NaN|null|\[object| {2}|--|[^\w]-\d|\.$/)
    }),
    { numRuns: 3000 },
  )
})

/** Each combination of values with which sentences are longest, or take another turn. */
function extremes(fields: readonly string[]): Record<string, number>[] {
  const values = fields.length > 5 ? [0xffff_ffff, 0xaaaa_aaaa] : [0, 1, 5, 1_000_000_000, 0xffff_ffff]
  return fields.reduce<Record<string, number>[]>(
    (found, field) => found.flatMap((reason) => values.map((value) => ({ ...reason, [field]: value }))),
    [{}],
  )
}

test('the longest values: a sentence still fits into 120 characters', () => {
  const full = { acknowledgment: 0xffff_fffe, tcpFlags: 'SFRPAUEW' }
  const longest = shapes.flatMap(({ code, fields }) =>
    extremes(fields).flatMap((values) =>
      [{}, { ...full, family: 'ipv4' as const }, { ...full, family: 'ipv6' as const }].map((context) =>
        reasonSentence({ ...values, code }, context),
      ),
    ),
  )
  expect(longest.filter((sentence) => sentence.length > 120)).toEqual([])
})

test('a value changes: the sentence says so', () => {
  for (const { code, fields } of shapes) {
    for (const field of fields) {
      if (unsaid.test(`${code}.${field}`)) continue
      const reason = exampleReason(code)
      const changed = { ...reason, [field]: Number(reason[field]) + 1 } as ReasonData
      const context = reasonEntry(code).example.context
      expect(reasonSentence(changed, context), `${code}.${field}`).not.toBe(reasonSentence(reason, context))
    }
  }
})

test('values are missing: the sentence still has no hole', () => {
  for (const code of codes) expect(reasonSentence({ code })).not.toMatch(/undefined|NaN/)
})

test('a remedy names a sysctl of connection tracking: it exists', () => {
  const known = new Set<string>(SYSCTLS.map((sysctl) => `${sysctl.directory}.${sysctl.name}`))
  const named = codes.flatMap((code) => reasonEntry(code).remedy.match(/net\.(?:netfilter|ipv4)\.\w+/g) ?? [])
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !known.has(name) && !name.endsWith('_'))).toEqual([])
})

test('texts are whole sentences', () => {
  for (const code of codes) {
    const { meaning, causes, remedy } = reasonEntry(code)
    expect(causes.length, code).toBeGreaterThan(0)
    for (const text of [meaning, remedy, ...causes]) expect(text, code).toMatch(/^[A-Zn].*\.$/)
  }
})

test('INVALID is said in the meaning of exactly those reasons that make a packet INVALID', () => {
  const saying = REASONS.filter((shape) => /INVALID/.test(catalogue[shape.code].meaning))
  const others = saying.filter((shape) => shape.kind !== 'invalid').map((shape) => shape.code)
  expect(others).toEqual(['early-drop', 'tcp-response-timeout'])
  const silent = REASONS.filter(
    (shape) => shape.kind === 'invalid' && !/INVALID/.test(catalogue[shape.code].meaning),
  )
  expect(silent.map((shape) => shape.code)).toEqual([])
})

test('sequence numbers wrap around: differences are modulo 2^32', () => {
  expect(reasonSentence({ code: 'tcp-ack-high', acknowledgment: 100, upper: 0xffff_fff1 })).toBe(
    'ACK 100 acknowledges 116 bytes never seen: the other side sent up to 4294967280',
  )
  expect(reasonSentence({ code: 'tcp-rst', sequence: 0xffff_ffff, maxAck: 1 })).toBe(
    "RST at SEQ 4294967295 is 2 bytes before 1, its receiver's highest ACK",
  )
  expect(reasonSentence({ code: 'tcp-seq-high', sequence: 0, end: 0, upper: 0 })).toBe(
    "SEQ 0 starts 1 byte beyond 4294967295, where the receiver's window ends",
  )
})

test('a bound is overstepped by a SACK block: the ACK itself stands beside it', () => {
  const reason: ReasonData = { code: 'tcp-ack-high', acknowledgment: 9001, upper: 8761 }
  expect(reasonSentence(reason, { acknowledgment: 8000 })).toMatch(
    /^SACK to 9001 \(ACK 8000\) acknowledges 241 bytes/,
  )
  expect(reasonSentence(reason, { acknowledgment: 9001 })).toMatch(/^ACK 9001 acknowledges 241 bytes/)
})

test('the record has the flags: the sentence names them instead of the kind', () => {
  const reason: ReasonData = { code: 'tcp-state', index: 4, direction: 1, state: 0 }
  expect(reasonSentence(reason)).toBe('an RST in the reply direction cannot come in TCP state NONE')
  expect(reasonSentence(reason, { tcpFlags: 'RA' })).toMatch(/^an RST\+ACK in the reply direction/)
  expect(reasonSentence(reason, { tcpFlags: 'SFRPAUEW' })).toMatch(/^a SYN\+FIN\+RST\+PSH\+ACK\+URG in /)
})

test('an ICMP type means different things in both families: it is named only where the family is known', () => {
  const reason: ReasonData = { code: 'icmp-unrelated', type: 3, innerProtocol: 17 }
  expect(reasonSentence(reason)).toMatch(/^ICMP type 3 quotes a UDP packet/)
  expect(reasonSentence(reason, { family: 'ipv4' })).toMatch(/^ICMP destination unreachable \(type 3\) /)
  expect(reasonSentence(reason, { protocol: 'icmpv6' })).toMatch(/^ICMPv6 time exceeded \(type 3\) /)
  expect(reasonSentence({ code: 'icmp-not-query', type: 129 })).toMatch(/^ICMPv6 echo reply \(type 129\) /)
})

test('an error is addressed to somebody else: addresses of either family', () => {
  const code = 'icmp-outer-destination'
  const four = {
    code,
    outer0: -1,
    outer1: 0,
    outer2: 0,
    outer3: 0,
    inner0: 0x0a000001,
    inner1: 0,
    inner2: 0,
    inner3: 0,
  } as const
  expect(reasonSentence(four)).toBe('ICMP error to 255.255.255.255 quotes a packet that 10.0.0.1 sent')
  const six = { ...four, outer0: 0x20010db8, inner0: 0x20010db8, inner3: 1 } as const
  expect(reasonSentence(six)).toBe('ICMP error to 2001:db8:: quotes a packet that 2001:db8::1 sent')
  expect(reasonSentence({ ...six, inner3: 0 }, { family: 'ipv6' })).toBe(
    'ICMP error to 2001:db8:: quotes a packet that 2001:db8:: sent',
  )
})
