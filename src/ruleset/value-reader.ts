/** Reads an option's value from the words behind it, and recognises what commonly goes wrong there. */
import type { DiagnosticLog, Span } from './diagnostic.ts'
import { shown } from './diagnostic.ts'
import { type Kind, Refusal, type ValueContext } from './extension.ts'
import { leadingDashes, straightDashes } from './hazard.ts'
import type { Word } from './word.ts'

/** A word in which a blank was lost. */
export interface SplitWord {
  readonly head: Word
  /** An option. */
  readonly tail: Word
  /** How many dashes it is written with, where one is typographic; else 0. */
  readonly dashes: number
}

/** The words of a command line, and how far they have been read. */
export class Words {
  readonly list: Word[]
  at = 0
  readonly #isOption: (text: string) => boolean

  /** @param isOption Whether an option of this name is known, in the rule as it has been read. */
  constructor(list: Word[], isOption: (text: string) => boolean) {
    this.list = list
    this.#isOption = isOption
  }

  next(): Word | null {
    return this.list[this.at] ?? null
  }

  looksLikeOption(word: Word): boolean {
    return !word.quoted && this.#isOption(word.text)
  }

  /** Whether a word that may be left out stands here: neither an option nor `!`. */
  hasPlainWord(): boolean {
    const word = this.next()
    return word !== null && !word.text.startsWith('-') && !word.text.startsWith('!')
  }

