import { describe, expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import { Host } from '../host/host.ts'
import { parseLocal, parseRoute, tellLocal, tellRoute } from '../host/host-words.ts'
import { parsePrefix } from '../host/ip-output.ts'
import type { Family } from '../ruleset/model.ts'

/** As the network namespace was made that answered. */
function makeHost(): Host {
  const host = new Host()
  for (const local of ['in0=10.0.0.1/24', 'd0=192.168.5.1/24', 'in0=fd00::1/64', 'd0=fd05::1/64'])
    tellLocal(host, parseLocal(local))
  for (const [type, prefix] of [
    ['blackhole', '10.66.0.0/16'],
    ['unreachable', '10.67.0.0/16'],
    ['blackhole', 'fd66::/64'],
    ['unreachable', 'fd67::/64'],
    ['prohibit', 'fd68::/64'],
  ] as const) {
    const { words, length } = parsePrefix(prefix)!
    host.addRoute({ ipv6: words.length === 4, type, words, length, interface: 0 })
  }
  tellRoute(host, parseRoute('0.0.0.0/0=d0'))
  return host
}

const host = makeHost()

function ask(family: Family, options: string, address: string): string {
  const bench = new MatchBench(`-m addrtype ${options}`, { family, host })
  bench.passage.inInterface = host.interfaces.numberOf('in0')
  const other = family === 'ipv4' ? '10.0.0.2' : 'fd00::2'
  const isSource = options.includes('--src-type')
  const plan = { source: isSource ? address : other, destination: isSource ? other : address }
  return bench.ask({ ...plan, udp: { sourcePort: 1, destinationPort: 2 } })
}

describe('IPv4: by the table of local addresses alone', () => {
  test.each([
    ['LOCAL', '10.0.0.1 192.168.5.1 127.0.0.1 127.9.9.9', '10.0.0.2 8.8.8.8 224.0.0.1'],
    ['BROADCAST', '10.0.0.255 192.168.5.255 255.255.255.255 0.0.0.0 127.255.255.255', '10.0.0.0 10.0.0.1'],
    ['MULTICAST', '224.0.0.1 239.1.2.3', '10.0.0.1 240.0.0.1'],
    ['UNICAST', '10.0.0.2 8.8.8.8 10.66.1.1 10.67.1.1 240.0.0.1 0.1.2.3', '10.0.0.1 224.0.0.1'],
    ['BLACKHOLE,UNREACHABLE,PROHIBIT,UNSPEC,ANYCAST', '', '10.66.1.1 10.67.1.1 8.8.8.8 0.0.0.0'],
    ['LOCAL,BROADCAST', '10.0.0.1 10.0.0.255', '10.0.0.9'],
  ])('%s', (types, yes, no) => {
    for (const address of yes.split(' ').filter(Boolean)) {
      expect(ask('ipv4', `--dst-type ${types}`, address), address).toBe('yes')
      expect(ask('ipv4', `! --src-type ${types}`, address), address).toBe('no')
    }
    for (const address of no.split(' ')) {
      expect(ask('ipv4', `--src-type ${types}`, address), address).toBe('no')
      expect(ask('ipv4', `! --dst-type ${types}`, address), address).toBe('yes')
    }
  })

  test('limited to an interface, what belongs to another is UNICAST', () => {
    expect(ask('ipv4', '--dst-type LOCAL --limit-iface-in', '10.0.0.1')).toBe('yes')
    expect(ask('ipv4', '--dst-type LOCAL --limit-iface-in', '192.168.5.1')).toBe('no')
    expect(ask('ipv4', '--dst-type UNICAST --limit-iface-in', '192.168.5.1')).toBe('yes')
    expect(ask('ipv4', '--dst-type BROADCAST --limit-iface-in', '192.168.5.255')).toBe('no')
  })
})

describe('IPv6: by the address, and the route there', () => {
  test.each([
    ['LOCAL', 'fd00::1 fd05::1', 'fd00::2 2001:db8::1 ff02::1'],
    ['MULTICAST', 'ff02::1', 'fd00::1'],
    ['UNICAST', 'fd00::1 2001:db8::1 fd66::1', 'ff02::1'],
    ['UNREACHABLE', 'fd66::1 fd67::1 fd68::1 2001:db8::1', 'fd00::1 fd00::2 fd05::7'],
    ['UNICAST,LOCAL', 'fd00::1', 'fd00::2'],
    ['UNICAST,MULTICAST', '', 'fd00::1 ff02::1'],
  ])('%s', (types, yes, no) => {
    for (const address of yes.split(' ').filter(Boolean))
      expect(ask('ipv6', `--dst-type ${types}`, address), address).toBe('yes')
    for (const address of no.split(' '))
      expect(ask('ipv6', `--dst-type ${types}`, address), address).toBe('no')
  })

  test('limited to an interface, what is reached by another is UNREACHABLE', () => {
    expect(ask('ipv6', '--dst-type LOCAL --limit-iface-in', 'fd05::1')).toBe('no')
    expect(ask('ipv6', '--dst-type UNREACHABLE --limit-iface-in', 'fd05::1')).toBe('yes')
    expect(ask('ipv6', '--dst-type UNREACHABLE --limit-iface-in', 'fd05::7')).toBe('yes')
    expect(ask('ipv6', '--dst-type UNREACHABLE --limit-iface-in', 'fd00::7')).toBe('no')
  })
})
