/** What became of a packet on each side, compared as numbers: nothing is allocated for a packet that went the same way. */
import { MARK } from '../../conntrack/entry.ts'
import type { Outcome } from '../../conntrack/outcome.ts'
import { reasonNumber } from '../../conntrack/reason.ts'
import type { Answer } from '../../firewall/answers.ts'
import { DECIDED_BY_UNKNOWN } from '../../firewall/decision.ts'
import type { Firewall } from '../../firewall/firewall.ts'
import { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_QUEUE, VERDICT_REJECT } from '../../hook/hook.ts'
import type { Passage } from '../../hook/passage.ts'
import type { Packet } from '../../packet/packet.ts'
import type { Side } from './side.ts'

/** `unknown`: a rule asks for bytes that were not captured. `not sent`: an earlier verdict prevented it. */
export type Fate = 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE' | 'unknown' | 'not sent' | 'held' | 'not judged'

/** In what a packet can differ, most telling first. */
export const effects = [
  'verdict',
  'translation',
  'answer',
  'interface',
  'queue',
  'mark',
  'connmark',
  'header',
  'priority',
  'content',
  'log',
] as const

/** `translation`: it leaves with other addresses or ports. `header`: with another TTL or TOS. `content`: with other bytes. */
export type Effect = (typeof effects)[number]

const bitOf = Object.fromEntries(effects.map((effect, index) => [effect, 1 << index])) as Readonly<
  Record<Effect, number>
>
const VERDICT = bitOf.verdict
const TRANSLATION = bitOf.translation
const ANSWER = bitOf.answer
const INTERFACE = bitOf.interface
const QUEUE = bitOf.queue
const MARKED = bitOf.mark
const CONNMARK = bitOf.connmark
const HEADER = bitOf.header
const PRIORITY = bitOf.priority
const CONTENT = bitOf.content
const LOG = bitOf.log

/** Effects of a set of them, as `differenceOf` answers it. */
export function effectsIn(bits: number): Effect[] {
  return effects.filter((effect) => (bits & bitOf[effect]) !== 0)
}

/** Does the first set say more than the second? By their most telling effects. */
export function saysMore(bits: number, than: number): boolean {
  return than === 0 || (bits & -bits) < (than & -than)
}

const notSent = reasonNumber['not-sent']

const fates: Readonly<Record<number, Fate>> = {
  [VERDICT_ACCEPT]: 'ACCEPT',
  [VERDICT_DROP]: 'DROP',
  [VERDICT_QUEUE]: 'QUEUE',
  [VERDICT_REJECT]: 'REJECT',
}

/** What became of the last packet. */
export function fateOf({ decision }: Firewall, { droppedBy, held, reasons }: Outcome): Fate {
  if (decision.by === DECIDED_BY_UNKNOWN) return 'unknown'
  if (decision.verdict >= 0) return fates[decision.verdict]!
  if (droppedBy !== 0) return 'DROP'
  if (held) return 'held'
  for (let i = 0; i < reasons.count; i++) if (reasons.numbers[i] === notSent) return 'not sent'
  return 'not judged'
}

/** A set of effects; 0: the same on both sides. For the last packet of both. */
export function differenceOf(old: Side, oldOutcome: Outcome, now: Side, nowOutcome: Outcome): number {
  const fate = fateOf(old.firewall, oldOutcome)
  let bits = sameNotes(old.notes, now.notes) ? 0 : LOG
  if (fate !== fateOf(now.firewall, nowOutcome)) return bits | VERDICT
  const before = old.firewall.passage
  const after = now.firewall.passage
  if (fate === 'ACCEPT') {
    bits |= leavesOtherwise(before, after)
    if (markOf(old.firewall, oldOutcome) !== markOf(now.firewall, nowOutcome)) bits |= CONNMARK
  } else if (fate === 'QUEUE' && before.queue !== after.queue) bits |= QUEUE
  if (!sameAnswers(old.firewall.answers!.list, now.firewall.answers!.list)) bits |= ANSWER
  return bits
}

function leavesOtherwise(before: Passage, after: Passage): number {
  const a = before.packet
  const b = after.packet
  let bits = 0
  if (!sameEnds(a, b)) bits |= TRANSLATION
  if (before.outInterface !== after.outInterface) bits |= INTERFACE
  if (before.mark !== after.mark) bits |= MARKED
  if (before.priority !== after.priority) bits |= PRIORITY
  if (before.ttl !== after.ttl || a.tos !== b.tos) bits |= HEADER
  // Other addresses have another checksum.
  if (bits === 0 && (before.rewritten || after.rewritten) && !sameTransport(a, b)) bits |= CONTENT
  return bits
}

function sameEnds(a: Packet, b: Packet): boolean {
  return (
    a.source0 === b.source0 &&
    a.source1 === b.source1 &&
    a.source2 === b.source2 &&
    a.source3 === b.source3 &&
    a.destination0 === b.destination0 &&
    a.destination1 === b.destination1 &&
    a.destination2 === b.destination2 &&
    a.destination3 === b.destination3 &&
    a.sourcePort === b.sourcePort &&
    a.destinationPort === b.destinationPort &&
    a.icmpId === b.icmpId
  )
}

/** From the transport header on, as far as it was captured. */
function sameTransport(a: Packet, b: Packet): boolean {
  const length = a.capturedEnd - a.transportOffset
  if (length !== b.capturedEnd - b.transportOffset) return false
  for (let i = 0; i < length; i++) {
    if (a.bytes[a.transportOffset + i] !== b.bytes[b.transportOffset + i]) return false
  }
  return true
}

/** Of the packet's connection; 0 where it has none. */
function markOf({ tracker }: Firewall, { entry }: Outcome): number {
  return entry < 0 ? 0 : tracker.table.words(entry)[tracker.table.at(entry) + MARK]!
}

function sameNotes(old: readonly string[], now: readonly string[]): boolean {
  if (old.length !== now.length) return false
  for (let i = 0; i < old.length; i++) if (old[i] !== now[i]) return false
  return true
}

function sameAnswers(old: readonly Answer[], now: readonly Answer[]): boolean {
  if (old.length !== now.length) return false
  for (let i = 0; i < old.length; i++) {
    const a = old[i]!
    const b = now[i]!
    if (a.decision.verdict !== b.decision.verdict) return false
    if (!sameEnds(a.passage.packet, b.passage.packet) || !sameReply(a, b)) return false
  }
  return true
}

/** What an error quotes is the packet, with what rules ahead of REJECT made of it: not compared. */
function sameReply({ packet: a }: Answer, { packet: b }: Answer): boolean {
  return (
    a.protocol === b.protocol &&
    a.icmpType === b.icmpType &&
    a.icmpCode === b.icmpCode &&
    a.tcpFlags === b.tcpFlags &&
    a.sequence === b.sequence &&
    a.acknowledgment === b.acknowledgment
  )
}
