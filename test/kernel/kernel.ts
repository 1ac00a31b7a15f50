import {
  CTINFO_ESTABLISHED,
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_INVALID,
  CTINFO_NEW,
  CTINFO_RELATED,
  CTINFO_RELATED_REPLY,
  CTINFO_UNTRACKED,
  type Ctstate,
  ctstateOf,
} from '../../src/conntrack/status.ts'
import {
  deleteEntry,
  dumpEntries,
  flushEntries,
  getEntry,
  isEntry,
  type KernelEntry,
  parseEntry,
  requestEntry,
  setTimeout,
} from '../../src/live/conntrack-netlink.ts'
import { Namespace } from '../../src/live/namespace.ts'
import { Netlink, NLMSG_ERROR } from '../../src/live/netlink.ts'
import { bindGroup, isLoggedPacket, type LoggedPacket, parseLoggedPacket } from '../../src/live/nflog.ts'
import { packetTuple, quotedTuple, type RawTuple, tupleKey } from '../../src/live/packet-tuple.ts'
import { pause } from '../../src/live/pause.ts'
import { RawSocket } from '../../src/live/raw-socket.ts'
import { Tun } from '../../src/live/tun.ts'

/**
 * Where a packet comes from: the networks on both sides of the router, or `host`, which is the machine itself
 * sending (it is 10.0.1.1, fd00:1::1 towards `in` and 10.0.2.1, fd00:2::1 towards `out`).
 */
export type Side = 'in' | 'out' | 'host'

/** What the kernel made of one packet. */
export interface Observation {
  /** Null when the packet never reached the hook behind the tracker. */
  readonly ctstate: Ctstate | null
  readonly ctinfo: number | null
  /** Texts of log_invalid, after `nf_ct_proto_N: `, trimmed. */
  readonly logs: readonly string[]
  /** The packet's tuple (of an error: that of the packet it quotes), or null when it has none. */
  readonly tuple: RawTuple | null
  /** The entry of that tuple after the packet, whatever the packet's state. */
  readonly entry: KernelEntry | null
  /** Packets that came out of the devices meanwhile; only counted. */
  readonly left: number
}

const MARK = 0x5a
const GROUP_INVALID = 0 // where log_invalid goes when nfnetlink_log is the family's logger
const GROUP_PACKET = 1

const PACKET_COPY = 256

/** Log prefixes, by number of ctinfo. */
const PREFIXES: readonly [number, string][] = [
  [CTINFO_ESTABLISHED, 'ESTABLISHED'],
  [CTINFO_RELATED, 'RELATED'],
  [CTINFO_NEW, 'NEW'],
  [CTINFO_ESTABLISHED_REPLY, 'ESTABLISHED reply'],
  [CTINFO_RELATED_REPLY, 'RELATED reply'],
  [CTINFO_UNTRACKED, 'UNTRACKED'],
  [CTINFO_INVALID, 'INVALID'],
]
const ctinfoOf = new Map(PREFIXES.map(([ctinfo, prefix]) => [prefix, ctinfo]))

// Priority −199 stands right behind the tracker (−200). What the stack sends by itself carries no mark and
// is dropped ahead of defragmentation (−400) and tracking, or its resets would delete entries.
const watch = `ct state vmap {
      new : goto new, established : goto established, related : goto related,
      invalid : goto invalid, untracked : goto untracked }`
const log = (prefix: string) => `log prefix "${prefix}" group ${GROUP_PACKET}`
const RULES = `
table inet sallyport {
  ct helper ftp {
    type "ftp" protocol tcp
  }
  ct helper tftp {
    type "tftp" protocol udp
  }
  chain helpers {
    tcp dport 21 ct helper set "ftp"
    udp dport 69 ct helper set "tftp"
  }
  chain own {
    type filter hook output priority -500; policy accept;
    meta mark != ${MARK} drop
  }
  chain new {
    ${log('NEW')}
  }
  chain invalid {
    ${log('INVALID')}
  }
  chain untracked {
    ${log('UNTRACKED')}
  }
  chain established {
    ct direction original ${log('ESTABLISHED')}
    ct direction reply ${log('ESTABLISHED reply')}
  }
  chain related {
    ct direction original ${log('RELATED')}
    ct direction reply ${log('RELATED reply')}
  }
  chain prerouting {
    type filter hook prerouting priority -199; policy accept;
    ct state new jump helpers
    ${watch}
  }
  chain output {
    type filter hook output priority -199; policy accept;
    ct state new jump helpers
    ${watch}
  }
}
`

