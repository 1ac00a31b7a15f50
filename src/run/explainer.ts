/**
 * Explains packets of a capture by running it several times: to find the packet and what belongs to its connection, to hear the
 * story of that, and once more for each sysctl that may have made a difference. All runs decide alike: they share the seed and
 * the secret of the hash table.
 */
import { entryOf, type Outcome } from '../conntrack/outcome.ts'
import { ORIGINAL, REPLY } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { livingEntries, viewEntry } from '../conntrack/view-entry.ts'
import { type Explanation, explanationOf, type PacketFacts } from '../explain/explanation.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { Aftermath, ExplainedPacket, FlowEnd, TriedChange } from '../format/explain-json.ts'
import { Packet } from '../packet/packet.ts'
import { decodeQuoted, QUOTED_OK } from '../packet/quoted.ts'
import { isErrorPacket } from '../replay/error-packet.ts'
import { FlowTuples } from '../replay/flow-tuples.ts'
import { HandshakeOrder } from '../replay/handshake-order.ts'
import { History } from '../replay/history.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import { recordEntry } from '../replay/record-of.ts'
import type { ReplayObserver } from '../replay/replay.ts'
import { Storyteller } from '../replay/storyteller.ts'
import { tableCensus } from '../replay/table-census.ts'
import { PacketTrace } from './packet-trace.ts'

/** Sysctls that are tried for one packet. */
const TRIALS = 3
/** The quoted packet stands behind an ICMP header. */
const QUOTE_OFFSET = 8

/** What is known when the packet itself has come. */
type KnownSoFar = Omit<PacketFacts, 'later' | 'laterInvalid' | 'misordered'>

/** Ends a run early. */
class Enough extends Error {}

/** The capture has no such packet. */
export class NoSuchPacket extends Error {
  override readonly name = 'NoSuchPacket'

  constructor(packet: number) {
    super(`there is no packet ${packet}`)
  }
}

/** A setting beside those that the run has. */
export interface MoreSysctl {
  readonly name: string
  readonly value: string
}

/** Packets that can be sent through again: a `Run` of captures, or something else that makes the same ones each time. */
export interface Repeatable {
  readonly tracker: Tracker
  readonly firewall: Firewall
  recordOf(packet: Packet, outcome: Outcome, number: number): PacketRecord
  /** All packets; what the observer throws ends it, and comes out. */
  each(observer: ReplayObserver): Promise<unknown>
}

/** What is known of a packet's connection ahead: it spares a run to find out, and the rest of another. */
export interface KnownConnection {
  /** By which tuples its packets are known. */
  readonly tuples: FlowTuples
  /** None behind this one belongs to it. */
  readonly last: number
}

export class Explainer {
  readonly #open: (more: readonly MoreSysctl[]) => Promise<Repeatable>
  readonly #onProgress: (bytesRead: number) => void

  /**
   * `open` makes the same run anew each time, with the same seed and secret, but for the settings given. `onProgress` is told
   * of each run; what it throws ends the explanation, and comes out.
   */
  constructor(
    open: (more: readonly MoreSysctl[]) => Promise<Repeatable>,
    onProgress: (bytesRead: number) => void = () => {},
  ) {
    this.#open = open
    this.#onProgress = onProgress
  }

