/** What a rule asks of a packet's plain fields, by which it can be found instead of being asked. */
import type { Passage } from '../hook/passage.ts'
import type { Interfaces } from '../host/interfaces.ts'
import { STATE_DNAT, STATE_SNAT } from '../match/connection.ts'
import { ISSUE_NONE, type Packet, PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import type { Range } from '../ruleset/kind/number.ts'
import type { AddressTest, Family, InterfaceTest, Rule, Setting } from '../ruleset/model.ts'
import type { ItemRange } from './interval-cut.ts'

export const FIELD_SOURCE = 0
export const FIELD_DESTINATION = 1
export const FIELD_SOURCE_PORT = 2
export const FIELD_DESTINATION_PORT = 3
export const FIELD_PROTOCOL = 4
export const FIELD_IN = 5
export const FIELD_OUT = 6
export const FIELDS = 7

/** Values of one field that a rule can take; `item` is the place of the rule in its chain. */
export interface RuleKey extends ItemRange {
  readonly field: number
  /** A guess at the share of packets that have one of them: 0 to 1. */
  readonly share: number
}

interface Ports {
  readonly sport?: Setting<Range>
  readonly dport?: Setting<Range>
}

type Values = Pick<RuleKey, 'from' | 'to' | 'share'>

/** Wider ranges of ports would stand in too many intervals. */
const WIDEST = 64

/** All states but SNAT and DNAT, which a packet has beside one of the others. */
const ALL_STATES = 0x1f

/** Matches that change nothing and stop no packet: what stands behind them may be looked at first. */
const pure: ReadonlySet<string> = new Set(['comment', 'mark', 'state', 'conntrack', 'tcp', 'udp'])

/** The keys of a rule at a place of its chain; none for one that has to be asked about every packet. */
export function keysOf(rule: Rule, place: number, family: Family, interfaces: Interfaces): RuleKey[] {
  const keys: RuleKey[] = []
  const add = (field: number, values: Values | null) => {
    if (values !== null) keys.push({ field, item: place, ...values })
  }
  add(FIELD_SOURCE, addressValues(rule.source, family))
  add(FIELD_DESTINATION, addressValues(rule.destination, family))
  const ports = portsOf(rule)
  add(FIELD_SOURCE_PORT, portValues(ports?.sport))
  add(FIELD_DESTINATION_PORT, portValues(ports?.dport))
  add(FIELD_PROTOCOL, protocolValues(rule))
  add(FIELD_IN, interfaceValues(rule.inInterface, interfaces))
  add(FIELD_OUT, interfaceValues(rule.outInterface, interfaces))
  return keys
}

function addressValues(test: AddressTest | null, family: Family): Values | null {
  if (test === null || test.inverted) return null
  const length = prefixLength(test.mask)
  if (length <= 0) return null
  const { address: from, mask } = test
  const share = 2 ** ((-12 * length) / (family === 'ipv4' ? 32 : 128))
  return {
    from,
    to: length === mask.length * 32 ? from : from.map((word, index) => word | ~mask[index]!),
    share,
  }
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
  const { sport, dport } = portsOf(rule) ?? {}
  const ask = (setting: Setting<Range> | undefined, shift: number) => {
    if (setting === undefined || !isNarrow(setting)) return
    const { from, to } = setting.value
    const differing = 32 - Math.clz32(from ^ to)
    const same = (0xffff << differing) & 0xffff
    ports |= (from & same) << shift
    bits |= same << shift
  }
  ask(sport, 16)
  ask(dport, 0)
  return { ports, bits }
}

/** What a rule asks of ports, where that may be looked at first. */
function portsOf({ protocol, matches }: Rule): Ports | null {
  if (protocol === null || protocol.inverted) return null
  const name = protocol.number === PROTOCOL_TCP ? 'tcp' : protocol.number === PROTOCOL_UDP ? 'udp' : null
  for (const match of matches) {
    if (match.name === name) return match.options
    if (!pure.has(match.name)) return null
  }
  return null
}

function isNarrow({ inverted, value: { from, to } }: Setting<Range>): boolean {
  return !inverted && to >= from && to - from < WIDEST
}

function portValues(setting: Setting<Range> | undefined): Values | null {
  if (setting === undefined || !isNarrow(setting)) return null
  const { from, to } = setting.value
  return { from: [from << 16], to: [(to << 16) | 0xffff], share: 1 / 64 }
}

function protocolValues({ protocol }: Rule): Values | null {
  return protocol === null || protocol.inverted ? null : protocols[protocol.number]!
}

/** By number: one object for all rules that ask for it. */
const protocols: readonly Values[] = Array.from({ length: 256 }, (_, number) => ({
  from: [number],
  to: [number],
  share: number === PROTOCOL_TCP ? 0.6 : number === PROTOCOL_UDP ? 0.3 : 0.05,
}))

function interfaceValues(test: InterfaceTest | null, interfaces: Interfaces): Values | null {
  const number = exactInterface(test, interfaces)
  return number === null ? null : { from: [number], to: [number], share: 0.3 }
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
