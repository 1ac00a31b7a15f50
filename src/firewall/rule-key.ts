/** What a rule asks of a packet's plain fields, by which it can be found instead of being asked. */
import type { Passage } from '../hook/passage.ts'
import type { Interfaces } from '../host/interfaces.ts'
import { STATE_DNAT, STATE_SNAT } from '../match/connection.ts'
import { ISSUE_NONE, type Packet, PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import type { Range } from '../ruleset/kind/number.ts'
import type { AddressTest, Family, InterfaceTest, Rule, Setting } from '../ruleset/model.ts'

export const FIELD_SOURCE = 0
export const FIELD_DESTINATION = 1
export const FIELD_SOURCE_PORT = 2
export const FIELD_DESTINATION_PORT = 3
export const FIELD_PROTOCOL = 4
export const FIELD_IN = 5
export const FIELD_OUT = 6
export const FIELDS = 7

/** Values of one field that a rule can take. */
export interface RuleKey {
  readonly field: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  /** A guess at the share of packets that have one of them: 0 to 1. */
  readonly share: number
}

/** Wider ranges of ports would stand in too many intervals. */
const WIDEST = 64

/** All states but SNAT and DNAT, which a packet has beside one of the others. */
const ALL_STATES = 0x1f

/** Matches that change nothing and stop no packet: what stands behind them may be looked at first. */
const pure: ReadonlySet<string> = new Set(['comment', 'mark', 'state', 'conntrack', 'tcp', 'udp'])

/** The keys of a rule; none for one that has to be asked about every packet. */
export function keysOf(rule: Rule, family: Family, interfaces: Interfaces): RuleKey[] {
  return [
    ...addressKey(FIELD_SOURCE, rule.source, family),
    ...addressKey(FIELD_DESTINATION, rule.destination, family),
    ...portKeys(rule),
    ...protocolKey(rule),
    ...interfaceKey(FIELD_IN, rule.inInterface, interfaces),
    ...interfaceKey(FIELD_OUT, rule.outInterface, interfaces),
  ]
}

function addressKey(field: number, test: AddressTest | null, family: Family): RuleKey[] {
  if (test === null || test.inverted) return []
  const length = prefixLength(test.mask)
  if (length <= 0) return []
  const { address: from, mask } = test
  const share = 2 ** ((-12 * length) / (family === 'ipv4' ? 32 : 128))
  return [{ field, from, to: from.map((word, index) => word | ~mask[index]!), share }]
}

/** -1 for a mask with holes. */
function prefixLength(mask: readonly number[]): number {
  let length = 0
  let ended = false
  for (const word of mask) {
    const ones = Math.clz32(~word)
    if (ones < 32 && word << ones !== 0) return -1
    if (ended && word !== 0) return -1
    if (ones < 32) ended = true
    length += ones
  }
  return length
}

/** Bits of source port << 16 | destination port that all ports have that a rule takes: their values, and which they are. */
export function askedPorts(rule: Rule): { readonly ports: number; readonly bits: number } {
  let ports = 0
  let bits = 0
  for (const { field, from, to } of portKeys(rule)) {
    const first = from[0]! >>> 16
    const differing = 32 - Math.clz32(first ^ (to[0]! >>> 16))
    const same = (0xffff << differing) & 0xffff
    const shift = field === FIELD_SOURCE_PORT ? 16 : 0
    ports |= (first & same) << shift
    bits |= same << shift
  }
  return { ports, bits }
}

function portKeys({ protocol, matches }: Rule): RuleKey[] {
  if (protocol === null || protocol.inverted) return []
  const name = protocol.number === PROTOCOL_TCP ? 'tcp' : protocol.number === PROTOCOL_UDP ? 'udp' : null
  const place = matches.findIndex((match) => match.name === name)
  if (place < 0 || !matches.slice(0, place).every((match) => pure.has(match.name))) return []
  const { sport, dport } = matches[place]!.options as Readonly<Record<string, Setting<Range> | undefined>>
  return [...portKey(FIELD_SOURCE_PORT, sport), ...portKey(FIELD_DESTINATION_PORT, dport)]
}

function portKey(field: number, setting: Setting<Range> | undefined): RuleKey[] {
  if (setting === undefined || setting.inverted) return []
  const { from, to } = setting.value
  if (to < from || to - from >= WIDEST) return []
  return [{ field, from: [from << 16], to: [(to << 16) | 0xffff], share: 1 / 64 }]
}

function protocolKey({ protocol }: Rule): RuleKey[] {
  if (protocol === null || protocol.inverted) return []
  const { number } = protocol
  const share = number === PROTOCOL_TCP ? 0.6 : number === PROTOCOL_UDP ? 0.3 : 0.05
  return [{ field: FIELD_PROTOCOL, from: [number], to: [number], share }]
}

function interfaceKey(field: number, test: InterfaceTest | null, interfaces: Interfaces): RuleKey[] {
  const number = exactInterface(test, interfaces)
  return number === null ? [] : [{ field, from: [number], to: [number], share: 0.3 }]
}

/** The number of the one interface that a packet must have; null where it may be any of several. */
export function exactInterface(test: InterfaceTest | null, interfaces: Interfaces): number | null {
  return test === null || test.inverted || test.name.endsWith('+') ? null : interfaces.numberOf(test.name)
}

/** Bits of `stateNames`: a packet that has one of these states is not for the rule. */
export function refusedStates({ matches }: Rule): number {
  let refused = 0
  for (const { name, options } of matches) {
    const { state, ctstate, tcpOption } = options as Readonly<Record<string, Setting<number> | undefined>>
    const asked = name === 'state' ? state : name === 'conntrack' ? ctstate : undefined
    if (asked !== undefined) {
      const isTranslated = (asked.value & (STATE_SNAT | STATE_DNAT)) !== 0
      if (asked.inverted) refused |= asked.value & ALL_STATES
      else if (!isTranslated) refused |= ~asked.value & ALL_STATES
    }
    // The search for an option may stop a packet.
    if (!pure.has(name) || tcpOption !== undefined) break
  }
  return refused
}

/**
 * Can this packet be looked up by its fields? One with an odd or short header cannot: a match may drop it at once, or
 * ask for bytes that are not there, so that the order in which rules are asked shows.
 */
export function canBeLookedUp(packet: Packet): boolean {
  if (packet.issue !== ISSUE_NONE || packet.fragmentOffset !== 0) return false
  if (packet.protocol === PROTOCOL_TCP) return packet.transportCaptured >= 20 && packet.tcpHeaderLength >= 20
  return packet.protocol !== PROTOCOL_UDP || packet.transportCaptured >= 8
}

/** Reads a field's value: word `index` of it. */
export function fieldWord(field: number, passage: Passage, index: number): number {
  const { packet } = passage
  switch (field) {
    case FIELD_SOURCE:
      return index === 0
        ? packet.source0
        : index === 1
          ? packet.source1
          : index === 2
            ? packet.source2
            : packet.source3
    case FIELD_DESTINATION:
      return index === 0
        ? packet.destination0
        : index === 1
          ? packet.destination1
          : index === 2
            ? packet.destination2
            : packet.destination3
    case FIELD_SOURCE_PORT:
      return packet.sourcePort << 16
    case FIELD_DESTINATION_PORT:
      return packet.destinationPort << 16
    case FIELD_PROTOCOL:
      return packet.protocol
    case FIELD_IN:
      return passage.inInterface
    default:
      return passage.outInterface
  }
}

/** Reads the first word of every field, which is all there is of most. */
export function firstWords({ packet, inInterface, outInterface }: Passage, words: Int32Array): void {
  words[FIELD_SOURCE] = packet.source0
  words[FIELD_DESTINATION] = packet.destination0
  words[FIELD_SOURCE_PORT] = packet.sourcePort << 16
  words[FIELD_DESTINATION_PORT] = packet.destinationPort << 16
  words[FIELD_PROTOCOL] = packet.protocol
  words[FIELD_IN] = inInterface
  words[FIELD_OUT] = outInterface
}

/** Words of a field's value. */
export function fieldWidth(field: number, family: Family): number {
  return family === 'ipv6' && (field === FIELD_SOURCE || field === FIELD_DESTINATION) ? 4 : 1
}
