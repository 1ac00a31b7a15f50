/** A whole table, line by line: each line is one entry, and each entry one line, in any order. */
import type { Edit } from './edit.ts'
import type { Span } from './problem.ts'

/** A line that is expected. */
export interface WantedLine {
  readonly span: Span
  /** Is it this entry? By its number in the table. */
  readonly accepts: (entry: number) => boolean
  /** How much it says: those that say most choose first. */
  readonly exactness: number
}

export interface TableMismatch {
  readonly actual: string
  readonly edits: readonly Edit[]
}

const MOST_LINES = 1_000

/**
 * Null where all fits. `lines` is the table as it would be written; `block` where the expected lines stand, of no length
 * where there is none.
 */
export function checkTable(
  text: string,
  block: Span,
  wanted: readonly WantedLine[],
  lines: readonly string[],
): TableMismatch | null {
  const rest = new Set(lines.keys())
  const held = new Set<WantedLine>()
  for (const one of [...wanted].sort((a, b) => b.exactness - a.exactness)) {
    for (const entry of rest) {
      if (!one.accepts(entry)) continue
      rest.delete(entry)
      held.add(one)
      break
    }
  }
  if (rest.size === 0 && held.size === wanted.length) return null
  const found = [...rest].slice(0, MOST_LINES).map((entry) => lines[entry]!)
  const actual = [
    ...wanted.filter((one) => held.has(one)).map(({ span }) => text.slice(span.start, span.end)),
    ...found,
  ]
  const edits = editsOf(
    text,
    block,
    wanted.filter((one) => !held.has(one)),
    found,
  )
  return { actual: actual.length === 0 ? '(no entry)' : actual.join('\n'), edits }
}

/** Lines that hold stay; the others make way for what was found, in order. */
function editsOf(
  text: string,
  block: Span,
  missing: readonly WantedLine[],
  found: readonly string[],
): readonly Edit[] {
  const edits: Edit[] = missing.map(({ span }, index): Edit => {
    const line = found[index]
    return line === undefined ? wholeLine(text, span) : { ...span, text: line }
  })
  const more = found.slice(missing.length)
  if (more.length > 0) {
    const indent = indentOf(text, block)
    edits.push({ start: block.end, end: block.end, text: more.map((line) => `\n${indent}${line}`).join('') })
  }
  return edits
}

/** The line with its end goes. */
function wholeLine(text: string, { start, end }: Span): Edit {
  const lineStart = text.lastIndexOf('\n', start - 1)
  const lineEnd = text.indexOf('\n', end)
  return lineStart < 0
    ? { start: 0, end: lineEnd < 0 ? text.length : lineEnd + 1, text: '' }
    : { start: lineStart, end: lineEnd < 0 ? text.length : lineEnd, text: '' }
}

/** Of the block's first line; where there is none, four more than that of its head. */
function indentOf(text: string, block: Span): string {
  const isEmpty = block.start === block.end
  const start = isEmpty ? text.lastIndexOf('\n', block.start - 1) + 1 : block.start
  const blanks = /^[ \t]*/.exec(text.slice(start, start + 200))![0]
  return isEmpty ? `${blanks}    ` : blanks
}
