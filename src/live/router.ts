/** Linux in a network namespace, as a router with rules, one packet at a time. Its packets are all taken at the end of their way. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Family } from '../ruleset/model.ts'
import { builtInChains, type TableName, tableNames } from '../ruleset/tables.ts'
import { isEntry, type KernelEntry, parseEntry, requestEntry } from './conntrack-netlink.ts'
import { Namespace } from './namespace.ts'
import { type Message, Netlink, NLMSG_ERROR } from './netlink.ts'
import { bindGroup, isLoggedPacket, parseLoggedPacket } from './nflog.ts'
import type { RawTuple } from './packet-tuple.ts'
import { RawSocket } from './raw-socket.ts'
import { Shell } from './shell.ts'
import { Tun } from './tun.ts'
import {
  EXIT_GROUP,
  endTables,
  LOG_GROUP,
  WATCH_GROUP,
  WATCH_PREFIX,
  type WatchOptions,
  watchTables,
} from './watch-tables.ts'

/** NF_INET_* */
export const HOOK_INPUT = 1
export const HOOK_OUTPUT = 3

const WHOLE = 65_535

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
  ['net.ipv4.conf.all.send_redirects', 0],
  ['net.ipv4.ip_forward', 1],
  ['net.ipv6.conf.all.forwarding', 1],
  ['net.ipv4.icmp_ratelimit', 0],
  ['net.ipv6.icmp.ratelimit', 0],
  ['net.ipv4.icmp_msgs_per_sec', 1_000_000_000],
  ['net.ipv4.icmp_msgs_burst', 1_000_000_000],
  ['net.ipv4.conf.all.log_martians', 0],
  ['net.netfilter.nf_log.2', 'nfnetlink_log'],
  ['net.netfilter.nf_log.10', 'nfnetlink_log'],
]

/** Commands that Linux does not take: rules, sets, addresses. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export interface RouterDevice {
  readonly name: string
  readonly kind: 'tun' | 'tap'
  /** Bytes. */
  readonly mtu: number
  /** ADDRESS/LEN. */
  readonly addresses: readonly string[]
  /** Of a tap. */
  readonly hardware?: string
}

export interface RouterPlan {
  readonly devices: readonly RouterDevice[]
  /** Further words for `ip -4` and for `ip -6`, a command each. */
  readonly commands: Readonly<Record<Family, readonly string[]>>
  /** By dotted names, on top of what makes a quiet router. */
  readonly sysctls?: readonly (readonly [name: string, value: string | number])[]
  readonly watch: WatchOptions
  /** Of LOG and NFLOG, that are listened to beside the default one. */
  readonly groups?: readonly number[]
}

/** Something that is told of a packet, in the order in which it happens. */
export type RouterEvent =
  /** It enters its first hook (only where traced). */
  | { readonly kind: 'begin'; readonly hook: number; readonly mark: number }
  /** INPUT or FORWARD (only where traced). */
  | { readonly kind: 'way'; readonly hook: number }
  /** Right behind the tracker. */
  | { readonly kind: 'state'; readonly hook: number; readonly ctstate: string }
  /** The end of INPUT or POSTROUTING; the prefix is that of the chain that took it. */
  | {
      readonly kind: 'exit'
      readonly hook: number
      readonly prefix: string
      /** By which it came in (INPUT) or leaves. */
      readonly device: string
      readonly bytes: Uint8Array
      readonly mark: number
    }
  /** TRACE's line as far as the number: `filter:FORWARD:rule:2`. */
  | { readonly kind: 'trace'; readonly line: string }
  /** LOG, NFLOG. */
  | { readonly kind: 'said'; readonly group: number; readonly prefix: string }

export class Router {
  readonly namespace = new Namespace()
  readonly netlink: Netlink
  readonly #devices: Map<string, Tun>
  readonly #names = new Map<number, string>([[0, '']])
  readonly #raw: RawSocket
  readonly #shell: Shell

