import { suggest } from '../../diagnostic/suggest.ts'
import { shown } from '../diagnostic.ts'
import { type Kind, Refusal } from '../extension.ts'

export interface ChoiceKind<N extends string> {
  readonly usage: string
  /** In the order in which a shortened word is looked up. */
  readonly names: readonly N[]
  /** Other spellings of a name. */
  readonly aliases?: Readonly<Partial<Record<N, readonly string[]>>>
  readonly caseless?: boolean
  /** The beginning of a name is enough; of several the first. */
  readonly shortened?: boolean
}

/** One of a few words. */
export function choice<const N extends string>(kind: ChoiceKind<N>): Kind<N> {
  const { usage, names, aliases, caseless = false, shortened = false } = kind
  const all = names.flatMap((name) => [name, ...(aliases?.[name] ?? [])].map((word) => [word, name] as const))
  const fold = (word: string) => (caseless ? word.toLowerCase() : word)
  return {
    usage,
    expected: `one of ${names.join(', ')}`,
    examples: () => names,
    words: 1,
    read([text]) {
      const sought = fold(text!)
      const found =
        all.find(([word]) => fold(word) === sought) ??
        (shortened && sought !== '' ? all.find(([word]) => fold(word).startsWith(sought)) : undefined)
      if (found) return found[1]
      const words = all.map(([word]) => word)
      return new Refusal(`${shown(text!)} is not known here`, { suggestion: suggest(text!, words) })
    },
    print: (value) => value,
  }
}
