/** Which packets can be of a state at all: ICMP's type says whether it opens a connection, answers, or tells an error. */
import { isIcmpError, isIcmpRequest, isIcmpv6Request, isIcmpv6Untracked } from '../../conntrack/icmp-type.ts'
import { type Box, everything } from '../box.ts'
import { complement, type Intervals, isEverything, one } from '../intervals.ts'
import {
  ESTABLISHED,
  FIELD_ICMP,
  FIELD_PROTOCOL,
  INVALID,
  NEW,
  RELATED,
  type Space,
  UNTRACKED,
} from '../space.ts'

const ICMP = 1
const ICMPV6 = 58
const PROTOCOLS = 256
const FIRST_QUERY = 128
const REDIRECT = 137

/** Boxes that hold every packet that can be of the state (INVALID to UNTRACKED). */
export function possibleOf(state: number, { family }: Space): readonly Box[] {
  if (state === INVALID || (state === UNTRACKED && family === 'ipv4')) return [everything]
  const protocol = family === 'ipv4' ? ICMP : ICMPV6
  const types = typesOf((type) => (family === 'ipv4' ? icmp(type, state) : icmpv6(type, state)))
  const sides = [
    { field: FIELD_PROTOCOL, set: one(protocol) },
    ...(isEverything(types, 65_536) ? [] : [{ field: FIELD_ICMP, set: types }]),
  ]
  return [
    [{ field: FIELD_PROTOCOL, set: complement(one(protocol), PROTOCOLS) }],
    ...(types.length > 0 ? [sides] : []),
  ]
}

/** ICMPv6 that the tracker leaves alone: UNTRACKED without a rule that says so. */
export function untrackedByNature({ family }: Space): Box | null {
  if (family === 'ipv4') return null
  return [
    { field: FIELD_PROTOCOL, set: one(ICMPV6) },
    { field: FIELD_ICMP, set: typesOf(isIcmpv6Untracked) },
  ]
}

function icmp(type: number, state: number): boolean {
  if (state === NEW) return isIcmpRequest(type)
  return state === RELATED ? isIcmpError(type) : !isIcmpError(type)
}

function icmpv6(type: number, state: number): boolean {
  if (state === UNTRACKED) return true
  if (isIcmpv6Untracked(type)) return false
  if (state === NEW) return isIcmpv6Request(type)
  const isError = type < FIRST_QUERY || type === REDIRECT
  return state === ESTABLISHED ? !isError : isError
}

/** Type × 256 + code, whatever the code. */
function typesOf(isMeant: (type: number) => boolean): Intervals {
  const ends: number[] = []
  for (let type = 0; type < 256; type++) {
    if (!isMeant(type)) continue
    if (ends[ends.length - 1] === type * 256) ends[ends.length - 1] = (type + 1) * 256
    else ends.push(type * 256, (type + 1) * 256)
  }
  return ends
}
