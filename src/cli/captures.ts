/** Tells the captures from the selection behind them. */
import { statSync } from 'node:fs'
import { type Filter, parseFilter } from '../filter/filter.ts'
import { formatFilterError } from '../filter/refusal.ts'
import { FIRST_WORDS, KEYWORDS } from '../filter/vocabulary.ts'
import { unreadable, wrongUse } from './failure.ts'

export interface CapturesAndFilter {
  readonly files: readonly string[]
  /** What is shown; null for everything. */
  readonly filter: Filter | null
}

/**
 * Words from the first on are captures while they name files or are `-`; from the first that does not, they are the
 * selection. A word of the filter language is never taken for a file: `./tcp` names one called tcp.
 * @throws Failure
 */
export function readPositionals(words: readonly string[], width: number): CapturesAndFilter {
  let count = 0
  while (count < words.length && isCapture(words[count]!)) count++
  const files = words.slice(0, count)
  const rest = words.slice(count)
  const [next] = rest
  if (next !== undefined && !beginsSelection(next)) {
    if (count === 0) throw missing(next, ' (captures come first, then the selection)')
    if (looksLikeFile(next)) throw missing(next, '')
  }
  if (count === 0) {
    throw wrongUse(
      next === undefined
        ? 'no capture is named: give a file, or - for standard input'
        : `no capture is named: "${next}" begins the selection, and the captures stand in front of it`,
    )
  }
  const standard = files.filter((file) => file === '-').length
  if (standard > 1) throw wrongUse('standard input (-) can be read only once')
  return { files, filter: rest.length === 0 ? null : readFilter(rest.join(' '), width) }
}

export function readFilter(text: string, width: number): Filter {
  const result = parseFilter(text)
  if ('filter' in result) return result.filter
  throw wrongUse(`the selection cannot be read\n${formatFilterError(result.error, text, width)}`)
}

function isCapture(word: string): boolean {
  if (word === '-') return true
  if (KEYWORDS.has(word)) return false
  return statSync(word, { throwIfNoEntry: false }) !== undefined
}

/** A selection in quotes is one word here. */
function beginsSelection(word: string): boolean {
  const [, first = ''] = /^\s*([(!]|[^\s()!]+)/.exec(word) ?? []
  return FIRST_WORDS.has(first)
}

function looksLikeFile(word: string): boolean {
  return /\.(?:pcap|pcapng|cap|dmp|gz)\d*$/i.test(word) || /^(?:\.{0,2}|~)\//.test(word)
}

function missing(name: string, hint: string) {
  const failure = unreadable(name, Object.assign(new Error(), { code: 'ENOENT' }))
  failure.message += hint
  return failure
}
