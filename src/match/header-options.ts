/** The options of a hop-by-hop or destination options header, as hbh and dst ask for them. */
import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_UNKNOWN } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, option, Refusal } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'
import { inRange } from '../ruleset/number.ts'
import { ExtensionHeader } from './extension-header.ts'

/** IP6T_OPTS_OPTSNR. */
const MOST = 16
/** The length that stands for any. */
const ANY = 255

export interface HeaderOption {
  readonly type: number
  /** Of its data; 255 is any. */
  readonly length: number
}

const optionList: Kind<readonly HeaderOption[]> = {
  usage: 'TYPE[:LENGTH][,…]',
  expected: `up to ${MOST} types (0–255), each with its length if that counts, commas between`,
  examples: () => ['1', '1:2,3:0,0xff,4', '0', '5:255', '5:254'],
  words: 1,
  read([text]) {
    const list: HeaderOption[] = []
    for (const part of text!.split(',', MOST + 1)) {
      const colon = part.indexOf(':')
      const type = inRange(colon < 0 ? part : part.slice(0, colon), 0, 255)
      const length = colon < 0 ? ANY : inRange(part.slice(colon + 1), 0, 255)
      if (type === null || length === null) {
        return new Refusal(`${shown(part)} is no type of an option, 0–255, with a length, 0–255`)
      }
      list.push({ type, length })
    }
    return list.length <= MOST ? list : new Refusal(`more than ${MOST} options`)
  },
  print: (list) => list.map(({ type, length }) => (length === ANY ? type : `${type}:${length}`)).join(','),
}

export const headerOptions = (name: 'hbh' | 'dst') => ({
  length: option(number({ unit: 'bytes' }), {
    names: [`--${name}-len`],
    summary: 'the header has this length',
    invertible: true,
  }),
  options: option(optionList, {
    names: [`--${name}-opts`],
    summary: 'the header begins with these options, in this order',
  }),
})

/** hbh_mt6: the length and the first options of the first such header. */
export function headerOptionsTest(
  protocol: number,
  {
    length,
    options,
  }: {
    readonly length?: Setting<number>
    readonly options?: Setting<readonly HeaderOption[]>
  },
): Test {
  const header = new ExtensionHeader(protocol)
  const types = Uint8Array.from(options?.value ?? [], (one) => one.type)
  const lengths = Uint8Array.from(options?.value ?? [], (one) => one.length)
  return (passage) => {
    if (!header.find(passage) || !header.isWhole(passage)) return false
    if (length !== undefined && (header.length === length.value) === length.inverted) return false
    return beginsWith(passage, header, types, lengths)
  }
}

/** The last one asked for may overrun the header; whatever stands behind it is not looked at. */
function beginsWith(
  passage: Passage,
  header: ExtensionHeader,
  types: Uint8Array,
  lengths: Uint8Array,
): boolean {
  const { view, capturedEnd } = passage.packet
  const end = header.at + header.room(passage)
  let at = header.at + 2
  let left = header.length - 2
  for (let i = 0; i < types.length; i++) {
    if (left < 1 || at >= end) return false
    if (at >= capturedEnd) return unknown(passage)
    const type = view.getUint8(at)
    if (type !== types[i]) return false
    let size = 1
    // Pad1 has no length.
    if (type !== 0) {
      if (left < 2 || at + 1 >= end) return false
      if (at + 1 >= capturedEnd) return unknown(passage)
      const length = view.getUint8(at + 1)
      if (lengths[i] !== ANY && lengths[i] !== length) return false
      size = length + 2
    }
    at += size
    left -= size
  }
  return true
}

function unknown(passage: Passage): false {
  passage.stop = STOP_UNKNOWN
  return false
}
