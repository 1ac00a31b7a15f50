/** An entry of the state table in words, field by field, in the order of `conntrack -L`. */
import {
  STATUS_ASSURED,
  STATUS_DST_NAT,
  STATUS_HW_OFFLOAD,
  STATUS_OFFLOAD,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT,
} from '../../conntrack/status.ts'
import type { CounterView, EntryView, TupleView } from '../../conntrack/view.ts'
import { bytes, count, duration } from '../../explain/number-words.ts'
import { PROTOCOL_SCTP, PROTOCOL_TCP } from '../../packet/packet.ts'
import { protocolName } from '../../packet/protocol.ts'
import type { Decoded, Fact } from './fact.ts'
import { lastSet, timeoutWords } from './timeout-facts.ts'

/** Where the entry came from, as far as it changes what is said. */
export interface EntrySource {
  /** Its line, from 1. */
  readonly line: number
  /** As it stands there. */
  readonly text: string
}

export function decodeEntry(entry: EntryView, { line, text }: EntrySource): Decoded {
  return { kind: 'entry', line, headline: headlineOf(entry), facts: factsOf(entry, text) }
}

function headlineOf(entry: EntryView): string {
  const { original, protocol } = entry
  const name = protocolWord(protocol)
  const whole = `${name} from ${endText(original, 'source')} to ${endText(original, 'destination')}`
  const set = lastSet(entry)
  const quiet =
    set === null || set === 0
      ? ''
      : `; its last packet that counted came ${duration(set)} ago, as far as its timeout tells`
  return `${whole}: ${conditionOf(entry)}${natText(entry)}${quiet}`
}

function conditionOf({ protocol, state, status }: EntryView): string {
  const isAnswered = (status & STATUS_SEEN_REPLY) !== 0
  if (protocol === PROTOCOL_TCP && state !== null) {
    const condition = tcpConditions[state]
    if (state === 'ESTABLISHED' && !isAnswered)
      return 'picked up in mid-stream, or opened by a stray ACK; nobody has answered'
    if (condition !== undefined) return condition.short
  }
  if (!isAnswered) return 'not answered yet'
  return (status & STATUS_ASSURED) !== 0 ? 'answered, and going on' : 'answered'
}

interface TcpCondition {
  readonly short: string
  readonly words: string
}

const tcpConditions: Readonly<Record<string, TcpCondition>> = {
  SYN_SENT: { short: 'opening, no answer yet', words: 'a SYN was seen, and no answer to it' },
  SYN_RECV: {
    short: 'opening, answered',
    words: 'a SYN+ACK answered the SYN; the ACK that completes the handshake is still to come',
  },
  ESTABLISHED: { short: 'open', words: 'the handshake is complete, and nobody has closed' },
  FIN_WAIT: { short: 'closing, one side has sent its FIN', words: 'the first FIN was seen' },
  CLOSE_WAIT: {
    short: 'half closed',
    words: 'the first FIN was acknowledged; the other side may still send',
  },
  LAST_ACK: { short: 'closing, both sides have sent their FIN', words: 'the second FIN was seen' },
  TIME_WAIT: {
    short: 'closed in order by both sides',
    words: 'the second FIN was acknowledged: closed; the entry stays for late packets',
  },
  CLOSE: { short: 'closed by a reset', words: 'an RST ended it; the entry stays for late packets' },
  SYN_SENT2: {
    short: 'opening from both sides',
    words: 'each side sent a SYN, and neither has been answered (simultaneous open)',
  },
}

function factsOf(entry: EntryView, text: string): Fact[] {
  const { protocol, state, status, counters, original, reply, mark, zoneOriginal, zoneReply } = entry
  const facts: Fact[] = []
  const add = (field: string, words: string): void => void facts.push({ field, words })
  add(
    `${protocolName(protocol)} ${protocol}`,
    `${protocolWord(protocol)}, by its name and its number; ${entry.family === 'ipv6' ? 'IPv6' : 'IPv4'}`,
  )
  if ((status & STATUS_OFFLOAD) === 0) add(`${entry.timeout}`, timeoutWords(entry))
  if (state !== null) add(state, stateWords(entry))
  add(
    tupleText(original),
    `the direction of the first packet: who sent it, and to whom${counted(counters?.original)}`,
  )
  const isAnswered = (status & STATUS_SEEN_REPLY) !== 0
  if (!isAnswered)
    add(
      '[UNREPLIED]',
      'no packet of the other direction was accepted. Rules see NEW in the packets of this one, and with a full table such entries go first',
    )
  add(tupleText(reply), `${replyWords(entry)}${counted(counters?.reply)}`)
  if ((status & STATUS_ASSURED) !== 0) add('[ASSURED]', assuredWords(protocol))
  else if (isAnswered)
    add('no [ASSURED]', 'answered, but not established for long: with a full table it may go early')
  if ((status & STATUS_HW_OFFLOAD) !== 0)
    add('[HW_OFFLOAD]', 'a network card forwards it: no rule sees its packets')
  else if ((status & STATUS_OFFLOAD) !== 0)
    add('[OFFLOAD]', 'a flowtable forwards it: no rule sees its packets')
  if (/\smark=/.test(text)) add(`mark=${mark}`, markWords(mark))
  if (/\szone=/.test(text)) add(`zone=${zoneOriginal}`, zoneWords(zoneOriginal))
  else if (zoneOriginal !== zoneReply) {
    if (zoneOriginal !== 0)
      add(`zone-orig=${zoneOriginal}`, 'the zone of the first direction alone (CT --zone-orig)')
    if (zoneReply !== 0) add(`zone-reply=${zoneReply}`, 'the zone of the answers alone (CT --zone-reply)')
  }
  if (entry.deltaTime !== null)
    add(`delta-time=${entry.deltaTime}`, `the entry is ${duration(entry.deltaTime)} old`)
  if (entry.helper !== null)
    add(
      `helper=${entry.helper}`,
      'reads the payload, and lets in the further connections that it announces, as RELATED',
    )
  const use = Number(/\suse=(\d{1,9})/.exec(text)?.[1] ?? entry.use)
  add(`use=${use}`, useWords(entry.use, use > entry.use))
  const id = /\sid=(\d{1,10})$/.exec(text)?.[1]
  if (id !== undefined) add(`id=${id}`, 'names the entry for as long as it lives, and means nothing else')
  return facts
}

