/**
 * One comparison a rule tells most of those that cannot take a packet, by what they ask of its plain fields: eight words for
 * each rule in a row, so that ten rules are a few cache lines.
 */
import { CTINFO_NONE } from '../conntrack/status.ts'
import type { Passage } from '../hook/passage.ts'
import type { Interfaces } from '../host/interfaces.ts'
import { STATE_DNAT, STATE_SNAT, stateBit } from '../match/connection.ts'
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import type { Range } from '../ruleset/kind/number.ts'
import type { Family, Rule, Settings } from '../ruleset/model.ts'
import { askedPorts, exactInterface, refusedStates } from './rule-key.ts'

/** Words of a rule: what a field is to be, and which of its bits are asked. */
const WORDS = 8
const PLACE_SHIFT = 3

// The last field is several: protocol, the bit of the state, the lower bits of the numbers of both interfaces.
const PROTOCOL_BITS = 0xff
const STATE_SHIFT = 8
/** In place of a state: nobody judged the packet. */
const UNJUDGED = 0x2000
const IN_SHIFT = 14
const OUT_SHIFT = 22
const INTERFACE_BITS = 0xff
/** Set for every packet. */
export const UNTOLD = 0x40000000

/** By CTINFO_*. */
const stateBits = Int32Array.from(
  { length: CTINFO_NONE + 1 },
  (_, ctinfo) => UNTOLD | (ctinfo === CTINFO_NONE ? UNJUDGED : stateBit(ctinfo) << STATE_SHIFT),
)

/** The fields of a packet as a sieve compares them. Targets that let a table go on change none of them. */
export class Sifted {
  source = 0
  destination = 0
  /** Source port << 16 | destination port. */
  ports = 0
  rest = 0

  read({ packet, outcome, inInterface, outInterface }: Passage): void {
    this.source = packet.source0
    this.destination = packet.destination0
    this.ports = (packet.sourcePort << 16) | packet.destinationPort
    this.rest =
      packet.protocol |
      stateBits[outcome.ctinfo]! |
      ((inInterface & INTERFACE_BITS) << IN_SHIFT) |
      ((outInterface & INTERFACE_BITS) << OUT_SHIFT)
  }
}

/** Of the rules of one chain. A rule that is left out would have failed at a condition that changes nothing. */
export class Sieve {
  readonly #words: Int32Array

  /** `raw`: in table raw no packet has a state yet. */
  constructor(rules: readonly { readonly rule: Rule }[], raw: boolean, interfaces: Interfaces) {
    this.#words = new Int32Array(rules.length * WORDS)
    for (let place = 0; place < rules.length; place++)
      writeWords(this.#words, place << PLACE_SHIFT, rules[place]!.rule, raw, interfaces)
  }

  /** The first of the places from `from` to `to` (exclusive) whose rule may take the packet; `to` if there is none. */
  next(from: number, to: number, { source, destination, ports, rest }: Sifted): number {
    const words = this.#words
    for (let place = from; place < to; place++) {
      const at = place << PLACE_SHIFT
      if (((ports ^ words[at]!) & words[at + 1]!) !== 0) continue
      if (((source ^ words[at + 2]!) & words[at + 3]!) !== 0) continue
      if (((destination ^ words[at + 4]!) & words[at + 5]!) !== 0) continue
      if (((rest ^ words[at + 6]!) & words[at + 7]!) === 0) return place
    }
    return to
  }
}

/**
 * A rule that lets a packet through its sieve takes it, if the packet has none of these bits of `Sifted.rest`: nothing else is
 * asked. Every packet has one of them where a rule asks what no sieve knows.
 */
export function untoldBits(rule: Rule, family: Family, raw: boolean): number {
  const { source, destination, protocol, fragment, inInterface, outInterface, matches } = rule
  if (fragment !== null || inInterface !== null || outInterface !== null) return UNTOLD
  if (source?.inverted === true || destination?.inverted === true || protocol?.inverted === true)
    return UNTOLD
  if (family === 'ipv6' && (source !== null || destination !== null)) return UNTOLD
  let untold = 0
  let asksPorts = false
  for (const { name, options } of matches) {
    if (name === 'comment') continue
    if (name === 'state' || name === 'conntrack') {
      if (raw || !isStateAlone(options)) return UNTOLD
      untold = UNJUDGED
    } else {
      if (asksPorts || name !== portMatches[protocol?.number ?? 0] || !arePortsExact(options)) return UNTOLD
      asksPorts = true
    }
  }
  return untold
}

const portMatches: Readonly<Record<number, string>> = { [PROTOCOL_TCP]: 'tcp', [PROTOCOL_UDP]: 'udp' }

/** Nothing but states is asked, and not whether the connection is translated. */
function isStateAlone(options: Settings): boolean {
  return Object.entries(options).every(
    ([key, { value }]) =>
      (key === 'state' || key === 'ctstate') && ((value as number) & (STATE_SNAT | STATE_DNAT)) === 0,
  )
}

function arePortsExact(options: Settings): boolean {
  return Object.entries(options).every(([key, { value, inverted }]) => {
    const { from, to } = value as Range
    return (key === 'sport' || key === 'dport') && !inverted && from === to
  })
}

function writeWords(words: Int32Array, at: number, rule: Rule, raw: boolean, interfaces: Interfaces): void {
  const { source, destination, protocol, inInterface, outInterface } = rule
  const { ports, bits } = askedPorts(rule)
  words[at] = ports
  words[at + 1] = bits
  if (source !== null && !source.inverted) {
    words[at + 2] = source.address[0]!
    words[at + 3] = source.mask[0]!
  }
  if (destination !== null && !destination.inverted) {
    words[at + 4] = destination.address[0]!
    words[at + 5] = destination.mask[0]!
  }
  let rest = 0
  let asked = 0
  if (protocol !== null && !protocol.inverted) {
    rest |= protocol.number
    asked |= PROTOCOL_BITS
  }
  // The state's bit is compared with none, where it must not be set.
  if (!raw) asked |= refusedStates(rule) << STATE_SHIFT
  const into = exactInterface(inInterface, interfaces)
  if (into !== null) {
    rest |= (into & INTERFACE_BITS) << IN_SHIFT
    asked |= INTERFACE_BITS << IN_SHIFT
  }
  const out = exactInterface(outInterface, interfaces)
  if (out !== null) {
    rest |= (out & INTERFACE_BITS) << OUT_SHIFT
    asked |= INTERFACE_BITS << OUT_SHIFT
  }
  words[at + 6] = rest
  words[at + 7] = asked
}