/** A clock tick at CONFIG_HZ 250. */
const TICK_MS = 4

const SYSCTLS: readonly [string, string | number][] = [
  // First: no router solicitation, duplicate address detection or multicast reports of its own.
  ['net.ipv6.conf.default.accept_ra', 0],
  ['net.ipv6.conf.default.autoconf', 0],
  ['net.ipv6.conf.default.dad_transmits', 0],
  ['net.ipv6.conf.default.accept_dad', 0],
  ['net.ipv6.conf.default.router_solicitations', 0],
  ['net.ipv6.conf.default.addr_gen_mode', 1],
  ['net.ipv4.conf.all.rp_filter', 0],
  ['net.ipv4.conf.default.rp_filter', 0],
  ['net.ipv4.conf.default.send_redirects', 0],
  ['net.ipv4.ip_forward', 1],
  ['net.ipv6.conf.all.forwarding', 1],
  ['net.ipv4.icmp_ratelimit', 0],
  ['net.ipv6.icmp.ratelimit', 0],
  ['net.ipv4.conf.all.log_martians', 0],
  // Incomplete datagrams of earlier cases must not pile up against the memory limit.
  ['net.ipv4.ipfrag_time', 2],
  ['net.netfilter.nf_conntrack_frag6_timeout', 2],
  ['net.netfilter.nf_conntrack_acct', 1],
  ['net.netfilter.nf_conntrack_log_invalid', 255],
  ['net.netfilter.nf_log.2', 'nfnetlink_log'],
  ['net.netfilter.nf_log.10', 'nfnetlink_log'],
]

/** Linux in a network namespace, as a router with two TUN devices, one packet at a time. */
export class Kernel {
  readonly #namespace = new Namespace()
  readonly #in: Tun
  readonly #out: Tun
  readonly #raw: RawSocket
  readonly #netlink: Netlink
  /** Tuples that may have an entry, so that ageing and flushing need not walk the machine's whole table. */
  readonly #known = new Map<string, RawTuple>()
  readonly #defaults = new Map<string, string>()
  readonly #configured = new Map<string, string>()

  /**
   * @param scene `lab`: the two networks of `Side`, and the host between them. `transit`: no addresses of its own;
   * whatever comes in on one side leaves on the other, for packets from captures.
   */
  static open(scene: 'lab' | 'transit' = 'lab'): Kernel {
    return new Kernel(scene)
  }

