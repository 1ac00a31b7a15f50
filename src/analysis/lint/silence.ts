/**
 * Comments that silence findings:
 *
 *     # sallyport: allow log-without-limit            of the next line that is no comment
 *     iptables -A INPUT -j LOG  # sallyport: allow log-without-limit          of this line, in a script
 *     -A INPUT -j LOG -m comment --comment "sallyport: allow log-without-limit"       of this rule
 *     # sallyport: allow-all log-without-limit        of the whole file
 */
import type { Place } from '../../ruleset/model.ts'

export interface Silence {
  readonly code: string
  /** Where the code stands: offset into the text. */
  readonly position: number
  readonly place: Place
  /** The line whose findings it silences, from 1; null: all lines. */
  readonly line: number | null
  /** It has silenced something. */
  isUsed: boolean
}

const DIRECTIVE = /sallyport:[ \t]*(allow|allow-all)[ \t]+([a-z][a-z-]*(?:[ \t]*,[ \t]*[a-z][a-z-]*)*)/
const MOST = 10_000

/** The silencing comments of a text of rules. */
export function readSilences(text: string, file: string): Silence[] {
  const silences: Silence[] = []
  // Comments in front of a line are of that line.
  let waiting: Omit<Silence, 'line'>[] = []
  let start = 0
  for (let line = 1; start <= text.length && silences.length < MOST; line++) {
    const found = text.indexOf('\n', start)
    const end = found < 0 ? text.length : found
    const words = text.slice(start, end)
    const isComment = /^\s*#/.test(words)
    const directive = words.includes('sallyport:') ? DIRECTIVE.exec(words) : null
    if (directive !== null && isMeant(words, directive.index)) {
      const [, scope, codes] = directive
      const codesAt = directive.index + directive[0].length - codes!.length
      for (const { 0: code, index } of codes!.matchAll(/[a-z][a-z-]*/g)) {
        const column = codesAt + index
        const silence = {
          code,
          position: start + column,
          place: { file, line, column: column + 1 },
          isUsed: false,
        }
        if (scope === 'allow-all') silences.push({ ...silence, line: null })
        else if (isComment) waiting.push(silence)
        else silences.push({ ...silence, line })
      }
    }
    if (!isComment && words.trim() !== '') {
      silences.push(...waiting.map((silence) => ({ ...silence, line })))
      waiting = []
    }
    start = end + 1
  }
  // Behind the last line there is nothing to silence: they are told as unused.
  return [...silences, ...waiting.map((silence) => ({ ...silence, line: 0 }))]
}

/** In a comment of the file, or in the comment of a rule; not in any other value. */
function isMeant(words: string, at: number): boolean {
  const before = words.slice(0, at)
  return /(?:^|\s)#[^"']*$/.test(before) || /--comment[ =]["']?[^"']*$/.test(before)
}
