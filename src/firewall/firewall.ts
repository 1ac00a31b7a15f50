/**
 * The way of a packet: what the stack refuses ahead of all hooks, defragmentation (-400), then the hooks with their tables
 * and the tracker (`hooks.ts`), helpers and confirm at the very end. Without rules only the tracker stands in the way.
 */
import type { Outcome } from '../conntrack/outcome.ts'
import { DROPPED_BY_IP, DROPPED_BY_NOBODY } from '../conntrack/outcome.ts'
import { reasonNumber } from '../conntrack/reason.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import type { Environment } from '../hook/environment.ts'
import { HOOK_FORWARD, VERDICT_ACCEPT } from '../hook/hook.ts'
import { SeededPorts, SHARED_NAT } from '../hook/nat.ts'
import type { Note } from '../hook/note.ts'
import { Passage } from '../hook/passage.ts'
import { Random } from '../hook/random.ts'
import { Host } from '../host/host.ts'
import { Sets } from '../ipset/sets.ts'
import { Nat } from '../nat/nat.ts'
import type { PortSource } from '../nat/tuple-search.ts'
import type { CaptureRecord } from '../packet/capture-record.ts'
import {
  FRAGMENT_COMPLETED,
  FRAGMENT_DROPPED_BAD_END,
  FRAGMENT_DROPPED_DUPLICATE,
  FRAGMENT_DROPPED_ECN,
  FRAGMENT_DROPPED_EMPTY,
  FRAGMENT_DROPPED_MEMORY,
  FRAGMENT_DROPPED_OVERLAP,
  FRAGMENT_DROPPED_OVERSIZE,
  FRAGMENT_HELD,
  FRAGMENT_REFUSED,
  Reassembler,
} from '../packet/fragments.ts'
import {
  BAD_HEADER_CHECKSUM,
  BAD_HEADER_LENGTH,
  BAD_TOTAL_LENGTH,
  BAD_VERSION,
  FAMILY_IPV4,
  ISSUE_FRAGMENT,
  ISSUE_LINK_SHORT,
  ISSUE_LINK_TYPE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NONE,
  ISSUE_NOT_IP,
  type Packet,
} from '../packet/packet.ts'
import type { Family, Ruleset } from '../ruleset/model.ts'
import type { TableName } from '../ruleset/tables.ts'
import { type Answer, Answers } from './answers.ts'
import { Decision } from './decision.ts'
import type { FlowWay } from './flow-way.ts'
import { FlowWays } from './flow-ways.ts'
import { Hooks } from './hooks.ts'
import { Program } from './program.ts'
import type { WalkListener } from './walk.ts'
import { FixedWay, type Way } from './way.ts'

const reason = {
  notIp: reasonNumber['not-ip'],
  linkType: reasonNumber['link-type'],
  linkShort: reasonNumber['link-short'],
  cutNetwork: reasonNumber['cut-network'],
  version: reasonNumber['ip-version'],
  headerLength: reasonNumber['ip-header-length'],
  totalLength: reasonNumber['ip-total-length'],
  checksum: reasonNumber['ip-checksum'],
  hopByHop: reasonNumber['ip-hop-by-hop'],
  reassembled: reasonNumber['reassembled'],
  held: reasonNumber['fragment-held'],
} as const

const fragmentDropped: Readonly<Record<number, number>> = {
  [FRAGMENT_DROPPED_DUPLICATE]: reasonNumber['fragment-duplicate'],
  [FRAGMENT_DROPPED_OVERLAP]: reasonNumber['fragment-overlap'],
  [FRAGMENT_DROPPED_BAD_END]: reasonNumber['fragment-bad-end'],
  [FRAGMENT_DROPPED_EMPTY]: reasonNumber['fragment-empty'],
  [FRAGMENT_DROPPED_OVERSIZE]: reasonNumber['fragment-oversize'],
  [FRAGMENT_DROPPED_ECN]: reasonNumber['fragment-ecn'],
  [FRAGMENT_DROPPED_MEMORY]: reasonNumber['fragment-memory'],
}

const noAnswers: readonly Answer[] = []