  /** `number` counts over the run, from 1. @throws NoSuchPacket */
  async explain(number: number, known: KnownConnection | null = null): Promise<ExplainedPacket> {
    const tuples = known?.tuples ?? (await this.#tuplesOf(number))
    const last = Math.max(number, known?.last ?? Number.POSITIVE_INFINITY)
    const { facts, flow, aftermath } = await this.#listen(number, tuples, last)
    const explanation = explanationOf(facts)
    return {
      packet: facts.record,
      situation: explanation.situation,
      weight: explanation.weight,
      finding: explanation.sentences,
      changes: await this.#try(number, facts.record, explanation),
      flow,
      story: facts.lines,
      aftermath: aftermath.packets === 0 ? null : aftermath,
      before: facts.before,
      after: facts.after,
      former: facts.former,
    }
  }

  /** By which tuples the packets of the connection are known. */
  async #tuplesOf(number: number): Promise<FlowTuples> {
    const tuples = new FlowTuples()
    const run = await this.#open([])
    const { tracker } = run
    const history = new History(tracker, { all: true })
    const tuple = new Tuple()
    const own = new Tuple()
    await this.#runUntil(run, {
      onPacket: (packet, outcome, count) => {
        if (count !== number) return
        tracker.prepare(packet, own)
        const known = entryOf(outcome) >= 0 ? entryOf(outcome) : own.usable ? tracker.find(own) >> 1 : -1
        if (known >= 0) {
          tracker.table.readTuple(known, ORIGINAL, tuple)
          tuples.add(tuple, ORIGINAL)
          tracker.table.readTuple(known, REPLY, tuple)
          tuples.add(tuple, REPLY)
        } else if (own.usable) history.addTuples(own, tuples)
        if (own.usable && own.invertible) tuples.add(own, ORIGINAL)
        else if (isErrorPacket(packet) && readQuoted(packet, tuple)) {
          tuple.computeHash(tracker.table.flowHash)
          history.addTuples(tuple, tuples)
          tuples.add(tuple, ORIGINAL)
        }
        throw new Enough()
      },
    })
    return tuples
  }

  /** The story of the connection up to the packet, and in numbers what follows. */
  async #listen(number: number, tuples: FlowTuples, last: number) {
    const run = await this.#open([])
    const { tracker, firewall } = run
    const story = new Storyteller(tracker, tuples, number)
    let trace: PacketTrace | null = null
    const listen = () => {
      if (firewall.hasRules) trace = new PacketTrace(firewall, 'rules')
    }
    let facts: KnownSoFar | null = null
    const order = new HandshakeOrder()
    const later = { client: 0, server: 0, other: 0 }
    let aftermath: Aftermath = { packets: 0, invalid: 0, blocked: 0, lastPacket: 0 }
    await this.#runUntil(run, {
      onStart: () => {
        for (const entry of livingEntries(tracker)) {
          const tuple = new Tuple()
          tracker.table.readTuple(entry, ORIGINAL, tuple)
          if (tuples.directionOf(tuple) >= 0) story.begin(entry)
        }
        if (number === 1) listen()
        return []
      },
      onPacket: (packet, outcome, count) => {
        if (story.belongs(packet, outcome, count)) {
          const record = run.recordOf(packet, outcome, count)
          order.add(record)
          if (count === number) {
            trace?.addTo(record)
            facts = factsOf(run, story, packet, outcome, record)
            firewall.listener = null
            firewall.onNote = null
          } else if (count < number) story.add(packet, outcome, record)
          else {
            aftermath = addedTo(aftermath, record)
            later[story.sender ?? 'other']++
          }
        }
        if (count === number - 1) listen()
        if (count === last) throw new Enough()
      },
    })
    if (facts === null) throw new NoSuchPacket(number)
    const known = facts as KnownSoFar
    const { misordered } = order
    return {
      facts: { ...known, later, laterInvalid: aftermath.invalid, misordered },
      flow: flowOf(known),
      aftermath,
    }
  }

  /** The changes, with what became of the packet where they are sysctls. */
  async #try(number: number, record: PacketRecord, { changes }: Explanation): Promise<TriedChange[]> {
    const tried: TriedChange[] = []
    let left = TRIALS
    for (const change of changes) {
      if (change.sysctl === undefined || left-- <= 0) {
        tried.push(change)
        continue
      }
      const { name, value } = change.sysctl
      const other = await this.#recordWith({ name, value: String(value) }, number)
      const { ctstate, verdict, decidedBy } = other
      const differs =
        ctstate !== record.ctstate ||
        verdict !== record.verdict ||
        JSON.stringify(decidedBy) !== JSON.stringify(record.decidedBy)
      tried.push({ ...change, tried: { ctstate, verdict, decidedBy, differs } })
    }
    // What was tried in vain comes last.
    return tried.sort((a, b) => rank(a) - rank(b))
  }

  async #recordWith(sysctl: MoreSysctl, number: number): Promise<PacketRecord> {
    const run = await this.#open([sysctl])
    let record: PacketRecord | null = null
    await this.#runUntil(run, {
      onPacket: (packet, outcome, count) => {
        if (count !== number) return
        record = run.recordOf(packet, outcome, count)
        throw new Enough()
      },
    })
    if (record === null) throw new NoSuchPacket(number)
    return record
  }

  /** Up to its end, or until somebody has seen enough. */
  async #runUntil(run: Repeatable, observer: ReplayObserver): Promise<void> {
    try {
      await run.each({ ...observer, onProgress: this.#onProgress })
    } catch (error) {
      if (!(error instanceof Enough)) throw error
    }
  }
}