function markWords(mark: number): string {
  return mark === 0
    ? 'the connection has no mark (-j CONNMARK would set one)'
    : `the connection mark, 0x${mark.toString(16)}: set by -j CONNMARK, asked for by -m connmark`
}

function zoneWords(zone: number): string {
  return zone === 0
    ? 'the default zone'
    : 'the zone: the same addresses in another zone are another connection (CT --zone)'
}

function stateWords(entry: EntryView): string {
  const { protocol, state, status } = entry
  if (protocol !== PROTOCOL_TCP) return `the state of ${protocolWord(protocol)}, not the one that rules match`
  const isAnswered = (status & STATUS_SEEN_REPLY) !== 0
  const isPickedUp = state === 'ESTABLISHED' && !isAnswered
  const condition = isPickedUp
    ? 'the first packet seen was an ACK: the entry was made from the middle of a connection, or for a stray'
    : (tcpConditions[state ?? '']?.words ?? 'a state of TCP')
  const seen = isAnswered ? 'ESTABLISHED' : 'NEW from its sender, ESTABLISHED from the other side'
  return `TCP's state: ${condition}. It is there for the timeout; what rules match is another thing: its next packet is ${seen}, where it is valid`
}

function replyWords(entry: EntryView): string {
  const { original, reply, status } = entry
  const source = (status & STATUS_SRC_NAT) !== 0
  const destination = (status & STATUS_DST_NAT) !== 0
  const base = 'what an answer looks like'
  if (!source && !destination) return `${base}: the first direction turned round, so nothing is translated`
  const changes: string[] = []
  if (destination)
    changes.push(
      `${endText(original, 'destination')} stands for ${endText(reply, 'source')} (DNAT, REDIRECT)`,
    )
  if (source)
    changes.push(
      `${endText(original, 'source')} shows itself as ${endText(reply, 'destination')} (SNAT, MASQUERADE)`,
    )
  return `${base} before it is translated back: ${changes.join(', and ')}`
}

function natText({ original, reply, status }: EntryView): string {
  const texts: string[] = []
  if ((status & STATUS_DST_NAT) !== 0) texts.push(`sent on to ${endText(reply, 'source')}`)
  if ((status & STATUS_SRC_NAT) !== 0) texts.push(`seen outside as ${endText(reply, 'destination')}`)
  return texts.length === 0 || original === reply ? '' : `, ${texts.join(', ')}`
}

function assuredWords(protocol: number): string {
  const since = protocol === PROTOCOL_TCP ? 'the handshake was completed' : 'there was traffic both ways'
  return `${since}: the entry is kept when the table is full, until it ends or its time runs out`
}

function useWords(use: number, isProc: boolean): string {
  const holders = ['the table itself']
  if (isProc) holders.push('whoever read this file')
  const children = use - 1
  const more =
    children > 0
      ? `, and ${count(children, 'more')}: a packet on its way, or a connection that its helper announced`
      : ''
  return `how many hold the entry: ${holders.join(' and ')}${more}. It says nothing about the connection`
}

function counted(counter: CounterView | undefined): string {
  return counter === undefined
    ? ''
    : `; ${count(counter.packets, 'packet')}, ${bytes(counter.bytes)} of IP so far`
}

function tupleText(tuple: TupleView): string {
  const parts = [`src=${tuple.source}`, `dst=${tuple.destination}`]
  if (tuple.sourcePort !== undefined)
    parts.push(`sport=${tuple.sourcePort}`, `dport=${tuple.destinationPort}`)
  if (tuple.type !== undefined) parts.push(`type=${tuple.type}`, `code=${tuple.code}`, `id=${tuple.id}`)
  return parts.join(' ')
}

/** An end with its port. */
function endText(tuple: TupleView, end: 'source' | 'destination'): string {
  const address = tuple[end]
  const port = end === 'source' ? tuple.sourcePort : tuple.destinationPort
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function protocolWord(protocol: number): string {
  if (protocol === PROTOCOL_SCTP) return 'SCTP'
  const name = protocolName(protocol)
  return name === 'unknown' ? `protocol ${protocol}` : name.toUpperCase().replace('ICMPV6', 'ICMPv6')
}
