/** An IPv6 packet in a line of the kernel log (dump_ipv6_packet). */
import { formatIPv6Full } from '../../packet/address.ts'
import {
  extensionLength,
  HEADER_AUTHENTICATION,
  HEADER_DESTINATION,
  HEADER_FRAGMENT,
  HEADER_HOP_BY_HOP,
  HEADER_ROUTING,
} from '../../packet/ipv6.ts'
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_UDPLITE } from '../../packet/packet.ts'
import type { LogText } from './log-text.ts'
import { addTcp, addUdp } from './transport.ts'

const PROTOCOL_ESP = 50

const UNREACHABLE = 1
const TOO_BIG = 2
const TIME_EXCEEDED = 3
const PARAMETER_PROBLEM = 4
const ECHO = 128
const ECHO_REPLY = 129

/** As `addIPv4`. The length is that of the header's field, whatever it says. */
export function addIPv6(text: LogText, at: number): boolean {
  if (!text.has(at, 40, 'TRUNCATED')) return false
  const { view } = text
  const address = (from: number) =>
    formatIPv6Full(
      view.getInt32(from),
      view.getInt32(from + 4),
      view.getInt32(from + 8),
      view.getInt32(from + 12),
    )
  text.add(`SRC=${address(at + 8)} DST=${address(at + 24)} `)
  const word = view.getUint32(at)
  text.add(
    `LEN=${view.getUint16(at + 4) + 40} TC=${(word >>> 20) & 0xff} HOPLIMIT=${view.getUint8(at + 7)} ` +
      `FLOWLBL=${word & 0xfffff} `,
  )
  return addHeaders(text, at === 0, view.getUint8(at + 6), at + 40)
}

/** The extension headers, and what is behind them. */
function addHeaders(text: LogText, isOuter: boolean, first: number, start: number): boolean {
  const { view } = text
  const withOptions = text.choice.ipOptions
  let protocol = first
  let at = start
  let isLaterPiece = false
  while (isHeader(protocol)) {
    if (!text.has(at, 2, 'TRUNCATED')) return false
    if (withOptions) text.add('OPT ( ')
    switch (protocol) {
      case HEADER_FRAGMENT: {
        text.add('FRAG:')
        if (!text.has(at, 8, 'TRUNCATED ')) return false
        const field = view.getUint16(at + 2)
        text.add(`${field & 0xfff8} `)
        if ((field & 1) !== 0) text.add('INCOMPLETE ')
        text.add(
          `ID:${view
            .getUint32(at + 4)
            .toString(16)
            .padStart(8, '0')} `,
        )
        if ((field & 0xfff8) !== 0) isLaterPiece = true
        break
      }
      case HEADER_AUTHENTICATION:
      case PROTOCOL_ESP:
        if (withOptions && !addSecurity(text, protocol, at, isLaterPiece)) return false
        if (protocol === PROTOCOL_ESP) return false
        break
      default:
        if (!isLaterPiece) break
        if (withOptions) text.add(')')
        return false
    }
    if (withOptions) text.add(') ')
    const size = extensionLength(protocol, view.getUint8(at + 1))
    protocol = view.getUint8(at)
    at += size
  }
  return addProtocol(text, isOuter, protocol, at, isLaterPiece)
}

function isHeader(protocol: number): boolean {
  return (
    protocol === HEADER_HOP_BY_HOP ||
    protocol === HEADER_ROUTING ||
    protocol === HEADER_FRAGMENT ||
    protocol === HEADER_AUTHENTICATION ||
    protocol === HEADER_DESTINATION ||
    protocol === PROTOCOL_ESP
  )
}

/** AH and ESP: false where the line ends. */
function addSecurity(text: LogText, protocol: number, at: number, isLaterPiece: boolean): boolean {
  const isEsp = protocol === PROTOCOL_ESP
  text.add(isEsp ? 'ESP ' : 'AH ')
  if (isLaterPiece) {
    text.add(')')
    return false
  }
  if (!text.has(at, isEsp ? 8 : 12, `${text.incomplete(at)})`)) return false
  const index = text.view.getUint32(isEsp ? at : at + 4).toString(16)
  text.add(`SPI=0x${index} ${isEsp ? ')' : ''}`)
  return true
}

function addProtocol(
  text: LogText,
  isOuter: boolean,
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
    case PROTOCOL_ICMPV6:
      text.add('PROTO=ICMPv6 ')
      return isLaterPiece || addIcmp(text, at, isOuter)
    default:
      text.add(`PROTO=${protocol} `)
      return true
  }
}

function addIcmp(text: LogText, at: number, withQuoted: boolean): boolean {
  if (!text.has(at, 8, text.incomplete(at))) return false
  const { view } = text
  const type = view.getUint8(at)
  text.add(`TYPE=${type} CODE=${view.getUint8(at + 1)} `)
  switch (type) {
    case ECHO:
    case ECHO_REPLY:
      text.add(`ID=${view.getUint16(at + 4)} SEQ=${view.getUint16(at + 6)} `)
      return true
    case PARAMETER_PROBLEM:
      text.add(
        `POINTER=${view
          .getUint32(at + 4)
          .toString(16)
          .padStart(8, '0')} `,
      )
      break
    case UNREACHABLE:
    case TOO_BIG:
    case TIME_EXCEEDED:
      break
    default:
      return true
  }
  if (withQuoted) {
    text.add('[')
    addIPv6(text, at + 8)
    text.add('] ')
  }
  if (type === TOO_BIG) text.add(`MTU=${view.getUint32(at + 4)} `)
  return true
}
