/** What an entry of the catalogue is. */
import type { REASONS, ReasonCode } from '../conntrack/reason.ts'
import type { PacketRecord } from '../replay/record.ts'

/** What a sentence may take from the packet's record where the reason itself does not hold it. All of it optional. */
export type ReasonContext = Partial<Pick<PacketRecord, 'family' | 'protocol' | 'tcpFlags' | 'acknowledgment'>>

type Fields<Code extends ReasonCode> = Extract<(typeof REASONS)[number], { code: Code }>['fields'][number]

/** The values of a reason by the names that `REASONS` gives them. */
export type ReasonValues<Code extends ReasonCode> = Readonly<Record<Fields<Code>, number>>

export interface ReasonEntry<Code extends ReasonCode = ReasonCode> {
  /** One line of at most 120 characters, a clause without a full stop: what was compared, and by how much it differs. */
  readonly sentence: (values: ReasonValues<Code>, context: ReasonContext) => string
  /** What the tracker makes of it. */
  readonly meaning: string
  /** What is usually behind it, the most frequent first. */
  readonly causes: readonly string[]
  /** What would change it: a sysctl by its full name, or where to look. */
  readonly remedy: string
  /** Values for the documentation's example. */
  readonly example: { readonly values: ReasonValues<Code>; readonly context?: ReasonContext }
}

export type Catalogue = { readonly [Code in ReasonCode]: ReasonEntry<Code> }
