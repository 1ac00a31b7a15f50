import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import { Host } from '../host/host.ts'
import { parseLocal, parseRoute, tellLocal, tellRoute } from '../host/host-words.ts'

/** As the network namespace was made that answered. */
const host = new Host()
for (const local of ['in0=10.0.0.1/24', 'd0=192.168.5.1/24', 'in0=fd00::1/64', 'd0=fd05::1/64'])
  tellLocal(host, parseLocal(local))
tellRoute(host, parseRoute('default=d0'))

function ask(options: string, source: string, destination?: string, device = 'in0'): string {
  const family = source.includes(':') ? 'ipv6' : 'ipv4'
  const bench = new MatchBench(`-m rpfilter ${options}`, { family, host })
  bench.passage.inInterface = host.interfaces.numberOf(device)
  const to = destination ?? (family === 'ipv6' ? 'fd00::1' : '10.0.0.1')
  return bench.ask({ source, destination: to, udp: { sourcePort: 1, destinationPort: 2 } })
}

test.each([
  ['10.0.0.2', '8.8.8.8', '10.0.0.1'],
  ['fd00::2', '2001:db8::1', 'fd00::1'],
])('%s comes from where it is; %s does not; %s is this host', (good, bad, own) => {
  expect(ask('', good)).toBe('yes')
  expect(ask('--invert', good)).toBe('no')
  expect(ask('', bad)).toBe('no')
  expect(ask('--loose', bad)).toBe('yes')
  expect(ask('', bad, undefined, 'd0')).toBe('yes')
  expect(ask('--loose', own)).toBe('no')
  expect(ask('--accept-local', own)).toBe('yes')
})

test('addresses that are none of a neighbour', () => {
  expect(ask('', '0.0.0.0', '255.255.255.255')).toBe('yes')
  expect(ask('', '0.0.0.0', '224.0.0.9')).toBe('yes')
  expect(ask('', '0.0.0.0', '224.0.1.9')).toBe('no')
  expect(ask('', '10.0.0.255')).toBe('no')
  expect(ask('--loose', 'fe80::5')).toBe('no')
  expect(ask('', '8.8.8.8', '10.0.0.1', 'lo')).toBe('yes')
})

test('accepted as local: in IPv4 only an address of that device', () => {
  expect(ask('--accept-local', '192.168.5.1')).toBe('no')
  expect(ask('--accept-local --loose', '192.168.5.1')).toBe('yes')
  expect(ask('--accept-local', 'fd05::1')).toBe('yes')
})

test('without routes nobody can tell', () => {
  expect(() => new MatchBench('-m rpfilter', { host: new Host() })).toThrow('no routes are told')
})
