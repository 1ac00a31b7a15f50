/** Settings as a person writes them into the page. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Load, type ToldSettings, usualSettings } from '../protocol.ts'
import { Session } from './session.ts'

const examples = join(import.meta.dirname, '../../examples')
const read = (name: string) => readFileSync(join(examples, name))

const load = (capture: string, rules: string | null, settings: Partial<ToldSettings>): Load => ({
  captures: [{ name: capture, blob: new Blob([read(capture)]) }],
  rules: rules === null ? null : { name: rules, text: read(rules).toString() },
  rules6: null,
  settings: { ...usualSettings, ...settings },
  scenario: null,
})

const check = async (settings: Partial<ToldSettings>) => {
  const told = { ...usualSettings, ...settings }
  const marks = await new Session().answer('checkSettings', told)
  return marks.map(({ field, kind, line, start, end, message }) => [
    field,
    kind,
    line,
    told[field].slice(start, end),
    message,
  ])
}

test('a sysctl changes what packets are', async () => {
  const usual = await new Session().answer('load', load('first-look.pcapng', null, {}))
  const strict = { sysctls: '# no picking up\nnet.netfilter.nf_conntrack_tcp_loose = 0\n' }
  const other = await new Session().answer('load', load('first-look.pcapng', null, strict))
  expect(other.ctstates['INVALID']).toBeGreaterThan(usual.ctstates['INVALID']!)
})

test('the tracker of Linux 2.4 has its own timeouts', async () => {
  const lone = 'nf_conntrack_tcp_loose'
  expect(await check({ linux: '2.4', sysctls: `${lone}=0` })).toMatchObject([
    ['sysctls', 'error', 1, expect.anything(), expect.stringContaining('had no sysctl')],
  ])
  const session = new Session()
  await session.answer('load', load('first-look.pcapng', null, { linux: '2.4' }))
  const { rows } = await session.answer('table', { packet: 1, from: 0, count: 5 })
  expect(rows).toHaveLength(1)
})

test('sets and a host are what the rules of a router need', async () => {
  const router = (settings: Partial<ToldSettings>) => load('router.pcapng', 'router.v4', settings)
  await expect(new Session().answer('load', router({}))).rejects.toThrow(/which address is the host's/)
  const host = 'local wan0=203.0.113.5/24\nlocal lan0=192.168.1.1/24\nroute default=wan0\n'
  const ipset = read('router.ipset').toString()
  const without = await new Session().answer('load', router({ host }))
  const overview = await new Session().answer('load', router({ host, ipset }))
  expect(overview.verdicts).not.toEqual(without.verdicts)
})

test('each mistake stands at its place', async () => {
  expect(
    await check({
      sysctls: 'net.netfilter.nf_conntrack_tcp_lose=0\nnonsense\nkernel.hostname = x\n',
      host: 'local eth0=192.0.2.1\nroute default\nwhere eth0\n',
      ipset: 'create web hash:ip\nadd web 10.0.0.300\n',
      timeouts: '\nshort inet tcp establish 5\n',
    }),
  ).toEqual([
    [
      'sysctls',
      'error',
      1,
      'net.netfilter.nf_conntrack_tcp_lose=0',
      expect.stringContaining('nf_conntrack_tcp_loose'),
    ],
    ['sysctls', 'error', 2, 'nonsense', expect.stringContaining('name = value')],
    ['sysctls', 'note', 3, 'kernel.hostname = x', expect.stringContaining('changes nothing')],
    ['host', 'error', 1, '192.0.2.1', expect.stringContaining('length of the network is missing')],
    ['host', 'error', 2, 'default', expect.stringContaining('expected CIDR=IFACE')],
    ['host', 'error', 3, 'where', expect.stringContaining('expected local')],
    ['ipset', 'error', 2, '10.0.0.300', expect.stringContaining('no IPv4 address')],
    ['timeouts', 'error', 2, 'short inet tcp establish 5', expect.stringContaining('tcp has no establish')],
  ])
})

test('a host in the words of ip -j is placed by its characters', async () => {
  const host = '[{"ifname":"eth0","addr_info":[{"family":"inet","local":"192.0.2.300","prefixlen":24}]}]'
  expect(await check({ host })).toEqual([
    ['host', 'error', 1, '"192.0.2.300"', expect.stringContaining('no IPv4 address')],
  ])
})

test('with a mistake nothing is run', async () => {
  const broken = load('first-look.pcapng', null, { sysctls: 'nonsense' })
  await expect(new Session().answer('load', broken)).rejects.toThrow(/sysctls, line 1/)
  await expect(new Session().answer('load', load('first-look.pcapng', null, { hz: 5 }))).rejects.toThrow(
    /24 to 1200/,
  )
  const old = load('first-look.pcapng', null, { linux: '2.4', zone: 5 })
  await expect(new Session().answer('load', old)).rejects.toThrow(/no zones/)
})
