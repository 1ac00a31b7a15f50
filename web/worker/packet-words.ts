/** What the columns say of a packet, in words. */
import { REASONS } from '../../src/conntrack/reason.ts'
import { ctstateOf } from '../../src/conntrack/status.ts'
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from '../../src/packet/packet.ts'
import { protocolName } from '../../src/packet/protocol.ts'
import { timeText } from '../../src/replay/record-of.ts'
import type { PacketPlace } from '../protocol.ts'
import { type Recorder, verdictNames } from './recorder.ts'

/** As `tcpdump` and people order them. */
const flagNames: readonly (readonly [bit: number, name: string])[] = [
  [0x02, 'SYN'],
  [0x01, 'FIN'],
  [0x04, 'RST'],
  [0x08, 'PSH'],
  [0x10, 'ACK'],
  [0x20, 'URG'],
  [0x40, 'ECE'],
  [0x80, 'CWR'],
]

function flagsText(flags: number): string {
  const names = flagNames.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name)
  return names.length === 0 ? 'no flags' : names.join('+')
}

/** `SYN+ACK`, `ICMP 3/1`, `UDP`. */
export function labelOf({ packets }: Recorder, at: number): string {
  const protocol = packets.protocol.get(at)
  if (protocol === PROTOCOL_TCP) return flagsText(packets.tcpFlags.get(at))
  const name = protocolName(protocol)
  const word = name === 'unknown' ? `protocol ${protocol}` : name.toUpperCase()
  if (protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6) return word
  const type = packets.sequence.get(at)
  return `${word} ${type >> 8}/${type & 0xff}`
}

export function reasonOf(number: number): string | null {
  return number === 0 ? null : REASONS[number - 1]!.code
}

/** Out of the ordinary, so that it is said. */
export function isOddReason(number: number): boolean {
  return number !== 0 && REASONS[number - 1]!.kind !== 'plain'
}

export function ctstateAt({ packets }: Recorder, at: number): string | null {
  return ctstateOf(packets.ctinfo.get(at))
}

export function verdictAt({ packets }: Recorder, at: number): string | null {
  return verdictNames[packets.verdict.get(at)] ?? null
}

/** `names` are those of the captures. */
export function placeOf(recorder: Recorder, names: readonly string[], packet: number): PacketPlace {
  const { packets } = recorder
  const at = packet - 1
  const flow = packets.flow.get(at)
  let before = 0
  if (flow > 0)
    for (let i = recorder.flows.first.get(flow - 1) - 1; i < at; i++)
      if (packets.flow.get(i) === flow) before++
  return {
    packet,
    flow,
    at: before,
    time: timeText(packets.seconds.get(at), packets.nanoseconds.get(at), 9),
    file: names[packets.file.get(at)] ?? '',
    frame: packets.frame.get(at),
    ctstate: ctstateAt(recorder, at),
    verdict: verdictAt(recorder, at),
    reason: reasonOf(packets.reason.get(at)),
  }
}
