/** A rule made ready to be asked: what every rule may compare, then its matches in their order. */
import type { Action, Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP } from '../hook/passage.ts'
import { FAMILY_IPV6, ISSUE_CHAIN, type Packet } from '../packet/packet.ts'
import type { AddressTest, Rule } from '../ruleset/model.ts'
import type { CompiledChain } from './compiled-chain.ts'
import type { InterfaceCondition } from './interface-test.ts'

/** `CompiledRule.failedAt`: every condition holds. */
export const MATCHED = -1
/** The first condition that failed, in the order in which Linux asks; matches follow from FAILED_MATCH on. */
export const FAILED_SOURCE = 0
export const FAILED_DESTINATION = 1
export const FAILED_IN = 2
export const FAILED_OUT = 3
export const FAILED_PROTOCOL = 4
export const FAILED_FRAGMENT = 5
export const FAILED_MATCH = 6

const NO_NEXT_HEADER = 59

/** What becomes of a packet that the rule takes. */
export type Consequence =
  | { readonly kind: 'action'; readonly action: Action }
  | { readonly kind: 'jump' | 'goto'; readonly chain: CompiledChain }
  /** No target: it is counted. */
  | { readonly kind: 'count' }

export interface RuleParts {
  readonly inInterface: InterfaceCondition | null
  readonly outInterface: InterfaceCondition | null
  readonly tests: readonly Test[]
}

/** One rule of a table, with its counters. */
export class CompiledRule {
  readonly rule: Rule
  /** Its place in its chain, from 1, as `--line-numbers` and TRACE count. */
  readonly number: number
  readonly tests: readonly Test[]
  readonly source: AddressTest | null
  readonly destination: AddressTest | null
  readonly inInterface: InterfaceCondition | null
  readonly outInterface: InterfaceCondition | null
  /** -1: any. */
  readonly protocol: number
  readonly protocolInverted: boolean
  /** 0: not asked; 1: later fragments; 2: all others. */
  readonly fragment: number
  /** Null until the chains that it may lead to are there. */
  consequence: Consequence = { kind: 'count' }
  /** Packets that it took in this run. */
  packets = 0
  /** Their bytes, from the IP header on. */
  bytes = 0

  constructor(rule: Rule, number: number, { inInterface, outInterface, tests }: RuleParts) {
    this.rule = rule
    this.number = number
    this.tests = tests
    this.source = rule.source
    this.destination = rule.destination
    this.inInterface = inInterface
    this.outInterface = outInterface
    this.protocol = rule.protocol?.number ?? -1
    this.protocolInverted = rule.protocol?.inverted ?? false
    this.fragment = rule.fragment === null ? 0 : rule.fragment.inverted ? 2 : 1
  }

  /** MATCHED, or the first condition that fails (ip_packet_match, ip6_packet_match, then the matches). */
  failedAt(passage: Passage): number {
    const { packet } = passage
    const { source, destination } = this
    if (source !== null && sourceIn(packet, source) === source.inverted) return FAILED_SOURCE
    if (destination !== null && destinationIn(packet, destination) === destination.inverted)
      return FAILED_DESTINATION
    if (this.inInterface !== null && !this.inInterface.matches(passage.inInterface)) return FAILED_IN
    if (this.outInterface !== null && !this.outInterface.matches(passage.outInterface)) return FAILED_OUT
    if (this.protocol >= 0) {
      // A chain of headers that cannot be followed has no protocol to compare (ip6_packet_match).
      if (packet.issue === ISSUE_CHAIN && packet.protocol !== NO_NEXT_HEADER) {
        passage.stop = STOP_HOTDROP
        return FAILED_PROTOCOL
      }
      if ((packet.protocol === this.protocol) === this.protocolInverted) return FAILED_PROTOCOL
    }
    if (this.fragment !== 0 && (packet.fragmentOffset !== 0) !== (this.fragment === 1)) return FAILED_FRAGMENT
    const { tests } = this
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(passage)) return FAILED_MATCH + i
    return MATCHED
  }
}

function sourceIn(packet: Packet, { address, mask }: AddressTest): boolean {
  if ((packet.source0 & mask[0]!) !== address[0]) return false
  return (
    packet.family !== FAMILY_IPV6 ||
    ((packet.source1 & mask[1]!) === address[1] &&
      (packet.source2 & mask[2]!) === address[2] &&
      (packet.source3 & mask[3]!) === address[3])
  )
}

function destinationIn(packet: Packet, { address, mask }: AddressTest): boolean {
  if ((packet.destination0 & mask[0]!) !== address[0]) return false
  return (
    packet.family !== FAMILY_IPV6 ||
    ((packet.destination1 & mask[1]!) === address[1] &&
      (packet.destination2 & mask[2]!) === address[2] &&
      (packet.destination3 & mask[3]!) === address[3])
  )
}
