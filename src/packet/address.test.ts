import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIPv4, formatIPv6, formatIPv6Full, parseAddress, parseIPv4, parseIPv6 } from './address.ts'

function canonical(text: string): string | null {
  const words = new Int32Array(4)
  return parseIPv6(text, words) ? formatIPv6(words[0]!, words[1]!, words[2]!, words[3]!) : null
}

test.each([
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['0:0:1:2:3:4:5:6', '::1:2:3:4:5:6'],
  ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::1.2.3.4', '::1.2.3.4'],
  ['::ffff:102:304', '::ffff:1.2.3.4'],
  ['::ffff:0:0', '::ffff:0.0.0.0'],
  ['::1:0', '::0.1.0.0'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
])('IPv6 %s prints as inet_ntop prints it: %s', (text, expected) => {
  expect(canonical(text)).toBe(expected)
})

test.each([
  '',
  ':',
  ':::',
  '1',
  '1:2',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '1::2::3',
  ':1::',
  '1::2:',
  '12345::',
  'g::',
  '1.2.3.4',
  '::1.2.3',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::01.2.3.4',
  'fe80::1%eth0',
  '[::1]',
])('%j is refused as IPv6', (text) => {
  expect(canonical(text)).toBeNull()
})

test('any IPv4 word survives printing and parsing, and net agrees on the text', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (word) => {
      expect(isIPv4(formatIPv4(word))).toBe(true)
      expect(parseIPv4(formatIPv4(word))).toBe(word)
    }),
  )
})

test('any IPv6 address survives both text forms', () => {
  const word = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.constant(1 << 16), fc.integer())
  fc.assert(
    fc.property(word, word, word, word, (a, b, c, d) => {
      const words = new Int32Array(4)
      for (const text of [formatIPv6(a, b, c, d), formatIPv6Full(a, b, c, d)]) {
        expect(isIPv6(text)).toBe(true)
        expect(parseIPv6(text, words)).toBe(true)
        expect([...words]).toEqual([a, b, c, d])
      }
      expect(formatIPv6Full(a, b, c, d)).toMatch(/^([0-9a-f]{4}:){7}[0-9a-f]{4}$/)
    }),
  )
})

test('text that is nearly an address is judged as net judges it', () => {
  const nearly = fc.array(fc.constantFrom('::', ':', '.', '0', '1', '25', '255', '256', 'a', 'ffff', 'g'), {
    maxLength: 18,
  })
  fc.assert(
    fc.property(nearly, (parts) => {
      const text = parts.join('')
      expect(parseIPv4(text) !== null).toBe(isIPv4(text))
      expect(parseIPv6(text, new Int32Array(4))).toBe(isIPv6(text))
    }),
    { numRuns: 2000 },
  )
})

test('parseAddress tells the family', () => {
  expect(parseAddress('255.255.255.255')).toEqual({ family: 2, words: new Int32Array([-1, 0, 0, 0]) })
  expect(parseAddress('::1')).toEqual({ family: 10, words: new Int32Array([0, 0, 0, 1]) })
  expect(parseAddress('localhost')).toBeNull()
})
