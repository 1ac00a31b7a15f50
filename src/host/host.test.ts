import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatHost } from '../ruleset/address-text.ts'
import { Host, type Route } from './host.ts'
import { parseLocal, parsePair, parseRoute, tellLocal, tellPair, tellRoute } from './host-words.ts'
import { parsePrefix, readIpOutput } from './ip-output.ts'

/** A host as options describe it. */
function hostOf(locals: readonly string[], routes: readonly string[] = [], pair?: string): Host {
  const host = new Host()
  for (const local of locals) tellLocal(host, parseLocal(local))
  for (const route of routes) tellRoute(host, parseRoute(route))
  if (pair !== undefined) tellPair(host, parsePair(pair))
  return host
}

function wordsOf(text: string): [boolean, number, number, number, number] {
  const { words } = parsePrefix(text)!
  return [words.length === 4, words[0]!, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0]
}

function routeTo(host: Host, text: string, inInterface = ''): Route | null {
  return host.route(...wordsOf(text), host.interfaces.numberOf(inInterface))
}

/** As `ip route get` begins: type, next hop, device. */
function wayTo(host: Host, text: string, inInterface = ''): string {
  const route = routeTo(host, text, inInterface)
  if (route === null) return 'none'
  const parts: string[] = route.type === 'unicast' ? [] : [route.type]
  if (route.gateway !== null) parts.push('via', formatHost([...route.gateway]))
  if (route.interface !== 0) parts.push('dev', host.interfaces.nameOf(route.interface))
  if (route.mtu !== 0) parts.push('mtu', String(route.mtu))
  return parts.join(' ')
}

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')

/** What Linux 6.18 answered to `ip route get`, in the namespace that the fixtures are from. */
const answers: Readonly<Record<string, string>> = {
  '10.0.0.1': 'local dev lo',
  '10.0.0.250': 'local dev lo',
  '10.0.0.2': 'dev in0',
  '10.0.0.0': 'dev in0',
  '10.0.0.255': 'broadcast dev in0',
  '10.0.0.77': 'via 203.0.113.6 dev out0',
  '203.0.113.4': 'dev out0',
  '203.0.113.7': 'broadcast dev out0',
  '203.0.113.5': 'local dev lo',
  '172.16.0.1': 'local dev lo',
  '172.16.0.2': 'dev tun0',
  '172.16.0.3': 'via 203.0.113.6 dev out0',
  '127.0.0.1': 'local dev lo',
  '127.5.5.5': 'local dev lo',
  '127.255.255.255': 'broadcast dev lo',
  '127.0.0.0': 'local dev lo',
  '224.0.0.1': 'multicast dev out0',
  '239.1.2.3': 'multicast dev out0',
  '255.255.255.255': 'broadcast dev out0',
  '0.1.2.3': 'via 203.0.113.6 dev out0',
  '240.0.0.1': 'via 203.0.113.6 dev out0',
  '169.254.1.1': 'via 203.0.113.6 dev out0',
  '192.168.1.1': 'via 10.0.0.2 dev in0 mtu 1300',
  '192.168.66.1': 'blackhole',
  '192.168.67.1': 'unreachable',
  '192.168.68.1': 'prohibit',
  '192.168.69.1': 'none', // throw: "Network is unreachable"
  '198.18.1.1': 'via fe80::1 dev out0',
  '8.8.8.8': 'via 203.0.113.6 dev out0',
  '::1': 'local dev lo',
  '::2': 'via fd00::2 dev out0',
  'fe80::99': 'dev out0',
  'ff02::1': 'multicast dev out0',
  'ff05::7': 'multicast dev out0',
  '2001:db8:1::1': 'local dev lo',
  '2001:db8:1::': 'dev in0',
  '2001:db8:1::5': 'dev in0',
  '2001:db8:66::1': 'blackhole dev lo',
  '2001:db8:67::1': 'unreachable dev lo',
  '2001:db8:68::1': 'prohibit dev lo',
  '2600::1': 'via fd00::2 dev out0',
  '::ffff:1.2.3.4': 'via fd00::2 dev out0',
}

