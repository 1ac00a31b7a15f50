import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Family } from '../../../src/ruleset/model.ts'
import { builtInChains, type TableName, tableNames } from '../../../src/ruleset/tables.ts'
import { pause } from '../kernel.ts'
import {
  dumpEntries,
  flushEntries,
  isEntry,
  type KernelEntry,
  parseEntry,
  requestEntry,
} from '../linux/conntrack-netlink.ts'
import { Namespace } from '../linux/namespace.ts'
import { Netlink, NLMSG_ERROR } from '../linux/netlink.ts'
import { bindGroup, isLoggedPacket, parseLoggedPacket } from '../linux/nflog.ts'
import { bindQueue, dropQueued, isQueuedPacket } from '../linux/nfqueue.ts'
import { RawSocket } from '../linux/raw-socket.ts'
import { Shell } from '../linux/shell.ts'
import { Tun } from '../linux/tun.ts'
import { packetTuple, quotedTuple, type RawTuple } from '../packet-tuple.ts'
import { blackholes, classes, DEFAULT_DEVICE, devices, LAN_MAC, queues, sets } from './lab.ts'
import { type Count, type Exit, type Observed, queueShown, readCounts, type Said } from './observed.ts'
import { balances, frameOf, type RuleCase, type RulePacketStep } from './rule-case.ts'

export type BackEnd = 'legacy' | 'nft'

/** NF_INET_* of the two ends. */
const HOOK_INPUT = 1
const HOOK_OUTPUT = 3

const EXIT_GROUP = 65_535
const WATCH_GROUP = 65_534
const WHOLE = 65_535
/** TRACE's lines, and NFLOG's default. */
const GROUPS = [0, 1, 2, 3, 4, 5]
const PREFIX = 'sallyport '

// Both ends of the way come first: of hooks with one priority the one registered last runs first, so that the
// tracker's confirm (which has the last priority too) stands in front of them.
const ENDS = `
table inet sallyport_ends {
  chain classified {
    meta mark set meta priority map { ${classes.map(({ text, value }) => `${text} : ${value}`).join(', ')} }
    log prefix "class" group ${EXIT_GROUP}
    drop
  }
  chain input {
    type filter hook input priority 2147483647; policy accept;
    log prefix "INPUT" group ${EXIT_GROUP}
    drop
  }
  chain postrouting {
    type filter hook postrouting priority 2147483647; policy accept;
    log prefix "POSTROUTING" group ${EXIT_GROUP}
    meta priority { ${classes.map(({ text }) => text).join(', ')} } goto classified
    drop
  }
}
`
const log = (prefix: string) => `log prefix "${PREFIX}${prefix}" group ${WATCH_GROUP}`
// What the stack has to say by itself (TTL exceeded, neighbours, multicast reports) is dropped ahead of everything; what
// the harness sends has a socket, REJECT's answers are of other types.
const WATCH = `
table inet sallyport_watch {
  chain own {
    type filter hook output priority -500; policy accept;
    meta skuid 0 accept
    icmp type { time-exceeded, parameter-problem, redirect } drop
    icmp type destination-unreachable icmp code frag-needed drop
    icmpv6 type { packet-too-big, time-exceeded, parameter-problem } drop
    icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect, mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } drop
  }
  chain states {
    ct state vmap { new : goto new, established : goto established, related : goto related, invalid : goto invalid, untracked : goto untracked }
  }
  chain new {
    ${log('NEW')}
  }
  chain established {
    ${log('ESTABLISHED')}
  }
  chain related {
    ${log('RELATED')}
  }
  chain invalid {
    ${log('INVALID')}
  }
  chain untracked {
    ${log('UNTRACKED')}
  }
  chain prerouting {
    type filter hook prerouting priority -199; policy accept;
    jump states
  }
  chain output {
    type filter hook output priority -199; policy accept;
    jump states
  }
}
`

const SYSCTLS: readonly [string, string | number][] = [
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
  ['net.ipv4.ipfrag_time', 2],
  ['net.netfilter.nf_conntrack_frag6_timeout', 2],
  ['net.netfilter.nf_conntrack_acct', 1],
  ['net.netfilter.nf_log.2', 'nfnetlink_log'],
  ['net.netfilter.nf_log.10', 'nfnetlink_log'],
]

/** A ruleset that Linux does not take. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Policies stay unless they are told. */
function emptyTable(table: TableName): string {
  const chains = builtInChains(table).map((chain) => `:${chain} ACCEPT [0:0]\n`)
  return `*${table}\n${chains.join('')}COMMIT\n`
}