/** What stands around connection tracking. */
export interface FirewallOptions {
  /** At most one of each family, without errors; a family that has none is not filtered. */
  readonly rulesets?: readonly Ruleset[]
  /** The machine that the rules are for: its interfaces, addresses and routes. */
  readonly host?: Host
  /** The IP sets that rules may name; they change as rules change them. None unless given. */
  readonly sets?: Sets
  /** Which hooks a packet meets; unless told, all are forwarded, by interfaces without a name. */
  readonly way?: Way
  /** `auto`: track a family only where a rule of it needs that, as Linux does; else, and unless told, always. */
  readonly conntrack?: 'always' | 'auto'
  /** Of random numbers (`-m statistic`, NAT's ports): the same for the same seed. */
  readonly seed?: number
  /** Where NAT begins to search for a free port; unless told, the seed decides. */
  readonly ports?: PortSource
}

/**
 * A packet's way through the hooks of one host. `Feed` sends it one packet, `Replay` a capture; by hand:
 *
 * ```ts
 * import { buildPacket, decodeNetwork, Firewall, Outcome, Packet, Tracker, Tuple, tableOf } from 'sallyport'
 *
 * const firewall = new Firewall(new Tracker())
 * const [packet, tuple, outcome] = [new Packet(), new Tuple(), new Outcome()]
 * const tcp = { sourcePort: 40_000, destinationPort: 80, flags: 'S' }
 * const bytes = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
 * packet.seconds = 1_700_000_000
 * decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
 * firewall.prepare(packet, tuple)
 * firewall.process(packet, tuple, outcome)
 * for (const { state, timeout } of tableOf(firewall.tracker)) console.log(state, timeout)
 * ```
 */
export class Firewall {
  /** Connection tracking. */
  readonly tracker: Tracker
  /** Where fragments are put together ahead of the tracker (nf_defrag_ipv4, nf_defrag_ipv6). */
  readonly reassembler: Reassembler

  /** The machine that the rules are for. */
  readonly host: Host
  /** What became of the last packet, and who decided that. */
  readonly decision: Decision = new Decision()
  /** IPv4 and IPv6 packets for whose family no rules are loaded, while the other one has some. */
  readonly withoutRules = { ipv4: 0, ipv6: 0 }
  /** Packets by the way that they took: HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT. */
  readonly ways: Float64Array = new Float64Array(5)
  /** Packets that came to each verdict, by VERDICT_*. */
  readonly verdicts: Float64Array = new Float64Array(6)
  /** The last packet on its way. */
  readonly passage: Passage = new Passage()
  /** What REJECT answered to the last packet; null while no rules are loaded. */
  readonly answers: Answers | null
  /** Where `-m statistic` and NAT draw from. */
  readonly random: Random
  /** Told what targets say (LOG, NFLOG), while their packet is on its way. */
  onNote: ((passage: Passage, note: Note) => void) | null = null
  /** Ways of established flows through the rules; null where nothing can be remembered. */
  readonly flowWays: FlowWays | null
  #programs: Readonly<Record<Family, Program | null>> = { ipv4: null, ipv6: null }
  #tracks: Readonly<Record<Family, boolean>> = { ipv4: true, ipv6: true }
  #hooks: Hooks | null = null
  readonly #way: Way
  readonly #isAuto: boolean
  readonly #newHooks: () => Hooks
  readonly #environmentOf: (family: Family, table: TableName) => Environment

  /** The rules of each family, or null: none are loaded, and nothing is filtered. */
  get programs(): Readonly<Record<Family, Program | null>> {
    return this.#programs
  }

  /** Is the family tracked? Without tracking, fragments are not put together either. */
  get tracks(): Readonly<Record<Family, boolean>> {
    return this.#tracks
  }

  /** Rules of at least one family are loaded. */
  get hasRules(): boolean {
    return this.#hooks !== null
  }

  /** Told of every rule that is asked; null for nobody, which is much quicker. */
  get listener(): WalkListener | null {
    return this.#hooks?.walk.listener ?? null
  }

