/** A packet in a few words, by its record. */
import type { PacketRecord } from '../replay/record.ts'
import { icmpMessage, tcpFlagNames, tcpFlagsOf } from './protocol-words.ts'

/** `FIN+ACK`, `UDP packet`, `ICMP port unreachable (type 3 code 3)`; `ACK` carries data or not. */
export function packetWord(record: Partial<PacketRecord>): string {
  const { protocol, tcpFlags, type, code } = record
  if (tcpFlags !== undefined) return segmentWord(tcpFlags)
  if (type !== undefined) return icmpMessage(type, record, code)
  if (protocol === undefined) return 'packet'
  if (protocol === 'unknown') return `packet of protocol ${record.protocolNumber}`
  return `${protocol === 'udplite' ? 'UDP-Lite' : protocol.toUpperCase()} packet`
}

/** By the letters of a record; PSH, ECE and CWR say nothing about states. */
export function segmentWord(letters: string): string {
  const flags = tcpFlagsOf(letters) & 0x3f
  const telling = (flags & ~0x08) === 0 ? flags : flags & ~0x08
  return flags === 0 ? 'segment without flags' : tcpFlagNames(telling)
}

/** `10.0.0.2:40000`, `[2001:db8::1]:80`, `10.0.0.2`. */
export function endWord(address: string, port?: number): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** `tcp 10.0.0.2:40000 > 192.0.2.9:80`. */
export function flowWord(flow: {
  readonly protocol?: string
  readonly source?: string
  readonly sourcePort?: number
  readonly destination?: string
  readonly destinationPort?: number
}): string {
  const { protocol, source, destination } = flow
  if (source === undefined || destination === undefined) return 'a packet that cannot be read'
  return `${protocol ?? ''} ${endWord(source, flow.sourcePort)} > ${endWord(destination, flow.destinationPort)}`.trim()
}
