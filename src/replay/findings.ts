/**
 * Searches a run for what is worth a person's time. Ordinary packets cost two comparisons; what is remembered is bounded.
 *
 * Strays are told from the connections that ended last (history.ts), scans and floods from who begins how much with what
 * success (talkers.ts), everything else from the reasons of packets, by conversation.
 */
import { isOneSided } from '../conntrack/census.ts'
import { PORTS, PROTOCOL, PROTOCOL_IPV6_BIT, STATUS } from '../conntrack/entry.ts'
import {
  CHANGED_ASSURED,
  CHANGED_NEW,
  CHANGED_REPLY,
  DROPPED_BY_RULES,
  entryOf,
  type Outcome,
} from '../conntrack/outcome.ts'
import { type ReasonCode, reasonNumber } from '../conntrack/reason.ts'
import { CTINFO_INVALID, CTINFO_NEW, ORIGINAL, STATUS_DST_NAT, STATUS_SRC_NAT } from '../conntrack/status.ts'
import { KIND_SYN, SYN_RECV, SYN_SENT, SYN_SENT2 } from '../conntrack/tcp/state.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { viewTuple } from '../conntrack/view-entry.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { formatAddress } from '../packet/address.ts'
import { FAMILY_IPV4, FAMILY_IPV6, type Packet, PROTOCOL_TCP, TCP_SYN } from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { decidedByOf } from './decision-of.ts'
import { type EarlyAnswer, EarlyAnswers } from './early-answers.ts'
import type { Finding, FindingCode, FindingFlow } from './finding.ts'
import { type Former, wasClosed } from './former.ts'
import { History } from './history.ts'
import type { DecidedBy } from './record.ts'
import { Refusals } from './refusals.ts'
import { type TableCensus, tableCensus } from './table-census.ts'
import { type Talker, Talkers } from './talkers.ts'
import { TroubledFlows } from './troubled-flows.ts'

/** A source that began that many, and had few answered, scans. */
const SCAN_LEAST = 20
/** A service with that many handshakes begun, and hardly any finished, is flooded. */
const FLOOD_LEAST = 100
/** One in so many may have been answered. */
const FEW_IN = 5
/** Examples of one kind. */
const SHOWN = 3

/** What a reason means here. */
const NOTHING = 0
const OUTSIDE = 1
const WINDOW = 2
const RESET = 3
const FULL = 4
const REOPENED = 5
const STATE = 6
const FLAGS = 7
const REFUSED = 8
const NOT_SENT = 9

const meanings: Partial<Record<ReasonCode, number>> = {
  'tcp-new': OUTSIDE,
  'tcp-picked-up': OUTSIDE,
  'tcp-not-loose': OUTSIDE,
  'tcp-seq-high': WINDOW,
  'tcp-ack-high': WINDOW,
  'tcp-rst': RESET,
  'table-full': FULL,
  'early-drop': FULL,
  'tcp-reopened': REOPENED,
  'tcp-ignored': STATE,
  'tcp-state': STATE,
  'tcp-flags': FLAGS,
  'tcp-rst-deleted': REFUSED,
  'icmp-related': REFUSED,
  'not-sent': NOT_SENT,
  'second-copy': NOT_SENT,
  'second-copy-against': NOT_SENT,
}
const meaningOf = new Uint8Array(256)
for (const [code, meaning] of Object.entries(meanings)) meaningOf[reasonNumber[code as ReasonCode]] = meaning

const pickedUp = reasonNumber['tcp-picked-up']

export class Findings {
  readonly #tracker: Tracker
  readonly #firewall: Firewall
  readonly #history: History
  readonly #flows = new Map<FindingCode, TroubledFlows>()
  readonly #refusals = new Refusals()
  readonly #early = new EarlyAnswers()
  readonly #sources = new Talkers()
  readonly #services = new Talkers()
  readonly #tuple = new Tuple()
  readonly #other = new Tuple()
  readonly #addresses = new Int32Array(8)
  readonly #oneSided: FindingFlow[] = []
  #oneSidedFlows = 0
  #census: TableCensus | null = null
  readonly #decider = () => this.#decidedBy()