  /** @throws Refused */
  constructor({ devices, commands, sysctls = [], watch, groups = [] }: RouterPlan) {
    const { namespace } = this
    for (const [name, value] of [...SYSCTLS, ...sysctls]) namespace.set(name, value)
    const opened = namespace.inside(() => ({
      devices: new Map(devices.map(({ name, kind }) => [name, new Tun(name, kind)])),
      raw: new RawSocket(0),
      netlink: new Netlink(),
    }))
    this.#devices = opened.devices
    this.#raw = opened.raw
    this.netlink = opened.netlink
    this.#shell = new Shell(namespace)
    this.write('nothing', tableNames.map(emptyTable).join(''))
    this.write('ends', endTables(watch))
    this.write('watch', watchTables(watch))
    this.write('devices', `${['link set lo up', ...devices.flatMap(deviceCommands)].join('\n')}\n`)
    this.write('plan4', `${commands.ipv4.join('\n')}\n`)
    this.write('plan6', `${commands.ipv6.join('\n')}\n`)
    this.run('ip -batch devices && ip -4 -batch plan4 && ip -6 -batch plan6')
    this.run('nft -f ends && nft -f watch')
    this.#readNames()
    bindGroup(this.netlink, EXIT_GROUP, WHOLE)
    for (const group of [WATCH_GROUP, LOG_GROUP, ...groups]) bindGroup(this.netlink, group, 0)
  }

  #readNames(): void {
    this.run('ip -o link >links')
    for (const line of this.read('links').split('\n')) {
      const found = /^(\d+): ([^:@]+)/.exec(line)
      if (found) this.#names.set(Number(found[1]), found[2]!)
    }
  }

  /** Puts a file into the folder where commands run. */
  write(name: string, text: string): void {
    writeFileSync(join(this.#shell.folder, name), text)
  }

  read(name: string): string {
    return readFileSync(join(this.#shell.folder, name), 'utf8')
  }

  /** Runs commands in the namespace, in a folder of their own. @throws Refused with what they said where the last one fails. */
  run(commands: string): void {
    const code = this.#shell.run(`{ ${commands}\n} 2>errors`)
    if (code !== 0) throw new Refused(`${this.read('errors').trim()} (${commands})`)
  }

  /** A device that nothing was told of yet. */
  ensure(name: string): void {
    if (this.#devices.has(name)) return
    this.#devices.set(
      name,
      this.namespace.inside(() => new Tun(name)),
    )
    this.run(`ip link set ${name} up`)
    this.#readNames()
  }

  /** The kernel has dealt with the packet when this returns. `entrance` is a device; null: this machine sends it. */
  transmit(bytes: Uint8Array, entrance: string | null): void {
    if (entrance === null) this.#raw.send(bytes)
    else this.#devices.get(entrance)!.write(bytes)
  }

  /** Hands over what was told since. `take` gets messages that are not of the log. */
  drain(told: (event: RouterEvent) => void, take: (message: Message) => void = () => {}): void {
    this.netlink.receive((message) => {
      if (isLoggedPacket(message)) told(this.#event(message))
      else take(message)
    })
  }

  #event(message: Message): RouterEvent {
    const { group, prefix, hook, mark, inInterface, outInterface, payload } = parseLoggedPacket(message)
    if (group === WATCH_GROUP) {
      const text = prefix.slice(WATCH_PREFIX.length)
      if (text === 'begin') return { kind: 'begin', hook, mark }
      return text === 'way' ? { kind: 'way', hook } : { kind: 'state', hook, ctstate: text }
    }
    if (group === EXIT_GROUP) {
      const device = this.#names.get(hook === HOOK_INPUT ? inInterface : outInterface) ?? '?'
      return { kind: 'exit', hook, prefix, device, bytes: payload.slice(), mark }
    }
    if (prefix.startsWith('TRACE: ')) return { kind: 'trace', line: prefix.slice(7).trim() }
    return { kind: 'said', group, prefix }
  }

  /** The entry with this tuple in either direction. */
  entryOf(tuple: RawTuple): KernelEntry | null {
    requestEntry(this.netlink, tuple)
    let found: KernelEntry | null = null
    for (let answered = false; !answered; ) {
      this.netlink.receive((message) => {
        if (isEntry(message)) found = parseEntry(message.family, message.bytes)
        answered ||= isEntry(message) || message.type === NLMSG_ERROR
      })
    }
    return found
  }

  close(): void {
    for (const device of this.#devices.values()) device.close()
    this.#raw.close()
    this.netlink.close()
    this.#shell.close()
    this.namespace.remove()
  }
}

/** Policies stay unless they are told. */
function emptyTable(table: TableName): string {
  const chains = builtInChains(table).map((chain) => `:${chain} ACCEPT [0:0]\n`)
  return `*${table}\n${chains.join('')}COMMIT\n`
}

function deviceCommands({ name, kind, mtu, addresses, hardware }: RouterDevice): string[] {
  return [
    ...(kind === 'tap' && hardware !== undefined ? [`link set ${name} address ${hardware}`] : []),
    `link set ${name} up mtu ${mtu} txqueuelen 1000`,
    ...addresses.map((one) => `address add ${one} dev ${name}${one.includes(':') ? ' nodad' : ''}`),
  ]
}
