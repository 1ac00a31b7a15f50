/** The default output of a replay: what was assumed, what was found, totals, the packets out of the ordinary, how to see more. */
import { printable } from '../diagnostic/printable.ts'
import { type Assumption, briefAssumption } from '../explain/assumption.ts'
import type { ToldFinding } from '../explain/finding-words.ts'
import { count, duration, grouped } from '../explain/number-words.ts'
import type { Decider } from '../replay/deciders.ts'
import type { PacketRecord } from '../replay/record.ts'
import type { Summary } from '../replay/summary.ts'
import { hang } from './hang.ts'
import type { PacketLines } from './packet-line.ts'

export interface ReportParts {
  /** With rules: what they decided. */
  readonly rules: RulesPart | null
  readonly assumptions: readonly Assumption[]
  /** The most telling first. */
  readonly findings: readonly ToldFinding[]
  readonly summary: Summary
  /** Packets out of the ordinary, in order; those left out are counted below. */
  readonly odd: readonly PacketRecord[]
  /** Packets out of the ordinary that were selected. */
  readonly oddTotal: number
  readonly lines: PacketLines
  /** The selection in force, or null. */
  readonly filter: string | null
  /** Columns of the output. */
  readonly width: number
  /** `2023-11-14 22:13:20` of a time, in the zone asked for. */
  readonly clock: (seconds: number) => string
  readonly style: (style: 'heading' | 'dim' | 'bad' | 'good', text: string) => string
}

/** What rules decided over a run. */
export interface RulesPart {
  /** Packets by verdict. */
  readonly verdicts: readonly (readonly [verdict: string, packets: number])[]
  /** Those that decided most packets first. */
  readonly deciders: readonly Decider[]
  /** Packets that would not have been sent. */
  readonly notSent: number
}

const LABEL = 14
/** Findings that are shown. */
const FINDINGS = 8
/** Rules that are shown. */
const DECIDERS = 12

/** The whole report; ends with a line feed. */
export function formatReport(parts: ReportParts): string {
  const blocks = [
    assumptionBlock(parts),
    findingsBlock(parts),
    totalsBlock(parts),
    rulesBlock(parts),
    oddBlock(parts),
    assumptionsAtEnd(parts),
    hintBlock(parts),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** All of it; where that is long, in brief, with the whole at the end. */
function assumptionBlock(parts: ReportParts): string {
  const { assumptions, style, width } = parts
  if (assumptions.length === 0) return ''
  if (!isLong(assumptions)) return wholeAssumptions('Assumed', parts)
  const brief = assumptions.map(briefAssumption).join('; ')
  const [first, ...rest] = hang(`Assumed: ${brief} (in full below)`, '', '  ', width)
  return [first!.replace('Assumed', style('heading', 'Assumed')), ...rest].join('\n')
}

function assumptionsAtEnd(parts: ReportParts): string {
  return isLong(parts.assumptions) ? wholeAssumptions('Assumed, in full', parts) : ''
}

function wholeAssumptions(title: string, { assumptions, style, width }: ReportParts): string {
  const lines = assumptions.flatMap(({ sentence }) => hang(sentence, '  ', '    ', width))
  return [style('heading', title), ...lines].join('\n')
}

function isLong(assumptions: readonly Assumption[]): boolean {
  return assumptions.length > 2
}

/** What was assumed, the totals, and what was found, for the end of an output that shows every packet; ends with a line feed. */
export function formatClosing(parts: ReportParts): string {
  return `${[assumptionBlock(parts), totalsBlock(parts), rulesBlock(parts), findingsBlock(parts), assumptionsAtEnd(parts)].filter((block) => block !== '').join('\n\n')}\n`
}

function findingsBlock({ findings, filter, style, width }: ReportParts): string {
  const title = style('heading', filter === null ? 'Findings' : 'Findings in the whole capture')
  if (findings.length === 0) return `${title}: nothing that needs a look`
  const shown = findings.slice(0, FINDINGS)
  const lines = shown.flatMap(({ text, flows }, index) => {
    const number = `${index + 1}`.padStart(3)
    const more = flows.flatMap((flow) => hang(flow, '       ', '         ', width))
    return [...hang(text, `${number}  `, '     ', width), ...more]
  })
  const left = findings.length - shown.length
  const packet = shown.find((finding) => finding.packet > 0)?.packet
  const ends = [
    ...(left > 0 ? [`     and ${grouped(left)} more`] : []),
    ...(packet === undefined
      ? []
      : [`     why: sallyport explain --packet ${packet} …, with the same files and options`]),
  ]
  return [title, ...lines, ...ends.map((end) => style('dim', end))].join('\n')
}

function totalsBlock(parts: ReportParts): string {
  const { summary, style, width } = parts
  const rows: [label: string, value: string][] = []
  rows.push(['packets', packetsText(parts)])
  rows.push(['ctstate', list(Object.entries(summary.ctstates))])
  const open = list([...summary.open])
  const gone = list([...summary.gone])
  if (open !== '') rows.push(['TCP in table', open])
  if (gone !== '') rows.push(['TCP gone', gone])
  rows.push([
    'table',
    `${count(summary.entries, 'entry', 'entries')} at the end, ${grouped(summary.peak)} at most, ${grouped(summary.entriesInAll)} in all`,
  ])
  const fragments = fragmentText(summary)
  if (fragments !== '') rows.push(['fragments', fragments])
  for (const [kind, label] of [
    ['invalid', 'INVALID'],
    ['dropped', 'dropped'],
    ['unknown', 'not judged'],
  ] as const) {
    const reasons = summary.reasons().filter((reason) => reason.kind === kind)
    const text = list(reasons.map(({ code, packets }) => [code, packets]))
    if (text !== '') rows.push([label, text])
  }
  const lines = rows.flatMap(([label, value]) =>
    value === '' ? [] : hang(value, `  ${label.padEnd(LABEL)}`, ' '.repeat(LABEL + 2), width),
  )
  // The selection chooses what is shown, not what is counted.
  const title = parts.filter === null ? 'Totals' : 'Totals of the whole capture'
  return [style('heading', title), ...lines].join('\n')
}

function rulesBlock({ rules, style, width }: ReportParts): string {
  if (rules === null) return ''
  const { verdicts, deciders, notSent } = rules
  const total = list(verdicts) || 'no packet met a rule'
  const more = notSent === 0 ? '' : `; ${grouped(notSent)} would not have been sent`
  const shown = deciders.slice(0, DECIDERS)
  const counts = shown.map(({ packets }) => grouped(packets))
  const places = shown.map(({ table, chain, number }) =>
    printable(`${table} ${chain}${number === null ? '' : ` ${number}`}`),
  )
  const widest = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length))
  const lines = shown.flatMap(({ text }, index) => {
    const first = `  ${counts[index]!.padStart(widest(counts))}  ${places[index]!.padEnd(widest(places))}  `
    return hang(printable(text), first, ' '.repeat(first.length), width)
  })
  const left = deciders.length - shown.length
  if (left > 0) lines.push(style('dim', `  and ${grouped(left)} more: --counters has all`))
  return [`${style('heading', 'Rules')}: ${total}${more}`, ...lines].join('\n')
}

