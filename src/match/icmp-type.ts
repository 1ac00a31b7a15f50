/** ICMP types and codes, by name or number. */

import { suggest } from '../diagnostic/suggest.ts'
import type { Test } from '../hook/environment.ts'
import { STOP_HOTDROP } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, Refusal } from '../ruleset/extension.ts'
import type { Setting } from '../ruleset/model.ts'
import { inRange } from '../ruleset/number.ts'
import { hasHeader } from './transport-header.ts'

export interface IcmpType {
  readonly type: number
  /** Both ends belong to it; 0–255 is every code. */
  readonly codeFrom: number
  readonly codeTo: number
}

const CODE_MAX = 255
export const ANY_TYPE = 255

/** `name type` or `name type/code`, blanks between. */
export function icmpNames(list: string): ReadonlyMap<string, IcmpType> {
  const names = new Map<string, IcmpType>()
  const words = list.split(' ')
  for (let i = 0; i < words.length; i += 2) names.set(words[i]!, readNumbers(words[i + 1]!)!)
  return names
}

function readNumbers(text: string): IcmpType | null {
  const slash = text.indexOf('/')
  const type = inRange(slash < 0 ? text : text.slice(0, slash), 0, 255)
  if (type === null) return null
  if (slash < 0) return { type, codeFrom: 0, codeTo: CODE_MAX }
  const code = inRange(text.slice(slash + 1), 0, CODE_MAX)
  return code === null ? null : { type, codeFrom: code, codeTo: code }
}

/** @param any Whether type 255 is every type, whatever its code (IPv4 only). */
export function icmpType(names: ReadonlyMap<string, IcmpType>, any: boolean): Kind<IcmpType> {
  return {
    usage: 'TYPE[/CODE]',
    expected: 'a type by name, TYPE or TYPE/CODE, both 0–255',
    examples: () => ['0', '3/4', '8/0', '254/255', [...names.keys()][1]!],
    words: 1,
    read([text]) {
      const sought = text!.toLowerCase()
      const near = sought === '' ? [] : [...names].filter(([name]) => name.toLowerCase().startsWith(sought))
      if (near.length > 1) {
        const [first, second] = near
        return new Refusal(`${shown(text!)} may be ${first![0]} or ${second![0]}`, { suggestion: first![0] })
      }
      const found = near[0]?.[1] ?? readNumbers(text!)
      if (found === null) {
        return new Refusal(`${shown(text!)} is no type`, { suggestion: suggest(text!, names.keys()) })
      }
      return any && found.type === ANY_TYPE ? { type: ANY_TYPE, codeFrom: 0, codeTo: CODE_MAX } : found
    },
    print({ type, codeFrom, codeTo }) {
      if (any && type === ANY_TYPE) return 'any'
      if (codeFrom === 0 && codeTo === CODE_MAX) return String(type)
      return codeFrom === codeTo ? `${type}/${codeFrom}` : `${type}/${codeFrom}-${codeTo}`
    },
  }
}

/** struct icmphdr and struct icmp6hdr. */
const HEADER = 8

/**
 * icmp_match and icmp6_match of xt_tcpudp.c.
 *
 * @param any As above: the stored type 255 is every type.
 */
export function icmpTest({ value, inverted }: Setting<IcmpType>, any: boolean): Test {
  const { type, codeFrom, codeTo } = value
  const every = any && type === ANY_TYPE
  return (passage) => {
    const { packet } = passage
    if (packet.fragmentOffset !== 0) return false
    if (packet.transportLength < HEADER) {
      passage.stop = STOP_HOTDROP
      return false
    }
    if (every) return !inverted
    // The decoder reads type and code where it has four bytes.
    if (!hasHeader(passage, 4)) return false
    const { icmpType, icmpCode } = packet
    return (icmpType === type && icmpCode >= codeFrom && icmpCode <= codeTo) !== inverted
  }
}
