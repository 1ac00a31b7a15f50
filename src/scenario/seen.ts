/** One form for what an entry of the table, or of a record, shows. */
import { STATUS_ASSURED, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { EntryView } from '../conntrack/view.ts'
import { protocolName } from '../packet/protocol.ts'
import type { RecordEntry, RecordTuple } from '../replay/record.ts'

/** An entry as scenarios look at it. */
export interface SeenEntry {
  readonly protocol: string
  readonly state: string | null
  readonly timeout: number
  readonly original: RecordTuple
  readonly reply: RecordTuple
  readonly assured: boolean
  readonly unreplied: boolean
  readonly mark: number
  /** Null where its directions have zones of their own. */
  readonly zone: number | null
}

export function seenRecord(entry: RecordEntry): SeenEntry {
  const { protocol, state, timeout, original, reply, flags, mark, zone = null } = entry
  const [assured, unreplied] = [flags.includes('ASSURED'), flags.includes('UNREPLIED')]
  return { protocol, state, timeout, original, reply, assured, unreplied, mark, zone }
}

export function seenView(view: EntryView): SeenEntry {
  const { protocol, state, timeout, original, reply, status, mark, zoneOriginal, zoneReply } = view
  return {
    protocol: protocolName(protocol),
    state,
    timeout,
    original,
    reply,
    assured: (status & STATUS_ASSURED) !== 0,
    unreplied: (status & STATUS_SEEN_REPLY) === 0,
    mark,
    zone: zoneOriginal === zoneReply ? zoneOriginal : null,
  }
}
