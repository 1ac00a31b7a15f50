/** The same packet through this engine and through Linux: in what they differ, and what both of them know of it. */
import type { EntryView } from '../conntrack/view.ts'
import type { DecidedBy, PacketRecord, RecordAnswer, RecordEntry, RecordTuple } from '../replay/record.ts'
import { recordEntry } from '../replay/record-of.ts'
import type { MachineDifference, Observation } from '../scenario/executor.ts'
import { decidedByStack } from './kernel-executor.ts'
import { differsInChosenPort } from './random-port.ts'

export interface Compared {
  /** What Linux showed, and of what it does not show (reasons, fractions of seconds, the rest of a log line) what this engine says. */
  readonly observation: Observation
  readonly differences: readonly MachineDifference[]
  /** NAT searched for a port at random: nothing behind that can be the same. */
  readonly choseAnotherPort: boolean
}

export function compareObservations(
  { bytes, isLocal }: { readonly bytes: Uint8Array; readonly isLocal: boolean },
  here: Observation,
  linux: Observation,
): Compared {
  const [ours, theirs] = [here.record, linux.record]
  const record = completed(ours, theirs)
  const observation = { ...linux, record }
  if (here.left !== null && linux.left !== null && differsInChosenPort(bytes, linux.left, here.left))
    return { observation, differences: [], choseAnotherPort: true }
  const found: (MachineDifference | null)[] = [
    unlike('ctstate', ours.ctstate ?? 'unjudged', record.ctstate ?? 'unjudged'),
    unlike('verdict', verdictText(ours), verdictText(record)),
    unlike('entry', entryText(ours.entry), entryText(record.entry)),
    unlike('answers', answersText(ours), answersText(record)),
    unlike('log', (ours.log ?? []).join(' | '), (record.log ?? []).join(' | ')),
    ...(isFiltered(ours) ? compareWays(here, { ...linux, record }, bytes, isLocal) : []),
  ]
  return { observation, differences: found.filter((one) => one !== null), choseAnotherPort: false }
}

/** With rules for its family, TTL and TOS are told of what leaves. */
function isFiltered({ verdict, egress, decidedBy }: PacketRecord): boolean {
  return verdict === 'ACCEPT' ? egress?.ttl !== undefined : decidedBy.kind !== 'none'
}

/** Hook, and the packet as it left. */
function compareWays(
  here: Observation,
  linux: Observation,
  bytes: Uint8Array,
  isLocal: boolean,
): (MachineDifference | null)[] {
  const [ours, theirs] = [here.record, linux.record]
  const found = [
    unlike('hook', ours.hook ?? 'none', theirs.hook ?? 'none'),
    unlike('way out', egressText(ours, theirs), egressText(theirs, ours)),
  ]
  if (found.some((one) => one !== null) || here.left === null || linux.left === null) return found
  // The kernel numbers what a host sends without a number.
  const isNumbered = isLocal && bytes[0]! >> 4 === 4 && bytes[4] === 0 && bytes[5] === 0
  if (!isNumbered && sameBytes(here.left, linux.left)) return []
  return [unlike('bytes', hex(here.left, isNumbered), hex(linux.left, isNumbered))]
}

export function unlike(what: string, here: string, there: string): MachineDifference | null {
  return here === there ? null : { what, here: here || 'none', there: there || 'none' }
}

function completed(ours: PacketRecord, theirs: PacketRecord): PacketRecord {
  const record: PacketRecord = { ...theirs, reasons: ours.reasons }
  // Who looks behind the tracker does not see what raw drops, even if a rule of raw had made it UNTRACKED before.
  const isUnseen = theirs.ctstate === null && theirs.verdict === 'DROP' && ours.ctstate === 'UNTRACKED'
  if (isUnseen && ours.verdict === 'DROP') record.ctstate = ours.ctstate
  // Without rules there is no way to be told of.
  if (!isFiltered(ours) && ours.verdict === theirs.verdict) record.hook = ours.hook
  if (
    theirs.decidedBy === decidedByStack &&
    ours.verdict === theirs.verdict &&
    ours.decidedBy.kind !== 'policy'
  )
    record.decidedBy = ours.decidedBy
  if (theirs.entry !== null && ours.entry !== null)
    record.entry = { ...theirs.entry, timeout: settled(ours.entry.timeout, theirs.entry.timeout) }
  const log = (theirs.log ?? []).map((prefix, index) => {
    const line = ours.log?.[index]
    return line?.startsWith(prefix) ? line : prefix
  })
  if (log.length > 0) record.log = log
  return record
}

