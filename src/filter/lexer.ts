/**
 * Cuts a selection into words and signs. Every character belongs to a token or is white space, so that the
 * parser can point at anything.
 */

export type TokenKind = 'word' | '(' | ')' | ',' | 'not' | 'and' | 'or' | 'other' | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly position: number
}

/** Addresses, numbers, ranges, prefixes and names are all words; which it is depends on where it stands. */
const word = /[A-Za-z0-9_.:/*+@\\-]+/y
const space = /\s+/y
const signs: readonly (readonly [string, TokenKind])[] = [
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
  ['(', '('],
  [')', ')'],
  [',', ','],
]
const named: Readonly<Record<string, TokenKind>> = { and: 'and', or: 'or', not: 'not' }

/** The tokens, the last one of kind `end`. Linear in the text's length. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  while (position < text.length) {
    space.lastIndex = position
    if (space.test(text)) {
      position = space.lastIndex
      continue
    }
    word.lastIndex = position
    const found = word.exec(text)?.[0]
    if (found !== undefined) {
      const kind = Object.hasOwn(named, found) ? named[found]! : 'word'
      tokens.push({ kind, text: found, position })
      position += found.length
      continue
    }
    const sign = signs.find(([characters]) => text.startsWith(characters, position))
    const [characters, kind] = sign ?? [String.fromCodePoint(text.codePointAt(position)!), 'other' as const]
    tokens.push({ kind, text: characters, position })
    position += characters.length
  }
  tokens.push({ kind: 'end', text: '', position: text.length })
  return tokens
}
