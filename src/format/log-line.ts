/** What LOG writes into the kernel log (nf_log_syslog). */
import type { LogNote } from '../hook/note.ts'
import type { Passage } from '../hook/passage.ts'
import type { Interfaces } from '../host/interfaces.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import { FAMILY_IPV6, type Packet } from '../packet/packet.ts'
import { addIPv4 } from './log-line/ipv4.ts'
import { addIPv6 } from './log-line/ipv6.ts'
import { LogText } from './log-line/log-text.ts'

/**
 * The line of a packet where it stands now, from the prefix to the last blank, as `dmesg` shows it behind the time.
 * UID and GID are never there: packets of a capture have no socket. MAC is empty where the capture has no Ethernet
 * header. CUT stands for fields that the capture lacks.
 */
export function logLine(note: LogNote, passage: Passage, interfaces: Interfaces): string {
  const { inInterface, outInterface, mark } = passage
  const packet = passage.settled()
  const { bytes, networkOffset: start, capturedEnd } = packet
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, capturedEnd - start)
  const text = new LogText(view, packet.length, note)
  text.add(`${note.prefix}IN=${interfaces.nameOf(inInterface)} OUT=${interfaces.nameOf(outInterface)} `)
  if (inInterface !== 0) text.add(linkText(packet, note.macDecode))
  const isWhole = packet.family === FAMILY_IPV6 ? addIPv6(text, 0) : addIPv4(text, 0, packet.length)
  if (isWhole && mark !== 0) text.add(`MARK=0x${(mark >>> 0).toString(16)} `)
  return text.toString()
}

/** The Ethernet header of 14 bytes; VLAN tags are no part of it, as the device of a VLAN takes them off. */
function linkText(packet: Packet, isDecoded: boolean): string {
  const { frameBytes, frameStart, frameEnd, linkType, etherType } = packet
  if (linkType !== LINKTYPE_ETHERNET || frameEnd - frameStart < 14) return 'MAC= '
  const hex = (from: number) =>
    Array.from(frameBytes.subarray(frameStart + from, frameStart + from + 6), twoDigits).join(':')
  const type = etherType.toString(16).padStart(4, '0')
  if (isDecoded) return `MACSRC=${hex(6)} MACDST=${hex(0)} MACPROTO=${type} `
  return `MAC=${hex(0)}:${hex(6)}:${type.slice(0, 2)}:${type.slice(2)} `
}

const twoDigits = (byte: number): string => byte.toString(16).padStart(2, '0')