interface OpenJourney {
  ctstate: string | null
  exit: Exit | null
  queue: number | null
}

/** Linux in a namespace, as a router with rules, one packet at a time. Its packets are all taken at the end of their way. */
export class RuleKernel {
  readonly backEnd: BackEnd
  readonly #namespace = new Namespace()
  readonly #devices: ReadonlyMap<string, Tun>
  readonly #names = new Map<number, string>([[0, '']])
  readonly #raw: RawSocket
  readonly #netlink: Netlink
  readonly #shell: Shell
  #family: Family = 'ipv4'
  #balanced = false
  /** Rules may have changed the sets since they were filled. */
  #setsChanged = false

  static open(backEnd: BackEnd = 'legacy'): RuleKernel {
    return new RuleKernel(backEnd)
  }

  private constructor(backEnd: BackEnd) {
    this.backEnd = backEnd
    const namespace = this.#namespace
    for (const [name, value] of SYSCTLS) namespace.set(name, value)
    const opened = namespace.inside(() => ({
      devices: new Map(devices.map(({ name, kind }) => [name, new Tun(name, kind)])),
      raw: new RawSocket(0),
      netlink: new Netlink(),
    }))
    this.#devices = opened.devices
    this.#raw = opened.raw
    this.#netlink = opened.netlink
    this.#shell = new Shell(namespace)
    this.#furnish()
    bindGroup(this.#netlink, EXIT_GROUP, WHOLE)
    for (const group of [WATCH_GROUP, ...GROUPS]) bindGroup(this.#netlink, group, 0)
    for (const queue of queues) bindQueue(this.#netlink, queue)
  }

  #furnish(): void {
    const namespace = this.#namespace
    const commands: string[] = ['link set lo up', `link set lan0 address ${LAN_MAC}`]
    for (const { name, mtu, addresses } of devices) {
      commands.push(`link set ${name} up mtu ${mtu} txqueuelen 1000`)
      for (const address of addresses.ipv4) commands.push(`address add ${address} dev ${name}`)
      for (const address of addresses.ipv6) commands.push(`address add ${address} dev ${name} nodad`)
    }
    for (const [flag, family] of [
      ['', 'ipv4'],
      ['-6 ', 'ipv6'],
    ] as const) {
      commands.push(`${flag}route add default dev ${DEFAULT_DEVICE}`)
      commands.push(`${flag}route add blackhole ${blackholes[family]}`)
    }
    for (const line of commands) namespace.run('ip', ...line.split(' '))
    this.#write('nothing', tableNames.map(emptyTable).join(''))
    this.#write('sets', `${sets.join('\n')}\n`)
    const names = sets.filter((line) => line.startsWith('create ')).map((line) => line.split(' ')[1]!)
    const adds = sets.filter((line) => line.startsWith('add '))
    this.#write('refill', `${[...names.map((name) => `flush ${name}`), ...adds].join('\n')}\n`)
    this.#run('ipset restore <sets')
    namespace.run('nft', ENDS)
    namespace.run('nft', WATCH)
    for (const line of namespace.run('ip', '-o', 'link').split('\n')) {
      const found = /^(\d+): ([^:@]+)/.exec(line)
      if (found) this.#names.set(Number(found[1]), found[2]!)
    }
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#shell.folder, name), text)
  }

  #read(name: string): string {
    return readFileSync(join(this.#shell.folder, name), 'utf8')
  }

  #run(commands: string): void {
    const code = this.#shell.run(`${commands} 2>errors`)
    if (code !== 0) throw new Refused(`${this.#read('errors').trim()} (${commands})`)
  }

  #program(suffix: string): string {
    return `${this.#family === 'ipv4' ? 'iptables' : 'ip6tables'}-${this.backEnd}-${suffix}`
  }

  /** What `ip -j` prints of addresses and routes: the engine's host is the same. */
  get lab(): string {
    return [['addr'], ['route'], ['-6', 'route']]
      .map((words) => this.#namespace.run('ip', '-j', ...words))
      .join('\n')
  }

  /** Puts the case's rules in force and forgets all connections; throws `Refused`. */
  load({ family, rules }: Pick<RuleCase, 'family' | 'rules'>): void {
    this.#family = family
    this.#balanced = balances(rules)
    this.#write('rules', `${rules.join('\n')}\n`)
    if (this.#setsChanged) this.#run('ipset restore <refill')
    this.#setsChanged = rules.some((line) => line.includes('-j SET '))
    // Lists and tables of `recent` and `hashlimit` live on in rules that still name them: first there are none.
    this.#run(`${this.#program('restore')} -w <nothing && ${this.#program('restore')} -w <rules`)
    this.#drain(() => {})
    this.clear()
  }

  /** Forgets all connections. */
  clear(): void {
    flushEntries(this.#netlink)
  }

  counts(): Count[] {
    this.#run(`${this.#program('save')} -c >saved`)
    const counts = readCounts(this.#read('saved'))
    // The nft back end keeps no counters of policies.
    return this.backEnd === 'nft' ? counts.filter(({ number }) => number > 0) : counts
  }

  entries(): KernelEntry[] {
    return dumpEntries(this.#netlink)
  }

  /** How many entries the namespace counts. */
  count(): number {
    return Number(this.#namespace.get('net.netfilter.nf_conntrack_count'))
  }

  send(step: RulePacketStep): Observed {
    const own: OpenJourney = { ctstate: null, exit: null, queue: null }
    const journeys: OpenJourney[] = [own]
    const said: Said[] = []
    const traces: string[] = []
    let seen = false
    this.#transmit(step)
    this.#drain((event) => {
      if (event.kind === 'watch') {
        const answer = event.hook === HOOK_OUTPUT && (seen || step.entrance !== 'host')
        if (answer) journeys.push({ ctstate: event.ctstate, exit: null, queue: null })
        else own.ctstate = event.ctstate
        seen = true
      } else if (event.kind === 'exit') journeys.at(-1)!.exit = event.exit
      else if (event.kind === 'queue') journeys.at(-1)!.queue = queueShown(event.queue, this.#balanced)
      else if (event.kind === 'class') {
        const last = journeys.at(-1)!
        if (last.exit) last.exit = { ...last.exit, priority: event.value }
      } else if (event.kind === 'said') said.push(event.said)
      else traces.push(event.line)
    })
    const [, ...answers] = journeys
    const tuple = packetTuple(step.bytes) ?? quotedTuple(step.bytes)
    const entry = tuple && this.#entryOf(tuple)
    // The nft back end traces by other means.
    const lines = this.backEnd === 'nft' ? null : traces
    return { journey: own, answers, said, traces: lines, tuple, entry }
  }

  #transmit(step: RulePacketStep): void {
    if (step.entrance === 'host') this.#raw.send(step.bytes)
    else this.#devices.get(step.entrance)!.write(frameOf(step))
  }

  #drain(take: (event: Event) => void): void {
    this.#netlink.receive((message) => {
      if (isQueuedPacket(message)) take({ kind: 'queue', queue: dropQueued(this.#netlink, message) })
      if (!isLoggedPacket(message)) return
      const { group, prefix, hook, mark, inInterface, outInterface, payload } = parseLoggedPacket(message)
      if (group === WATCH_GROUP) take({ kind: 'watch', hook, ctstate: prefix.slice(PREFIX.length) })
      else if (group === EXIT_GROUP && prefix === 'class') take({ kind: 'class', value: mark })
      else if (group === EXIT_GROUP) {
        const input = hook === HOOK_INPUT
        const device = this.#names.get(input ? inInterface : outInterface) ?? '?'
        const bytes = payload.slice()
        const exit = { hook: input ? 'INPUT' : 'POSTROUTING', device, bytes, mark, priority: 0 } as const
        take({ kind: 'exit', exit })
      } else if (prefix.startsWith('TRACE: ')) take({ kind: 'trace', line: prefix.slice(7).trim() })
      else take({ kind: 'said', said: { group, prefix } })
    })
  }

  #entryOf(tuple: RawTuple): KernelEntry | null {
    requestEntry(this.#netlink, tuple)
    let found: KernelEntry | null = null
    for (let answered = false; !answered; ) {
      this.#netlink.receive((message) => {
        if (isEntry(message)) found = parseEntry(message.family, message.bytes)
        answered ||= isEntry(message) || message.type === NLMSG_ERROR
      })
    }
    return found
  }

  sleep(milliseconds: number): void {
    pause(milliseconds)
  }

  close(): void {
    for (const device of this.#devices.values()) device.close()
    this.#raw.close()
    this.#netlink.close()
    this.#shell.close()
    this.#namespace.remove()
  }
}

type Event =
  | { readonly kind: 'watch'; readonly hook: number; readonly ctstate: string }
  | { readonly kind: 'queue'; readonly queue: number }
  | { readonly kind: 'class'; readonly value: number }
  | { readonly kind: 'exit'; readonly exit: Exit }
  | { readonly kind: 'said'; readonly said: Said }
  | { readonly kind: 'trace'; readonly line: string }
