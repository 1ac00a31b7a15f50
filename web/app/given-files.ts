/** What the files are that a person gives: captures by their first bytes, texts by what they say. */
import type { SourceText } from '../protocol.ts'

/** Of captures: pcap in both orders of bytes, with micro- and nanoseconds; pcapng; gzip, in which there is one. */
const magics = ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a', '1f8b']
/** Texts are no larger, so that a video dropped by mistake is not read as one. */
const MOST_TEXT = 32 * 1024 * 1024

export type Kind = 'capture' | 'rules' | 'scenario' | 'sysctls' | 'ipset' | 'host'

/** Of texts, by what one line of them says; the first that fits. */
const texts: readonly (readonly [Kind, RegExp])[] = [
  ['rules', /^\s*(?:\*(?:filter|nat|mangle|raw|security)\b|(?:sudo\s+)?ip6?tables\b|-[APN] )/m],
  ['scenario', /^(?:\+\S+\s+.*\s>\s|test ")/m],
  ['ipset', /^create \S+ (?:hash|bitmap|list):/m],
  ['host', /^\s*[[{][\s\S]*"(?:ifname|dst|addr_info)"/],
  ['sysctls', /^-?\w[\w-]*(?:[./][\w-]+)+ *=/m],
]

/** What looks like nothing else is a capture: the reader says what is wrong with it. */
export async function kindOf(file: Blob & { readonly name?: string }): Promise<Kind> {
  const start = new Uint8Array(await file.slice(0, 4096).arrayBuffer())
  const magic = Array.from(start.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')
  if (magics.some((known) => magic.startsWith(known))) return 'capture'
  if (file.name?.endsWith('.scenario') === true) return 'scenario'
  const text = new TextDecoder().decode(start)
  return texts.find(([, pattern]) => pattern.test(text))?.[0] ?? 'capture'
}

/** @throws Error where it is too large */
export async function textOfFile(file: File): Promise<string> {
  if (file.size > MOST_TEXT) throw new Error(`${file.name} is too large for a file of text`)
  return file.text()
}

/** @throws Error where it is too large */
export async function rulesOf(file: File): Promise<{ family: 'ipv4' | 'ipv6'; text: SourceText }> {
  const text = await textOfFile(file)
  const isV6 = /\.v6$|6tables|rules6/.test(file.name) || /^\s*(?:sudo\s+)?ip6tables\b/m.test(text)
  return { family: isV6 ? 'ipv6' : 'ipv4', text: { name: file.name, text } }
}
