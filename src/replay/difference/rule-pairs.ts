/**
 * Which rule of NEW is which of OLD: the same text in the same chain, in the order in which it occurs there. A rule that
 * others have overtaken has moved; what is left over at the same place on both sides has been changed.
 */
import type { CompiledChain } from '../../firewall/compiled-chain.ts'
import type { CompiledRule } from '../../firewall/compiled-rule.ts'
import type { Program } from '../../firewall/program.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import { printRule } from '../../ruleset/printer.ts'

/** A chain of one side. */
export interface ChainOfSide {
  readonly ruleset: Ruleset
  readonly chain: CompiledChain
}

/** A chain on both sides; null where a side has none. Rules by their index in their chain. */
export interface ChainPair {
  readonly table: string
  readonly name: string
  readonly old: ChainOfSide | null
  readonly now: ChainOfSide | null
  /** By index in OLD: the same rule in NEW, or -1. */
  readonly newOf: Int32Array
  /** By index in NEW: the same rule in OLD, or -1. */
  readonly oldOf: Int32Array
  /** By index in NEW: overtook others, or was overtaken. */
  readonly moved: Uint8Array
  /** By index in OLD: what stands in NEW in place of a rule that is gone, or -1. */
  readonly becameOf: Int32Array
  /** By index in NEW: what it stands in place of, or -1. */
  readonly wasOf: Int32Array
}

/** The chains of both sides; a program is null where a side has no rules of the family. */
export function pairChains(old: Program | null, now: Program | null): ChainPair[] {
  const pairs: ChainPair[] = []
  const tables = new Set([...(old?.tables.keys() ?? []), ...(now?.tables.keys() ?? [])])
  for (const table of tables) {
    const before = old?.tables.get(table)?.chains
    const after = now?.tables.get(table)?.chains
    for (const name of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
      const a = before?.get(name)
      const b = after?.get(name)
      pairs.push(
        pairRules(
          table,
          name,
          a === undefined ? null : { ruleset: old!.ruleset, chain: a },
          b === undefined ? null : { ruleset: now!.ruleset, chain: b },
        ),
      )
    }
  }
  return pairs
}

function pairRules(table: string, name: string, old: ChainOfSide | null, now: ChainOfSide | null): ChainPair {
  const before = textsOf(old)
  const after = textsOf(now)
  const newOf = new Int32Array(before.length).fill(-1)
  const oldOf = new Int32Array(after.length).fill(-1)
  const places = new Map<string, number[]>()
  after.forEach((text, index) => {
    const list = places.get(text)
    if (list === undefined) places.set(text, [index])
    else list.push(index)
  })
  for (const list of places.values()) list.reverse()
  before.forEach((text, index) => {
    const place = places.get(text)?.pop()
    if (place === undefined) return
    newOf[index] = place
    oldOf[place] = index
  })
  const moved = movedOf(oldOf)
  return { table, name, old, now, newOf, oldOf, moved, ...replaced(newOf, oldOf, moved) }
}

function textsOf(side: ChainOfSide | null): string[] {
  return side === null ? [] : side.chain.rules.map(({ rule }: CompiledRule) => printRule(rule, side.ruleset))
}

/** All but the longest run of pairs that keeps its order (patience sorting). */
function movedOf(oldOf: Int32Array): Uint8Array {
  const moved = new Uint8Array(oldOf.length)
  const before = new Int32Array(oldOf.length).fill(-1)
  /** By length of a run: where the one that ends lowest ends. */
  const ends: number[] = []
  for (let i = 0; i < oldOf.length; i++) {
    if (oldOf[i] === -1) continue
    moved[i] = 1
    let low = 0
    for (let high = ends.length; low < high; ) {
      const middle = (low + high) >> 1
      if (oldOf[ends[middle]!]! < oldOf[i]!) low = middle + 1
      else high = middle
    }
    before[i] = low === 0 ? -1 : ends[low - 1]!
    ends[low] = i
  }
  for (let i = ends.at(-1) ?? -1; i !== -1; i = before[i]!) moved[i] = 0
  return moved
}

/** Between the same neighbours, what is gone and what is new are taken for each other, in order. */
function replaced(newOf: Int32Array, oldOf: Int32Array, moved: Uint8Array) {
  const becameOf = new Int32Array(newOf.length).fill(-1)
  const wasOf = new Int32Array(oldOf.length).fill(-1)
  let a = 0
  let b = 0
  const stays = (index: number) => newOf[index] !== -1 && moved[newOf[index]!] === 0
  const stayed = (index: number) => oldOf[index] !== -1 && moved[index] === 0
  while (a < newOf.length || b < oldOf.length) {
    const gone: number[] = []
    const added: number[] = []
    for (; a < newOf.length && !stays(a); a++) if (newOf[a] === -1) gone.push(a)
    for (; b < oldOf.length && !stayed(b); b++) if (oldOf[b] === -1) added.push(b)
    for (let i = 0; i < Math.min(gone.length, added.length); i++) {
      becameOf[gone[i]!] = added[i]!
      wasOf[added[i]!] = gone[i]!
    }
    a++
    b++
  }
  return { becameOf, wasOf }
}
