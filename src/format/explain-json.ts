/** What `explain --json` prints: everything that the screen is made of. Fields may be added, never renamed. */
import { REASONS } from '../conntrack/reason.ts'
import { reasonEntry, reasonSentence } from '../explain/catalogue.ts'
import type { Change, Explanation } from '../explain/explanation.ts'
import type { Former } from '../replay/former.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import type { StoryLine } from '../replay/story.ts'

/** One end of a conversation. */
export interface FlowEnd {
  readonly address: string
  readonly port?: number
}

/** A change, with what became of the packet where it was tried. */
export interface TriedChange extends Change {
  readonly tried?: Pick<PacketRecord, 'ctstate' | 'verdict' | 'decidedBy'> & {
    /** ctstate, verdict or who decided is another. */
    readonly differs: boolean
  }
}

/** Packets of the conversation behind the one that is explained. */
export interface Aftermath {
  readonly packets: number
  readonly invalid: number
  /** Dropped or rejected. */
  readonly blocked: number
  readonly lastPacket: number
}

/** A packet, explained. */
export interface ExplainedPacket {
  /** As `replay --json` has it, with its trace. */
  readonly packet: PacketRecord
  readonly situation: Explanation['situation']
  readonly weight: Explanation['weight']
  /** Sentences. */
  readonly finding: readonly string[]
  readonly changes: readonly TriedChange[]
  /** Who opened the connection and who was asked, as far as the capture tells; null for a packet without addresses. */
  readonly flow: { readonly client: FlowEnd | null; readonly server: FlowEnd | null } | null
  /** What came of it up to the packet, this one included. */
  readonly story: readonly StoryLine[]
  /** What of it follows; null for nothing. */
  readonly aftermath: Aftermath | null
  /** The entry as the packet found it, and as it left it. */
  readonly before: RecordEntry | null
  readonly after: RecordEntry | null
  /** The last connection of these addresses and ports that ended; null for none. */
  readonly former: Former | null
}

/** One line of JSON, without its end. */
export function formatExplainedJson(explained: ExplainedPacket): string {
  const { packet, ...rest } = explained
  const reasons = packet.reasons.map((reason) => {
    const { meaning, causes, remedy } = reasonEntry(reason.code)
    const kind = REASONS.find(({ code }) => code === reason.code)?.kind
    return { code: reason.code, kind, sentence: reasonSentence(reason, packet), meaning, causes, remedy }
  })
  return JSON.stringify({ packet, ...rest, reasons })
}
