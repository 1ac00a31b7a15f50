import { codeFrame } from '../diagnostic/code-frame.ts'
import type { Token } from './lexer.ts'

/** Why a text is no selection, and where. */
export interface FilterError {
  /** Offset into the text, in UTF-16 units from 0. */
  readonly position: number
  /** How many of them are meant; 0 at the end of the text. */
  readonly length: number
  /** A sentence without a full stop. */
  readonly message: string
  /** What could stand there. */
  readonly expected: string
  /** What was probably meant at the marked part, or null. */
  readonly suggestion: string | null
}

/** Carries a FilterError out of the parser; it never leaves the folder. */
export class FilterRefusal extends Error {
  readonly error: FilterError

  constructor(
    token: Pick<Token, 'kind' | 'text' | 'position'>,
    expected: string,
    { message, suggestion = null }: { message?: string; suggestion?: string | null } = {},
  ) {
    const found = token.kind === 'end' ? 'but the selection ends here' : `not "${shorten(token.text, 40)}"`
    const text = shorten(message ?? `expected ${expected}, ${found}`, 200)
    super(text)
    this.error = {
      position: token.position,
      length: token.text.length,
      message: text,
      expected,
      suggestion: suggestion !== null && suggestion.length <= 60 ? suggestion : null,
    }
  }
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

/** Three lines, the last without its end: the selection, cut to `width` columns, the caret, the message. */
export function formatFilterError(error: FilterError, text: string, width = 80): string {
  const frame = codeFrame({ text, position: error.position, length: error.length, width })
  const hint = error.suggestion === null ? '' : `; did you mean "${error.suggestion}"?`
  return `${frame}\n  ${error.message}${hint}`
}
