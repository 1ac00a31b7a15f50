/** Packets that show an answer: run through the engine, they get the same verdict by the same rule. */
import { ID } from '../../conntrack/entry.ts'
import { anySourcePort } from '../../conntrack/helper/helper.ts'
import { loadEntry } from '../../conntrack/load.ts'
import { Tracker } from '../../conntrack/tracker.ts'
import { livingEntries } from '../../conntrack/view-entry.ts'
import { Firewall } from '../../firewall/firewall.ts'
import { FixedWay } from '../../firewall/way.ts'
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT } from '../../hook/hook.ts'
import { Host } from '../../host/host.ts'
import type { Sets } from '../../ipset/sets.ts'
import { parseAddress, parseIPv4, parseIPv6 } from '../../packet/address.ts'
import { buildPacket, type PacketPlan } from '../../packet/build.ts'
import { FAMILY_IPV4 } from '../../packet/packet.ts'
import { Feed } from '../../replay/feed.ts'
import type { PacketRecord } from '../../replay/record.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import { sideOf } from '../box.ts'
import { holds } from '../intervals.ts'
import { FIELD_SOURCE_PORT, NEW, type Space } from '../space.ts'
import { type Case, casesOf, type Expected } from './case.ts'
import { boxesOfMembers } from './set-members.ts'
import { withStrings } from './strings.ts'
import type { Outcome, WayName } from './walk.ts'

/** A packet of the description. */
export interface Witness {
  /** In words: `tcp 198.51.100.7:40000 > 10.0.0.5:22 S`. */
  readonly packet: string
  /** The interface that it comes in by; null: this host sends it. */
  readonly inInterface: string | null
  /** The one that it leaves by; null: it is for this host. */
  readonly outInterface: string | null
  /** So many of them, one behind the other: the last one is judged so. 1: the first. */
  readonly packets: number
  /** Each of them opens a connection of its own: their source ports differ. */
  readonly areConnections: boolean
  /** From its IP header on. */
  readonly bytes: Uint8Array
}

const hooks: Readonly<Record<WayName, number>> = {
  INPUT: HOOK_INPUT,
  FORWARD: HOOK_FORWARD,
  OUTPUT: HOOK_OUTPUT,
}
const SECONDS = 1_700_000_000
/** Where a rate or a list decides: so many of the same packet are sent. */
const MOST_PACKETS = 25
/** Sets of packets, and packets in all, that are tried for one answer. */
const MOST_BOXES = 6
const MOST_CASES = 40
/** Rules made ready to run, over all firewalls of a query: each packet that is tried needs one that has seen nothing. */
const MOST_RULES = 1_000_000
const FEWEST_FIREWALLS = 30
const MOST_REPEATED = 4

/** Where a number of connections decides: so many are opened. */
const MOST_CONNECTIONS = 1_000
const PORTS_FROM = 1_024
/** Rules with IP sets whose elements are tried, each by itself. */
const MOST_RULES_OF_SETS = 4
const PORTS = 65_536

export class WitnessMaker {
  readonly #ruleset: Ruleset
  readonly #space: Space
  readonly #newSets: () => Sets
  readonly #known: Sets
  /** Why the engine cannot judge by these rules, in words; null: it can. */
  readonly #unevaluated: string | null
  /** So many more may be made. */
  #firewalls: number
  readonly #isOver: () => boolean

  /** `newSets`: as they are before any packet. `isOver`: no time is left. */
  constructor(ruleset: Ruleset, space: Space, newSets: () => Sets, isOver: () => boolean) {
    this.#isOver = isOver
    this.#ruleset = ruleset
    this.#space = space
    this.#known = newSets()
    // Sets that no rule changes serve all firewalls.
    this.#newSets = changesSets(ruleset) ? newSets : () => this.#known
    const sets = this.#known
    const { programs } = new Firewall(new Tracker(), { rulesets: [ruleset], sets })
    const [first] = programs[ruleset.family]?.unevaluated ?? []
    this.#unevaluated =
      first === undefined
        ? null
        : `${first.table} ${first.chain} ${first.number} cannot be evaluated: ${first.extension}: ${first.message}`
    const rules = ruleset.tables
      .flatMap(({ chains }) => chains)
      .reduce((sum, chain) => sum + chain.rules.length, 0)
    this.#firewalls = Math.max(FEWEST_FIREWALLS, Math.floor(MOST_RULES / Math.max(1, rules)))
  }

