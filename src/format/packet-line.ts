/**
 * A packet as lines of text: what it is in aligned columns, then each of its reasons as a sentence below.
 *
 * Columns keep the width of the widest text so far, so that a long output stays aligned without being read twice.
 */
import { printable } from '../diagnostic/printable.ts'
import { reasonSentence } from '../explain/catalogue.ts'
import { placeText } from '../explain/place-words.ts'
import type { PacketRecord, RecordAnswer, RecordEntry } from '../replay/record.ts'
import { fileLabels } from './file-label.ts'
import { traceLines } from './trace-text.ts'

/** Least widths: number, time, protocol, addresses, flags, ctstate, verdict. */
const LEAST = [4, 15, 4, 39, 3, 11, 6] as const
/** No column grows beyond this: two full IPv6 addresses with ports. */
const MOST = 96
const TITLES = ['#', 'time', '', 'from > to', '', 'ctstate', 'verdict']
const ENTRY_TITLE = 'entry after it'
const INDENT = '      '
const DAY = 86_400
/** The last one that a Date holds (ECMA-262, 21.4.1.1). */
const LAST_DAY = 100_000_000

export interface PacketLineOptions {
  /** Seconds east of UTC at a time, for the printed time of day. */
  readonly offsetAt: (seconds: number) => number
  /** Names of the captures where packets are told as `file:frame`; null for a number over the whole run. */
  readonly files: readonly string[] | null
  /** Rules are loaded: a column says what they decided. */
  readonly verdicts?: boolean
  readonly style: (style: 'bad' | 'dim', text: string) => string
}

export class PacketLines {
  readonly #options: PacketLineOptions
  readonly #labels: ReadonlyMap<string, string> | null
  readonly #widths: number[] = [...LEAST]
  /** Of the packet before, in the zone asked for; days since 1970. */
  #day: number | null = null
  #firstDay: number | null = null

  constructor(options: PacketLineOptions) {
    this.#options = options
    this.#labels = options.files === null ? null : fileLabels(options.files)
  }

  /** When the capture begins: packets of another day have a line with the date ahead of them. */
  begin(seconds: number): void {
    this.#firstDay = this.#day = this.#dayOf(seconds)
  }

  /** A time of day, with the date where it is not the day that the capture began. */
  timeText(time: string): string {
    const day = this.#dayOf(Number(time))
    const text = timeOfDay(time, this.#options.offsetAt)
    return day === this.#firstDay ? text : `${dateText(day)} ${text}`
  }

  /** Takes a packet's widths into account ahead of `format`, so that a short list is aligned from its first line on. */
  measure(record: PacketRecord): void {
    this.#cells(record).forEach((cell, index) => {
      this.#widths[index] = Math.min(MOST, Math.max(this.#widths[index]!, cell.length))
    })
  }

  /** What the columns are. */
  header(): string {
    return this.#options.style('dim', this.#row([...this.#columns(TITLES), ENTRY_TITLE]).trimEnd())
  }

  /** The packet's line and, below it, a line for each of its reasons. */
  format(record: PacketRecord): string {
    const { style } = this.#options
    this.measure(record)
    const entry = record.entry === null ? '' : entryText(record.entry)
    const line = this.#row([...this.#cells(record), entry]).trimEnd()
    const isBad = record.ctstate === 'INVALID' || record.verdict === 'DROP' || record.verdict === 'REJECT'
    const sentences = record.reasons.map((reason) => style('dim', INDENT + reasonSentence(reason, record)))
    const answers = (record.answers ?? []).map((answer) => `${INDENT}answered: ${answerText(answer)}`)
    const log = (record.log ?? []).map((text) => `${INDENT}log: ${printable(text.trimEnd())}`)
    return [
      ...this.#dateLine(record),
      isBad ? style('bad', line) : line,
      ...sentences,
      ...traceLines(record.trace ?? []),
      ...answers,
      ...log,
    ].join('\n')
  }

  #dayOf(seconds: number): number {
    const whole = Math.floor(seconds)
    return Math.floor((whole + this.#options.offsetAt(whole)) / DAY)
  }

  #dateLine(record: PacketRecord): string[] {
    const day = this.#dayOf(Number(record.time))
    const isOther = this.#day !== null && day !== this.#day
    this.#day = day
    return isOther ? [this.#options.style('dim', `-- ${dateText(day)}`)] : []
  }

  #cells(record: PacketRecord): string[] {
    return this.#columns([
      this.#number(record),
      timeOfDay(record.time, this.#options.offsetAt),
      protocolText(record),
      endsText(record),
      record.tcpFlags ?? icmpText(record),
      this.#options.verdicts === true ? (record.ctstate ?? '-') : stateText(record),
      verdictText(record),
    ])
  }

  /** Without rules there is no verdict to show. */
  #columns(cells: readonly string[]): string[] {
    return this.#options.verdicts === true ? [...cells] : cells.slice(0, -1)
  }

  #row(cells: readonly string[]): string {
    return cells
      .map((cell, index) => {
        const width = this.#widths[index] ?? 0
        return index === 0 ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
  }

  #number(record: PacketRecord): string {
    if (this.#labels === null) return `${record.packet}`
    return `${printable(this.#labels.get(record.file) ?? record.file)}:${record.frame}`
  }
}

