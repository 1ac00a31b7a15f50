/** What web pages, editors and mail do to a rule: dashes, quotes, blanks, entities. */
import type { DiagnosticLog } from './diagnostic.ts'
import type { Word } from './word.ts'

/** Hyphens and dashes that stand where `-` or `--` was: U+2010–2015, U+2212, and small and full-width forms. */
const dashes = '\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d'
const oddDash = new RegExp(`^[-${dashes}]*[${dashes}][-${dashes}]*`)
const someDashes = new RegExp(`^[-${dashes}]*`)
const anyOdd = new RegExp(`[${dashes}]`)

/**
 * A word that begins with dashes of which one at least is typographic, with those an option has: one in front of a
 * letter, two in front of a name. Null if it begins with none.
 */
export function straightDashes(text: string): string | null {
  const found = oddDash.exec(text)?.[0]
  if (found === undefined) return null
  const name = text.slice(found.length)
  if (!/^[A-Za-z0-9]/.test(name)) return null
  return name.length === 1 ? `-${name}` : `--${name}`
}

/** How many dashes of any kind a text begins with. */
export function leadingDashes(text: string): number {
  return someDashes.exec(text)![0].length
}

/** Mends the dashes of the words that want to be options. */
export function mendDashes(words: Word[], log: DiagnosticLog): void {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word.quoted || !anyOdd.test(word.text)) continue
    const text = straightDashes(word.text)
    if (text === null) continue
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const length = word.text.length - text.replace(/^-+/, '').length
    log.add(
      { start: word.start, end: word.start + length },
      {
        code: 'typographic-dash',
        message: `the dash in front of ${name.replace(/^-+/, '')} is typographic, not ASCII`,
        suggestion: name,
        fixes: [{ position: word.start, length, text: text.startsWith('--') ? '--' : '-' }],
      },
    )
    words[i] = { ...word, text }
  }
}

