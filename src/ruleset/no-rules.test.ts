import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { parseRuleset } from './parser.ts'

const rest = [...new Array<number>(24).fill(0), 0xff, 0x41, 0x0a]
const told = (bytes: readonly number[]) =>
  parseRuleset(new TextDecoder().decode(Uint8Array.from(bytes)), {
    family: 'ipv4',
    registry,
  }).diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`)
const capture = ['error not-rules this is a capture, not rules']

test.each([
  ['pcap, little-endian', [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]],
  ['pcap, big-endian', [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4]],
  ['pcap with nanoseconds, little-endian', [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0]],
  ['pcap with nanoseconds, big-endian', [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]],
  ['pcapng, little-endian', [0x0a, 0x0d, 0x0d, 0x0a, 0x1c, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a]],
  ['pcapng, big-endian', [0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 0x1c, 0x1a, 0x2b, 0x3c, 0x4d]],
])('a capture in place of rules is one finding: %s', (_, bytes) => {
  expect(told([...bytes, ...rest])).toEqual(capture)
})

test('other files in place of rules', () => {
  expect(told([0x1f, 0x8b, 8, 0, ...rest])[0]).toContain('gzip')
  const utf16 = [...'*filter\nCOMMIT\n'].flatMap((one) => [one.charCodeAt(0), 0])
  expect(told([0xff, 0xfe, ...utf16])[0]).toContain('UTF-16')
  expect(told([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, ...rest])).toEqual([
    'error not-rules this is no text, so no rules',
  ])
})

test('bytes without a NUL at their beginning', () => {
  const bytes = Array.from({ length: 600 }, (_, index) => 1 + ((index * 151 + 76) % 255))
  expect(bytes.slice(0, 16)).not.toContain(0)
  expect(told(bytes)).toEqual(['error not-rules this is no text, so no rules'])
})

test('comments in Latin-1 are in rules', () => {
  const text = [...'# f\u00fcr die K\u00f6che\n*filter\nCOMMIT\n'].map((one) => one.charCodeAt(0))
  expect(told(text).filter((one) => one.includes('not-rules'))).toEqual([])
})

test('rules with blank lines and odd line ends are rules', () => {
  const text = '\n\r\r\n*filter\nCOMMIT\n'
  const { diagnostics } = parseRuleset(text, { family: 'ipv4', registry })
  expect(diagnostics.map(({ code }) => code)).not.toContain('not-rules')
})
