/** Why a packet went another way: where its ways through both rulesets part, and what each side has there. */
import { REASONS, type ReasonData } from '../../conntrack/reason.ts'
import type { PacketRecord } from '../record.ts'
import type { TraceStep } from '../trace.ts'
import type { ChainPair } from './rule-pairs.ts'
import { placeOf, type RulePlace } from './rule-place.ts'

/** A rule or policy that took the packet on one side, and what it is to the other side. */
export interface Cause {
  /** Whose rule it is. */
  readonly side: 'old' | 'new'
  /** Which one it is. */
  readonly rule: RulePlace
  /**
   * `gone`: the other side has no such rule; `changed`: it has `other` in its place, whose `condition` failed; `failed`: it
   * has the same rule, whose `condition` failed there; `behind`: it has the same rule at `other`, behind the one that took
   * the packet; `unreached`: it has the same rule, to which the packet did not come; `taken`: that took the packet there too.
   */
  readonly kind: 'gone' | 'changed' | 'failed' | 'behind' | 'unreached' | 'taken'
  /** The other side's, as `kind` tells. */
  readonly other: RulePlace | null
  /** As iptables-save prints it; '' where none is to be told. */
  readonly condition: string
}

/** Where the ways of a packet through both rulesets part. */
export interface Why {
  /** What took it in OLD from there on; null: nothing did. */
  readonly old: Cause | null
  /** What took it in NEW. */
  readonly new: Cause | null
  /** What the tracker of one side found out of the ordinary, and the other did not. */
  readonly reason: { readonly side: 'old' | 'new'; readonly reason: ReasonData } | null
}

/** The way of a packet on one side. */
export interface TracedWay {
  readonly steps: readonly TraceStep[]
  readonly record: PacketRecord
}

/** `verdict`: the packet came to another one; else it differs in what rules on its way did to it. */
export function whyOf(pairs: readonly ChainPair[], old: TracedWay, now: TracedWay, verdict: boolean): Why {
  const book = new PairBook(pairs)
  const before = takenIn(old)
  const after = takenIn(now)
  const [a, b] = verdict ? behindLastCommon(book, before, after) : behindFirstCommon(book, before, after)
  return {
    old: a === null ? null : book.cause(a, 'old', now.steps, b),
    new: b === null ? null : book.cause(b, 'new', old.steps, a),
    reason: reasonOf(old.record, now.record),
  }
}

/** Rules that took the packet, and policies, up to the one that ended it: what follows is the way of an answer. */
function takenIn({ steps, record }: TracedWay): TraceStep[] {
  const taken = steps.filter(({ kind, matched }) => matched && kind !== 'return')
  const { kind, table, chain, number } = record.decidedBy
  if (kind !== 'rule' || record.verdict === 'ACCEPT') return taken
  const isEnd = (step: TraceStep) => step.table === table && step.chain === chain && step.number === number
  const end = taken.map(isEnd).lastIndexOf(true)
  return end < 0 ? taken : taken.slice(0, end + 1)
}

type Parting = readonly [old: TraceStep | null, now: TraceStep | null]

/**
 * What only one side has is passed over while the ways come together again. A rule that took the packet in place of another one
 * that did so parts no ways, unless nothing follows.
 */
function behindLastCommon(
  book: PairBook,
  before: readonly TraceStep[],
  after: readonly TraceStep[],
): Parting {
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      if (!book.corresponds(before[i]!, after[j]!)) continue
      const parting: Parting = [before[i + 1] ?? null, after[j + 1] ?? null]
      const isEnd = parting[0] === null && parting[1] === null
      return isEnd && !book.isSame(before[i]!, after[j]!) ? [before[i]!, after[j]!] : parting
    }
  }
  return [before[0] ?? null, after[0] ?? null]
}