  find(way: WayName, state: number, ctstate: string, outcomes: readonly Outcome[]): Witness | null {
    const first = this.#try(way, state, ctstate, outcomes, 1)
    if (first !== null || outcomes.every(({ open }) => open.length === 0)) return first
    if (state === NEW && fewestConnections(outcomes) <= MOST_CONNECTIONS) {
      const found = this.#tryConnections(way, state, ctstate, outcomes)
      if (found !== null) return found
    }
    return this.#try(way, state, ctstate, outcomes, MOST_PACKETS)
  }

  /** Why `find` found none, in words. */
  whyNone(outcomes: readonly Outcome[]): string {
    const most = fewestConnections(outcomes)
    if (this.#unevaluated !== null) return this.#unevaluated
    if (most > MOST_CONNECTIONS && most < Number.POSITIVE_INFINITY)
      return `it takes ${most} connections (connlimit), of which ${MOST_CONNECTIONS} are tried at most`
    if (this.#isOver()) return 'the time was over before one was found'
    return this.#firewalls <= 0
      ? 'the rules are so many that no more packets were tried'
      : 'the engine judged all that were tried otherwise'
  }

  /** One connection after the other, each from its own port. */
  #tryConnections(
    way: WayName,
    state: number,
    ctstate: string,
    outcomes: readonly Outcome[],
  ): Witness | null {
    let tried = 0
    for (const outcome of outcomes.filter((one) => connectionsOf(one) > 0).slice(0, MOST_BOXES)) {
      const most = connectionsOf(outcome)
      const ports = sideOf(outcome.box, FIELD_SOURCE_PORT)
      for (const one of this.#casesOf(outcome, state)) {
        if (tried++ >= MOST_REPEATED || !this.#mayTry()) return null
        const feed = this.#feed(way, one)
        let packets = 0
        for (let port = PORTS_FROM; port < PORTS && packets < most; port++) {
          if (ports !== null && !holds(ports, port)) continue
          const plan = fromPort(one.plan, port)
          if (plan === null) break
          packets++
          const bytes = buildPacket(plan)
          if (!isSame(feed.send(bytes, { seconds: SECONDS + 1 }), ctstate, outcome)) continue
          return { ...shown(one), packets, areConnections: packets > 1, bytes }
        }
      }
    }
    return null
  }

  /** As they are; then with the addresses that open rules have in their IP sets, and the bytes that they look for. */
  *#casesOf({ box, open }: Outcome, state: number): Iterable<Case> {
    const isIpv6 = this.#space.family === 'ipv6'
    const ofSets = open.filter(({ rule }) => rule.matches.some(({ name }) => name === 'set'))
    const chosen = [[], ...ofSets.slice(0, MOST_RULES_OF_SETS).map((rule) => [rule]), ofSets]
    for (const rules of chosen) {
      if (rules.length === 0 && rules !== chosen[0]) continue
      for (const narrowed of boxesOfMembers(box, rules, this.#space, this.#known))
        for (const one of casesOf(narrowed, state, this.#space)) {
          yield one
          const more = withStrings(one, open, isIpv6)
          if (more !== null) yield more
        }
    }
  }

  #try(
    way: WayName,
    state: number,
    ctstate: string,
    outcomes: readonly Outcome[],
    most: number,
  ): Witness | null {
    let tried = 0
    for (const outcome of outcomes.slice(0, MOST_BOXES)) {
      for (const one of this.#casesOf(outcome, state)) {
        if (tried++ >= (most === 1 ? MOST_CASES : MOST_REPEATED) || !this.#mayTry()) return null
        const bytes = buildPacket(one.plan)
        const feed = this.#feed(way, one)
        for (let packets = 1; packets <= most; packets++) {
          if (!isSame(feed.send(bytes, { seconds: SECONDS + 1 }), ctstate, outcome)) continue
          return { ...shown(one), packets, areConnections: false, bytes }
        }
      }
    }
    return null
  }

  #mayTry(): boolean {
    return this.#firewalls-- > 0 && !this.#isOver()
  }

  /** Through a firewall that has seen nothing but the connections of the case. */
  #feed(way: WayName, { plan, entries, expected, inInterface, outInterface }: Case): Feed {
    const tracker = new Tracker({ checksums: 'verify' })
    tracker.setTime(SECONDS, 0)
    const host = new Host()
    for (const name of [inInterface, outInterface]) if (name !== '') giveAddress(host, name)
    // To this host, its destination is an address of it; from it, its source.
    if (way !== 'FORWARD')
      giveOwn(
        host,
        way === 'INPUT' ? inInterface : outInterface,
        way === 'INPUT' ? plan.destination : plan.source,
      )
    const { interfaces } = host
    const firewall = new Firewall(tracker, {
      rulesets: [this.#ruleset],
      sets: this.#newSets(),
      host,
      way: new FixedWay(hooks[way], interfaces.numberOf(inInterface), interfaces.numberOf(outInterface)),
    })
    for (const entry of entries) loadEntry(tracker, entry)
    if (expected !== null) expect(tracker, expected)
    return new Feed(firewall)
  }
}

function shown({ text: packet, inInterface, outInterface }: Case) {
  return { packet, inInterface: inInterface || null, outInterface: outInterface || null }
}

function changesSets({ tables }: Ruleset): boolean {
  return tables.some(({ chains }) =>
    chains.some(({ rules }) =>
      rules.some(({ target }) => target?.kind === 'extension' && target.name === 'SET'),
    ),
  )
}

/** So many connections decide what the outcome's open rules say of their number; 0: none asks. */
function connectionsOf({ open }: Outcome): number {
  const limits = open.flatMap(({ rule }) =>
    rule.matches
      .filter(({ name }) => name === 'connlimit')
      .map(({ options }) => Number((options['above'] ?? options['upto'])!.value) + 1),
  )
  return Math.max(0, ...limits)
}

/** Of the outcomes in which connections count, the fewest; Infinity: they do not in any. */
function fewestConnections(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((fewest, outcome) => Math.min(fewest, connectionsOf(outcome) || Infinity), Infinity)
}

/** Null where the protocol has no ports. */
function fromPort(plan: PacketPlan, sourcePort: number): PacketPlan | null {
  if (plan.tcp !== undefined) return { ...plan, tcp: { ...plan.tcp, sourcePort } }
  return plan.udp === undefined ? null : { ...plan, udp: { ...plan.udp, sourcePort } }
}

/** REDIRECT and MASQUERADE take an address of the interface. */
function giveAddress(host: Host, name: string): void {
  const device = host.interfaces.numberOf(name)
  const words = new Int32Array(4)
  parseIPv6('2001:db8:ffff::1', words)
  host.addAddress({ interface: device, words: Int32Array.of(parseIPv4('198.18.0.1')!), length: 32 })
  host.addAddress({ interface: device, words, length: 128 })
}

function giveOwn(host: Host, name: string, text: string): void {
  const { family, words } = parseAddress(text)!
  const is4 = family === FAMILY_IPV4
  const own = is4 ? Int32Array.of(words[0]!) : Int32Array.from(words)
  host.addAddress({ interface: host.interfaces.numberOf(name), words: own, length: is4 ? 32 : 128 })
}

/** As a helper would, of the one connection that there is. */
function expect(tracker: Tracker, { source, destination, protocol, destinationPort }: Expected): void {
  const { expectations } = tracker.helpers
  const [master] = livingEntries(tracker)
  if (master === undefined) return
  const from = parseAddress(source)!
  const to = parseAddress(destination)!
  const words = (address: Int32Array) => [address[0]!, address[1]!, address[2]!, address[3]!] as const
  const masterId = tracker.table.words(master)[tracker.table.at(master) + ID]!
  expectations.add(
    {
      tuple: {
        family: from.family,
        protocol,
        source: words(Int32Array.from(from.words)),
        destination: words(Int32Array.from(to.words)),
        sourcePort: 0,
        destinationPort,
      },
      mask: anySourcePort,
      master,
      masterId,
      zone: 0,
      helper: 'ftp',
      class: 0,
      flags: 0,
      deadline: null,
      childHelper: null,
    },
    { classMaximum: 1, tableMaximum: 1 },
    tracker.clock.now,
  )
}

function isSame(
  { ctstate: seen, verdict, decidedBy }: PacketRecord,
  ctstate: string,
  outcome: Outcome,
): boolean {
  if (seen !== ctstate || verdict !== outcome.verdict) return false
  const { decision } = outcome
  if (decision === null) return decidedBy.kind === 'none'
  const isThere = decidedBy['table'] === decision.table && decidedBy['chain'] === decision.chain.name
  if (decision.rule === null) return isThere && decidedBy.kind === 'policy'
  return isThere && decidedBy.kind === 'rule' && decidedBy['number'] === decision.rule.number
}
