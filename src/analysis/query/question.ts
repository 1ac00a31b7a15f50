/** A selection of the filter language as sets of packets. */
import {
  type Direction,
  type Expression,
  PORT_PROTOCOLS,
  PROTOCOL_WORDS,
  type Term,
} from '../../filter/expression.ts'
import { networkOf } from '../../filter/network.ts'
import type { Address } from '../../packet/address.ts'
import { FAMILY_IPV4 } from '../../packet/packet.ts'
import { type Box, everything, isInside, meet, minus } from '../box.ts'
import { between, type Intervals, isEverything, one, union } from '../intervals.ts'
import {
  ESTABLISHED,
  FIELD_DESTINATION,
  FIELD_DESTINATION_PORT,
  FIELD_IN,
  FIELD_OUT,
  FIELD_PROTOCOL,
  FIELD_SOURCE,
  FIELD_SOURCE_PORT,
  FIELD_STATE,
  INVALID,
  NEW,
  nameRange,
  RELATED,
  type Space,
  statesWith,
  UNTRACKED,
  wide,
} from '../space.ts'

/** Thrown for a selection that says something other than what a packet is; the message names it. */
export class NoQuestion extends Error {
  /** By which it is told from other errors. */
  override readonly name = 'NoQuestion'
}

const MOST_BOXES = 500
const IPV6_BITS = 128

const stateBits: Readonly<Record<string, number>> = { INVALID, NEW, RELATED, ESTABLISHED, UNTRACKED }

/** The terms of an expression, whatever stands between them. */
function termsOf(expression: Expression): Term[] {
  if (expression.kind === 'not') return termsOf(expression.operand)
  if (expression.kind !== 'chain') return [expression]
  return [expression.first, ...expression.rest.map(({ operand }) => operand)].flatMap(termsOf)
}

/** Where the selection cuts the scales of a space: to be given to it. */
export function cutsOf(expression: Expression): { readonly names: string[]; readonly addresses: bigint[] } {
  const names: string[] = []
  const addresses: bigint[] = []
  for (const term of termsOf(expression)) {
    if (term.kind === 'in' || term.kind === 'out')
      names.push(...term.words.flatMap((word) => nameRange(word)))
    if ((term.kind !== 'host' && term.kind !== 'net') || term.address.family === FAMILY_IPV4) continue
    const { from, behind } = wideRange(term.address, term.kind === 'net' ? term.prefix : IPV6_BITS)
    addresses.push(from, ...(behind < 1n << 128n ? [behind] : []))
  }
  return { names: names.filter((name) => !name.startsWith('\uffff')), addresses }
}

function wideRange(address: Address, prefix: number): { readonly from: bigint; readonly behind: bigint } {
  const from = wide(networkOf(address, prefix).words)
  return { from, behind: from + (1n << BigInt(IPV6_BITS - prefix)) }
}

/**
 * The packets of a selection, as boxes that may overlap.
 *
 * @throws NoQuestion for words about captures and connections, and where there are too many cases
 */
export function questionOf(expression: Expression, space: Space): readonly Box[] {
  switch (expression.kind) {
    case 'not':
      return inverse(questionOf(expression.operand, space), space)
    case 'chain': {
      let boxes = questionOf(expression.first, space)
      for (const { operator, operand } of expression.rest) {
        const more = questionOf(operand, space)
        const joined =
          operator === 'or'
            ? boxes.concat(more)
            : boxes.flatMap((box) => more.flatMap((other) => both(box, other)))
        boxes = bounded(joined)
      }
      return boxes
    }
    default:
      return termBoxes(expression, space)
  }
}

function both(a: Box, b: Box): Box[] {
  const met = meet(a, b)
  return met === null ? [] : [met]
}

function bounded(boxes: readonly Box[]): readonly Box[] {
  const all = boxes.filter((box, i) => !boxes.some((other, j) => j < i && isInside(box, other)))
  if (all.length > MOST_BOXES)
    throw new NoQuestion('the selection has too many cases: ask for less at a time')
  return all
}

function inverse(boxes: readonly Box[], { sizes }: Space): readonly Box[] {
  let rest: readonly Box[] = [everything]
  for (const box of boxes) rest = bounded(rest.flatMap((left) => minus(left, box, sizes)))
  return rest
}

function termBoxes(term: Term, space: Space): readonly Box[] {
  const family = space.family === 'ipv4' ? 'ip' : 'ip6'
  const field = (number: number, set: Intervals): readonly Box[] => {
    if (set.length === 0) return []
    return [isEverything(set, space.sizes[number]!) ? everything : [{ field: number, set }]]
  }
  switch (term.kind) {
    case 'family':
      return term.family === family ? [everything] : []
    case 'protocol':
      return field(FIELD_PROTOCOL, one(PROTOCOL_WORDS[term.protocol]))
    case 'proto':
      return term.family === null || term.family === family ? field(FIELD_PROTOCOL, one(term.number)) : []
    case 'host':
    case 'net': {
      if ((term.address.family === FAMILY_IPV4) !== (family === 'ip')) return []
      const set = addressSet(term.address, term.kind === 'net' ? term.prefix : null, space)
      return ends(term.direction, field(FIELD_SOURCE, set), field(FIELD_DESTINATION, set))
    }
    case 'port': {
      const words = term.protocol === null ? PORT_PROTOCOLS : [term.protocol]
      const protocols = field(FIELD_PROTOCOL, union(words.map((word) => one(PROTOCOL_WORDS[word]))))
      const set = between(term.range[0], term.range[1])
      const of = ends(term.direction, field(FIELD_SOURCE_PORT, set), field(FIELD_DESTINATION_PORT, set))
      return of.flatMap((box) => protocols.flatMap((protocol) => both(box, protocol)))
    }
    case 'in':
      return field(FIELD_IN, union(term.words.map((name) => space.interfaces(name))))
    case 'out':
      return field(FIELD_OUT, union(term.words.map((name) => space.interfaces(name))))
    case 'ctstate':
      return field(FIELD_STATE, union(term.words.map((word) => statesWith(stateBits[word]!))))
    default:
      throw new NoQuestion(
        `"${term.kind}" says nothing about what a packet is: ask by host, net, port, tcp, udp, icmp, proto, in, out and ctstate`,
      )
  }
}

function addressSet(address: Address, prefix: number | null, space: Space): Intervals {
  const words = [...address.words].slice(0, address.family === FAMILY_IPV4 ? 1 : 4)
  if (prefix === null) return space.addressRange(words, words)
  const { words: first } = networkOf(address, prefix)
  const last = words.map((_, i) => first[i]! | ~maskWord(prefix, i))
  return space.addressRange([...first].slice(0, words.length), last)
}

function maskWord(prefix: number, index: number): number {
  const bits = Math.max(0, Math.min(32, prefix - 32 * index))
  return bits === 0 ? 0 : -1 << (32 - bits)
}

function ends(direction: Direction, source: readonly Box[], destination: readonly Box[]): readonly Box[] {
  switch (direction) {
    case 'src':
      return source
    case 'dst':
      return destination
    case 'src or dst':
      return [...source, ...destination]
    case 'src and dst':
      return source.flatMap((box) => destination.flatMap((other) => both(box, other)))
  }
}
