/** Marks follow the text that they are about while it is typed in, until somebody has looked at it again. */
import type { TextFix, TextMark } from '../../protocol.ts'

/** Those of the text before, where they stand in the text behind one change; what was changed itself has none any more. */
export function shifted<Mark extends TextMark>(
  marks: readonly Mark[],
  before: string,
  after: string,
): Mark[] {
  if (before === after) return [...marks]
  const most = Math.min(before.length, after.length)
  let start = 0
  while (start < most && before[start] === after[start]) start++
  let same = 0
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++
  const end = before.length - same
  const longer = after.length - before.length
  const lines = count(after.slice(start, after.length - same)) - count(before.slice(start, end))
  return marks.flatMap((mark) => {
    if (mark.end <= start) return [mark]
    if (mark.start < end) return []
    return [
      { ...mark, start: mark.start + longer, end: mark.end + longer, line: mark.line + lines, fixes: [] },
    ]
  })
}

function count(text: string): number {
  return text.split('\n').length - 1
}

/** The text with the changes made, and where the last one of them ends. */
export function fixed(
  text: string,
  fixes: readonly TextFix[],
): { readonly text: string; readonly caret: number } {
  let changed = ''
  let done = 0
  for (const fix of [...fixes].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (fix.start < done) continue
    changed += text.slice(done, fix.start) + fix.text
    done = fix.end
  }
  return { text: changed + text.slice(done), caret: changed.length }
}
