import { expect, test } from 'vitest'
import { HostError } from './host-error.ts'
import { parseLocal, parsePair, parseRoute } from './host-words.ts'

/** The error, and the part of the text that is meant. */
function errorOf(parse: (text: string) => unknown, text: string): string {
  try {
    parse(text)
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    return `${error.message} @ ${text.slice(error.position, error.position + error.length)}`
  }
  return 'none'
}

test('an address of an interface', () => {
  expect(parseLocal('eth0=192.0.2.1/24')).toEqual({
    name: 'eth0',
    words: Int32Array.of(0xc0000201 | 0),
    length: 24,
  })
  expect(parseLocal('a=b=::1/128').name).toBe('a=b')
  expect(errorOf(parseLocal, 'eth0')).toBe('expected IFACE=ADDRESS/LEN such as eth0=192.0.2.1/24 @ eth0')
  expect(errorOf(parseLocal, '=192.0.2.1/24')).toBe('the name of an interface is missing @ ')
  expect(errorOf(parseLocal, 'eth0=192.0.2.1')).toBe(
    'the length of the network is missing: 192.0.2.1/24, or /32 for the address alone @ 192.0.2.1',
  )
  expect(errorOf(parseLocal, 'eth0=192.0.2.1/33')).toBe(
    '"192.0.2.1/33" is no ADDRESS/LEN such as 192.0.2.1/24 @ 192.0.2.1/33',
  )
  expect(errorOf(parseLocal, 'eth0=224.0.0.1/4')).toBe(
    'no interface has the address "224.0.0.1/4" @ 224.0.0.1/4',
  )
  expect(errorOf(parseLocal, 'an-interface-too-long=::1/64')).toBe(
    `"an-interface-too-long" is longer than an interface's name, which has 15 bytes at most @ an-interface-too-long`,
  )
})

test('a route', () => {
  expect(parseRoute('10.0.0.0/8=eth1')).toMatchObject({ name: 'eth1', length: 8, isDefault: false })
  expect(parseRoute('default=eth1')).toMatchObject({ name: 'eth1', length: 0, isDefault: true })
  expect(errorOf(parseRoute, 'eth1')).toBe(
    'expected CIDR=IFACE such as 10.0.0.0/8=eth1 or default=eth0 @ eth1',
  )
  expect(errorOf(parseRoute, 'ten=eth1')).toBe('"ten" is no network such as 10.0.0.0/8 or default @ ten')
  expect(errorOf(parseRoute, 'eth1=10.0.0.0')).toBe(
    '"eth1" is no network (the network comes first, then the interface) @ eth1',
  )
  expect(errorOf(parseRoute, '10.0.0.1/8=eth1')).toBe(
    '"10.0.0.1/8" has bits behind the length of its network @ 10.0.0.1/8',
  )
})

test('a pair', () => {
  expect(parsePair('in0:out0')).toEqual({ first: 'in0', second: 'out0' })
  expect(errorOf(parsePair, 'in0')).toBe('expected IFACE:IFACE such as in0:out0 @ in0')
  expect(errorOf(parsePair, 'in0:in0')).toBe('the two arms are the same interface @ in0')
  expect(errorOf(parsePair, 'in0:')).toBe('the name of an interface is missing @ ')
})