function fragmentText(summary: Summary): string {
  const whole = summary.withReason('reassembled')
  const pieces = summary.held + whole
  if (pieces === 0) return ''
  return `${count(pieces, 'piece')}: ${count(whole, 'datagram')} put together, ${grouped(summary.incomplete)} incomplete`
}

function packetsText({ summary, clock }: ReportParts): string {
  if (summary.packets === 0) return 'none'
  const { first, last } = summary
  const seconds = last.seconds - first.seconds + (last.nanoseconds - first.nanoseconds) / 1e9
  const others = summary.withReason('not-ip')
  const notIp = others === 0 ? '' : ` (${grouped(others)} not IP)`
  return `${grouped(summary.packets)}${notIp}, from ${clock(first.seconds)} on, ${duration(seconds)}`
}

/** `ESTABLISHED 3, NEW 1`: what there is none of is left out. */
function list(entries: readonly (readonly [string, number])[]): string {
  return entries
    .filter(([, number]) => number > 0)
    .map(([name, number]) => `${name} ${grouped(number)}`)
    .join(', ')
}

function oddBlock({ odd, oddTotal, lines, filter, style }: ReportParts): string {
  const where = filter === null ? '' : `, of those selected (${filter})`
  if (oddTotal === 0) return `${style('heading', 'Out of the ordinary')}: no packet${where}`
  const shown = odd.length < oddTotal ? `, ${grouped(odd.length)} of them shown` : ''
  const heading = `${style('heading', 'Out of the ordinary')}: ${count(oddTotal, 'packet')}${where}${shown}`
  for (const record of odd) lines.measure(record)
  return [heading, lines.header(), ...odd.map((record) => lines.format(record))].join('\n')
}

function hintBlock({ odd, oddTotal, filter, style }: ReportParts): string {
  const left = odd.length < oddTotal
  const more = left && filter === null ? "reason CODE shows all of one kind ('reason tcp-*' --all); " : ''
  if (left && filter !== null)
    return style('dim', 'More: --all shows every packet that is selected; --help the rest')
  return style(
    'dim',
    `More: ${more}--all shows every packet, --table the state table, --json records; --help the rest`,
  )
}
