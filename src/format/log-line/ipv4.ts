/** An IPv4 packet in a line of the kernel log (dump_ipv4_packet). */
import { formatIPv4 } from '../../packet/address.ts'
import { PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_UDPLITE } from '../../packet/packet.ts'
import type { LogText } from './log-text.ts'
import { addTcp, addUdp } from './transport.ts'

const PROTOCOL_ESP = 50
const PROTOCOL_AH = 51

const ECHO_REPLY = 0
const UNREACHABLE = 3
const SOURCE_QUENCH = 4
const REDIRECT = 5
const ECHO = 8
const TIME_EXCEEDED = 11
const PARAMETER_PROBLEM = 12
const FRAGMENTATION_NEEDED = 4

/** Bytes that a message must have to be told in full, by type. */
const needed: Readonly<Record<number, number>> = {
  [ECHO_REPLY]: 4,
  [UNREACHABLE]: 28,
  [SOURCE_QUENCH]: 28,
  [REDIRECT]: 28,
  [ECHO]: 4,
  [TIME_EXCEEDED]: 28,
  [PARAMETER_PROBLEM]: 28,
  13: 20,
  14: 20,
  17: 12,
  18: 12,
}

/**
 * @param at where its header begins; the outer packet's at 0
 * @param length of the outer packet: its field may be 0 (segmentation offload)
 * @returns false where the line ends early: nothing about the outer packet follows
 */
export function addIPv4(text: LogText, at: number, length: number | null): boolean {
  if (!text.has(at, 20, 'TRUNCATED')) return false
  const { view } = text
  text.add(`SRC=${formatIPv4(view.getInt32(at + 12))} DST=${formatIPv4(view.getInt32(at + 16))} `)
  const tos = view.getUint8(at + 1)
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(2, '0')
  text.add(
    `LEN=${length ?? view.getUint16(at + 2)} TOS=0x${hex(tos & 0x1e)} PREC=0x${hex(tos & 0xe0)} ` +
      `TTL=${view.getUint8(at + 8)} ID=${view.getUint16(at + 4)} `,
  )
  const fragment = view.getUint16(at + 6)
  if ((fragment & 0x8000) !== 0) text.add('CE ')
  if ((fragment & 0x4000) !== 0) text.add('DF ')
  if ((fragment & 0x2000) !== 0) text.add('MF ')
  const offset = fragment & 0x1fff
  if (offset !== 0) text.add(`FRAG:${offset} `)
  const header = (view.getUint8(at) & 15) * 4
  if (text.choice.ipOptions && header > 20) {
    if (!text.has(at + 20, header - 20, 'TRUNCATED')) return false
    text.add('OPT (')
    text.addBytes(at + 20, header - 20)
    text.add(') ')
  }
  return addProtocol(text, at, view.getUint8(at + 9), at + header, offset !== 0)
}

function addProtocol(
  text: LogText,
  packet: number,
  protocol: number,
  at: number,
  isLaterPiece: boolean,
): boolean {
  switch (protocol) {
    case PROTOCOL_TCP:
      return addTcp(text, at, isLaterPiece)
    case PROTOCOL_UDP:
    case PROTOCOL_UDPLITE:
      return addUdp(text, protocol, at, isLaterPiece)
    case PROTOCOL_ICMP:
      text.add('PROTO=ICMP ')
      if (!isLaterPiece) addIcmp(text, at, packet === 0)
      return true
    case PROTOCOL_AH:
      text.add('PROTO=AH ')
      if (!isLaterPiece && text.has(at, 12, text.incomplete(at)))
        text.add(`SPI=0x${text.view.getUint32(at + 4).toString(16)} `)
      return true
    case PROTOCOL_ESP:
      text.add('PROTO=ESP ')
      if (!isLaterPiece && text.has(at, 8, text.incomplete(at)))
        text.add(`SPI=0x${text.view.getUint32(at).toString(16)} `)
      return true
    default:
      text.add(`PROTO=${protocol} `)
      return true
  }
}

/** `withQuoted`: of the outer packet only; what an error quotes quotes nothing itself. */
function addIcmp(text: LogText, at: number, withQuoted: boolean): void {
  if (!text.has(at, 8, text.incomplete(at))) return
  const { view } = text
  const type = view.getUint8(at)
  const code = view.getUint8(at + 1)
  text.add(`TYPE=${type} CODE=${code} `)
  if (text.length - at < (needed[type] ?? 0)) {
    text.add(text.incomplete(at))
    return
  }
  switch (type) {
    case ECHO:
    case ECHO_REPLY:
      text.add(`ID=${view.getUint16(at + 4)} SEQ=${view.getUint16(at + 6)} `)
      return
    case PARAMETER_PROBLEM:
      text.add(`PARAMETER=${view.getUint8(at + 4)} `)
      return
    case REDIRECT:
      text.add(`GATEWAY=${formatIPv4(view.getInt32(at + 4))} `)
      break
    case UNREACHABLE:
    case SOURCE_QUENCH:
    case TIME_EXCEEDED:
      break
    default:
      return
  }
  if (withQuoted) {
    text.add('[')
    addIPv4(text, at + 8, null)
    text.add('] ')
  }
  if (type === UNREACHABLE && code === FRAGMENTATION_NEEDED) text.add(`MTU=${view.getUint16(at + 6)} `)
}
