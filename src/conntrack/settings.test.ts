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

/** What `sysctl -a` of a machine prints that is near to connection tracking: of 6.18, and of kernels before it. */
const wholeMachine = `
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-filter-pppoe-tagged = 0
net.core.devconf_inherit_init_net = 0
net.ipv4.conf.all.arp_filter = 0
net.ipv4.conf.eth0/5.arp_filter = 0
net.ipv4.conf.eth0/5.src_valid_mark = 0
net.ipv4.ip_forward = 1
net.ipv4.ipfrag_high_thresh = 4194304
net.ipv4.ipfrag_low_thresh = 3145728
net.ipv4.ipfrag_max_dist = 64
net.ipv4.ipfrag_secret_interval = 0
net.ipv4.ipfrag_time = 31
net.ipv4.netfilter.ip_conntrack_buckets = 262144
net.ipv4.netfilter.ip_conntrack_count = 12
net.ipv4.netfilter.ip_conntrack_tcp_loose = 0
net.ipv4.netfilter.ip_conntrack_tcp_timeout_syn_sent2 = 120
net.ipv6.ip6frag_time = 60
net.ipv6.ip6frag_secret_interval = 0
net.ieee802154.6lowpan.6lowpanfrag_time = 60
net.netfilter.nf_conntrack_acct = 0
net.netfilter.nf_conntrack_count = 12
net.netfilter.nf_conntrack_dccp_loose = 1
net.netfilter.nf_conntrack_dccp_timeout_closereq = 64
net.netfilter.nf_conntrack_events = 2
net.netfilter.nf_conntrack_events_retry_timeout = 15
net.netfilter.nf_conntrack_frag6_high_thresh = 4194304
net.netfilter.nf_conntrack_frag6_low_thresh = 3145728
net.netfilter.nf_conntrack_frag6_timeout = 60
net.netfilter.nf_conntrack_helper = 0
net.netfilter.nf_conntrack_log_invalid = 0
net.netfilter.nf_conntrack_max = 262144
net.netfilter.nf_conntrack_sctp_timeout_heartbeat_acked = 210
net.netfilter.nf_conntrack_tcp_timeout_established = 7200
net.netfilter.nf_conntrack_udplite_timeout = 30
net.netfilter.nf_flowtable_tcp_timeout = 30
net.netfilter.nf_hooks_lwtunnel = 0
net.netfilter.nf_log.0 = NONE
net.netfilter.nf_log.10 = nf_log_ipv6
net.netfilter.nf_log/2 = nf_log_ipv4
net.netfilter.nf_log_all_netns = 0
net.nf_conntrack_max = 262144
dev.cdrom.info = CD-ROM information, Id: cdrom.c 3.20
dev.cdrom.info =
kernel.core_pattern = |/usr/lib/systemd/systemd-coredump %P %u %g %s %t
`

test('a whole machine, of today or older: what changes something is taken, the rest is passed over', () => {
  const settings = new Settings()
  for (const { name, value } of parseSettings(wholeMachine, 'sall')) settings.set(name, value)
  expect(settings.changed()).toEqual([
    { name: 'net.netfilter.nf_conntrack_tcp_timeout_established', value: 7200 },
    { name: 'net.netfilter.nf_conntrack_tcp_loose', value: 0 },
    { name: 'net.ipv4.ipfrag_time', value: 31 },
  ])
})

test('rp_filter is for the host, and of its interfaces', () => {
  const text = 'net.ipv4.conf.eth0/5.rp_filter = 2\nnet.ipv4.conf.all.arp_filter = 1'
  expect(parseSettings(text, 'x').map(({ name }) => name)).toEqual(['net.ipv4.conf.eth0/5.rp_filter'])
})

test.each([
  [
    'net.netfilter.nf_conntrack_tcp_lose',
    'no sysctl net.netfilter.nf_conntrack_tcp_lose of connection tracking; did you mean nf_conntrack_tcp_loose?',
  ],
  [
    'net.netfilter.nf_contrack_max',
    'no sysctl net.netfilter.nf_contrack_max of connection tracking; did you mean nf_conntrack_max?',
  ],
  [
    'bogus.dir.nf_conntrack_tcp_loose',
    'no sysctl bogus.dir.nf_conntrack_tcp_loose: it is net.netfilter.nf_conntrack_tcp_loose',
  ],
  [
    'net/ipv4/nf_conntrack_helper',
    'no sysctl net/ipv4/nf_conntrack_helper: it is net.netfilter.nf_conntrack_helper',
  ],
  ['net.netfilter.ipfrag_time', 'no sysctl net.netfilter.ipfrag_time: it is net.ipv4.ipfrag_time'],
])('%s is refused, in a file too', (name, message) => {
  const [line] = parseSettings(`${name} = 1`, 'sysctl.conf')
  const settings = new Settings()
  expect(() => settings.set(line!.name, line!.value)).toThrow(message)
  expect(settings.get(name)).toBeUndefined()
})

test.each([
  'net.netfilter.nf_conntrack_max',
  'net/netfilter/nf_conntrack_max',
  'net.nf_conntrack_max',
  'nf_conntrack_max',
])('%s is one name of the same', (name) => {
  const settings = new Settings()
  settings.set(name, 7)
  expect([settings.max, settings.get(name)]).toEqual([7, 7])
})