  /** Hears from the firewall's tracker which entries end. */
  constructor(firewall: Firewall) {
    this.#firewall = firewall
    this.#tracker = firewall.tracker
    this.#history = new History(firewall.tracker, { all: false })
    const { onEnd } = firewall.tracker
    firewall.tracker.onEnd = (entry, ticks) => {
      onEnd?.(entry, ticks)
      this.#lookAtOneSided(entry)
    }
  }

  /** Each packet, behind what became of it; `number` counts over the run, from 1. */
  add(packet: Packet, outcome: Outcome, number: number): void {
    const { ctinfo, changes, reasons, droppedBy } = outcome
    if (ctinfo === CTINFO_NEW && ((changes & CHANGED_NEW) !== 0 || outcome.entry < 0))
      this.#begin(packet, outcome, number)
    else if ((changes & (CHANGED_REPLY | CHANGED_ASSURED)) !== 0) this.#progress(outcome)
    if (reasons.count !== 0 || droppedBy !== 0) this.#judge(packet, outcome, number)
  }

  /** A connection is begun, or was dropped while it was. */
  #begin(packet: Packet, { droppedBy }: Outcome, number: number): void {
    const isSyn = packet.protocol === PROTOCOL_TCP && (packet.tcpFlags & TCP_SYN) !== 0
    if (packet.protocol === PROTOCOL_TCP && !isSyn) return
    if (isSyn && !this.#early.isEmpty) this.#meetEarly(packet)
    const addresses = this.#addresses
    const ipv6 = packet.family === FAMILY_IPV6
    addresses[0] = packet.source0
    addresses[4] = packet.destination0
    if (ipv6) {
      addresses[1] = packet.source1
      addresses[2] = packet.source2
      addresses[3] = packet.source3
      addresses[5] = packet.destination1
      addresses[6] = packet.destination2
      addresses[7] = packet.destination3
    }
    this.#attempt(packet.destinationPort, packet.protocol, ipv6, droppedBy !== 0, number)
  }

