import { expect, test } from 'vitest'
import { parseSettings, Settings } from './settings.ts'

test('Linux 2.4: one sysctl, by any form of its name; those of fragments', () => {
  const settings = new Settings('2.4')
  expect([settings.max, settings.buckets, settings.get('net.ipv4.ip_conntrack_max')]).toEqual([
    65_536, 8_192, 65_536,
  ])
  for (const [value, name] of [
    'net.ipv4.ip_conntrack_max',
    'net/ipv4/ip_conntrack_max',
    'ip_conntrack_max',
  ].entries()) {
    settings.set(name, value)
    expect(settings.max).toBe(value)
  }
  settings.set('net.ipv4.ipfrag_time', 15)
  expect(settings.changed()).toEqual([
    { name: 'net.ipv4.ip_conntrack_max', value: 2 },
    { name: 'net.ipv4.ipfrag_time', value: 15 },
  ])
  expect(() => settings.set('ip_conntrack_max', -1)).toThrow(
    'net.ipv4.ip_conntrack_max takes a whole number from 0 to 2147483647, not "-1"',
  )
})

test.each([
  ['net.netfilter.nf_conntrack_max', 'its timeouts are fixed'],
  ['net.netfilter.nf_conntrack_log_invalid', 'its timeouts are fixed'],
  ['net.ipv4.netfilter.ip_conntrack_tcp_timeout_close', 'its timeouts are constants here'],
  ['net.ipv4.netfilter.ip_conntrack_udp_timeout', 'its timeouts are constants here'],
])('Linux 2.4 had no %s', (name, why) => {
  const message = new RegExp(
    `^Linux 2.4 had no sysctl ${name}: ${why}.*only net.ipv4.ip_conntrack_max can be set$`,
  )
  expect(() => new Settings('2.4').set(name, 1)).toThrow(message)
})

test('today: the old name is no sysctl, and the new one is named', () => {
  const [line] = parseSettings('net.ipv4.ip_conntrack_max = 4096\nkernel.pid_max = 5', 'sysctl.conf')
  expect(line).toEqual({ line: 1, name: 'net.ipv4.ip_conntrack_max', value: '4096' })
  expect(() => new Settings().set(line!.name, line!.value)).toThrow('did you mean nf_conntrack_max?')
})
