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
/** `CompiledRule.variesFrom`: from nowhere on. */
export const NEVER = 0x3fffffff

const ASKS_SOURCE = 0x01
const ASKS_DESTINATION = 0x02
const ASKS_PROTOCOL = 0x04
const ASKS_FRAGMENT = 0x08
const INVERTS_SOURCE = 0x10
const INVERTS_DESTINATION = 0x20
const INVERTS_PROTOCOL = 0x40
const INVERTS_FRAGMENT = 0x80

const NO_NEXT_HEADER = 59

export interface RuleParts {
  readonly inInterface: InterfaceCondition | null
  readonly outInterface: InterfaceCondition | null
  readonly tests: readonly Test[]
  /** `untoldBits` of the rule. */
  readonly untold: number
  /** As those of `CompiledRule`. */
  readonly variesFrom: number
  readonly answerVariesFrom: number
}

/** One rule of a table, with its counters. */
export class CompiledRule {
  readonly rule: Rule
  /** Its place in its chain, from 1, as `--line-numbers` and TRACE count. */
  readonly number: number
  readonly tests: readonly Test[]
  /** Whom the sieve of its chain lets through, it takes, if it has none of these bits (`untoldBits`). */
  readonly untold: number
  /**
   * The first condition, as FAILED_*, of which packets of one flow are told apart (`isOfFlow`); behind all of them, it is the
   * target that does; or NEVER.
   */
  readonly variesFrom: number
  /** The same, of the SYN+ACK and those behind it. */
  readonly answerVariesFrom: number
  /** ASKS_* and INVERTS_* bits: what the rule compares at all. */
  readonly #asks: number
  /** Of IPv6: source address and mask, destination address and mask, four words each. */
  readonly #words: Int32Array
  // The first words, which are all of IPv4: a field of the object is read quicker.
  readonly #source: number
  readonly #sourceMask: number
  readonly #destination: number
  readonly #destinationMask: number
  readonly #in: InterfaceCondition | null
  readonly #out: InterfaceCondition | null
  readonly #protocol: number
  /** What its target does; null for a jump, and for a rule that only counts. */
  action: Action | null = null
  /** The chain that it leads to. */
  chain: CompiledChain | null = null
  /** Its chain does not return here. */
  isGoto = false
  /** Packets that it took in this run. */
  packets = 0
  /** Their bytes, from the IP header on. */
  bytes = 0
  /** Packets on whose way it had the last word. */
  decided = 0

  constructor(
    rule: Rule,
    number: number,
    { inInterface, outInterface, tests, untold, variesFrom, answerVariesFrom }: RuleParts,
  ) {
    this.rule = rule
    this.number = number
    this.tests = tests
    this.untold = untold
    this.variesFrom = variesFrom
    this.answerVariesFrom = answerVariesFrom
    const { source, destination, protocol, fragment } = rule
    this.#words = wordsOf(source, destination)
    this.#source = source?.address[0] ?? 0
    this.#sourceMask = source?.mask[0] ?? 0
    this.#destination = destination?.address[0] ?? 0
    this.#destinationMask = destination?.mask[0] ?? 0
    this.#in = inInterface
    this.#out = outInterface
    this.#protocol = protocol?.number ?? 0
    let asks = 0
    if (source !== null) asks |= source.inverted ? ASKS_SOURCE | INVERTS_SOURCE : ASKS_SOURCE
    if (destination !== null)
      asks |= destination.inverted ? ASKS_DESTINATION | INVERTS_DESTINATION : ASKS_DESTINATION
    if (protocol !== null) asks |= protocol.inverted ? ASKS_PROTOCOL | INVERTS_PROTOCOL : ASKS_PROTOCOL
    if (fragment !== null) asks |= fragment.inverted ? ASKS_FRAGMENT | INVERTS_FRAGMENT : ASKS_FRAGMENT
    this.#asks = asks
  }

  /** MATCHED, or the first condition that fails (ip_packet_match, ip6_packet_match, then the matches). */
  failedAt(passage: Passage): number {
    const { packet } = passage
    const asks = this.#asks
    if ((asks & ASKS_SOURCE) !== 0) {
      let same = (packet.source0 & this.#sourceMask) === this.#source
      if (same && packet.family === FAMILY_IPV6) same = sourceIn(packet, this.#words)
      if (same === ((asks & INVERTS_SOURCE) !== 0)) return FAILED_SOURCE
    }
    if ((asks & ASKS_DESTINATION) !== 0) {
      let same = (packet.destination0 & this.#destinationMask) === this.#destination
      if (same && packet.family === FAMILY_IPV6) same = destinationIn(packet, this.#words)
      if (same === ((asks & INVERTS_DESTINATION) !== 0)) return FAILED_DESTINATION
    }
    if (this.#in !== null && !this.#in.matches(passage.inInterface)) return FAILED_IN
    if (this.#out !== null && !this.#out.matches(passage.outInterface)) return FAILED_OUT
    if ((asks & ASKS_PROTOCOL) !== 0) {
      // A chain of headers that cannot be followed has no protocol to compare (ip6_packet_match).
      if (packet.issue === ISSUE_CHAIN && packet.protocol !== NO_NEXT_HEADER) {
        passage.stop = STOP_HOTDROP
        return FAILED_PROTOCOL
      }
      if ((packet.protocol === this.#protocol) === ((asks & INVERTS_PROTOCOL) !== 0)) return FAILED_PROTOCOL
    }
    if ((asks & ASKS_FRAGMENT) !== 0 && (packet.fragmentOffset !== 0) === ((asks & INVERTS_FRAGMENT) !== 0))
      return FAILED_FRAGMENT
    const { tests } = this
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(passage)) return FAILED_MATCH + i
    return MATCHED
  }
}

/** The words of an IPv6 source behind the first. */
function sourceIn(packet: Packet, words: Int32Array): boolean {
  return (
    (packet.source1 & words[5]!) === words[1] &&
    (packet.source2 & words[6]!) === words[2] &&
    (packet.source3 & words[7]!) === words[3]
  )
}

function destinationIn(packet: Packet, words: Int32Array): boolean {
  return (
    (packet.destination1 & words[13]!) === words[9] &&
    (packet.destination2 & words[14]!) === words[10] &&
    (packet.destination3 & words[15]!) === words[11]
  )
}

/** An array of its own for each of a hundred thousand IPv4 rules, which never read it, would be a tenth of their memory. */
const noWords = new Int32Array(0)

function wordsOf(source: AddressTest | null, destination: AddressTest | null): Int32Array {
  if ((source ?? destination)?.address.length !== 4) return noWords
  const words = new Int32Array(16)
  words.set(source?.address ?? [], 0)
  words.set(source?.mask ?? [], 4)
  words.set(destination?.address ?? [], 8)
  words.set(destination?.mask ?? [], 12)
  return words
}
