/** The machine that the rules are tried on, told once for both: devices, addresses, routes, sets. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Family } from '../../../src/ruleset/model.ts'

export interface LabDevice {
  readonly name: string
  readonly kind: 'tun' | 'tap'
  /** Bytes. */
  readonly mtu: number
  /** With their prefix lengths; the first is the one MASQUERADE takes. */
  readonly addresses: Readonly<Record<Family, readonly string[]>>
}

/** `lan0` has a link layer, for `mac` and `pkttype`; `out0` a small MTU, for clamping. */
export const devices: readonly LabDevice[] = [
  {
    name: 'in0',
    kind: 'tun',
    mtu: 1500,
    addresses: { ipv4: ['10.0.1.1/24'], ipv6: ['fd00:1::1/64'] },
  },
  {
    name: 'out0',
    kind: 'tun',
    mtu: 1400,
    addresses: { ipv4: ['10.0.2.1/24', '10.0.2.254/24'], ipv6: ['fd00:2::1/64'] },
  },
  {
    name: 'lan0',
    kind: 'tap',
    mtu: 1500,
    addresses: { ipv4: ['10.0.3.1/24'], ipv6: ['fd00:3::1/64'] },
  },
]

/** Everything else leaves by this device. */
export const DEFAULT_DEVICE = 'out0'

/** Routes that lead nowhere, and say nothing. */
export const blackholes: Readonly<Record<Family, string>> = { ipv4: '10.9.2.0/24', ipv6: 'fd00:92::/64' }

/** Of `lan0`. */
export const LAN_MAC = '02:00:00:00:03:01'

const example = readFileSync(join(import.meta.dirname, '../../../examples/router.ipset'), 'utf8')

/** As `ipset restore` reads them. */
export const sets: readonly string[] = [
  'create s4 hash:ip',
  'add s4 10.0.1.2',
  'add s4 10.0.2.9',
  'create s6 hash:ip family inet6',
  'add s6 fd00:1::2',
  'add s6 fd00:2::9',
  'create n4 hash:net',
  'add n4 10.0.1.0/30',
  'add n4 10.0.1.3 nomatch',
  'create n6 hash:net family inet6',
  'add n6 fd00:1::/126',
  'create p4 hash:ip,port',
  'add p4 10.0.2.2,tcp:80',
  'add p4 10.0.2.2,udp:53',
  'create p6 hash:ip,port family inet6',
  'add p6 fd00:2::2,tcp:80',
  'create b4 bitmap:port range 0-1024',
  'add b4 80',
  ...example.trimEnd().split('\n'),
]

/** What CLASSIFY is asked for; whatever else a packet's priority is comes from its TOS. */
export const classes = [
  { text: '1:2', value: 0x1_0002 },
  { text: 'beef:1', value: 0xbeef_0001 },
  { text: 'ffff:fffe', value: 0xffff_fffe },
] as const

/** Queues that somebody listens to. */
export const queues: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7]

/** Where a packet comes from: a device, or the machine itself, which sends it. */
export type Entrance = 'in0' | 'out0' | 'lan0' | 'host'
