/** Why a packet fared as it did: its situation, told with the numbers, and what would change it. */
import type { Settings } from '../conntrack/settings.ts'
import type { Former } from '../replay/former.ts'
import type { Misordered } from '../replay/handshake-order.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import type { StoryLine } from '../replay/story.ts'
import type { Closing } from '../replay/storyteller.ts'
import type { TableCensus } from '../replay/table-census.ts'
import { afterClose } from './after-close.ts'
import { ordinary, otherReason } from './any-packet.ts'
import { decisionClause } from './decision-words.ts'
import { handshakeOrder } from './handshake-order.ts'
import { mappingSkipped } from './mapping-skipped.ts'
import { oneSided } from './one-sided.ts'
import { outOfWindow } from './out-of-window.ts'
import { portReused } from './port-reused.ts'
import { related } from './related.ts'
import { challenge, repeated } from './repeated.ts'
import type { SituationCode } from './situation.ts'
import { tableFull } from './table-full.ts'

/** What is known about a packet and its conversation. */
export interface PacketFacts {
  /** With its trace, where there are rules. */
  readonly record: PacketRecord
  /** What came before, and it. */
  readonly lines: readonly StoryLine[]
  /** Packets of the conversation by who sent them, this one included. */
  readonly packets: { readonly client: number; readonly server: number; readonly other: number }
  /** Those behind it, up to the end of the run. */
  readonly later: { readonly client: number; readonly server: number; readonly other: number }
  /** Of those, INVALID. */
  readonly laterInvalid: number
  /** The SYN+ACK that came ahead of its SYN, wherever in the run: both packets; null for none. */
  readonly misordered: Misordered | null
  /** Who sent it. */
  readonly from: 'client' | 'server' | null
  /** Seconds since 1970 UTC. */
  readonly seconds: number
  /** The living entry of the conversation ahead of the packet; null for none. */
  readonly before: RecordEntry | null
  /** The living entry behind it; null for none. */
  readonly after: RecordEntry | null
  /** NAT changes addresses or ports of the one ahead. */
  readonly isTranslated: boolean
  /** Where there is none: the last connection of the same addresses and ports that ended. */
  readonly former: Former | null
  readonly closedBy: Closing | null
  /** How the entry that ended came to its timeout: seconds, and the packet; null where that was not seen. */
  readonly lastTimeout: { readonly seconds: number; readonly packet: number } | null
  /** What fills the table, where that matters. */
  readonly census: TableCensus | null
  /** RELATED by a helper: the connection that announced it. */
  readonly master: RecordEntry | null
  readonly settings: Settings
  /** Rules are loaded for its family. */
  readonly hasRules: boolean
}

/** Something that would have changed what became of the packet. */
export interface Change {
  /** What to do, as a clause without a full stop. */
  readonly sentence: string
  /** A sysctl with its full name that does it. */
  readonly sysctl?: { readonly name: string; readonly value: number }
  /** Or a command. */
  readonly command?: string
}

/** Why a packet fared as it did. */
export interface Explanation {
  readonly situation: SituationCode
  /** What it comes to: `ordinary`; `harmless`: nothing is lost by it; `trouble`: something does not work; `attack`, perhaps. */
  readonly weight: 'ordinary' | 'harmless' | 'trouble' | 'attack'
  /** One to three sentences, the most important first. */
  readonly sentences: readonly string[]
  /** The best first; none where nothing would. */
  readonly changes: readonly Change[]
}

/** What a teller answers: the sentence on what was decided is added by `explanationOf`. */
export type Told = Omit<Explanation, 'sentences'> & {
  readonly sentences: readonly string[]
  /** The verdict is in the sentences. */
  readonly hasVerdict?: true
}

const tellers: readonly ((facts: PacketFacts) => Told | null)[] = [
  tableFull,
  mappingSkipped,
  handshakeOrder,
  oneSided,
  afterClose,
  outOfWindow,
  portReused,
  challenge,
  repeated,
  related,
  otherReason,
]

/** The explanation of a packet; never throws, whatever the facts are. */
export function explanationOf(facts: PacketFacts): Explanation {
  for (const tell of tellers) {
    const told = tell(facts)
    if (told !== null) return withVerdict(told, facts)
  }
  return withVerdict(ordinary(facts), facts)
}

function withVerdict({ hasVerdict, ...told }: Told, facts: PacketFacts): Explanation {
  if (hasVerdict === true) return told
  const verdict = decisionClause(facts)
  return verdict === null ? told : { ...told, sentences: [...told.sentences, verdict] }
}
