/** Packets that a rule's IP set takes: its first elements as sides of a box. */
import { PORT, PREFIX, SECOND } from '../../ipset/element-table.ts'
import { HashSet } from '../../ipset/hash-set.ts'
import { ListSet } from '../../ipset/list-set.ts'
import type { IpSet } from '../../ipset/query.ts'
import type { Sets } from '../../ipset/sets.ts'
import type { SetReference } from '../../ruleset/kind/set-reference.ts'
import { type Box, meet, type Side } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { one } from '../intervals.ts'
import {
  FIELD_DESTINATION,
  FIELD_DESTINATION_PORT,
  FIELD_PROTOCOL,
  FIELD_SOURCE,
  FIELD_SOURCE_PORT,
  type Space,
  wide,
} from '../space.ts'

/** Elements of a set that are tried, and boxes in all. */
const MOST_ELEMENTS = 8
const MOST_BOXES = 8
/** Elements that are looked at for them: those that the other conditions of a packet leave out are passed over. */
const MOST_LOOKED_AT = 10_000

type Words = readonly [number, number, number, number]

/** The box, narrowed to elements of the sets that these rules ask for. */
export function boxesOfMembers(box: Box, rules: readonly RuleNode[], space: Space, sets: Sets): Box[] {
  let boxes: Box[] = [box]
  for (const { name, options } of rules.flatMap(({ rule }) => rule.matches)) {
    const asked = name === 'set' ? options['set'] : undefined
    if (asked === undefined || asked.inverted) continue
    const { name: setName, directions } = asked.value as SetReference
    const members = sets.get(setName)
    if (members === null) continue
    boxes = boxes
      .flatMap((one) => hashSetsOf(members).flatMap((set) => boxesOf(one, set, directions, space)))
      .slice(0, MOST_BOXES)
  }
  return boxes
}

/** Where elements of IPv6 cut the scale of addresses, so that they can be told from what is around them. */
export function cutsOfSets(sets: Sets): bigint[] {
  const cuts: bigint[] = []
  for (const set of sets.all()) {
    if (!(set instanceof HashSet) || set.family !== 'ipv6') continue
    for (const place of placesOf(set).slice(0, MOST_ELEMENTS)) {
      for (const [i, part] of set.parts.entries()) {
        if (part !== 'ip' && part !== 'net') continue
        const { from, to } = rangeOf(set, place, i)
        const behind = wide(to) + 1n
        cuts.push(wide(from), ...(behind < 1n << 128n ? [behind] : []))
      }
    }
  }
  return cuts
}

function hashSetsOf(set: IpSet): HashSet[] {
  if (set instanceof HashSet) return [set]
  // A list holds no lists.
  return set instanceof ListSet ? set.members.filter((member) => member instanceof HashSet) : []
}

function placesOf({ elements }: HashSet): number[] {
  const places: number[] = []
  elements.each((place) => {
    if (elements.nomatch[place] === 0 && places.length < MOST_LOOKED_AT) places.push(place)
  })
  return places
}

function boxesOf(box: Box, set: HashSet, directions: SetReference['directions'], space: Space): Box[] {
  if (set.family !== null && set.family !== space.family) return []
  const found: Box[] = []
  for (const place of placesOf(set)) {
    if (found.length === MOST_ELEMENTS) break
    let narrowed: Box | null = box
    for (const side of sidesOf(set, place, directions, space))
      narrowed = narrowed === null ? null : meet(narrowed, [side])
    if (narrowed !== null) found.push(narrowed)
  }
  return found
}

function sidesOf(set: HashSet, place: number, directions: SetReference['directions'], space: Space): Side[] {
  return set.parts.flatMap((part, i): Side[] => {
    const isSource = directions[i] === 'src'
    if (part === 'ip' || part === 'net') {
      const { from, to } = rangeOf(set, place, i)
      return [{ field: isSource ? FIELD_SOURCE : FIELD_DESTINATION, set: space.addressRange(from, to) }]
    }
    const word = set.elements.word(place, PORT)
    const port: Side = {
      field: isSource ? FIELD_SOURCE_PORT : FIELD_DESTINATION_PORT,
      set: one(word & 0xffff),
    }
    return part === 'port' ? [port, { field: FIELD_PROTOCOL, set: one((word >>> 16) & 0xff) }] : [port]
  })
}

/** First and last address of a part of an element. */
function rangeOf(
  { elements, parts, options }: HashSet,
  place: number,
  part: number,
): { readonly from: Words; readonly to: Words } {
  const at = part === 0 ? 0 : SECOND
  const size = options.family === 'ipv6' ? 128 : 32
  const bits =
    parts[part] === 'net' ? elements.word(place, PREFIX) : part === 0 ? Math.min(options.netmask, size) : size
  const from = [0, 1, 2, 3].map((word) => elements.word(place, at + word))
  const to = from.map((word, index) => {
    const kept = Math.max(0, Math.min(32, bits - 32 * index))
    return kept === 32 ? word : word | (kept === 0 ? -1 : -1 >>> kept)
  })
  return { from: from as unknown as Words, to: to as unknown as Words }
}
