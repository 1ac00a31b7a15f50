import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { bitNames } from '../ruleset/kind/bits.ts'
import { number } from '../ruleset/kind/number.ts'
import { portRange } from '../ruleset/kind/port.ts'
import { portOptions } from './port-options.ts'
import { PortTest } from './port-test.ts'
import { hasHeader } from './transport-header.ts'

/** RFC 4340, 5.1, by number; the last one stands for all that are not defined. */
const types = [
  'REQUEST',
  'RESPONSE',
  'DATA',
  'ACK',
  'DATAACK',
  'CLOSEREQ',
  'CLOSE',
  'RESET',
  'SYNC',
  'SYNCACK',
  'INVALID',
] as const

const typeList: Kind<number> = {
  usage: 'TYPE[,…]',
  expected: `a list of ${types.join(', ')}, commas between`,
  examples: () => ['REQUEST', types.join(','), 'request,data', 'INVALID'],
  words: 1,
  read([text]) {
    let set = 0
    // As strtok: empty elements do not count.
    for (const part of text!.split(',', 256)) {
      if (part === '') continue
      const type = types.indexOf(part.toUpperCase() as (typeof types)[number])
      if (type < 0) return new Refusal(`${shown(part)} is no type of a DCCP packet`)
      set |= 1 << type
    }
    return set
  },
  print: (set) => bitNames(types, set),
}

const ports = portRange({ reversed: 'accepted', decimal: true })
const HEADER = 12
const INVALID = 1 << types.indexOf('INVALID')
/** Types 10 to 15. */
const UNDEFINED = 0xfc00

export const dccp = defineMatch({
  name: 'dccp',
  summary: 'looks at ports, types and options of DCCP',
  implicit: [33],
  protocols: [33],
  options: {
    ...portOptions(ports),
    types: option(typeList, {
      names: ['--dccp-types'],
      summary: 'the packet is of one of these types',
      invertible: true,
    }),
    option: option(number({ min: 1, max: 255 }), {
      names: ['--dccp-option'],
      summary: 'an option of this kind is present',
      invertible: true,
    }),
  },
  /** dccp_mt. */
  compile({ sport, dport, types, option }): Test {
    const source = new PortTest(sport)
    const destination = new PortTest(dport)
    const asked = types === undefined ? 0 : types.value | ((types.value & INVALID) === 0 ? 0 : UNDEFINED)
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return false
      if (packet.transportLength < HEADER) return hasHeader(passage, HEADER)
      if (!hasHeader(passage, 4)) return false
      const { view, transportOffset } = packet
      if (!source.matches(view.getUint16(transportOffset))) return false
      if (!destination.matches(view.getUint16(transportOffset + 2))) return false
      if (types === undefined && option === undefined) return true
      if (!hasHeader(passage, 9)) return false
      const type = (view.getUint8(transportOffset + 8) >> 1) & 15
      if (types !== undefined && ((asked & (1 << type)) !== 0) === types.inverted) return false
      if (option === undefined) return true
      const found = findOption(passage, option.value)
      // Inverted, a packet that it drops is one that it takes.
      return found !== UNKNOWN && (found === YES) !== option.inverted
    }
  },
})

const NO = 0
const YES = 1
const UNKNOWN = 2

/** Bytes behind the generic header, by type: service code, acknowledgment, reset data (RFC 4340, 5.2 to 5.8). */
const lengths = Uint8Array.of(4, 12, 0, 8, 8, 8, 8, 12, 8, 8, 12, 12, 12, 12, 12, 12)

function findOption(passage: Passage, kind: number): number {
  const { view, transportOffset, transportLength, transportCaptured } = passage.packet
  const field = view.getUint8(transportOffset + 8)
  const start = HEADER + ((field & 1) === 0 ? 0 : 4) + lengths[(field >> 1) & 15]!
  const end = view.getUint8(transportOffset + 4) * 4
  if (end === start) return NO
  if (end < start || end > transportLength) {
    passage.stop = STOP_HOTDROP
    return NO
  }
  const known = Math.min(end, transportCaptured)
  let at = start
  while (at < known) {
    const found = view.getUint8(transportOffset + at)
    if (found === kind) return YES
    if (found < 2) at++
    else if (at + 1 < known) at += view.getUint8(transportOffset + at + 1) || 1
    else at = at + 1 < end ? known : end
  }
  if (at >= end) return NO
  passage.stop = STOP_UNKNOWN
  return UNKNOWN
}