function behindFirstCommon(
  book: PairBook,
  before: readonly TraceStep[],
  after: readonly TraceStep[],
): Parting {
  let i = 0
  while (i < before.length && i < after.length && book.isSame(before[i]!, after[i]!)) i++
  return [before[i] ?? null, after[i] ?? null]
}

class PairBook {
  readonly #pairs = new Map<string, ChainPair>()

  constructor(pairs: readonly ChainPair[]) {
    for (const pair of pairs) this.#pairs.set(`${pair.table} ${pair.name}`, pair)
  }

  isSame(old: TraceStep, now: TraceStep): boolean {
    if (!isAtSamePlace(old, now)) return false
    if (old.kind === 'policy') return old.text === now.text
    return this.#pairs.get(`${old.table} ${old.chain}`)?.newOf[old.number - 1] === now.number - 1
  }

  /** The same, or what has become of it. */
  corresponds(old: TraceStep, now: TraceStep): boolean {
    if (!isAtSamePlace(old, now)) return false
    if (old.kind === 'policy' || this.isSame(old, now)) return true
    return this.#pairs.get(`${old.table} ${old.chain}`)?.becameOf[old.number - 1] === now.number - 1
  }

  /** `steps`: the way on the other side; `instead`: what took the packet there. */
  cause(step: TraceStep, side: 'old' | 'new', steps: readonly TraceStep[], instead: TraceStep | null): Cause {
    const pair = this.#pairs.get(`${step.table} ${step.chain}`)!
    const mine = side === 'old' ? pair.old! : pair.now!
    const theirs = side === 'old' ? pair.now : pair.old
    const placeIn = ({ ruleset, chain }: typeof mine, index: number | null) =>
      placeOf(ruleset, chain, index === null ? null : chain.rules[index]!)
    if (step.kind === 'policy') {
      const other = theirs === null ? null : placeIn(theirs, null)
      const rule = placeIn(mine, null)
      const kind = other === null ? 'gone' : other.text === rule.text ? 'unreached' : 'changed'
      return { side, rule, kind, other, condition: '' }
    }
    const index = step.number - 1
    const rule = placeIn(mine, index)
    const same = (side === 'old' ? pair.newOf : pair.oldOf)[index]!
    const became = (side === 'old' ? pair.becameOf : pair.wasOf)[index]!
    const otherIndex = same === -1 ? became : same
    if (otherIndex === -1 || theirs === null) return { side, rule, kind: 'gone', other: null, condition: '' }
    const other = placeIn(theirs, otherIndex)
    const met = steps.find(
      (one) =>
        one.kind === 'rule' &&
        one.hook === step.hook &&
        one.table === step.table &&
        one.chain === step.chain &&
        one.number === otherIndex + 1,
    )
    const condition = met?.failed ?? ''
    if (same === -1) return { side, rule, kind: 'changed', other, condition }
    if (met !== undefined) return { side, rule, kind: met.matched ? 'taken' : 'failed', other, condition }
    const isBehind =
      instead !== null &&
      instead.table === step.table &&
      instead.chain === step.chain &&
      instead.number < otherIndex + 1
    return { side, rule, kind: isBehind ? 'behind' : 'unreached', other, condition: '' }
  }
}

function isAtSamePlace(old: TraceStep, now: TraceStep): boolean {
  return old.hook === now.hook && old.table === now.table && old.chain === now.chain && old.kind === now.kind
}

const isPlain: ReadonlySet<string> = new Set(
  REASONS.filter(({ kind }) => kind === 'plain').map(({ code }) => code),
)

function reasonOf(old: PacketRecord, now: PacketRecord): Why['reason'] {
  const only = (from: PacketRecord, other: PacketRecord) =>
    from.reasons.find(({ code }) => !isPlain.has(code) && !other.reasons.some((one) => one.code === code))
  const found = only(now, old)
  if (found !== undefined) return { side: 'new', reason: found }
  const before = only(old, now)
  return before === undefined ? null : { side: 'old', reason: before }
}