test('what ip -j printed of a router: routed as the router itself answered', () => {
  const host = new Host()
  host.forwards = false // as it was when asked
  expect(readIpOutput(fixture('router.txt'), host)).toEqual([])
  const got = Object.fromEntries(Object.keys(answers).map((address) => [address, wayTo(host, address)]))
  expect(got).toEqual(answers)
})

test('all tables in one list: the same routes', () => {
  const host = new Host()
  host.forwards = false
  readIpOutput(fixture('router.txt'), host)
  readIpOutput(fixture('router-all-tables.txt'), host)
  const got = Object.fromEntries(Object.keys(answers).map((address) => [address, wayTo(host, address)]))
  expect(got).toEqual(answers)
})

test('several next hops: the first one, and the devices of the others', () => {
  const host = new Host()
  readIpOutput(fixture('router.txt'), host)
  expect(wayTo(host, '198.51.100.1')).toBe('via 10.0.0.3 dev in0')
  expect(routeTo(host, '198.51.100.1')!.alternatives).toEqual([host.interfaces.find('out0')])
})

test('the same destination twice: the same object', () => {
  const host = hostOf(['eth0=192.0.2.1/24'], ['default=eth0'])
  for (const address of ['192.0.2.1', '192.0.2.255', '224.0.0.1', '8.8.8.8', 'ff02::1', '127.0.0.1']) {
    expect(routeTo(host, address, 'eth0')).toBe(routeTo(host, address, 'eth0'))
  }
})

test('addresses alone: their networks are reached, nothing else, and that is not known to be all', () => {
  const host = hostOf(['in0=10.0.0.1/24', 'in0=2001:db8::1/64', 'out0=203.0.113.5/31'])
  expect(wayTo(host, '10.0.0.9')).toBe('dev in0')
  expect(wayTo(host, '10.0.0.255')).toBe('broadcast dev in0')
  expect(wayTo(host, '203.0.113.4')).toBe('dev out0')
  expect(wayTo(host, '2001:db8::9')).toBe('dev in0')
  expect(wayTo(host, '8.8.8.8')).toBe('none')
  expect(host.knowsRoutes(false)).toBe(false)
})

test('addresses and routes: the longest prefix, whoever told it', () => {
  const host = hostOf(['in0=10.0.0.1/24', 'out0=203.0.113.5/30'], ['default=out0', '10.0.0.128/25=out0'])
  expect(wayTo(host, '10.0.0.9')).toBe('dev in0')
  expect(wayTo(host, '10.0.0.200')).toBe('dev out0')
  expect(wayTo(host, '8.8.8.8')).toBe('dev out0')
  expect(wayTo(host, '2600::1')).toBe('dev out0')
  expect(host.knowsRoutes(false)).toBe(true)
})

test('two routes to one network: the lower metric; the first of equal ones', () => {
  const host = new Host()
  const route = (device: string, metric: number) =>
    host.addRoute({
      ipv6: false,
      type: 'unicast',
      words: Int32Array.of(0),
      length: 0,
      interface: host.interfaces.numberOf(device),
      metric,
    })
  route('c', 5)
  route('a', 2)
  route('b', 2)
  expect(wayTo(host, '8.8.8.8')).toBe('dev a')
})

test('a pair: out by the other arm, whatever the address, unless it is the own one of the box', () => {
  const host = hostOf(['in0=10.0.0.1/24'], [], 'in0:out0')
  for (const address of ['8.8.8.8', '10.0.0.9', '224.0.0.1', '255.255.255.255', '2600::1']) {
    expect(wayTo(host, address, 'in0')).toBe('dev out0')
    expect(wayTo(host, address, 'out0')).toBe('dev in0')
  }
  expect(wayTo(host, '10.0.0.1', 'out0')).toBe('local dev lo')
  expect(wayTo(host, '10.0.0.255', 'out0')).toBe('broadcast dev in0')
  expect(wayTo(host, '8.8.8.8', 'eth5')).toBe('none')
})

test('multicast and 255.255.255.255: received on any interface', () => {
  const host = hostOf(['eth0=192.0.2.1/24', 'eth1=198.51.100.1/24'])
  expect(wayTo(host, '224.0.0.251', 'eth1')).toBe('multicast dev eth1')
  expect(wayTo(host, '255.255.255.255', 'eth1')).toBe('broadcast dev eth1')
  expect(wayTo(host, 'ff02::fb', 'eth1')).toBe('multicast dev eth1')
})