  private constructor(scene: 'lab' | 'transit') {
    const namespace = this.#namespace
    for (const [name, value] of SYSCTLS) namespace.set(name, value)
    const opened = namespace.inside(() => ({
      in: new Tun('in0'),
      out: new Tun('out0'),
      raw: new RawSocket(MARK),
      netlink: new Netlink(),
    }))
    this.#in = opened.in
    this.#out = opened.out
    this.#raw = opened.raw
    this.#netlink = opened.netlink
    if (scene === 'lab') lab(namespace)
    else transit(namespace)
    namespace.run('nft', RULES)
    bindGroup(this.#netlink, GROUP_INVALID, 0)
    bindGroup(this.#netlink, GROUP_PACKET, PACKET_COPY)
    this.#drain()
  }

  /** Puts these sysctls (bare names) in force, and all others touched before back to their defaults. */
  configure(settings: Readonly<Record<string, number>>): void {
    for (const name of Object.keys(settings)) {
      if (!this.#defaults.has(name)) this.#defaults.set(name, this.#namespace.get(`net.netfilter.${name}`))
    }
    for (const [name, initial] of this.#defaults) {
      const value = String(settings[name] ?? initial)
      if ((this.#configured.get(name) ?? initial) === value) continue
      this.#namespace.set(`net.netfilter.${name}`, value)
      this.#configured.set(name, value)
    }
  }

  /** Runs a program in the namespace; throws with its standard error. */
  run(command: string, ...args: string[]): string {
    return this.#namespace.run(command, ...args)
  }

  /** The namespace's name, for programs that stay. */
  get name(): string {
    return this.#namespace.name
  }

  send(packet: Uint8Array, side: Side): Observation {
    const left = this.#transmit(packet, side)
    const tuple = packetTuple(packet)
    const logs: string[] = []
    let logged: LoggedPacket | null = null
    let entry: KernelEntry | null = null
    let answered = false
    if (tuple) requestEntry(this.#netlink, tuple)
    else answered = true
    do {
      this.#netlink.receive((message) => {
        if (isEntry(message)) {
          entry = parseEntry(message.family, message.bytes)
          answered = true
        } else if (message.type === NLMSG_ERROR) answered = true
        else if (isLoggedPacket(message)) {
          const packet = parseLoggedPacket(message)
          if (packet.group === GROUP_PACKET) logged = packet
          else logs.push(packet.prefix.replace(/^nf_ct_proto_\d+: /, '').trim())
        }
      })
    } while (!answered)
    const seen = logged as LoggedPacket | null
    // A packet without a tuple of its own (ICMP error, last piece of a datagram): its entry is the flow's.
    const other = !tuple && seen ? (packetTuple(seen.payload, true) ?? quotedTuple(seen.payload)) : null
    if (other) entry = getEntry(this.#netlink, other)
    const found = entry as KernelEntry | null
    if (found) this.#known.set(tupleKey(found.key), found.key)
    const ctinfo = seen ? ctinfoOf.get(seen.prefix)! : null
    const ctstate = ctinfo === null ? null : ctstateOf(ctinfo)
    return { ctstate, ctinfo, logs, tuple: tuple ?? other, entry: found, left }
  }

  #transmit(packet: Uint8Array, side: Side): number {
    if (side === 'host') this.#raw.send(packet)
    else (side === 'in' ? this.#in : this.#out).write(packet)
    return this.#drain()
  }

  #drain(): number {
    let left = 0
    while (this.#in.read()) left++
    while (this.#out.read()) left++
    return left
  }

  /** The namespace's entries that packets sent here have made. */
  entries(): KernelEntry[] {
    // By id: a tuple known from an entry that is gone may be the reply of a living one.
    const entries = new Map<number, KernelEntry>()
    for (const [key, tuple] of this.#known) {
      const entry = getEntry(this.#netlink, tuple)
      if (entry) entries.set(entry.id, entry)
      else this.#known.delete(key)
    }
    return [...entries.values()]
  }

  /** All entries, by walking the table: slow, but misses none. */
  dump(): KernelEntry[] {
    return dumpEntries(this.#netlink)
  }

  /**
   * Takes `seconds` from what every entry has left, as if they had passed. Waits for the next clock tick first: then
   * an entry last touched less than a second ago shows one second less than it was given, never the same.
   */
  age(seconds: number): void {
    pause(TICK_MS + 1)
    for (const entry of this.entries()) {
      const left = entry.timeout + 1 - seconds
      if (left > 0) setTimeout(this.#netlink, entry.key, left)
      else deleteEntry(this.#netlink, entry.key)
    }
  }

  /** How many entries the namespace counts. */
  count(): number {
    return Number(this.#namespace.get('net.netfilter.nf_conntrack_count'))
  }

  /** Deletes the entries that packets sent here have made. */
  clear(): void {
    for (const tuple of this.#known.values()) deleteEntry(this.#netlink, tuple)
    this.#known.clear()
  }

  /** Deletes every entry, by walking the table. */
  flush(): void {
    flushEntries(this.#netlink)
    this.#known.clear()
  }

  close(): void {
    this.#in.close()
    this.#out.close()
    this.#raw.close()
    this.#netlink.close()
    this.#namespace.remove()
  }
}

function lab(namespace: Namespace): void {
  namespace.run('ip', 'link', 'set', 'lo', 'up')
  for (const [device, net] of [
    ['in0', 1],
    ['out0', 2],
  ] as const) {
    namespace.run('ip', 'link', 'set', device, 'up', 'mtu', '1500', 'txqueuelen', '1000')
    namespace.run('ip', 'address', 'add', `10.0.${net}.1/24`, 'dev', device)
    namespace.run('ip', 'address', 'add', `fd00:${net}::1/64`, 'dev', device, 'nodad')
  }
}

function transit(namespace: Namespace): void {
  // Captures from a loopback device: with lo down their addresses are as good as any.
  namespace.set('net.ipv4.conf.all.route_localnet', 1)
  // Segments that offloading has merged are larger than any Ethernet's MTU.
  for (const device of ['in0', 'out0']) {
    namespace.run('ip', 'link', 'set', device, 'up', 'mtu', '65535', 'txqueuelen', '1000')
  }
  for (const [device, other, table] of [
    ['in0', 'out0', '100'],
    ['out0', 'in0', '101'],
  ] as const) {
    for (const family of ['-4', '-6']) {
      namespace.run('ip', family, 'rule', 'add', 'iif', device, 'lookup', table, 'priority', table)
      namespace.run('ip', family, 'route', 'add', 'default', 'dev', other, 'table', table)
    }
  }
}