  #attempt(port: number, protocol: number, ipv6: boolean, isBlocked: boolean, number: number): void {
    const addresses = this.#addresses
    const last = ipv6 ? 3 : 0
    const source = this.#sources.place(addresses, 0, ipv6, 0, true)
    if (source >= 0) this.#sources.begin(source, addresses[4 + last]!, port, isBlocked, number)
    if (protocol !== PROTOCOL_TCP) return
    const service = this.#services.place(addresses, 4, ipv6, (port << 8) | protocol, true)
    if (service >= 0) this.#services.begin(service, addresses[last]!, port, isBlocked, number)
  }

  /** The SYN+ACK that answers this SYN may have come ahead of it. */
  #meetEarly(packet: Packet): void {
    this.#tracker.prepare(packet, this.#tuple)
    if (!this.#tuple.usable) return
    const early = this.#early.meet(this.#tuple, packet.sequence)
    if (early !== null) this.#addEarly('handshake-order', early)
  }

  #addEarly(code: FindingCode, { tuple, number, decidedBy }: EarlyAnswer): void {
    this.#of(code).add(tuple, number, decidedBy === null ? null : () => decidedBy)
  }

  /** Kept until it shows whether its SYN comes. */
  #keepEarly(packet: Packet, number: number, by: (() => DecidedBy) | null): void {
    const tuple = new Tuple()
    tuple.copy(this.#tuple)
    tuple.hash = this.#tuple.hash
    const { acknowledgment } = packet
    const gone = this.#early.add({ tuple, acknowledgment, number, decidedBy: by?.() ?? null })
    if (gone !== null) this.#addEarly('no-connection', gone)
  }

  /** An entry was answered for the first time; of TCP, its handshake was finished. */
  #progress(outcome: Outcome): void {
    if (outcome.entry < 0) return
    const isTcp = this.#readEntry(outcome.entry)
    const ipv6 = this.#isIPv6(outcome.entry)
    if ((outcome.changes & CHANGED_REPLY) !== 0) {
      const source = this.#sources.place(this.#addresses, 0, ipv6, 0, false)
      if (source >= 0) this.#sources.answer(source)
    }
    if (!isTcp || (outcome.changes & CHANGED_ASSURED) === 0) return
    const service = this.#services.place(this.#addresses, 4, ipv6, this.#serviceOf(outcome.entry), false)
    if (service >= 0) this.#services.answer(service)
  }

  /** The first answer was a RST, or an ICMP error. */
  #refuse(outcome: Outcome): void {
    const entry = entryOf(outcome)
    if (entry < 0) return
    this.#readEntry(entry)
    const ipv6 = this.#isIPv6(entry)
    const source = this.#sources.place(this.#addresses, 0, ipv6, 0, false)
    if (source >= 0) this.#sources.refuse(source)
    const service = this.#services.place(this.#addresses, 4, ipv6, this.#serviceOf(entry), false)
    if (service >= 0) this.#services.refuse(service)
  }

  /** Fills the addresses of its original direction; true for TCP. */
  #readEntry(entry: number): boolean {
    const { table } = this.#tracker
    table.readAddresses(entry, this.#addresses)
    return (table.words(entry)[table.at(entry) + PROTOCOL]! & 0xff) === PROTOCOL_TCP
  }

  #isIPv6(entry: number): boolean {
    const { table } = this.#tracker
    return table.words(entry)[table.at(entry) + PROTOCOL]! >= PROTOCOL_IPV6_BIT
  }

  #serviceOf(entry: number): number {
    const { table } = this.#tracker
    const words = table.words(entry)
    const at = table.at(entry)
    return ((words[at + PORTS]! & 0xffff) << 8) | (words[at + PROTOCOL]! & 0xff)
  }

  /** A packet that has a reason, or was dropped. */
  #judge(packet: Packet, outcome: Outcome, number: number): void {
    const { reasons } = outcome
    let meaning = NOTHING
    let index = 0
    for (; index < reasons.count && meaning === NOTHING; index++)
      meaning = meaningOf[reasons.numbers[index]!]!
    const at = index - 1
    const isBlocked = outcome.droppedBy !== 0
    const by = isBlocked ? this.#decider : null
    if (meaning === FULL) {
      this.#census ??= tableCensus(this.#tracker)
      this.#of('table-full').count(number, by)
      return
    }
    if (meaning === NOT_SENT || (meaning === NOTHING && outcome.droppedBy !== DROPPED_BY_RULES)) return
    this.#tracker.prepare(packet, this.#tuple)
    const tuple = this.#tuple
    if (!tuple.usable) return
    switch (meaning) {
      case OUTSIDE:
        this.#judgeOutside(packet, outcome, number, reasons.numbers[at] === pickedUp)
        return
      case WINDOW:
      case RESET: {
        if (outcome.ctinfo === CTINFO_INVALID && this.#readTranslated(tuple)) {
          this.#of('nat-skipped').add(this.#other, number, by)
          return
        }
        this.#of(meaning === RESET ? 'reset-refused' : 'out-of-window').add(tuple, number, by)
        return
      }
      case REOPENED:
        this.#of('port-reused').add(tuple, number, by)
        return
      case STATE:
        if (isReuse(reasons.value(at, 0), reasons.value(at, 2)))
          this.#of('port-reused').add(tuple, number, by)
        else if (outcome.ctinfo === CTINFO_INVALID) {
          if (this.#early.hasMet(tuple)) this.#of('handshake-order').add(tuple, number, by)
          else if (!this.#isOneSided(tuple)) this.#of('out-of-state').add(tuple, number, by)
        }
        return
      case FLAGS:
        this.#addresses.set(tuple.addresses)
        this.#attempt(packet.destinationPort, 0, tuple.protocol >= PROTOCOL_IPV6_BIT, isBlocked, number)
        return
      case REFUSED:
        this.#refuse(outcome)
        return
    }
    if (isBlocked && outcome.ctinfo === CTINFO_NEW) this.#judgeRefused(packet, number)
  }

  /** TCP that begins nothing, or in mid-stream. */
  #judgeOutside(packet: Packet, outcome: Outcome, number: number, isNew: boolean): void {
    const tuple = this.#tuple
    const by = outcome.droppedBy === 0 ? null : this.#decider
    const former = this.#history.find(tuple)
    if (former !== null) {
      const code = wasClosed(former) ? 'after-close' : 'after-expiry'
      this.#of(code).add(tuple, number, by, this.#late(packet, former))
      return
    }
    if (!isNew) {
      if ((packet.tcpFlags & TCP_SYN) !== 0) {
        this.#keepEarly(packet, number, by)
        return
      }
      this.#of('no-connection').add(tuple, number, by)
      this.#addresses.set(tuple.addresses)
      // A RST without a connection answers somebody who forged this address: its sender scans nothing.
      if ((packet.tcpFlags & 0x16) === 0)
        this.#attempt(packet.destinationPort, 0, tuple.protocol >= PROTOCOL_IPV6_BIT, by !== null, number)
    } else if (by !== null) this.#of('mid-stream').add(tuple, number, by)
  }

  /** NEW, and dropped or rejected by rules: late for its entry, or nobody wants it. */
  #judgeRefused(packet: Packet, number: number): void {
    const tuple = this.#tuple
    if (packet.protocol !== PROTOCOL_TCP) {
      const former = this.#history.find(tuple)
      if (
        former !== null &&
        former.endedBy === 'timeout' &&
        viewTuple(tuple).source === former.reply.source
      ) {
        this.#of('late-answer').add(tuple, number, this.#decider, this.#late(packet, former))
        return
      }
    }
    const { rule, chain } = this.#firewall.decision
    const decider = rule ?? chain
    if (decider !== null) this.#refusals.add(decider, tuple, number, this.#decider)
  }

  /** Of an entry in which only one direction shows that is told as a whole. */
  #isOneSided(tuple: Tuple): boolean {
    const { table } = this.#tracker
    const entry = this.#tracker.find(tuple) >> 1
    return entry >= 0 && isOneSided(table.words(entry), table.at(entry))
  }

  #late({ seconds, nanoseconds }: Packet, { ended }: Former): number {
    return seconds - ended + nanoseconds / 1e9
  }

  /** Has NAT changed the connection of this tuple? Then `#other` has its original one. */
  #readTranslated(tuple: Tuple): boolean {
    if (!this.#firewall.hasRules) return false
    const { tracker } = this.#firewall
    const found = tracker.find(tuple)
    if (found < 0) return false
    const { table } = tracker
    const status = table.words(found >> 1)[table.at(found >> 1) + STATUS]!
    if ((status & (STATUS_SRC_NAT | STATUS_DST_NAT)) === 0) return false
    table.readTuple(found >> 1, ORIGINAL, this.#other)
    this.#other.computeHash(table.flowHash)
    return true
  }

  #decidedBy(): DecidedBy {
    return decidedByOf(this.#firewall.decision)
  }

  #of(code: FindingCode): TroubledFlows {
    const known = this.#flows.get(code)
    if (known !== undefined) return known
    const fresh = new TroubledFlows()
    this.#flows.set(code, fresh)
    return fresh
  }

  /** An entry that ends, or is left at the end. */
  #lookAtOneSided(entry: number): void {
    const { table } = this.#tracker
    const words = table.words(entry)
    const at = table.at(entry)
    if (!isOneSided(words, at)) return
    this.#oneSidedFlows++
    if (this.#oneSided.length >= SHOWN) return
    table.readTuple(entry, ORIGINAL, this.#other)
    const protocol = protocolName(words[at + PROTOCOL]! & 0xff)
    this.#oneSided.push({ protocol, ...viewTuple(this.#other), packets: 0, first: 0 })
  }

  /** At the end of the run, once: what was found, the most telling first. */
  finish(): Finding[] {
    const { table, clock } = this.#tracker
    for (let entry = 0; entry < table.entries.limit; entry++)
      if (table.isAlive(entry, clock.now)) this.#lookAtOneSided(entry)
    for (const early of this.#early.left) this.#addEarly('no-connection', early)
    const found: Finding[] = [...this.#flows].map(([code, flows]) => findingOf(code, flows, this.#census))
    if (this.#oneSidedFlows > 0) {
      const flows = this.#oneSidedFlows
      found.push({ ...nothing('one-sided'), flows, examples: this.#oneSided })
    }
    const scanners = this.#sources.atLeast(SCAN_LEAST).filter(isScanner)
    for (const scanner of scanners.slice(0, SHOWN)) found.push(talkerFinding('scan', scanner))
    const floods = this.#services.atLeast(FLOOD_LEAST).filter(isFlooded)
    for (const service of floods.slice(0, SHOWN)) found.push(talkerFinding('syn-flood', service))
    const isScan = ({ isOneSource, source }: { isOneSource: boolean; source: Talker['words'] }) =>
      isOneSource && scanners.some(({ words }) => words.every((word, index) => word === source[index]))
    const refusals = this.#refusals.all().filter((refusal) => !isScan(refusal))
    for (const { flows } of refusals.slice(0, SHOWN)) found.push(findingOf('refused', flows, null))
    return found.sort((a, b) => rank(b) - rank(a) || b.packets - a.packets || a.first - b.first)
  }
}

/** A SYN met the entry of another connection: not its own, sent again while that is opened. */
function isReuse(kind: number, state: number): boolean {
  return kind === KIND_SYN && state !== SYN_SENT && state !== SYN_RECV && state !== SYN_SENT2
}

function isScanner({ begun, answered, hosts, ports }: Talker): boolean {
  return (hosts >= SCAN_LEAST || ports >= SCAN_LEAST) && answered * FEW_IN <= begun
}

function isFlooded({ begun, answered, refused }: Talker): boolean {
  return begun - refused >= FLOOD_LEAST && answered * FEW_IN <= begun - refused
}

function nothing(code: FindingCode): Finding {
  return {
    code,
    packets: 0,
    blocked: 0,
    flows: 0,
    isMore: false,
    first: 0,
    examples: [],
    decidedBy: null,
    latest: 0,
    census: null,
    targets: null,
    answered: 0,
  }
}

function findingOf(code: FindingCode, flows: TroubledFlows, census: TableCensus | null): Finding {
  const { packets, blocked, first, isMore, examples, decidedBy, latest } = flows
  return {
    ...nothing(code),
    packets,
    blocked,
    flows: flows.flows,
    isMore,
    first,
    examples,
    decidedBy,
    latest,
    census: code === 'table-full' ? census : null,
  }
}

/** Of a source, or of a service, whose address stands as the example's own end. */
function talkerFinding(code: 'scan' | 'syn-flood', talker: Talker): Finding {
  const { begun, answered, blocked, first, hosts, ports, extra, words, ipv6 } = talker
  const address = formatAddress(ipv6 ? FAMILY_IPV6 : FAMILY_IPV4, ...words)
  const port = extra >>> 8
  const flow: FindingFlow =
    code === 'scan'
      ? { protocol: '', source: address, destination: '', packets: begun, first }
      : { protocol: 'tcp', source: '', destination: address, destinationPort: port, packets: begun, first }
  return {
    ...nothing(code),
    packets: begun,
    blocked,
    flows: begun,
    first,
    examples: [flow],
    targets: { hosts, ports },
    answered,
  }
}

const ranks: Readonly<Record<FindingCode, readonly [blocked: number, passed: number]>> = {
  'table-full': [100, 60],
  'nat-skipped': [90, 92],
  'after-expiry': [85, 28],
  'out-of-window': [80, 30],
  'handshake-order': [82, 32],
  'out-of-state': [78, 29],
  'late-answer': [70, 20],
  'one-sided': [65, 65],
  'syn-flood': [62, 62],
  scan: [55, 55],
  'mid-stream': [50, 24],
  refused: [45, 45],
  'port-reused': [35, 26],
  'reset-refused': [25, 22],
  'no-connection': [15, 14],
  'after-close': [10, 9],
}

function rank({ code, blocked }: Finding): number {
  return ranks[code][blocked > 0 ? 0 : 1]
}
