/** What the terminal can do, and the few styles that are used on it. */

import { printableLines } from '../diagnostic/printable.ts'

/** By the meaning of what is styled; the values are SGR parameters (ECMA-48, 8.3.117). */
const styles = { heading: '1', dim: '2', good: '32', bad: '31' } as const

export type Style = keyof typeof styles

export interface Terminal {
  readonly interactive: boolean
  readonly colour: boolean
  /** Columns; 80 where it is no terminal. */
  readonly width: number
  style(style: Style, text: string): string
  /**
   * Text of others, comments of rules for instance, of which every byte counts: as it is, but on a terminal with escapes in
   * place of what would steer it.
   */
  foreign(text: string): string
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Colour only on a terminal, never with NO_COLOR (https://no-color.org) or on a dumb one. */
export function terminalOf(
  stream: Stream,
  environment: Readonly<Record<string, string | undefined>>,
): Terminal {
  const interactive = stream.isTTY === true
  const colour = interactive && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  return {
    interactive,
    colour,
    width: interactive && stream.columns ? Math.max(40, stream.columns) : 80,
    foreign: (text) => (interactive ? printableLines(text) : text),
    style: (style, text) => (colour ? `\u001b[${styles[style]}m${text}\u001b[0m` : text),
  }
}