test('link-local addresses: of the interface that the packet came in by', () => {
  const host = hostOf(['a=fe80::1/64', 'b=fe80::2/64'])
  expect(wayTo(host, 'fe80::2', 'b')).toBe('local dev lo')
  expect(wayTo(host, 'fe80::2', 'a')).toBe('dev a')
  expect(wayTo(host, 'fe80::9', 'b')).toBe('dev b')
})

// As Linux 6.18 does it, with forwarding.
test('the first address of an IPv6 network: for a router it is one of its own', () => {
  const host = hostOf(['a=2001:db8:1::1/64'])
  expect(wayTo(host, '2001:db8:1::', 'a')).toBe('anycast dev lo')
})

// Each as iptables-legacy on Linux 6.18 counted it, for the namespace of the fixtures.
test('types of addresses, as addrtype asks: all that are not local, whatever the routes say, are unicast', () => {
  const host = new Host()
  readIpOutput(fixture('router.txt'), host)
  const in0 = host.interfaces.find('in0')
  const expected: Readonly<Record<string, readonly [string, string]>> = {
    '10.0.0.1': ['local', 'local'],
    '203.0.113.5': ['local', 'unicast'],
    '203.0.113.7': ['broadcast', 'unicast'],
    '10.0.0.255': ['broadcast', 'broadcast'],
    '10.0.0.0': ['unicast', 'unicast'],
    '0.0.0.0': ['broadcast', 'broadcast'],
    '0.1.2.3': ['unicast', 'unicast'],
    '255.255.255.255': ['broadcast', 'broadcast'],
    '127.0.0.1': ['local', 'unicast'],
    '127.255.255.255': ['broadcast', 'unicast'],
    '192.168.66.1': ['unicast', 'unicast'],
    '192.168.67.1': ['unicast', 'unicast'],
    '192.168.68.1': ['unicast', 'unicast'],
    '192.168.69.1': ['unicast', 'unicast'],
    '8.8.8.8': ['unicast', 'unicast'],
    '240.0.0.1': ['unicast', 'unicast'],
  }
  for (const [address, types] of Object.entries(expected)) {
    const words = wordsOf(address)
    expect([address, host.addressType(...words), host.addressType(...words, in0)]).toEqual([
      address,
      ...types,
    ])
  }
  expect(host.addressType(...wordsOf('224.0.0.5'))).toBe('multicast')
})

test('how many interfaces there are: the only one, and the other of two', () => {
  const one = hostOf(['a=10.0.0.1/8', 'a=11.0.0.1/8'])
  expect(one.interfaces.nameOf(one.only)).toBe('a')
  expect(one.otherThan(one.only)).toBe(0)
  const two = hostOf(['a=10.0.0.1/8', 'b=11.0.0.1/8'])
  expect(two.only).toBe(0)
  expect(two.interfaces.nameOf(two.otherThan(two.interfaces.find('b')))).toBe('a')
  const pair = hostOf(['c=10.0.0.1/8'], [], 'a:b')
  expect(pair.interfaces.nameOf(pair.otherThan(pair.interfaces.find('a')))).toBe('b')
  expect(pair.otherThan(pair.interfaces.find('c'))).toBe(0)
})

test('MASQUERADE: the address whose network the next hop is in, else the first', () => {
  const host = hostOf(['out0=192.0.2.1/24', 'out0=203.0.113.5/24'])
  host.addRoute({
    ipv6: false,
    type: 'unicast',
    words: Int32Array.of(0),
    length: 0,
    interface: host.interfaces.find('out0'),
    gateway: Int32Array.of((203 << 24) | (113 << 8) | 1),
  })
  const out0 = host.interfaces.find('out0')
  const of = (address: string) => {
    const [ipv6, ...words] = wordsOf(address)
    return formatHost([...host.masqueradeAddress(ipv6, out0, host.route(ipv6, ...words), ...words)!])
  }
  expect(of('8.8.8.8')).toBe('203.0.113.5')
  expect(of('192.0.2.77')).toBe('192.0.2.1')
  expect(host.firstAddress(false, host.loopback)).toEqual(Int32Array.of(0x7f000001))
  expect(host.firstAddress(true, out0)).toBe(null)
})
