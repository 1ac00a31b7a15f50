import { dumpEntries, flushEntries, type KernelEntry } from '../../../src/live/conntrack-netlink.ts'
import { packetTuple, quotedTuple } from '../../../src/live/packet-tuple.ts'
import { pause } from '../../../src/live/pause.ts'
import { HOOK_INPUT, HOOK_OUTPUT, Router } from '../../../src/live/router.ts'
import { type Count, readCounts } from '../../../src/live/rule-counts.ts'
import { EXIT_GROUP } from '../../../src/live/watch-tables.ts'
import type { Family } from '../../../src/ruleset/model.ts'
import { bindQueue, dropQueued, isQueuedPacket } from '../linux/nfqueue.ts'
import { blackholes, classes, DEFAULT_DEVICE, devices, LAN_MAC, queues, sets } from './lab.ts'
import { type Exit, type Observed, queueShown, type Said } from './observed.ts'
import { balances, frameOf, type RuleCase, type RulePacketStep } from './rule-case.ts'

export type BackEnd = 'legacy' | 'nft'

const GROUPS = [1, 2, 3, 4, 5]

const classTexts = classes.map(({ text }) => text).join(', ')
const CLASSES = `chain classified {
    meta mark set meta priority map { ${classes.map(({ text, value }) => `${text} : ${value}`).join(', ')} }
    log prefix "class" group ${EXIT_GROUP}
    drop
  }`

const SYSCTLS: readonly [string, string | number][] = [
  ['net.ipv4.ipfrag_time', 2],
  ['net.netfilter.nf_conntrack_frag6_timeout', 2],
  ['net.netfilter.nf_conntrack_acct', 1],
]

interface OpenJourney {
  ctstate: string | null
  exit: Exit | null
  queue: number | null
}

/** The router of the lab, with rules. */
export class RuleKernel {
  readonly backEnd: BackEnd
  readonly #router: Router
  #family: Family = 'ipv4'
  #balanced = false
  /** Rules may have changed the sets since they were filled. */
  #setsChanged = false

  static open(backEnd: BackEnd = 'legacy'): RuleKernel {
    return new RuleKernel(backEnd)
  }

  private constructor(backEnd: BackEnd) {
    this.backEnd = backEnd
    const routes = (family: Family) => [
      `route add default dev ${DEFAULT_DEVICE}`,
      `route add blackhole ${blackholes[family]}`,
    ]
    const router = new Router({
      devices: devices.map(({ name, kind, mtu, addresses }) => ({
        name,
        kind,
        mtu,
        addresses: [...addresses.ipv4, ...addresses.ipv6],
        hardware: LAN_MAC,
      })),
      commands: { ipv4: routes('ipv4'), ipv6: routes('ipv6') },
      sysctls: SYSCTLS,
      watch: { leaving: `meta priority { ${classTexts} } goto classified`, chains: CLASSES },
      groups: GROUPS,
    })
    this.#router = router
    router.write('sets', `${sets.join('\n')}\n`)
    const names = sets.filter((line) => line.startsWith('create ')).map((line) => line.split(' ')[1]!)
    const adds = sets.filter((line) => line.startsWith('add '))
    router.write('refill', `${[...names.map((name) => `flush ${name}`), ...adds].join('\n')}\n`)
    router.run('ipset restore <sets')
    for (const queue of queues) bindQueue(router.netlink, queue)
  }

  #program(suffix: string): string {
    return `${this.#family === 'ipv4' ? 'iptables' : 'ip6tables'}-${this.backEnd}-${suffix}`
  }

  /** What `ip -j` prints of addresses and routes: the engine's host is the same. */
  get lab(): string {
    return [['addr'], ['route'], ['-6', 'route']]
      .map((words) => this.#router.namespace.run('ip', '-j', ...words))
      .join('\n')
  }

  /** Puts the case's rules in force and forgets all connections; throws `Refused`. */
  load({ family, rules }: Pick<RuleCase, 'family' | 'rules'>): void {
    const router = this.#router
    this.#family = family
    this.#balanced = balances(rules)
    router.write('rules', `${rules.join('\n')}\n`)
    if (this.#setsChanged) router.run('ipset restore <refill')
    this.#setsChanged = rules.some((line) => line.includes('-j SET '))
    // Lists and tables of `recent` and `hashlimit` live on in rules that still name them: first there are none.
    router.run(`${this.#program('restore')} -w <nothing && ${this.#program('restore')} -w <rules`)
    router.drain(() => {})
    this.clear()
  }

  /** Forgets all connections. */
  clear(): void {
    flushEntries(this.#router.netlink)
  }

  counts(): Count[] {
    this.#router.run(`${this.#program('save')} -c >saved`)
    const counts = readCounts(this.#router.read('saved'))
    // The nft back end keeps no counters of policies.
    return this.backEnd === 'nft' ? counts.filter(({ number }) => number > 0) : counts
  }

  entries(): KernelEntry[] {
    return dumpEntries(this.#router.netlink)
  }

  /** How many entries the namespace counts. */
  count(): number {
    return Number(this.#router.namespace.get('net.netfilter.nf_conntrack_count'))
  }

  send(step: RulePacketStep): Observed {
    const own: OpenJourney = { ctstate: null, exit: null, queue: null }
    const journeys: OpenJourney[] = [own]
    const said: Said[] = []
    const traces: string[] = []
    let seen = false
    const router = this.#router
    router.transmit(frameOf(step), step.entrance === 'host' ? null : step.entrance)
    router.drain(
      (event) => {
        const last = journeys.at(-1)!
        if (event.kind === 'state') {
          const answer = event.hook === HOOK_OUTPUT && (seen || step.entrance !== 'host')
          if (answer) journeys.push({ ctstate: event.ctstate, exit: null, queue: null })
          else own.ctstate = event.ctstate
          seen = true
        } else if (event.kind === 'exit') {
          const { prefix, device, bytes, mark } = event
          if (prefix !== 'class') {
            const hook = event.hook === HOOK_INPUT ? 'INPUT' : 'POSTROUTING'
            last.exit = { hook, device, bytes, mark, priority: 0 }
          } else if (last.exit) last.exit = { ...last.exit, priority: mark }
        } else if (event.kind === 'said') said.push({ group: event.group, prefix: event.prefix })
        else if (event.kind === 'trace') traces.push(event.line)
      },
      (message) => {
        if (!isQueuedPacket(message)) return
        journeys.at(-1)!.queue = queueShown(dropQueued(router.netlink, message), this.#balanced)
      },
    )
    const [, ...answers] = journeys
    const tuple = packetTuple(step.bytes) ?? quotedTuple(step.bytes)
    const entry = tuple && router.entryOf(tuple)
    // The nft back end traces by other means.
    const lines = this.backEnd === 'nft' ? null : traces
    return { journey: own, answers, said, traces: lines, tuple, entry }
  }

  sleep(milliseconds: number): void {
    pause(milliseconds)
  }

  close(): void {
    this.#router.close()
  }
}
