import type { EntryView } from '../../src/conntrack/view.ts'
import { logInvalidText } from '../../src/format/log-invalid.ts'
import type { KernelEntry } from '../../src/live/conntrack-netlink.ts'
import { type RawTuple, tupleText, tupleView } from '../../src/live/packet-tuple.ts'
import type { Engine, Judgement } from './engine.ts'
import type { Observation } from './kernel.ts'
import { protocolOf } from './trace.ts'

/** Where the kernel and the engine disagree. */
export interface Difference {
  readonly what: string
  readonly kernel: string
  readonly engine: string
}

/** The engine's entries by both their tuples. */
class EntryIndex {
  readonly #byTuple = new Map<string, EntryView>()
  readonly all: EntryView[]

  constructor(entries: EntryView[]) {
    this.all = entries
    for (const entry of entries) {
      this.#byTuple.set(tupleText(entry.protocol, entry.reply), entry)
      this.#byTuple.set(tupleText(entry.protocol, entry.original), entry)
    }
  }

  find(tuple: RawTuple): EntryView | null {
    return this.#byTuple.get(tupleText(tuple.protocol, tupleView(tuple))) ?? null
  }
}

/** Both after the same packet, less than a second of real time since their clocks stood alike. */
export function comparePacket(
  packet: Uint8Array,
  observation: Observation,
  judgement: Judgement,
  engine: Engine,
): Difference | null {
  const state = compareText('ctinfo', stateText(observation), stateText(judgement))
  if (state) return state
  const protocol = protocolOf(packet)
  const texts = judgement.reasons.flatMap((reason) => logInvalidText(reason, protocol) ?? [])
  const logs = compareText('log', observation.logs.join(' | '), texts.join(' | '))
  if (logs) return logs
  if (!observation.tuple) return null
  const index = new EntryIndex(engine.entries())
  const entry = index.find(observation.tuple)
  const shown = compareEntry(observation.entry, entry)
  if (shown || !observation.entry || !judgement.entry) return shown
  return compareText(
    'the packet’s own entry',
    tupleText(observation.entry.protocol, observation.entry.original),
    tupleText(judgement.entry.protocol, judgement.entry.original),
  )
}

/** All entries, at the end of a case. */
export function compareTables(kernel: KernelEntry[], engine: EntryView[]): Difference | null {
  const index = new EntryIndex(engine)
  for (const entry of kernel) {
    const difference = compareEntry(entry, index.find(entry.key))
    if (difference) return { ...difference, what: `at the end, ${difference.what}` }
  }
  if (kernel.length === engine.length) return null
  const texts = (entries: readonly (KernelEntry | EntryView)[]) =>
    entries
      .map((entry) => tupleText(entry.protocol, entry.original))
      .sort()
      .join(', ')
  return { what: 'at the end, entries', kernel: texts(kernel), engine: texts(engine) }
}

function compareEntry(kernel: KernelEntry | null, engine: EntryView | null): Difference | null {
  if (!kernel || !engine) {
    return compareText('entry', kernel ? entryText(kernel) : 'none', engine ? entryText(engine) : 'none')
  }
  const fields = compareText('entry', entryText(kernel), entryText(engine))
  if (fields) return fields
  // The engine's time stands still while the kernel's goes on: it shows less, by what really passed, rounded down.
  const behind = engine.timeout - kernel.timeout
  if (behind >= 0 && behind <= 1) return null
  return { what: 'timeout', kernel: String(kernel.timeout), engine: String(engine.timeout) }
}

function compareText(what: string, kernel: string, engine: string): Difference | null {
  return kernel === engine ? null : { what, kernel, engine }
}

function stateText({ ctstate, ctinfo }: { ctstate: string | null; ctinfo: number | null }): string {
  return ctstate === null ? 'none' : `${ctstate} (${ctinfo})`
}

/** What must be equal of an entry, as text; the timeout is compared apart. */
export function entryText(entry: KernelEntry | EntryView): string {
  const { protocol, state, original, reply, status, mark, counters, helper } = entry
  const count = counters
    ? ` packets ${counters.original.packets}/${counters.reply.packets} bytes ${counters.original.bytes}/${counters.reply.bytes}`
    : ''
  return `${state ?? ''} ${tupleText(protocol, original)} | ${tupleText(protocol, reply)} status 0x${status.toString(16)} mark ${mark}${count}${helper ? ` helper ${helper}` : ''}`
}
