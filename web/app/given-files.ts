/** What the files are that a person gives: captures by their first bytes, else rules. */
import type { SourceText } from '../protocol.ts'

/** Of captures: pcap in both orders of bytes, with micro- and nanoseconds; pcapng; gzip, in which there is one. */
const magics = ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a', '1f8b']
/** Rules are no larger, so that a video dropped by mistake is not read as text. */
const MOST_RULES = 32 * 1024 * 1024

/** What looks like neither is a capture: the reader says what is wrong with it. */
export async function kindOf(file: Blob): Promise<'capture' | 'rules'> {
  const start = new Uint8Array(await file.slice(0, 4096).arrayBuffer())
  const magic = Array.from(start.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (magics.some((known) => magic.startsWith(known))) return 'capture'
  const text = new TextDecoder().decode(start)
  return /^\s*(?:\*(?:filter|nat|mangle|raw|security)\b|(?:sudo\s+)?ip6?tables\b|-[APN] )/m.test(text)
    ? 'rules'
    : 'capture'
}

/** @throws Error where it is too large */
export async function rulesOf(file: File): Promise<{ family: 'ipv4' | 'ipv6'; text: SourceText }> {
  if (file.size > MOST_RULES) throw new Error(`${file.name} is too large for a file of rules`)
  const text = await file.text()
  const isV6 = /\.v6$|6tables|rules6/.test(file.name) || /^\s*(?:sudo\s+)?ip6tables\b/m.test(text)
  return { family: isV6 ? 'ipv6' : 'ipv4', text: { name: file.name, text } }
}