function factsOf(
  run: Repeatable,
  story: Storyteller,
  packet: Packet,
  outcome: Outcome,
  record: PacketRecord,
): KnownSoFar {
  const { tracker, firewall } = run
  const before = story.entry
  const isTranslated = before !== null && story.isTranslated
  const from = story.add(packet, outcome, record)
  const isFull = record.reasons.some(({ code }) => code === 'table-full' || code === 'early-drop')
  return {
    record,
    lines: story.lines.all,
    packets: story.packets,
    from,
    seconds: packet.seconds + packet.nanoseconds / 1e9,
    before,
    after: story.current,
    isTranslated,
    former: story.former,
    closedBy: story.closedBy,
    lastTimeout: story.lastTimeout,
    census: isFull ? tableCensus(tracker) : null,
    master: masterOf(run, record),
    settings: tracker.settings,
    hasRules: record.family !== null && firewall.programs[record.family] !== null,
  }
}

function addedTo(
  { packets, invalid, blocked }: Aftermath,
  { packet, ctstate, verdict }: PacketRecord,
): Aftermath {
  return {
    packets: packets + 1,
    invalid: invalid + (ctstate === 'INVALID' ? 1 : 0),
    blocked: blocked + (verdict === 'DROP' || verdict === 'REJECT' ? 1 : 0),
    lastPacket: packet,
  }
}

/** The connection that announced the packet's own. */
function masterOf({ tracker }: Repeatable, { reasons }: PacketRecord): RecordEntry | null {
  const id = reasons.find(({ code }) => code === 'related-expected')?.['masterId']
  if (id === undefined) return null
  for (const number of livingEntries(tracker)) {
    if (tracker.id(number) === id) return recordEntry(viewEntry(tracker, number, tracker.clock.now))
  }
  return null
}

function flowOf({ record, from, before, isTranslated }: KnownSoFar): ExplainedPacket['flow'] {
  if (record.source === undefined || record.destination === undefined) return null
  const end = (address: string, port: number | undefined): FlowEnd =>
    port === undefined ? { address } : { address, port }
  const source = end(record.source, record.sourcePort)
  const destination = end(record.destination, record.destinationPort)
  if (from === null) return { client: null, server: null }
  // As the client has them, whichever side of the NAT the packet is on.
  if (before !== null && isTranslated) {
    const { original } = before
    return {
      client: end(original.source, original.sourcePort),
      server: end(original.destination, original.destinationPort),
    }
  }
  return from === 'client' ? { client: source, server: destination } : { client: destination, server: source }
}

/** Fills the tuple of the packet that an ICMP error quotes. */
function readQuoted(packet: Packet, tuple: Tuple): boolean {
  const quoted = new Packet()
  return (
    decodeQuoted(packet, QUOTE_OFFSET, quoted) === QUOTED_OK && tuple.fromPacket(quoted) && tuple.invertible
  )
}

function rank({ tried }: TriedChange): number {
  return tried?.differs === false ? 1 : 0
}