function dateText(day: number): string {
  const date = new Date(Math.max(-LAST_DAY, Math.min(LAST_DAY, day)) * DAY * 1000)
  return date.toISOString().split('T')[0]!
}

/** `12:34:56.789012` of seconds since 1970 with a fraction, in the zone asked for. */
export function timeOfDay(time: string, offsetAt: (seconds: number) => number): string {
  const [whole = '', digits = ''] = time.split('.')
  // -0.6 lies in the second that began at -1, of which 0.4 are over.
  const isInside = whole.startsWith('-') && Number(digits) > 0
  const seconds = isInside ? Number(whole) - 1 : Number(whole)
  const fraction = isInside
    ? String(10 ** digits.length - Number(digits)).padStart(digits.length, '0')
    : digits
  const local = seconds + offsetAt(seconds)
  const day = ((local % 86_400) + 86_400) % 86_400
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  // Nanoseconds only where there are any.
  const shown = fraction === '' ? '' : `.${fraction.replace(/^(\d{6})000$/, '$1')}`
  return `${two(day / 3600)}:${two((day / 60) % 60)}:${two(day % 60)}${shown}`
}

function protocolText(record: PacketRecord): string {
  if (record.protocol === undefined) return ''
  return record.protocol === 'unknown' ? `${record.protocolNumber}` : record.protocol
}

function endsText(record: PacketRecord): string {
  if (record.source === undefined || record.destination === undefined) {
    if (record.family !== null) return record.family === 'ipv4' ? 'IPv4 (no header)' : 'IPv6 (no header)'
    return record.reasons.some(({ code }) => code === 'not-ip') ? 'not an IP packet' : 'not readable'
  }
  return `${end(record.source, record.sourcePort)} > ${end(record.destination, record.destinationPort)}`
}

function end(address: string, port: number | undefined): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function icmpText(record: PacketRecord): string {
  return record.type === undefined ? '' : `${record.type}/${record.code}`
}

/** ctstate, or what kept the packet from having one. */
function stateText(record: PacketRecord): string {
  if (record.verdict === 'DROP') return record.ctstate === null ? 'dropped' : `${record.ctstate} dropped`
  if (record.reasons.some(({ code }) => code === 'fragment-held')) return 'held'
  return record.ctstate ?? '-'
}

/** `tcp 192.0.2.9:8080 > 10.0.0.2:40002 RA, RELATED, ACCEPT OUTPUT policy`. */
function answerText(answer: RecordAnswer): string {
  const { protocol, source, sourcePort, destination, destinationPort, tcpFlags, type, code } = answer
  const what = tcpFlags ?? (type === undefined ? '' : `${type}/${code}`)
  const ends = `${end(source, sourcePort)} > ${end(destination, destinationPort)}`
  return `${protocol} ${ends} ${what}, ${answer.ctstate ?? '-'}, ${decisionText(answer)}`
}

/** `DROP FORWARD 3`, `ACCEPT FORWARD policy`, `DROP raw PREROUTING 1`: what was decided, and by whom. */
export function verdictText(record: Pick<PacketRecord, 'verdict' | 'decidedBy' | 'reasons'>): string {
  const { verdict, decidedBy, reasons } = record
  if (verdict !== null) return decisionText(record)
  if (decidedBy.kind === 'unknown') return `? ${placeText(decidedBy)}`
  if (reasons.some(({ code }) => code === 'fragment-held')) return 'held'
  return reasons.some(({ code }) => code === 'not-sent') ? 'not sent' : '-'
}

function decisionText({ verdict, decidedBy }: Pick<PacketRecord, 'verdict' | 'decidedBy'>): string {
  const by = decidedBy['table'] === undefined ? decidedBy.kind : placeText(decidedBy)
  return by === 'none' ? `${verdict}` : `${verdict} ${by}`
}

/** `ESTABLISHED 432000 [ASSURED]`: what the packet's entry is after it. */
export function entryText(entry: RecordEntry): string {
  const words = entry.state === null ? [] : [entry.state]
  words.push(`${entry.timeout}`)
  for (const flag of entry.flags) words.push(`[${flag}]`)
  return words.join(' ')
}
