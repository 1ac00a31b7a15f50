import { suggest } from '../../diagnostic/suggest.ts'
import { shown } from '../diagnostic.ts'
import { type Kind, Refusal } from '../extension.ts'

export interface BitsKind {
  readonly usage: string
  /** A name for each bit, the lowest first; the order in which they are printed. */
  readonly names: readonly string[]
  readonly caseless?: boolean
  /** The beginning of a name is enough; of several the first. */
  readonly shortened?: boolean
  /** The word for no bit at all; without one an empty list is refused. */
  readonly none?: string
}

/** A comma list of names as a set of bits. */
export function bits({ usage, names, caseless = false, shortened = false, none }: BitsKind): Kind<number> {
  const words = none === undefined ? names : [...names, none]
  const folded = words.map((word) => (caseless ? word.toLowerCase() : word))
  return {
    usage,
    expected: `a list of ${words.join(', ')}, commas and no blanks between`,
    examples: () => [
      names[0]!,
      names.join(','),
      names[names.length - 1]!,
      ...(none === undefined ? [] : [none]),
    ],
    words: 1,
    read([text]) {
      let set = 0
      for (const part of text!.split(',', words.length * 4)) {
        const sought = caseless ? part.toLowerCase() : part
        if (sought === '') return new Refusal('an element of the list is empty')
        let index = folded.indexOf(sought)
        if (index < 0 && shortened) index = folded.findIndex((word) => word.startsWith(sought))
        if (index < 0)
          return new Refusal(`${shown(part)} is not known here`, { suggestion: suggest(part, words) })
        if (index < names.length) set |= 1 << index
      }
      return set
    },
    print: (set) => bitNames(names, set) || (none ?? ''),
  }
}

/** The names of the bits that are set, commas between. */
export function bitNames(names: readonly string[], set: number): string {
  let text = ''
  for (let i = 0; i < names.length; i++) {
    if ((set & (1 << i)) !== 0) text += text === '' ? names[i]! : `,${names[i]!}`
  }
  return text
}
