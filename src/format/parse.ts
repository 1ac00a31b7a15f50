/**
 * Reads the state table back from text: `/proc/net/nf_conntrack`, `conntrack -L` with any of `-o extended,
 * id, ktimestamp`, and the old `/proc/net/ip_conntrack`.
 *
 * Blanks and line ends are alike to it, so an entry that a mail or a web page has wrapped is read as well:
 * an entry goes on until the next one begins. What cannot be read is reported and left out, never guessed.
 */

import { sctpStateNames } from '../conntrack/sctp/table.ts'
import { STATUS_ASSURED, STATUS_HW_OFFLOAD, STATUS_OFFLOAD, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import { TCP_STATE_NAMES } from '../conntrack/tcp/state.ts'
import type { EntryView } from '../conntrack/view.ts'
import { PROTOCOL_SCTP, PROTOCOL_TCP } from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { parseCtime } from './clock.ts'
import { EntryDraft } from './entry-draft.ts'
import { PROTOCOL_DCCP, protocolNumber } from './protocol-name.ts'
import type { Word } from './scanner.ts'
import { Scanner } from './scanner.ts'

export interface TableDiagnostic {
  readonly severity: 'error' | 'warning'
  readonly code:
    | 'expected'
    | 'out-of-range'
    | 'repeated'
    | 'incomplete'
    | 'unknown-field'
    | 'left-out'
    | 'more'
  readonly file: string
  /** Line and column from 1, and the length of the word meant. */
  readonly line: number
  readonly column: number
  readonly length: number
  /** What was expected and what stands there. */
  readonly message: string
}

/** What was read of a saved table. */
export interface ParsedTable {
  /** The entries that could be read in full, in the order of the text. */
  readonly entries: EntryView[]
  /** The line, from 1, that each of them begins in. */
  readonly lines: number[]
  /** Each of them as it stands in the text. */
  readonly texts: string[]
  /** In the order of the text; after `DIAGNOSTIC_LIMIT` of them one of code `more` ends the list. */
  readonly diagnostics: TableDiagnostic[]
}

export const DIAGNOSTIC_LIMIT = 100

const NUMBER = /^\d{1,20}$/
const STATE = /^[A-Z][A-Z0-9_]*$/

/** A stop inside one entry: what is wrong, and where. */
interface Fault {
  readonly code: TableDiagnostic['code']
  readonly at: Word
  readonly message: string
}

/** Words of the text for a message: short, and nothing that could steer a terminal. */
function quote(text: string): string {
  const clean = text.replace(/[^\x20-\x7e\xa1-\u1fff\u2010-\u2027\u2070-\uffff]/g, '?')
  return `'${clean.length > 40 ? `${clean.slice(0, 40)}…` : clean}'`
}

class TableParser {
  readonly entries: EntryView[] = []
  readonly lines: number[] = []
  readonly texts: string[] = []
  readonly diagnostics: TableDiagnostic[] = []
  readonly #file: string
  readonly #text: string
  readonly #scanner: Scanner
  #procSeen = false

  constructor(text: string, file: string) {
    this.#file = file
    this.#text = text
    this.#scanner = new Scanner(text)
  }

  parse(): void {
    const scanner = this.#scanner
    while (scanner.word) {
      if (this.#startsEntry()) this.#entry()
      else this.#between(scanner.word)
    }
    // A reader of /proc holds a reference of its own.
    if (this.#procSeen) {
      this.entries.forEach((entry, index) => {
        if (entry.use > 1) this.entries[index] = { ...entry, use: entry.use - 1 }
      })
    }
  }

  /** Does an entry begin at the word: a family or a protocol, with a number behind? */
  #startsEntry(): boolean {
    const { word, following } = this.#scanner
    if (!word || !following || !NUMBER.test(following.text)) return false
    const { text } = word
    return text === 'ipv4' || text === 'ipv6' || text === 'unknown' || protocolNumber(text) >= 0
  }

  /** Behind a fault: to an entry at the beginning of a line, or behind what ends one. */
  #skipToEntry(): void {
    const scanner = this.#scanner
    for (; scanner.word; scanner.advance()) {
      const { last, word } = scanner
      const first = last.line !== word.line
      if ((first || /^(use|id|mark)=/.test(last.text)) && this.#startsEntry()) return
    }
  }

  /** What stands between entries: the tool's own summary, expectations of old, or something unknown. */
  #between(word: Word): void {
    const { line } = word
    if (word.text === 'conntrack' && this.#scanner.following?.text.startsWith('v')) {
      while (this.#scanner.word?.line === line) this.#scanner.advance()
      return
    }
    if (word.text === 'EXPECTING:') {
      this.#report('warning', 'left-out', word, 'an expectation among the entries is left out')
    } else {
      this.#report(
        'error',
        'expected',
        word,
        `expected an entry ('tcp 6 …', 'ipv4 2 …'), found ${quote(word.text)}`,
      )
    }
    this.#scanner.advance()
    this.#skipToEntry()
  }

  #report(severity: 'error' | 'warning', code: TableDiagnostic['code'], at: Word, message: string): void {
    const count = this.diagnostics.length
    if (count > DIAGNOSTIC_LIMIT) return
    const { line, column } = at
    const place = { file: this.#file, line, column, length: at.text.length }
    if (count === DIAGNOSTIC_LIMIT) {
      this.diagnostics.push({ severity, code: 'more', ...place, message: 'more follow that are not listed' })
    } else {
      this.diagnostics.push({ severity, code, ...place, message })
    }
  }

  #entry(): void {
    const first = this.#scanner.word!
    const { offset } = this.#scanner
    const draft = new EntryDraft()
    const fault = this.#head(draft) ?? this.#fields(draft)
    if (fault) {
      this.#report('error', fault.code, fault.at, fault.message)
      this.#skipToEntry()
      return
    }
    const missing = draft.missing()
    if (missing !== null) {
      this.#report('error', 'incomplete', first, `expected ${missing} in this entry`)
      return
    }
    this.entries.push(draft.entry())
    this.lines.push(first.line)
    this.texts.push(this.#text.slice(offset, this.#scanner.offset).trimEnd())
  }

  /** Family, protocol, seconds, state. */
  #head(draft: EntryDraft): Fault | null {
    const scanner = this.#scanner
    const family = scanner.word!
    if (family.text === 'ipv4' || family.text === 'ipv6') {
      draft.family = family.text
      scanner.advance()
      const number = family.text === 'ipv4' ? '2' : '10'
      const fault = this.#expect(number, (text) => text === number)
      if (fault) return fault
    }
    const name = scanner.word
    const named = name ? protocolNumber(name.text) : -1
    if (!name || (named < 0 && name.text !== 'unknown')) return this.#unexpected('a protocol name')
    scanner.advance()
    const number = scanner.word
    if (!number || !NUMBER.test(number.text)) return this.#unexpected('the number of the protocol')
    draft.protocol = Number(number.text)
    // Kernels of old had no tracker for some that have a name today, so `unknown` goes with any number.
    if (draft.protocol > 255 || (named >= 0 && named !== draft.protocol)) {
      return this.#unexpected(named >= 0 ? `${named}, the number of ${name.text}` : 'a number up to 255')
    }
    if (named < 0 && protocolName(draft.protocol) !== 'unknown') draft.portless = true
    scanner.advance()
    return this.#time(draft) ?? this.#state(draft)
  }

  #time(draft: EntryDraft): Fault | null {
    const { word } = this.#scanner
    if (!word || !NUMBER.test(word.text)) return null // an offloaded entry has none
    const seconds = Number(word.text)
    if (seconds > 0xffffffff)
      return { code: 'out-of-range', at: word, message: 'expected seconds up to 4294967295' }
    draft.timeout = seconds
    this.#scanner.advance()
    return null
  }

  #state(draft: EntryDraft): Fault | null {
    const { protocol } = draft
    const { word } = this.#scanner
    if (protocol === PROTOCOL_DCCP && word && STATE.test(word.text)) {
      this.#scanner.advance()
      return null
    }
    const states =
      protocol === PROTOCOL_TCP ? TCP_STATE_NAMES : protocol === PROTOCOL_SCTP ? sctpStateNames : null
    if (!states || draft.portless) return null
    // LISTEN was the name of SYN_SENT2's place before 2.6.31.
    const state = word?.text === 'LISTEN' && protocol === PROTOCOL_TCP ? 'SYN_SENT2' : word?.text
    if (state === undefined || !states.includes(state)) {
      return this.#unexpected(`a state of ${protocolName(protocol)} (${states.join(', ')})`)
    }
    draft.state = state
    this.#scanner.advance()
    return null
  }

  /** `key=value` and marks in brackets, until something else stands there. */
  #fields(draft: EntryDraft): Fault | null {
    const scanner = this.#scanner
    for (;;) {
      const { word } = scanner
      if (!word || this.#startsEntry()) return null
      if (word.text.startsWith('[')) {
        const fault = this.#bracket(draft, word)
        if (fault) return fault
        continue
      }
      const equals = word.text.indexOf('=')
      if (equals <= 0) return draft.direction === 0 ? this.#unexpected("'src='") : null
      const key = word.text.slice(0, equals)
      const value = word.text.slice(equals + 1).replace(/,$/, '')
      const result = draft.set(key, value)
      if (key === 'zone' && value === '0') this.#procSeen = true
      switch (result.kind) {
        case 'set':
          break
        case 'unknown':
          this.#report('warning', 'unknown-field', word, `no field of an entry: ${quote(key)}`)
          break
        case 'repeated':
          return { code: 'repeated', at: word, message: `${quote(key)} stands here a second time` }
        case 'expected': {
          const at = { text: value, line: word.line, column: word.column + equals + 1 }
          return { code: 'expected', at, message: `expected ${result.what}, found ${quote(value)}` }
        }
      }
      scanner.advance()
    }
  }

  #bracket(draft: EntryDraft, word: Word): Fault | null {
    const scanner = this.#scanner
    switch (word.text) {
      case '[UNREPLIED]':
        draft.status &= ~STATUS_SEEN_REPLY
        break
      case '[ASSURED]':
        draft.status |= STATUS_ASSURED
        break
      case '[OFFLOAD]':
        draft.status |= STATUS_OFFLOAD
        break
      case '[HW_OFFLOAD]':
        draft.status |= STATUS_HW_OFFLOAD | STATUS_OFFLOAD
        break
      case '[USERSPACE]':
        break
      default:
        return this.#timestamp(draft, word)
    }
    scanner.advance()
    return null
  }

  /** `[start=Tue Nov 24 02:59:26 2026]`, five words; the zone is not in it, UTC is taken. */
  #timestamp(draft: EntryDraft, word: Word): Fault | null {
    const which = word.text.startsWith('[start=') ? 'start' : word.text.startsWith('[stop=') ? 'stop' : null
    if (which === null) return this.#unexpected('[UNREPLIED], [ASSURED], [OFFLOAD], [start=…] or [stop=…]')
    const parts: string[] = []
    for (let i = 0; i < 4; i++) {
      this.#scanner.advance()
      if (this.#startsEntry()) break
      parts.push(this.#scanner.word?.text ?? '')
    }
    const [month = '', day = '', time = '', year = ''] = parts
    const seconds = year.endsWith(']') ? parseCtime(month, day, time, year.slice(0, -1)) : null
    if (seconds === null) {
      return {
        code: 'expected',
        at: word,
        message: "expected a time as in '[start=Tue Nov 24 02:59:26 2026]'",
      }
    }
    draft[which] = { seconds, nanoseconds: 0 }
    this.#scanner.advance()
    return null
  }

  #expect(what: string, test: (text: string) => boolean): Fault | null {
    const { word } = this.#scanner
    if (!word || !test(word.text)) return this.#unexpected(what)
    this.#scanner.advance()
    return null
  }

  #unexpected(what: string): Fault {
    const { word } = this.#scanner
    if (word) return { code: 'expected', at: word, message: `expected ${what}, found ${quote(word.text)}` }
    return { code: 'expected', at: this.#scanner.last, message: `expected ${what}, found the end` }
  }
}

/**
 * The entries of a saved table, and what could not be read. Never throws; memory is bounded by the text.
 *
 * What the text does not say stays open: `id` is 0, `start` has no nanoseconds, and the status has the bits
 * that can be told (CONFIRMED, SEEN_REPLY, ASSURED, OFFLOAD; NAT where the reply is no mirror of the original;
 * HELPER with a helper). One `zone=0` in a text shows that it is `/proc/net/nf_conntrack`, whose `use` counts
 * its reader: it is taken off.
 */
export function parseTable(text: string, file: string): ParsedTable {
  const parser = new TableParser(text, file)
  parser.parse()
  const { entries, lines, texts, diagnostics } = parser
  return { entries, lines, texts, diagnostics }
}
