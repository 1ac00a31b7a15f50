/** Sentences with parts that come from outside: rules, names, lines of a log. Who prints them decides how those are shown. */

/** A part from outside. */
export interface Quoted {
  readonly quoted: string
}

/** Our words, and what they are about. */
export type Phrase = readonly (string | Quoted)[]

/** A template whose values come from outside: numbers and other phrases excepted. */
export function phrase(words: TemplateStringsArray, ...values: (string | number | Phrase)[]): Phrase {
  return words.flatMap((word, index): Phrase => {
    const value = values[index]
    if (value === undefined) return [word]
    if (typeof value === 'number') return [word, String(value)]
    return typeof value === 'string' ? [word, { quoted: value }] : [word, ...value]
  })
}

/** Our own words, however they were put together. */
export function words(text: string): Phrase {
  return [text]
}

/** As plain text; not escaped. */
export function plainText(of: Phrase): string {
  return of.map((part) => (typeof part === 'string' ? part : part.quoted)).join('')
}
