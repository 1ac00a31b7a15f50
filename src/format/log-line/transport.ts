/** Transport headers in a line of the kernel log (nf_log_dump_tcp_header and its like). False: the line ends here. */
import { PROTOCOL_UDP } from '../../packet/packet.ts'
import type { LogText } from './log-text.ts'

/** From the highest bit of byte 13 down. */
const flagNames = ['CWR', 'ECE', 'URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'] as const

/** @param isLaterPiece of a datagram: there is no header to read. */
export function addTcp(text: LogText, at: number, isLaterPiece: boolean): boolean {
  text.add('PROTO=TCP ')
  if (isLaterPiece) return true
  if (!text.has(at, 20, text.incomplete(at))) return false
  const { view, choice } = text
  text.add(`SPT=${view.getUint16(at)} DPT=${view.getUint16(at + 2)} `)
  if (choice.tcpSequence) text.add(`SEQ=${view.getUint32(at + 4)} ACK=${view.getUint32(at + 8)} `)
  text.add(`WINDOW=${view.getUint16(at + 14)} `)
  const first = view.getUint8(at + 12)
  // The reserved bits, where they land when the word is shifted; the lowest is AE (RFC 9768).
  text.add(`RES=0x${((first & 0x0e) << 2).toString(16).padStart(2, '0')} `)
  if ((first & 1) !== 0) text.add('AE ')
  const flags = view.getUint8(at + 13)
  flagNames.forEach((name, index) => {
    if ((flags & (0x80 >> index)) !== 0) text.add(`${name} `)
  })
  text.add(`URGP=${view.getUint16(at + 18)} `)
  const size = (first >> 4) * 4 - 20
  if (!choice.tcpOptions || size <= 0) return true
  if (!text.has(at + 20, size, 'OPT (TRUNCATED)')) return false
  text.add('OPT (')
  text.addBytes(at + 20, size)
  text.add(') ')
  return true
}

/** UDP and UDP-Lite. */
export function addUdp(text: LogText, protocol: number, at: number, isLaterPiece: boolean): boolean {
  text.add(protocol === PROTOCOL_UDP ? 'PROTO=UDP ' : 'PROTO=UDPLITE ')
  if (isLaterPiece) return true
  if (!text.has(at, 8, text.incomplete(at))) return false
  const { view } = text
  text.add(`SPT=${view.getUint16(at)} DPT=${view.getUint16(at + 2)} LEN=${view.getUint16(at + 4)} `)
  return true
}
