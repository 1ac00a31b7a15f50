/** A word of a command line, and where it stands in the text. */
import type { Span } from './diagnostic.ts'

export interface Word extends Span {
  readonly text: string
  /** Some of it stood in quotes: what is in it is meant as it is. */
  readonly quoted: boolean
}