  set listener(listener: WalkListener | null) {
    if (this.#hooks !== null) this.#hooks.walk.listener = listener
  }

  /**
   * Its sysctls and its time are those of the tracker.
   *
   * @throws TypeError for a ruleset whose text had mistakes
   */
  constructor(tracker: Tracker, options: FirewallOptions = {}) {
    this.tracker = tracker
    this.reassembler = new Reassembler(tracker.settings, tracker.clock.hz)
    const {
      rulesets = [],
      host = new Host(),
      way = new FixedWay(HOOK_FORWARD, 0, 0),
      sets = new Sets(),
      seed = 1,
      ports,
    } = options
    this.host = host
    const random = new Random(seed)
    this.random = random
    const nat = new Nat(tracker, ports ?? new SeededPorts(random))
    const shared = new Map<string, unknown>([[SHARED_NAT, nat]])
    this.#environmentOf = (family, table) => ({
      family,
      table,
      tracker,
      host,
      sets,
      random,
      shared<T>(name: string, make: () => T): T {
        if (!shared.has(name)) shared.set(name, make())
        return shared.get(name) as T
      },
      notify: (passage, note) => {
        if (this.onNote === null) return
        passage.settled()
        this.onNote(passage, note)
      },
      answer: (passage, bytes) => this.answers?.send(passage, bytes),
    })
    this.#way = way
    this.flowWays = rulesets.length > 0 && way.bounds !== undefined ? new FlowWays(tracker.table) : null
    this.#newHooks = () => new Hooks(tracker, nat, way, this.#programs, this.#tracks)
    this.#isAuto = options.conntrack === 'auto'
    this.answers =
      rulesets.length === 0
        ? null
        : new Answers(tracker, () => {
            const hooks = this.#newHooks()
            hooks.walk.listener = this.listener
            return hooks
          })
    this.#load(rulesets)
  }

  /**
   * Takes other rules while packets are on their way, as iptables-restore does: the tables that they name are replaced, all
   * others stay as they are. The state table stays, and with it translations, marks and labels; so does what is known by a name:
   * IP sets, lists of `recent`, tables of `hashlimit`. What a rule keeps to itself begins anew: limits, quotas, counts of
   * connections, its counters.
   *
   * @throws TypeError for a ruleset whose text had mistakes, and where no rules were loaded before
   */
  restore(rulesets: readonly Ruleset[]): void {
    if (this.answers === null) throw new TypeError('no rules were loaded, so that there are none to replace')
    this.#load(rulesets)
  }

  #load(rulesets: readonly Ruleset[]): void {
    const program = (family: Family): Program | null => {
      const before = this.#programs[family]
      const ruleset = rulesets.find((one) => one.family === family)
      if (ruleset === undefined) return before
      return new Program(ruleset, (table) => this.#environmentOf(family, table), before)
    }
    const [ipv4, ipv6] = [program('ipv4'), program('ipv6')]
    this.#programs = { ipv4, ipv6 }
    this.#tracks = {
      ipv4: !this.#isAuto || ipv4?.needsTracking === true,
      // Linux 2.4 had no connection tracking for IPv6.
      ipv6: this.tracker.settings.linux !== '2.4' && (!this.#isAuto || ipv6?.needsTracking === true),
    }
    const { listener } = this
    this.#hooks = this.answers === null ? null : this.#newHooks()
    this.flowWays?.forget()
    this.listener = listener
  }

  /** Ahead of `process`, for each packet of a batch: its tuple, and a first look at where its flow's entry is. */
  prepare(packet: Packet, tuple: Tuple): void {
    this.tracker.prepare(packet, tuple)
  }

  /**
   * Sends a prepared packet on its way; `outcome`, which is reset, says what became of it. The packet's time moves the
   * tracker's clock. A fragment that completes a datagram becomes the whole of it. Never throws, whatever the bytes.
   */
  process(packet: Packet, tuple: Tuple, outcome: Outcome): void {
    const { tracker } = this
    this.#begin(packet, outcome)
    if (packet.issue !== ISSUE_NONE) {
      if (packet.issue === ISSUE_FRAGMENT) {
        const isTracked = this.tracks[packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6']
        if (isTracked && !this.#defragment(packet, tuple, outcome)) return
      } else if (!enters(packet, outcome)) return
    }
    if (this.#hooks !== null) {
      this.passage.begin(packet, tuple, outcome)
      this.#hooks.run(this.passage, this.decision)
      this.#tally(packet)
      return
    }
    tracker.track(packet, tuple, outcome)
    if (outcome.droppedBy === DROPPED_BY_NOBODY) tracker.confirm(packet, tuple, outcome)
  }

  /** Behind `process`: may the next plain segments of the flow go without it? As `FlowWays.learn`. */
  learnWay(record: CaptureRecord, network: number): void {
    const { flowWays } = this
    const bounds = this.#way.bounds
    if (flowWays === null || bounds === undefined || this.#hooks === null) return
    const { trail } = this.#hooks.walk
    flowWays.learn(record, network, this.passage.outcome, this.decision, trail, bounds)
  }

  /** Counts so many packets, and their bytes, that went a way of `flowWays`: as `process` would have. */
  countWay({ counted, decider, hook, assumed }: FlowWay, packets: number, bytes: number): void {
    for (let i = 0; i < counted.length; i++) {
      const one = counted[i]!
      one.packets += packets
      one.bytes += bytes
    }
    this.ways[hook] = this.ways[hook]! + packets
    this.verdicts[VERDICT_ACCEPT] = this.verdicts[VERDICT_ACCEPT]! + packets
    if (assumed !== 0) this.#way.assume?.(assumed, packets)
    if (decider !== null) decider.decided += packets
    else if (this.programs.ipv4 === null) this.withoutRules.ipv4 += packets
  }

  /** A packet that enters no hook: only its time counts. `outcome` is reset. */
  skip(packet: Packet, outcome: Outcome): void {
    this.#begin(packet, outcome)
    this.passage.begin(packet, this.passage.tuple, outcome)
  }

  /** Nothing is left of the packet before; the clock goes to this one's time. */
  #begin(packet: Packet, outcome: Outcome): void {
    outcome.reset()
    this.decision.reset()
    if (this.answers !== null) this.answers.list = noAnswers
    this.listener?.onPacket()
    this.tracker.setTime(packet.seconds, packet.nanoseconds)
  }

  #tally(packet: Packet): void {
    const { verdict, rule, chain, way } = this.decision
    if (way >= 0) this.ways[way] = this.ways[way]! + 1
    if (chain === null) this.#noteWithoutRules(packet)
    if (verdict >= 0) this.verdicts[verdict] = this.verdicts[verdict]! + 1
    if (rule !== null) rule.decided++
    else if (chain !== null) chain.decided++
  }

  #noteWithoutRules(packet: Packet): void {
    const family = packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'
    if (this.programs[family] === null) this.withoutRules[family]++
  }

  /** True when the packet goes on: as the whole datagram, or as a piece that nobody collects. */
  #defragment(packet: Packet, tuple: Tuple, outcome: Outcome): boolean {
    const { tracker, reassembler } = this
    const result = reassembler.accept(packet, tracker.clock.ticks)
    const [first = 0, second = 0] = reassembler.values
    if (result === FRAGMENT_COMPLETED || result === FRAGMENT_REFUSED) {
      if (result === FRAGMENT_COMPLETED) outcome.reasons.add(reason.reassembled, first, second)
      // Either way decoded anew, so it may be found to be cut; a refused later piece goes on as what it is.
      if (packet.issue !== ISSUE_NONE && !enters(packet, outcome)) return false
      tracker.prepare(packet, tuple)
      return true
    }
    outcome.held = result === FRAGMENT_HELD
    if (!outcome.held) outcome.droppedBy = DROPPED_BY_IP
    outcome.reasons.add(outcome.held ? reason.held : fragmentDropped[result]!, first, second)
    return false
  }
}