/** The kernel's clock goes on, and has whole seconds alone: within one, both show the same. */
function settled(here: number, linux: number): number {
  return Math.abs(here - linux) <= 1 ? here : linux
}

function verdictText({ verdict, decidedBy }: PacketRecord): string {
  return `${verdict ?? 'undecided'} by ${deciderText(decidedBy)}`
}

function deciderText({ kind, table, chain, number }: DecidedBy): string {
  if (chain === undefined) return kind === 'none' ? 'nobody' : kind
  return `${table} ${chain} ${number ?? 'policy'}${kind === 'hotdrop' ? ' (hotdrop)' : ''}`
}

function tupleText({
  source,
  destination,
  sourcePort,
  destinationPort,
  type,
  code,
  id,
}: RecordTuple): string {
  const end = (address: string, port: number | undefined) =>
    port === undefined ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  const rest = type === undefined ? '' : ` type ${type}/${code} id ${id}`
  return `${end(source, sourcePort)} > ${end(destination, destinationPort)}${rest}`
}

function entryText(entry: RecordEntry | null): string {
  if (entry === null) return 'none'
  const { protocol, state, timeout, original, reply, flags, mark, zone, zones } = entry
  const zoned = zones === undefined ? `zone ${zone}` : `zones ${zones.original} ${zones.reply}`
  const parts = [protocol, state ?? '', `${timeout}s`, ...flags, `mark ${mark}`, zoned]
  return `${parts.filter((part) => part !== '').join(' ')}, ${tupleText(original)}, reply ${tupleText(reply)}`
}

function egressText({ egress }: PacketRecord, { egress: other }: PacketRecord): string {
  if (egress === null) return 'none'
  const { interface: name, mark = 0, ttl, tos } = egress
  // Where one of them does not know the interface, it is not compared.
  const known = name === null || other === null || other.interface === null ? '' : ` on ${name}`
  return `${tupleText(egress)}${known} ttl ${ttl} tos ${tos} mark ${mark}`
}

function answersText({ answers = [] }: PacketRecord): string {
  return answers.filter(isSent).map(answerText).join(' | ')
}

/** The kernel shows none that did not get out. */
const isSent = ({ verdict }: RecordAnswer): boolean => verdict === 'ACCEPT'

function answerText(answer: RecordAnswer): string {
  const { protocol, tcpFlags = '', ctstate, decidedBy } = answer
  return `${protocol} ${tcpFlags} ${tupleText(answer)}, ${ctstate ?? 'unjudged'}, by ${deciderText(decidedBy)}`
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

function hex(bytes: Uint8Array, isNumbered: boolean): string {
  const copy = bytes.slice()
  if (isNumbered) copy.fill(0, 4, 6).fill(0, 10, 12)
  return Array.from(copy, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Whole tables, in any order: what Linux has, with the seconds of this engine where they are the same. */
export function compareTables(
  here: readonly EntryView[],
  linux: readonly EntryView[],
): { readonly entries: readonly EntryView[]; readonly difference: MachineDifference | null } {
  const byText = new Map<string, EntryView[]>()
  for (const entry of here) {
    const text = viewText({ ...entry, timeout: 0 })
    const alike = byText.get(text)
    if (alike === undefined) byText.set(text, [entry])
    else alike.push(entry)
  }
  const missing: string[] = []
  const entries = linux.map((entry) => {
    const alike = byText.get(viewText({ ...entry, timeout: 0 })) ?? []
    const at = alike.findIndex(({ timeout }) => settled(timeout, entry.timeout) === timeout)
    const [other] = at < 0 ? [] : alike.splice(at, 1)
    if (other === undefined) {
      missing.push(viewText(entry))
      return entry
    }
    const { timeout, gre, start, deltaTime, id } = other
    return { ...entry, timeout, gre, start, deltaTime, id }
  })
  const rest = [...byText.values()].flat()
  if (rest.length === 0 && missing.length === 0) return { entries, difference: null }
  const [ours, theirs] = [rest.map(viewText).sort().join('\n'), missing.sort().join('\n')]
  return { entries, difference: unlike('table', ours, theirs) }
}

/** Helper and references as well. */
function viewText(view: EntryView): string {
  const { helper, use } = view
  return `${entryText(recordEntry(view))}, use ${use}${helper === null ? '' : `, helper ${helper}`}`
}
