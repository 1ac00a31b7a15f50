/** A parsed selection, and its canonical text: what `parseFilter` reads, it reads back equal. */
import type { Address } from '../packet/address.ts'
import { addressText } from './network.ts'

/** Which ends must match: `src`, `dst`, `src or dst` (the default), `src and dst`. */
export type Direction = 'src' | 'dst' | 'src or dst' | 'src and dst'

export type FamilyWord = 'ip' | 'ip6'

/** Protocols that have a word of their own, and their numbers. */
export const PROTOCOL_WORDS = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  icmp6: 58,
  sctp: 132,
  udplite: 136,
} as const

export type ProtocolWord = keyof typeof PROTOCOL_WORDS

/** Protocols that have ports. */
export const PORT_PROTOCOLS = ['tcp', 'udp', 'sctp', 'udplite'] as const satisfies readonly ProtocolWord[]

export type PortProtocol = (typeof PORT_PROTOCOLS)[number]

/** Lowest and highest value that match. */
export type Range = readonly [low: number, high: number]

/** Words of `reason`, `state` and the like, compared as they stand; a last `*` stands for any rest. */
export type Words = readonly string[]

export type Term =
  | { readonly kind: 'family'; readonly family: FamilyWord }
  | { readonly kind: 'protocol'; readonly protocol: ProtocolWord }
  | { readonly kind: 'proto'; readonly family: FamilyWord | null; readonly number: number }
  | {
      readonly kind: 'host'
      readonly family: FamilyWord | null
      readonly direction: Direction
      readonly address: Address
    }
  | {
      readonly kind: 'net'
      readonly family: FamilyWord | null
      readonly direction: Direction
      readonly address: Address
      readonly prefix: number
    }
  | {
      readonly kind: 'port'
      readonly protocol: PortProtocol | null
      readonly direction: Direction
      readonly range: Range
    }
  | { readonly kind: 'less' | 'greater'; readonly length: number }
  | { readonly kind: 'frame'; readonly ranges: readonly Range[] }
  /** Names of interfaces; a last `+` stands for any rest, as in rules. */
  | { readonly kind: 'in' | 'out'; readonly words: Words }
  | { readonly kind: 'ctstate' | 'verdict'; readonly words: Words }
  | { readonly kind: 'state'; readonly words: Words }
  | { readonly kind: 'reason'; readonly words: Words }

/**
 * `and` and `or` bind equally tight, from left to right, as tcpdump reads them: a chain is a list of operands,
 * each but the first with the operator in front of it.
 */
export type Expression =
  | Term
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'chain'; readonly first: Expression; readonly rest: readonly Link[] }

export interface Link {
  readonly operator: 'and' | 'or'
  readonly operand: Expression
}

/** The expression in full: no word left out that could be, a pair of parentheses round every inner chain. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'not':
      return `not ${formatOperand(expression.operand)}`
    case 'chain':
      return [
        formatOperand(expression.first),
        ...expression.rest.map((link) => `${link.operator} ${formatOperand(link.operand)}`),
      ].join(' ')
    default:
      return formatTerm(expression)
  }
}

function formatOperand(expression: Expression): string {
  return expression.kind === 'chain' ? `(${formatExpression(expression)})` : formatExpression(expression)
}

function formatTerm(term: Term): string {
  switch (term.kind) {
    case 'family':
      return term.family
    case 'protocol':
      return term.protocol
    case 'proto':
      return `${front(term.family)}proto ${term.number}`
    case 'host':
      return `${front(term.family)}${ends(term.direction)}host ${addressText(term.address)}`
    case 'net':
      return `${front(term.family)}${ends(term.direction)}net ${addressText(term.address)}/${term.prefix}`
    case 'port': {
      const [low, high] = term.range
      const what = low === high ? `port ${low}` : `portrange ${low}-${high}`
      return `${front(term.protocol)}${ends(term.direction)}${what}`
    }
    case 'less':
    case 'greater':
      return `${term.kind} ${term.length}`
    case 'frame':
      return `frame ${term.ranges.map(([low, high]) => (low === high ? low : `${low}-${high}`)).join(',')}`
    default:
      return `${term.kind} ${term.words.join(',')}`
  }
}

const front = (word: string | null) => (word === null ? '' : `${word} `)
/** As written in front of `host` and the rest: with a space behind it, or nothing for either end. */
export const ends = (direction: Direction) => (direction === 'src or dst' ? '' : `${direction} `)