/** Does a packet that could not be decoded in full reach the hooks at all? */
function enters(packet: Packet, outcome: Outcome): boolean {
  const { reasons } = outcome
  const { issueFound, issueExpected } = packet
  switch (packet.issue) {
    case ISSUE_NOT_IP:
      reasons.add(reason.notIp, packet.etherType)
      return false
    case ISSUE_LINK_TYPE:
      reasons.add(reason.linkType, packet.linkType)
      return false
    case ISSUE_LINK_SHORT:
      reasons.add(reason.linkShort)
      return false
    case ISSUE_NETWORK_CUT:
      reasons.add(reason.cutNetwork, issueFound)
      return false
    case ISSUE_NETWORK_BAD:
      outcome.droppedBy = DROPPED_BY_IP
      switch (packet.issueDetail) {
        case BAD_VERSION:
          reasons.add(reason.version, issueFound)
          break
        case BAD_HEADER_LENGTH:
          reasons.add(reason.headerLength, issueFound)
          break
        case BAD_TOTAL_LENGTH:
          reasons.add(reason.totalLength, issueFound, issueExpected)
          break
        case BAD_HEADER_CHECKSUM:
          reasons.add(reason.checksum, issueFound, issueExpected)
          break
        default:
          reasons.add(reason.hopByHop)
      }
      return false
    default:
      return true
  }
}
