/** What a field of a line says. */
export interface Fact {
  /** As it stands in the line. */
  readonly field: string
  /** A clause, or several sentences; no full stop at the end. */
  readonly words: string
}

/** A line in words. */
export interface Decoded {
  readonly kind: 'entry' | 'log'
  /** Where it begins, from 1. */
  readonly line: number
  /** What it says in all, in a sentence. */
  readonly headline: string
  readonly facts: readonly Fact[]
}
