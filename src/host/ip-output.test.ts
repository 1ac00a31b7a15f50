import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Host } from './host.ts'
import { HostError } from './host-error.ts'
import { readIpOutput } from './ip-output.ts'

const router = readFileSync(join(import.meta.dirname, 'fixtures/router.txt'), 'utf8')

/** What is said of a text: the error, and the part of the text that is meant; or the notes. */
function read(text: string): string {
  try {
    return readIpOutput(text, new Host()).join('\n')
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    return `${error.message} @ ${text.slice(error.position, error.position + error.length)}`
  }
}

/** Of one interface with one address that has these members. */
const addressed = (members: object) =>
  JSON.stringify([{ ifname: 'eth0', addr_info: [{ family: 'inet', ...members }] }])

test('what cannot be read: what is wrong, and where', () => {
  expect(read('')).toBe('nothing is in it; the output of ip -j addr is expected @ ')
  expect(read('1: lo: <LOOPBACK,UP>')).toBe(
    'this is no JSON: with -j, as in ip -j addr and ip -j route, ip prints what is read here @ 1',
  )
  expect(read('[1: lo]')).toBe('":" where "," or "]" is due @ :')
  expect(read('[{"ifname":"eth0"},')).toBe('the text ends where a value is due @ ')
  expect(read('[{"ifname":"eth0"')).toBe('the text ends where "," or "}" is due @ ')
  expect(read('[{"ifname:')).toBe('a string that begins here does not end @ "')
  expect(read('{"ifname":"eth0"}')).toBe(
    'an array […] is expected, as ip -j addr and ip -j route print it @ {"ifname":"eth0"}',
  )
  expect(read('[1]')).toBe('an object {…} is expected here @ 1')
  expect(read('[{"name":"eth0"}]')).toBe(
    'neither an interface ("ifname") nor a route ("dst"): ip -j addr or ip -j route is expected @ {"name":"eth0"}',
  )
  expect(read('[{"ifname":"eth0 "}]')).toBe('"eth0 " is no name of an interface @ "eth0 "')
  expect(read(addressed({ local: '10.0.0.300', prefixlen: 24 }))).toBe(
    '"10.0.0.300" is no IPv4 address @ "10.0.0.300"',
  )
  expect(read(addressed({ local: '10.0.0.1', prefixlen: 33 }))).toBe(
    '"prefixlen" is to be a whole number from 0 to 32 @ 33',
  )
  expect(read(addressed({ local: '10.0.0.1' }))).toMatch(/^"prefixlen" is missing here @ /)
  expect(read('[{"dst":"10.0.0.0/33","dev":"a"}]')).toBe('"10.0.0.0/33" is no IPv4 network @ "10.0.0.0/33"')
  expect(read('[{"dst":"10.0.0.0/8"}]')).toMatch(/^a route has neither "dev" nor "nexthops" here @ /)
  expect(read('[{"type":"nat","dst":"10.0.0.0/8"}]')).toBe('"nat" is no type of route @ "nat"')
  expect(read('[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[')).toBe('this is nested too deep @ [')
})

test('what is left out: said', () => {
  const dead =
    '[{"ifname":"eth0","flags":["NO-CARRIER"],"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":8}]}]'
  expect(read(dead)).toBe(
    'eth0 is down: its addresses do not count\nit gives no interface an address: nothing is for the host',
  )
  const tables = '[{"dst":"10.0.0.0/8","dev":"a","table":"7"}]'
  expect(read(addressed({ local: '10.0.0.1', prefixlen: 24 }) + tables)).toBe(
    'routes of further tables (7) are left out: policy routing is not modelled',
  )
})

test('a default route of IPv6 is told from one of IPv4 by what stands beside it', () => {
  const host = new Host()
  const text = '[{"dst":"fd00::/64","dev":"a"},{"dst":"default","dev":"a"}] [{"dst":"default","dev":"b"}]'
  readIpOutput(text, host)
  expect(host.interfaces.nameOf(host.route(true, 0x2600_0000, 0, 0, 1)!.interface)).toBe('a')
  expect(host.interfaces.nameOf(host.route(false, 0x0808_0808, 0, 0, 0)!.interface)).toBe('b')
})

test('devices: MTU, hardware address, number', () => {
  const host = new Host()
  readIpOutput(router, host)
  const { mtu, hardware, index } = host.device(host.interfaces.find('out0'))
  expect([mtu, hardware?.length, index]).toEqual([1400, 6, 3])
  expect(host.device(host.loopback).hardware).toBe(null)
})

test('a bent text: read, or refused with a place in it', () => {
  fc.assert(
    fc.property(fc.nat(router.length - 1), fc.nat(40), fc.string({ maxLength: 8 }), (at, length, put) => {
      const text = router.slice(0, at) + put + router.slice(at + length)
      try {
        readIpOutput(text, new Host())
      } catch (error) {
        if (!(error instanceof HostError)) throw error
        expect(error.position).toBeGreaterThanOrEqual(0)
        expect(error.position).toBeLessThanOrEqual(text.length)
      }
    }),
  )
})
