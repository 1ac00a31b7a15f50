/** The connections of a run that a selection is about, each with its most telling packet. */
import { REASONS } from '../../conntrack/reason.ts'
import type { Filter } from '../../filter/filter.ts'
import type { PacketRecord, RecordTuple } from '../../replay/record.ts'

/** Connections that are told apart; what comes beyond that is not looked at. */
const MOST = 10_000

export interface FoundFlow {
  /** The packet that tells most about it. */
  number: number
  score: number
  readonly first: PacketRecord
  packets: number
}

export class FlowSearch {
  readonly flows: FoundFlow[] = []
  readonly #byKey = new Map<string, FoundFlow>()
  readonly #filter: Filter

  constructor(filter: Filter) {
    this.#filter = filter
  }

  add(record: PacketRecord): void {
    if (record.source === undefined || !this.#filter.matches(record)) return
    const flow = this.#flowOf(record)
    if (flow === null) return
    flow.packets++
    const score = scoreOf(record)
    if (score > flow.score || score === 0) {
      if (score === 0 && flow.score > 0) return
      flow.score = score
      flow.number = record.packet
    }
  }

  /** Known by the packet's own addresses and by both tuples of its entry. */
  #flowOf(record: PacketRecord): FoundFlow | null {
    const { protocol = '', entry } = record
    const keys =
      entry === null ? [] : [keyOf(entry.protocol, entry.original), keyOf(entry.protocol, entry.reply)]
    keys.push(keyOf(protocol, record as RecordTuple))
    const known = keys.map((key) => this.#byKey.get(key)).find((flow) => flow !== undefined)
    if (known === undefined && this.flows.length >= MOST) return null
    const flow = known ?? { number: record.packet, score: -1, first: record, packets: 0 }
    if (known === undefined) this.flows.push(flow)
    for (const key of keys) this.#byKey.set(key, flow)
    return flow
  }
}

/** The same for both directions. */
function keyOf(protocol: string, tuple: RecordTuple): string {
  const { source, destination, sourcePort = 0, destinationPort = 0, id = 0 } = tuple
  const ends = [`${source} ${sourcePort}`, `${destination} ${destinationPort}`].sort()
  return `${protocol} ${ends.join(' ')} ${id}`
}

const scores: Readonly<Record<string, number>> = {
  invalid: 4,
  dropped: 5,
  unknown: 2,
  passed: 3,
  note: 2,
  plain: 0,
}
const kinds = new Map<string, string>(REASONS.map(({ code, kind }) => [code, kind]))

/** What belongs to nothing tells less than what a known connection does not let in. */
const NO_CONNECTION = 3.5

function scoreOfReason(code: string): number {
  return scores[kinds.get(code) ?? 'plain'] ?? 0
}

function scoreOf({ verdict, reasons }: PacketRecord): number {
  const blocked = verdict === 'DROP' || verdict === 'REJECT' ? 4 : 0
  const scored = reasons.map(({ code }) => (code === 'tcp-new' ? NO_CONNECTION : scoreOfReason(code)))
  return blocked + Math.max(0, ...scored)
}
