import type { EntryView } from '../../../src/conntrack/view.ts'
import type { KernelEntry } from '../../../src/live/conntrack-netlink.ts'
import type { RawTuple } from '../../../src/live/packet-tuple.ts'
import type { Count } from '../../../src/live/rule-counts.ts'
import { type Difference, entryText } from '../compare.ts'
import type { Exit, Journey, Observed } from './observed.ts'

/** The first thing in which they differ. */
export function compareObserved(
  kernel: Observed,
  engine: Observed,
  table: { entriesOfTuple(tuple: RawTuple): readonly EntryView[] },
): Difference | null {
  return (
    compareJourney('', kernel.journey, engine.journey, exitFields) ??
    compareAnswers(kernel.answers, engine.answers) ??
    compareText('NFLOG', saidText(kernel), saidText(engine)) ??
    compareTraces(kernel.traces, engine.traces) ??
    // An entry with the packet's tuple, even where the packet is not part of it.
    (kernel.tuple &&
      compareText(
        'entry',
        entryOf(kernel.entry),
        entryAmong(table.entriesOfTuple(kernel.tuple), kernel.entry),
      ))
  )
}

function compareText(what: string, kernel: string, engine: string): Difference | null {
  return kernel === engine ? null : { what, kernel, engine }
}

type Fields = (exit: Exit) => Readonly<Record<string, string>>

function compareJourney(whose: string, kernel: Journey, engine: Journey, fields: Fields): Difference | null {
  // Who looks behind the tracker does not see what raw drops, even if a rule of raw had made it UNTRACKED before.
  const unseen = kernel.ctstate === null && kernel.exit === null && engine.ctstate === 'UNTRACKED'
  const state = compareText(`${whose}ctstate`, kernel.ctstate ?? 'none', engine.ctstate ?? 'none')
  if (state && !unseen) return state
  if (!kernel.exit || !engine.exit) {
    return compareText(`${whose}verdict`, verdictText(kernel), verdictText(engine))
  }
  const [theirs, ours] = [fields(kernel.exit), fields(engine.exit)]
  for (const [name, text] of Object.entries(theirs)) {
    const difference = compareText(`${whose}${name}`, text, ours[name] ?? '')
    if (difference) return difference
  }
  return null
}

function verdictText({ exit, queue }: Journey): string {
  if (queue !== null) return queue < 0 ? 'in a queue' : `in queue ${queue}`
  return exit ? `passes ${exit.hook} ${exit.device}` : 'gone'
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function exitFields({ hook, device, bytes, mark, priority }: Exit): Record<string, string> {
  return {
    'way out': `${hook} ${device}`,
    packet: hex(bytes),
    mark: `0x${mark.toString(16)}`,
    priority: priority.toString(16),
  }
}

/** Of what the machine sends by itself, the IP id, the flow label and a checksum left to the card are of no meaning. */
function answerFields(exit: Exit): Record<string, string> {
  const bytes = exit.bytes.slice()
  const view = new DataView(bytes.buffer)
  if (bytes[0]! >> 4 === 4) {
    view.setUint16(4, 0)
    view.setUint16(10, 0)
    if (bytes[9] === 6) view.setUint16((bytes[0]! & 15) * 4 + 16, 0)
  } else {
    view.setUint32(0, view.getUint32(0) & 0xfff0_0000)
    if (bytes[6] === 6) view.setUint16(40 + 16, 0)
  }
  return exitFields({ ...exit, bytes })
}

function compareAnswers(kernel: readonly Journey[], engine: readonly Journey[]): Difference | null {
  const count = compareText('answers', String(kernel.length), String(engine.length))
  if (count) return count
  for (const [index, answer] of kernel.entries()) {
    const difference = compareJourney('the answer’s ', answer, engine[index]!, answerFields)
    if (difference) return difference
  }
  return null
}

const saidText = ({ said }: Observed) =>
  said.map(({ group, prefix }) => `${group} ${JSON.stringify(prefix)}`).join(', ')

function compareTraces(
  kernel: readonly string[] | null,
  engine: readonly string[] | null,
): Difference | null {
  return kernel && engine ? compareText('TRACE', kernel.join('\n'), engine.join('\n')) : null
}

/** IPS_SRC_NAT_DONE, IPS_DST_NAT_DONE: that table nat has been asked, which no tool shows. */
const NAT_ASKED = 0x180

function entryLine(entry: KernelEntry | EntryView): string {
  const zone = zoneOf(entry)
  const text = entryText({ ...entry, status: entry.status & ~NAT_ASKED })
  return zone === 0 ? text : `${text} zone ${zone}`
}

/** A zone of both directions; one of a single direction is not asked for. */
function zoneOf(entry: KernelEntry | EntryView): number {
  if ('zone' in entry) return entry.zone
  return entry.zoneOriginal === entry.zoneReply ? entry.zoneOriginal : 0
}

const entryOf = (entry: KernelEntry | EntryView | null) => (entry ? entryLine(entry) : 'none')

/** The one that is like the kernel's, else the first. */
function entryAmong(entries: readonly EntryView[], kernel: KernelEntry | EntryView | null): string {
  const texts = entries.map(entryOf)
  const wanted = entryOf(kernel)
  return texts.includes(wanted) ? wanted : (texts[0] ?? 'none')
}

/** The whole table, at the end. */
export function compareEntries(
  kernel: readonly KernelEntry[],
  engine: readonly EntryView[],
): Difference | null {
  const text = (entries: readonly (KernelEntry | EntryView)[]) => entries.map(entryLine).sort().join('\n')
  return compareText('at the end, entries', text(kernel), text(engine))
}

/** Counters of every rule and policy, at the end. */
export function compareCounts(kernel: readonly Count[], engine: readonly Count[]): Difference | null {
  const key = ({ table, chain, number }: Count) => `${table} ${chain} ${number}`
  const ours = new Map(engine.map((count) => [key(count), count]))
  const theirs: string[] = []
  const own: string[] = []
  for (const count of kernel) {
    const other = ours.get(key(count))
    // A table that stands in no ruleset of ours has no counters here.
    if (!other) continue
    if (other.packets === count.packets && other.bytes === count.bytes) continue
    const label = `${count.table} ${count.chain} ${count.number === 0 ? 'policy' : count.number} (${count.text})`
    theirs.push(`${label} ${count.packets}:${count.bytes}`)
    own.push(`${label} ${other.packets}:${other.bytes}`)
  }
  return compareText('counters', theirs.join('\n'), own.join('\n'))
}
