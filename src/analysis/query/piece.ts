/** Packets on their symbolic way through the tables, and what one rule makes of them. */
import { type Box, meet } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { holds, type Intervals, isWithin, one, overlap, union } from '../intervals.ts'
import {
  FIELD_DESTINATION,
  FIELD_DESTINATION_PORT,
  FIELD_IN,
  FIELD_OUT,
  FIELD_STATE,
  type Space,
  states,
} from '../space.ts'

/** Packets that have fared alike so far. */
export interface Piece {
  /** As they were when they came; fields of every space only. */
  readonly box: Box
  /** Their mark, an unsigned number; null: not known. */
  readonly mark: number | null
  /** Exempted from tracking in table raw; null: not known. */
  readonly untracked: boolean | null
  /** Their new destination and port, where NAT gave them one. */
  readonly moved: Moved | null
  /** Rules of which nobody can say whether they took them. */
  readonly open: readonly RuleNode[]
}

export interface Moved {
  /** Null: not known; 'same': as it was. */
  readonly destination: Intervals | null | 'same'
  readonly port: Intervals | null | 'same'
}

/** Where the walk stands. */
export interface Station {
  readonly space: Space
  readonly isRaw: boolean
  /** No interface has been chosen yet, or there is none. */
  readonly hasIn: boolean
  readonly hasOut: boolean
}

/** What of a piece meets one box of a rule: null for nothing. `isOpen`: it may, or may not. */
export function taken(
  piece: Piece,
  box: Box,
  station: Station,
): { readonly box: Box; readonly isOpen: boolean } | null {
  let isOpen = false
  const sides: Box[number][] = []
  for (const side of box) {
    const answer = answerOf(piece, side.field, side.set, station)
    if (answer === false) return null
    if (answer === null) isOpen = true
    else if (answer !== true) sides.push({ field: side.field, set: answer })
  }
  const met = meet(piece.box, sides)
  return met === null ? null : { box: met, isOpen }
}

/** True or false where the condition is decided, null where it is open; else what the packet must have had in the field. */
function answerOf(piece: Piece, field: number, set: Intervals, station: Station): boolean | null | Intervals {
  const { space, isRaw, hasIn, hasOut } = station
  if (!space.isPlain(field)) {
    const mask = space.maskOf(field)
    if (mask === null || piece.mark === null) return null
    return holds(set, (piece.mark & mask) >>> 0)
  }
  if (field === FIELD_IN && !hasIn) return overlap(set, space.noInterface)
  if (field === FIELD_OUT && !hasOut) return overlap(set, space.noInterface)
  if (field === FIELD_STATE && isRaw) {
    if (piece.untracked === null) return null
    return holds(set, piece.untracked ? UNTRACKED_NUMBER : INVALID_NUMBER)
  }
  if (piece.moved !== null) {
    if (field === FIELD_STATE) return movedStates(set)
    const { destination, port } = piece.moved
    if (field === FIELD_DESTINATION && destination !== 'same') return heldBy(destination, set)
    if (field === FIELD_DESTINATION_PORT && port !== 'same') return heldBy(port, set)
  }
  return set
}

const INVALID_NUMBER = 0
const UNTRACKED_NUMBER = 1
const DNAT = 64

function heldBy(value: Intervals | null, set: Intervals): boolean | null {
  if (value === null) return null
  if (isWithin(value, set)) return true
  return overlap(value, set) ? null : false
}

/** The states that become one of the set with DNAT added. */
function movedStates(set: Intervals): Intervals | false {
  const found: Intervals[] = []
  states.forEach((state, number) => {
    const moved = states.indexOf(state | DNAT)
    if (moved >= 0 && holds(set, moved)) found.push(one(number))
  })
  return found.length === 0 ? false : union(found)
}
