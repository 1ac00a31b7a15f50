/** Changes of a scenario's text that make it say what was observed; comments and layout stay. */
import type { Span } from './problem.ts'

/** Replaces a part of the text; of no length, it is put in. */
export interface Edit extends Span {
  readonly text: string
}

/** The text with all edits made; of those that overlap the first. */
export function applyEdits(
  text: string,
  edits: readonly Edit[],
): { readonly text: string; readonly made: number } {
  let changed = ''
  let done = 0
  let made = 0
  let last: Edit | null = null
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < done || (last !== null && isSame(edit, last))) continue
    changed += text.slice(done, edit.start) + edit.text
    done = edit.end
    last = edit
    made++
  }
  return { text: changed + text.slice(done), made }
}

function isSame(a: Edit, b: Edit): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text
}
