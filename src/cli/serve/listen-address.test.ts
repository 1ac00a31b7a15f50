import { expect, test } from 'vitest'
import { hostWord, parseListenAddress } from './listen-address.ts'

test.each([
  ['192.0.2.1', '192.0.2.1', null],
  ['0.0.0.0:8080', '0.0.0.0', 8080],
  ['::1', '::1', null],
  ['::', '::', null],
  ['[2001:db8::1]', '2001:db8::1', null],
  ['[::1]:0', '::1', 0],
] as const)('%s is an address with its port', (text, address, port) => {
  expect(parseListenAddress(text)).toEqual({ address, port })
})

test.each([
  '',
  ':8080',
  '8080',
  'localhost',
  'example.org:80',
  '[192.0.2.1]:80',
  '[::1',
  '::1]:80',
  '1.2.3',
  'fe80::1%eth0',
])('%j is none', (text) => {
  expect(() => parseListenAddress(text)).toThrow('expected an IP address of this machine')
})

test.each(['192.0.2.1:', '192.0.2.1:65536', '[::1]:-1', '192.0.2.1:80x'])('%j has no port', (text) => {
  expect(() => parseListenAddress(text)).toThrow('expected a port between 0 and 65535')
})

test('in a Host header IPv6 stands in brackets', () => {
  expect(hostWord('::1', 80)).toBe('[::1]:80')
  expect(hostWord('192.0.2.1', 8080)).toBe('192.0.2.1:8080')
})