const oddBlanks = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/
const zeroWidth = /[\u200b-\u200d\u2060\ufeff\u00ad]/
const openQuotes = '\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2033\u2032\u00b4'
const quotePair = new RegExp(`[${openQuotes}]([^${openQuotes}"']*)[${openQuotes}]`, 'y')
const entity =
  /&(?:#(\d{1,6})|#[xX]([0-9a-fA-F]{1,5})|(quot|apos|amp|lt|gt|nbsp|ndash|mdash|lsquo|rsquo|ldquo|rdquo));/y
const named: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: ' ',
  ndash: '\u2013',
  mdash: '\u2014',
  lsquo: '\u2018',
  rsquo: '\u2019',
  ldquo: '\u201c',
  rdquo: '\u201d',
}
/** What another tool than iptables-restore would take for quotes. */
const shellQuotes = /(['`])([^'"`]*)\1(?=[ \t]|$)/y
const suspicious = /[^\t -~]|&[#a-z]|['`]/

/** A line as it should have been, and where each of its characters stood. */
export interface MendedLine {
  readonly text: string
  /** Offset into the whole text by offset into `text`; one more for its end. Null: `start` plus the offset. */
  readonly offsets: readonly number[] | null
}

/**
 * Mends blanks, quotes and entities of a line that stands at `start`; dashes are looked at word by word. What stands in
 * straight quotes is meant as it is. `single`: whether a single quote quotes (a shell's does, iptables-restore's not).
 */
export function mendLine(line: string, start: number, single: boolean, log: DiagnosticLog): MendedLine {
  if (!suspicious.test(line)) return { text: line, offsets: null }
  let text = ''
  const offsets: number[] = []
  const put = (characters: string, at: number) => {
    text += characters
    for (let i = 0; i < characters.length; i++) offsets.push(start + at)
  }
  let quote = ''
  for (let at = 0; at < line.length; ) {
    const character = line[at]!
    if (character === '\\') {
      put(line.slice(at, at + 1), at)
      at++
      if (at < line.length && (quote === '"' || single)) put(line[at]!, at++)
      continue
    }
    if (character === '"' || (single && character === "'")) {
      quote = quote === '' ? character : quote === character ? '' : quote
      put(character, at++)
      continue
    }
    if (quote !== '') {
      put(character, at++)
      continue
    }
    if (single && character === '#' && (at === 0 || /\s/.test(line[at - 1]!))) {
      for (; at < line.length; at++) put(line[at]!, at)
      break
    }
    at += mendAt(line, at, single, start, put, log)
  }
  offsets.push(start + line.length)
  return { text, offsets }
}

/** A character at a time: each has its place. */
function putQuoted(
  inside: string,
  quote: string,
  at: number,
  put: (characters: string, at: number) => void,
): void {
  put(quote, at)
  for (let i = 0; i < inside.length; i++) put(inside[i]!, at + 1 + i)
  put(quote, at + 1 + inside.length)
}

/** Mends what stands at `at`, outside quotes; answers how many characters that was. */
function mendAt(
  line: string,
  at: number,
  single: boolean,
  start: number,
  put: (characters: string, at: number) => void,
  log: DiagnosticLog,
): number {
  const character = line[at]!
  const span = (length: number) => ({ start: start + at, end: start + at + length })
  const fix = (length: number, text: string) => [{ position: start + at, length, text }]
  const isQuote = character === "'" || character === '`'
  if (isQuote && !single && (at === 0 || /[\s=]/.test(line[at - 1]!))) {
    shellQuotes.lastIndex = at
    const inside = shellQuotes.exec(line)?.[2]
    if (inside !== undefined && /[ \t]/.test(inside)) {
      const length = inside.length + 2
      log.add(span(length), {
        code: 'odd-quote',
        message: 'only double quotes hold words together in a restore file',
        suggestion: `"${inside}"`,
        fixes: [
          { position: start + at, length: 1, text: '"' },
          { position: start + at + length - 1, length: 1, text: '"' },
        ],
      })
      putQuoted(inside, '"', at, put)
      return length
    }
  }
  if (character >= ' ' && character <= '~' && character !== '&') {
    put(character, at)
    return 1
  }
  if (oddBlanks.test(character)) {
    log.add(span(1), { code: 'odd-blank', message: 'this blank is none to iptables', fixes: fix(1, ' ') })
    put(' ', at)
    return 1
  }
  if (zeroWidth.test(character)) {
    log.add(span(1), { code: 'odd-blank', message: 'an invisible character stands here', fixes: fix(1, '') })
    return 1
  }
  entity.lastIndex = at
  const found = character === '&' ? entity.exec(line) : null
  if (found?.index === at) {
    const [whole, decimal, hexadecimal, name] = found
    const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? '', 16)
    const meant = name ? named[name]! : code > 0 && code < 0x110000 ? String.fromCodePoint(code) : ''
    const plain =
      meant === '\u00a0' ? ' ' : anyOdd.test(meant) ? '-' : openQuotes.includes(meant) ? '"' : meant
    const behind = line.slice(at + whole.length, at + whole.length + 2)
    const isDash = anyOdd.test(meant)
    const isSecond = isDash && line[at - 1] === '-'
    const isName = /^[A-Za-z]{2}/.test(behind)
    const text = isSecond && !isName ? '' : isDash && !isSecond && isName ? '--' : plain
    log.add(span(whole.length), {
      code: 'html-entity',
      message: `${whole} is HTML`,
      fixes: fix(whole.length, text),
      suggestion: text.trim() === '' ? null : text,
    })
    put(text, at)
    return whole.length
  }
  quotePair.lastIndex = at
  const pair = openQuotes.includes(character) ? quotePair.exec(line) : null
  if (pair?.index === at && (at === 0 || /[\s=!]/.test(line[at - 1]!))) {
    const inside = pair[1]!
    const straight = single && '\u2018\u2019\u201a\u201b\u2032'.includes(character) ? "'" : '"'
    const length = inside.length + 2
    log.add(span(length), {
      code: 'typographic-quote',
      message: 'these quotes are typographic, not ASCII',
      suggestion: `${straight}${inside}${straight}`,
      fixes: [
        { position: start + at, length: 1, text: straight },
        { position: start + at + length - 1, length: 1, text: straight },
      ],
    })
    putQuoted(inside, straight, at, put)
    return length
  }
  put(character, at)
  return 1
}
