/** A line of input with a caret under the part that a message is about. */

const ELLIPSIS = '…'

export interface CodeFrame {
  /** The whole text the message is about; only the line around `position` is shown. */
  readonly text: string
  /** Offset into `text`, and how much of it is meant; at least one caret is drawn. */
  readonly position: number
  readonly length: number
  /** Shown in front of the line, e.g. its number; absent for none. */
  readonly margin?: string
  /** Columns to fill at most, 80 unless told; a longer line is cut to the surroundings. */
  readonly width?: number
}

/**
 * Two lines without an end of line. Tabs and control characters are shown as spaces, so that the caret
 * stands right and hostile input cannot steer the terminal.
 */
export function codeFrame(frame: CodeFrame): string {
  const { text, margin = '' } = frame
  const position = Math.max(0, Math.min(frame.position, text.length))
  const lineStart = text.lastIndexOf('\n', position - 1) + 1
  const nextEnd = text.indexOf('\n', position)
  const lineEnd = nextEnd < 0 ? text.length : nextEnd
  const front = margin === '' ? '  ' : `  ${margin} | `
  const room = Math.max(20, (frame.width ?? 80) - front.length)

  let from = lineStart
  let to = lineEnd
  if (lineEnd - lineStart > room) {
    // Keep the meant part in sight, with a third of the room in front of it.
    from = Math.max(lineStart, Math.min(position - Math.floor(room / 3), lineEnd - room + 1))
    to = Math.min(lineEnd, from + room - 2)
  }
  const before = from > lineStart ? ELLIPSIS : ''
  const after = to < lineEnd ? ELLIPSIS : ''
  const shown = before + printable(text.slice(from, to)) + after
  const column = before.length + position - from
  const carets = Math.max(1, Math.min(frame.length, to - position))
  const gutter = margin === '' ? front : `${' '.repeat(front.length - 2)}| `
  return `${front}${shown}\n${gutter}${' '.repeat(column)}${'^'.repeat(carets)}`
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, ' ')
}