  /** The word in two if an option stands at its end without a blank in front, or null. */
  splitLostBlank(word: Word): SplitWord | null {
    if (word.quoted || word.text.length > 80) return null
    for (let cut = 1; cut < word.text.length; cut++) {
      const rest = word.text.slice(cut)
      if (/^[A-Za-z0-9_.,:+]/.test(rest)) continue
      const option = straightDashes(rest) ?? rest
      if (!this.#isOption(option)) continue
      return {
        head: { ...word, text: word.text.slice(0, cut), end: word.start + cut },
        tail: { ...word, text: option, start: word.start + cut },
        dashes: option === rest ? 0 : leadingDashes(rest),
      }
    }
    return null
  }

  /** The option that a blank is missing in front of is the next word; says so. */
  putTail({ tail, dashes }: SplitWord, log: DiagnosticLog): void {
    const typographic = dashes === 0 ? '' : ', and its dash is typographic'
    const fixes = [{ position: tail.start, length: 0, text: ' ' }]
    if (dashes > 0) {
      fixes.push({ position: tail.start, length: dashes, text: tail.text.startsWith('--') ? '--' : '-' })
    }
    log.add(tail, {
      code: 'lost-blank',
      message: `a blank is missing in front of ${tail.text}${typographic}`,
      fixes,
    })
    this.list.splice(this.at, 0, tail)
  }

  /** Both halves are the next words. */
  putBack(split: SplitWord, log: DiagnosticLog): void {
    this.putTail(split, log)
    this.list.splice(this.at, 0, split.head)
  }

  /** The last word without the `;` at its end, as a shell would take it, if that is known; says so. */
  withoutSemicolon(word: Word, known: (text: string) => boolean, log: DiagnosticLog): Word {
    const { text, end } = word
    if (word.quoted || this.at < this.list.length || !text.endsWith(';')) return word
    const rest = text.replace(/;+$/, '')
    if (known(text) || !known(rest)) return word
    const length = text.length - rest.length
    log.add(
      { start: end - length, end },
      {
        code: 'stray-word',
        message: 'a ; at the end is for a shell: here it is a part of the word',
        fixes: [{ position: end - length, length, text: '' }],
      },
    )
    return { ...word, text: rest, end: end - length }
  }

  /** Takes `!` in its old place, behind the option; `report` tells what the new form is. */
  takeOldNegation(invertible: boolean, report: (span: Span, taken: number) => void): boolean {
    const word = this.next()
    if (!invertible || word === null || word.quoted || !word.text.startsWith('!')) return false
    if (word.text === '!') {
      if (this.list[this.at + 1] === undefined) return false
      this.at++
      report(word, this.next()!.start - word.start)
      return true
    }
    report({ start: word.start, end: word.start + 1 }, 1)
    this.list[this.at] = { ...word, text: word.text.slice(1), start: word.start + 1 }
    return true
  }
}

/** The next word, whatever it is; where there is none, that is reported. */
export function takeWord(words: Words, option: string, span: Span, log: DiagnosticLog): Word | null {
  const word = words.next()
  if (word !== null) words.at++
  else log.add(span, { code: 'missing-value', message: `${option} needs a value, but the line ends here` })
  return word
}

/** The word, or what of it stands in front of an option if that is known: the option is the next word then. */
export function mendLostBlank(
  words: Words,
  word: Word,
  known: (text: string) => boolean,
  log: DiagnosticLog,
): Word {
  if (known(word.text)) return word
  const split = words.splitLostBlank(word)
  if (split === null || !known(split.head.text)) return words.withoutSemicolon(word, known, log)
  words.putTail(split, log)
  return split.head
}

export interface ValueRead<T> {
  readonly value: T
  readonly span: Span
}

export interface ValueRequest<T> {
  readonly option: string
  readonly optionSpan: Span
  readonly kind: Kind<T>
  readonly context: ValueContext
  /** What stood behind `=` or was glued to a single letter, or null. */
  readonly attached: Word | null
}

/** Null if there is none that could be read; that has been reported. */
export function readValue<T>(
  words: Words,
  request: ValueRequest<T>,
  log: DiagnosticLog,
): ValueRead<T> | null {
  const { option, optionSpan, kind, context, attached } = request
  const values: Word[] = []
  if (kind.optional && attached === null && !words.hasPlainWord()) {
    const read = kind.read([], context)
    if (!(read instanceof Refusal)) return { value: read, span: optionSpan }
  }
  if (attached) values.push(attached)
  while (values.length < kind.words) {
    const word = words.next()
    // The second word of a pair may not look like an option; the first is taken whatever it is.
    if (word === null || (values.length > 0 && !words.hasPlainWord())) {
      const message =
        kind.words === 1
          ? `${option} needs a value, but the line ends here`
          : `${option} needs ${kind.words} words: ${kind.usage}`
      log.add(optionSpan, { code: 'missing-value', message, expected: kind.expected })
      return null
    }
    words.at++
    values.push(word)
  }
  const span = { start: values[0]!.start, end: values[values.length - 1]!.end }
  const read = kind.read(
    values.map((word) => word.text),
    context,
  )
  if (!(read instanceof Refusal)) return { value: read, span }
  return recover(words, request, values, read, log)
}

function recover<T>(
  words: Words,
  { option, optionSpan, kind, context, attached }: ValueRequest<T>,
  values: readonly Word[],
  refusal: Refusal,
  log: DiagnosticLog,
): ValueRead<T> | null {
  const last = values[values.length - 1]!
  const before = values.slice(0, -1).map((word) => word.text)
  const tryLast = (text: string): T | null => {
    const read = kind.read([...before, text], context)
    return read instanceof Refusal ? null : read
  }
  if (attached === null && words.looksLikeOption(values[0]!)) {
    words.at -= values.length
    const message = `${option} needs a value, but ${shown(values[0]!.text)} follows`
    log.add(optionSpan, { code: 'missing-value', message, expected: kind.expected })
    return null
  }
  const split = words.splitLostBlank(last)
  const first = split && tryLast(split.head.text)
  if (split && first !== null) {
    words.putTail(split, log)
    return { value: first, span: { start: values[0]!.start, end: split.head.end } }
  }
  const whole = words.withoutSemicolon(last, (text) => tryLast(text) !== null, log)
  if (whole !== last) {
    return { value: tryLast(whole.text)!, span: { start: values[0]!.start, end: whole.end } }
  }
  const joined = joinList(words, last, tryLast)
  if (joined) {
    log.add(
      { start: last.end, end: joined.rest[0]!.start },
      {
        code: 'blank-in-list',
        message: `a list has no blanks: ${shown(joined.text)}`,
        fixes: joined.gaps.map(({ start, end }) => ({ position: start, length: end - start, text: '' })),
      },
    )
    words.at += joined.rest.length
    return {
      value: joined.value,
      span: { start: values[0]!.start, end: joined.rest[joined.rest.length - 1]!.end },
    }
  }
  const word = values[refusal.word] ?? last
  const { suggestion, replacement } = refusal
  const better = replacement ?? suggestion
  log.add(word, {
    code: refusal.code,
    message: `${option}: ${refusal.message}`,
    expected: kind.expected,
    suggestion: better,
    fixes:
      replacement === null
        ? []
        : [{ position: word.start, length: word.end - word.start, text: replacement }],
  })
  return null
}

/** `NEW, ESTABLISHED` or `NEW ,ESTABLISHED`: the list without its blanks, if that can be read. */
function joinList<T>(
  words: Words,
  last: Word,
  read: (text: string) => T | null,
): { value: T; text: string; rest: Word[]; gaps: Span[] } | null {
  let text = last.text
  let end = last.end
  const rest: Word[] = []
  const gaps: Span[] = []
  for (let i = words.at; i < words.list.length && rest.length < 64; i++) {
    const word = words.list[i]!
    if (!text.endsWith(',') && !word.text.startsWith(',')) break
    if (words.looksLikeOption(word)) break
    text += word.text
    gaps.push({ start: end, end: word.start })
    end = word.end
    rest.push(word)
  }
  if (rest.length === 0) return null
  const value = read(text)
  return value === null ? null : { value, text, rest, gaps }
}
