/**
 * FTP commands and replies that announce a data connection: PORT and EPRT of the client, 227 and 229 of the
 * server (RFC 959, 4.1.2; RFC 2428; Linux nf_conntrack_ftp.c `find_pattern`).
 */
import { FAMILY_IPV4, FAMILY_IPV6 } from '../../packet/packet.ts'
import type { AddressWords } from '../expectation.ts'
import { ORIGINAL } from '../status.ts'
import { addressOfNumbers, isDigit, readIPv6, readNumbers, readPort } from './ftp-address.ts'

export type FtpKind = 'PORT' | 'EPRT' | 'PASV' | 'EPSV'

/** Texts of the patterns by their number: what the kernel's log names. */
export const ftpPatterns: readonly string[] = ['PORT', 'EPRT', '227 ', '229 ']

/** Family and address of whoever sent the packet. */
export interface FtpSpeaker {
  readonly family: number
  readonly source: AddressWords
}

export type FtpResult =
  | { readonly result: 'none' }
  /** Begins like a command but cannot be read: `pattern` is an index into ftpPatterns. */
  | { readonly result: 'partial'; readonly pattern: number }
  | {
      readonly result: 'match'
      readonly kind: FtpKind
      readonly address: AddressWords
      readonly port: number
      /** Where address and port stand in the bytes. */
      readonly start: number
      readonly end: number
    }

interface Parsed {
  readonly address: AddressWords
  readonly port: number
  readonly start: number
  readonly end: number
}

type Parse = (bytes: Uint8Array, start: number, end: number, speaker: FtpSpeaker) => Parsed | null

interface Pattern {
  readonly number: number
  readonly kind: FtpKind
  /** Character that is skipped to, past its first occurrence behind the pattern; null: nothing is skipped. */
  readonly skip: number | null
  readonly parse: Parse
}

const CR = 0x0d
const SPACE = 0x20
const COMMA = 0x2c
const DOT = 0x2e
const ONE = 0x31
const TWO = 0x32
const OPEN = 0x28

/** Six numbers. Over IPv6 they replace the first 32 bits of the speaker's address only, as in Linux. */
function sixNumbers(
  bytes: Uint8Array,
  start: number,
  end: number,
  speaker: FtpSpeaker,
  terminator: number | null,
): Parsed | null {
  const list = readNumbers(bytes, start, end, 6, COMMA, terminator)
  if (list === null) return null
  const [, b, c, d] = speaker.source
  return {
    address: [addressOfNumbers(list.numbers), b, c, d],
    port: ((list.numbers[4]! << 8) | list.numbers[5]!) & 0xffff,
    start,
    end: list.end,
  }
}

const parsePort: Parse = (bytes, start, end, speaker) => sixNumbers(bytes, start, end, speaker, CR)

// RFC 1123, 4.1.2.6: the numbers may stand anywhere in the text of the reply.
const parsePassive: Parse = (bytes, start, end, speaker) => {
  let at = start
  while (at < end && !isDigit(bytes[at]!)) at++
  return at === end ? null : sixNumbers(bytes, at, end, speaker, null)
}

/** RFC 2428, 2: any visible character that is not a digit. */
const isDelimiter = (byte: number) => byte >= 33 && byte <= 126 && !isDigit(byte)

const parseExtendedPort: Parse = (bytes, start, end, { family, source }) => {
  if (end - start <= 3) return null
  const delimiter = bytes[start]!
  if (!isDelimiter(delimiter) || bytes[start + 2] !== delimiter) return null
  const protocol = bytes[start + 1]!
  let address: AddressWords
  let addressEnd: number
  if (family === FAMILY_IPV4 && protocol === ONE) {
    const list = readNumbers(bytes, start + 3, end, 4, DOT, delimiter)
    if (list === null) return null
    address = [addressOfNumbers(list.numbers), source[1], source[2], source[3]]
    addressEnd = list.end
  } else if (family === FAMILY_IPV6 && protocol === TWO) {
    const read = readIPv6(bytes, start + 3, end, delimiter)
    if (read === null) return null
    address = read.words
    addressEnd = read.end
  } else return null
  // Whatever ended the address is taken for the delimiter.
  const read = readPort(bytes, addressEnd + 1, end, delimiter)
  return read && { address, port: read.port, start, end: read.end }
}

const parseExtendedPassive: Parse = (bytes, start, end, { source }) => {
  if (end - start <= 3) return null
  const delimiter = bytes[start]!
  if (!isDelimiter(delimiter) || bytes[start + 1] !== delimiter || bytes[start + 2] !== delimiter) return null
  const read = readPort(bytes, start + 3, end, delimiter)
  return read && { address: source, port: read.port, start, end: read.end }
}

const clientPatterns: readonly Pattern[] = [
  { number: 0, kind: 'PORT', skip: SPACE, parse: parsePort },
  { number: 1, kind: 'EPRT', skip: SPACE, parse: parseExtendedPort },
]
const serverPatterns: readonly Pattern[] = [
  { number: 2, kind: 'PASV', skip: null, parse: parsePassive },
  { number: 3, kind: 'EPSV', skip: OPEN, parse: parseExtendedPassive },
]

/** Whether the first bytes, as many as both have, are those of the pattern; letters of either case. */
function beginsAlike(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  const length = Math.min(end - start, text.length)
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!
    const upper = byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte
    if (upper !== text.charCodeAt(i)) return false
  }
  return true
}

/**
 * Looks for an announcement at the very start of the payload (`start` to `end`, not empty), in what
 * the client (direction ORIGINAL) or the server says.
 */
export function parseFtp(
  bytes: Uint8Array,
  start: number,
  end: number,
  direction: number,
  speaker: FtpSpeaker,
): FtpResult {
  for (const { number, kind, skip, parse } of direction === ORIGINAL ? clientPatterns : serverPatterns) {
    const text = ftpPatterns[number]!
    if (!beginsAlike(bytes, start, end, text)) continue
    const partial: FtpResult = { result: 'partial', pattern: number }
    if (end - start <= text.length) return partial
    let at = start + text.length
    if (skip !== null) {
      while (at < end && bytes[at] !== skip) at++
      if (at === end) return partial
      at++
    }
    const parsed = parse(bytes, at, end, speaker)
    return parsed ? { result: 'match', kind, ...parsed } : partial
  }
  return { result: 'none' }
}
