/** What a rule asks, as sets of packets. */
import type { AddressTest, InterfaceTest, Rule } from '../ruleset/model.ts'
import { type Box, everything, meet, type Side } from './box.ts'
import { complement, type Intervals, isEverything, one } from './intervals.ts'
import { changesOfMatch, readMatch } from './reading.ts'
import {
  FIELD_DESTINATION,
  FIELD_FRAGMENT,
  FIELD_IN,
  FIELD_OUT,
  FIELD_PROTOCOL,
  FIELD_SOURCE,
  type Space,
} from './space.ts'

export interface Conditions {
  /** The rule takes no packet outside of these: each of them holds something, and they may overlap. */
  readonly boxes: readonly Box[]
  /** Which matches leave it open whether it takes a packet of them; none: it takes all. */
  readonly open: readonly string[]
  /** CHANGES_* bits of what its matches change. */
  readonly changes: number
  /** Of a rule that contradicts itself: what its last condition was that left nothing. */
  readonly contradiction: string | null
}

/** Matches with lists (`--ports` twice) would multiply. */
const MOST_BOXES = 16

export function conditionsOf(rule: Rule, space: Space): Conditions {
  const open: string[] = []
  let changes = 0
  let boxes: readonly Box[] = [everything]
  let contradiction: string | null = null
  const add = (alternatives: readonly (readonly Side[])[], name: string) => {
    if (contradiction !== null) return
    boxes = boxes.flatMap((box) => alternatives.flatMap((sides) => within(box, sides, space) ?? []))
    if (boxes.length === 0) contradiction = name
  }
  add([addressSide(FIELD_SOURCE, rule.source, space, open)], '-s')
  add([addressSide(FIELD_DESTINATION, rule.destination, space, open)], '-d')
  add([nameSide(FIELD_IN, rule.inInterface, space)], '-i')
  add([nameSide(FIELD_OUT, rule.outInterface, space)], '-o')
  add([protocolSide(rule)], '-p')
  if (rule.fragment !== null)
    add([[{ field: FIELD_FRAGMENT, set: one(rule.fragment.inverted ? 0 : 1) }]], '-f')
  for (const match of rule.matches) {
    changes |= changesOfMatch(match)
    const reading = readMatch(match, space)
    if (reading === null || boxes.length * reading.length > MOST_BOXES) open.push(match.name)
    else add(reading, `-m ${match.name}`)
  }
  return { boxes, open, changes, contradiction }
}

function within(box: Box, sides: readonly Side[], { sizes }: Space): [Box] | null {
  let inside: Box | null = box
  for (const side of sides) {
    if (side.set.length === 0) return null
    if (isEverything(side.set, sizes[side.field]!)) continue
    inside = meet(inside, [side])
    if (inside === null) return null
  }
  return [inside]
}

function addressSide(field: number, test: AddressTest | null, space: Space, open: string[]): Side[] {
  if (test === null) return []
  const set = space.network(test)
  if (set === null) {
    open.push(field === FIELD_SOURCE ? '-s' : '-d')
    return []
  }
  return [sideOfTest(field, set, test.inverted, space)]
}

function nameSide(field: number, test: InterfaceTest | null, space: Space): Side[] {
  return test === null ? [] : [sideOfTest(field, space.interfaces(test.name), test.inverted, space)]
}

function protocolSide({ protocol }: Rule): Side[] {
  if (protocol === null) return []
  const set = one(protocol.number)
  return [{ field: FIELD_PROTOCOL, set: protocol.inverted ? complement(set, 256) : set }]
}

function sideOfTest(field: number, set: Intervals, inverted: boolean, space: Space): Side {
  return { field, set: inverted ? complement(set, space.sizes[field]!) : set }
}
