/** The flows that changed, gathered by what they changed from and to. Bounded: of many, only examples are kept whole. */
import type { PacketRecord } from '../record.ts'
import type { ChangeGroup, FlowChange, Judgement, TellingPacket } from './change.ts'
import type { Conversation } from './conversations.ts'
import { effectsIn, saysMore } from './effect.ts'
import type { RulePlace } from './rule-place.ts'
import type { Why } from './why.ts'

/** Flows kept whole, in all; each group has one in any case. */
const EXAMPLES = 5000
/** Rules that decide are told apart in so many groups; what is left is gathered by verdicts. */
const GROUPS = 1000

/** Both sides' view of a packet: asked for only where it is kept. */
export interface Witness {
  readonly number: number
  old(): Judgement
  now(): Judgement
  flow(): Conversation
  records(): { readonly old: PacketRecord; readonly new: PacketRecord }
}

interface Group {
  readonly key: string
  readonly old: Judgement
  readonly now: Judgement
  bits: number
  flows: number
  packets: number
  readonly examples: Example[]
}

interface Example {
  readonly number: number
  readonly flow: Conversation
  readonly first: TellingPacket
  bits: number
  packets: number
  differing: number
}

/** A flow that changed, while it goes on. */
export class OpenChange {
  bits = 0
  differing = 0
  /** Effects of the packet that tells. */
  telling = 0
  group: Group | null = null
  example: Example | null = null
}

export class ChangeList {
  /** Flows that changed, those that go on included. */
  flows = 0
  readonly #groups = new Map<string, Group>()
  #examples = 0

  /** Notes a packet that differs; `change` is its flow's, null for the first one. */
  note(change: OpenChange | null, bits: number, witness: Witness): OpenChange {
    const open = change ?? new OpenChange()
    if (change === null) this.flows++
    open.bits |= bits
    open.differing++
    if (saysMore(bits, open.telling)) {
      if (open.group !== null) this.#leave(open, open.group)
      open.telling = bits
      this.#join(open, witness)
    }
    return open
  }

  /** The flow is over, after so many packets. */
  end({ group, example, bits, differing }: OpenChange, packets: number): void {
    group!.bits |= bits
    group!.packets += differing
    if (example === null) return
    example.bits = bits
    example.packets = packets
    example.differing = differing
  }

  /** Packets by which flows are told whole: their numbers. */
  *tellingPackets(): Generator<number> {
    for (const { examples } of this.#groups.values()) for (const { number } of examples) yield number
  }

  /** Verdicts first, then those with most flows. For when every flow is over. */
  groups(whyOf: (packet: number) => Why | null): ChangeGroup[] {
    const groups = [...this.#groups.values()]
    groups.sort((a, b) => (a.bits & -a.bits) - (b.bits & -b.bits) || b.flows - a.flows)
    return groups.map(({ old, now, bits, flows, packets, examples }) => ({
      old,
      new: now,
      effects: effectsIn(bits),
      flows,
      packets,
      examples: examples.map(
        ({ number, flow, first, bits, packets, differing }): FlowChange => ({
          flow,
          effects: effectsIn(bits),
          packets,
          differing,
          first,
          why: whyOf(number),
        }),
      ),
    }))
  }

  #join(open: OpenChange, { number, flow, records, ...judged }: Witness): void {
    const [old, now] = [judged.old(), judged.now()]
    const telling = open.telling & -open.telling
    let key = `${telling} ${keyOf(old)} ${keyOf(now)}`
    const isFull = !this.#groups.has(key) && this.#groups.size >= GROUPS
    if (isFull) key = `${telling} ${old.fate} ${now.fate}`
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = { key, old, now, bits: 0, flows: 0, packets: 0, examples: [] }
      if (isFull) group = { ...group, old: { ...old, by: null }, now: { ...now, by: null } }
      this.#groups.set(key, group)
    }
    group.flows++
    open.group = group
    open.example = null
    if (group.examples.length > 0 && this.#examples >= EXAMPLES) return
    this.#examples++
    open.example = {
      number,
      flow: flow(),
      first: { effects: effectsIn(open.telling), ...records() },
      bits: 0,
      packets: 0,
      differing: 0,
    }
    group.examples.push(open.example)
  }

  #leave({ example }: OpenChange, group: Group): void {
    group.flows--
    if (group.flows === 0) this.#groups.delete(group.key)
    if (example === null) return
    this.#examples--
    group.examples.splice(group.examples.indexOf(example), 1)
  }
}

function keyOf({ fate, by }: Judgement): string {
  return by === null ? fate : `${fate} ${ruleKey(by)}`
}

/** The same for the same rule, or policy. */
function ruleKey({ family, table, chain, number }: RulePlace): string {
  return `${family} ${table} ${chain} ${number}`
}
