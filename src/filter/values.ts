/** Reads what stands behind a keyword: addresses, networks, ports, numbers, lists of names. */
import { suggest } from '../diagnostic/suggest.ts'
import { type Address, parseAddress, parseIPv4 } from '../packet/address.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'
import {
  type Direction,
  type FamilyWord,
  type PortProtocol,
  PROTOCOL_WORDS,
  type Range,
  type Term,
} from './expression.ts'
import type { Token } from './lexer.ts'
import { addressBits, addressText, maskPrefix, networkOf, parseNetwork } from './network.ts'
import { FilterRefusal } from './refusal.ts'
import { KNOWN_PORTS, WORD_TERMS } from './vocabulary.ts'

type WordTerm = keyof typeof WORD_TERMS

/** A keyword with its qualifiers: what the next value means. */
export type Head =
  | { readonly kind: 'host' | 'net'; readonly family: FamilyWord | null; readonly direction: Direction }
  | {
      readonly kind: 'port' | 'portrange'
      readonly protocol: PortProtocol | null
      readonly direction: Direction
    }
  | { readonly kind: 'proto'; readonly family: FamilyWord | null }
  | { readonly kind: 'frame' }
  | { readonly kind: 'in' | 'out' }
  | { readonly kind: WordTerm }

export interface Tokens {
  peek(): Token
  take(): Token
}

const WHOLE = /^(?:0|[1-9]\d{0,15})$/
/** Where the words are too many to name them all. */
const EXAMPLES: Partial<Record<WordTerm, string>> = {
  state: 'a TCP or SCTP state such as SYN_SENT',
  reason: 'a reason such as tcp-seq-high or tcp-*',
}
const LARGEST_PORT = 65_535
/** IFNAMSIZ without its terminator. */
const LONGEST_NAME = 15

export class ValueReader {
  readonly #tokens: Tokens

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** @throws FilterRefusal */
  read(head: Head): Term {
    switch (head.kind) {
      case 'host':
        return { ...head, kind: 'host', address: this.#host(head.family) }
      case 'net':
        return { ...head, kind: 'net', ...this.#net(head.family) }
      case 'port':
        return { ...head, kind: 'port', range: this.#port() }
      case 'portrange':
        return { ...head, kind: 'port', range: this.#portRange() }
      case 'proto':
        return { ...head, number: this.#protocol() }
      case 'frame':
        return { kind: 'frame', ranges: this.#list((token) => this.#frames(token)) }
      case 'in':
      case 'out':
        return { kind: head.kind, words: this.#list((token) => this.#interface(token)) }
      default:
        return { kind: head.kind, words: this.#words(head.kind) } as Term
    }
  }

  /** A whole number from 0 on. */
  number(expected: string, largest: number): number {
    const token = this.#word(expected)
    const value = whole(token.text)
    if (value === null) throw new FilterRefusal(token, expected)
    if (value > largest) {
      throw new FilterRefusal(token, `at most ${largest}`, {
        message: `${token.text} is more than ${largest}`,
      })
    }
    return value
  }

  #word(expected: string): Token {
    const token = this.#tokens.peek()
    if (token.kind !== 'word') throw new FilterRefusal(token, expected)
    return this.#tokens.take()
  }

  #list<Item>(read: (token: Token) => Item): Item[] {
    const items = [read(this.#tokens.peek())]
    while (this.#tokens.peek().kind === ',') {
      this.#tokens.take()
      items.push(read(this.#tokens.peek()))
    }
    return items
  }

  #host(family: FamilyWord | null): Address {
    const token = this.#word('an address')
    const address = parseAddress(token.text)
    if (address !== null) return this.#ofFamily(address, family, token)
    if (token.text.includes('/') || parseNetwork(token.text) !== null) {
      throw new FilterRefusal(token, 'an address', {
        message: 'host takes one whole address; a network goes with net',
        suggestion: `net ${token.text}`,
      })
    }
    throw new FilterRefusal(token, 'an address', {
      message: `"${token.text}" is no address such as 192.0.2.1 or 2001:db8::1, and names are not looked up`,
    })
  }

  #net(family: FamilyWord | null): { address: Address; prefix: number } {
    const expected = 'a network such as 192.0.2.0/24'
    const token = this.#word(expected)
    const [text = '', prefixText, ...rest] = token.text.split('/', 3)
    const network = parseNetwork(text)
    if (network === null || rest.length > 0) throw new FilterRefusal(token, expected)
    const address = this.#ofFamily(network.address, family, token)
    let prefix = network.bits
    let end = token.position + token.text.length
    if (prefixText !== undefined) {
      const longest = addressBits(address)
      const value = whole(prefixText)
      if (value === null || value > longest) {
        throw new FilterRefusal(token, `a prefix length from 0 to ${longest}`)
      }
      prefix = value
    } else if (this.#tokens.peek().text === 'mask') {
      this.#tokens.take()
      const mask = this.#word('a mask such as 255.255.255.0')
      prefix = this.#mask(mask, address)
      end = mask.position + mask.text.length
    }
    const clean = networkOf(address, prefix)
    if (clean.words.some((word, index) => word !== address.words[index])) {
      const meant = {
        kind: 'word',
        text: ' '.repeat(end - token.position),
        position: token.position,
      } as const
      const suggestion = `${addressText(clean)}/${prefix}`
      throw new FilterRefusal(meant, expected, {
        message: `the address has bits set behind its first ${prefix}, so it is no network`,
        suggestion,
      })
    }
    return { address, prefix }
  }

  #mask(token: Token, address: Address): number {
    const mask = address.family === FAMILY_IPV4 ? parseIPv4(token.text) : null
    const prefix = mask === null ? null : maskPrefix(mask)
    if (prefix === null) {
      throw new FilterRefusal(token, 'an IPv4 mask whose ones stand in front, such as 255.255.255.0')
    }
    return prefix
  }

  #ofFamily(address: Address, family: FamilyWord | null, token: Token): Address {
    const own: FamilyWord = address.family === FAMILY_IPV4 ? 'ip' : 'ip6'
    if (family === null || family === own) return address
    throw new FilterRefusal(token, `an ${family === 'ip' ? 'IPv4' : 'IPv6'} address`)
  }

  #port(): Range {
    const expected = `a port number from 0 to ${LARGEST_PORT}`
    const token = this.#word(expected)
    const port = whole(token.text)
    if (port !== null && port <= LARGEST_PORT) return [port, port]
    if (/^\d+-\d+$/.test(token.text)) {
      throw new FilterRefusal(token, expected, {
        message: 'port takes one number; a range goes with portrange',
        suggestion: `portrange ${token.text}`,
      })
    }
    const known = Object.hasOwn(KNOWN_PORTS, token.text) ? `${KNOWN_PORTS[token.text]}` : null
    const message = known === null ? {} : { message: 'ports are given by number' }
    throw new FilterRefusal(token, expected, { suggestion: known, ...message })
  }

  #portRange(): Range {
    const expected = 'two port numbers such as 8000-8080'
    const token = this.#word(expected)
    const range = parseRange(token.text)
    if (range === null || range[1] > LARGEST_PORT) throw new FilterRefusal(token, expected)
    return range
  }

  #protocol(): number {
    const expected = 'a protocol number from 0 to 255'
    const token = this.#word(expected)
    // tcpdump wants the name of a protocol behind a backslash here, since it is a keyword as well.
    const name = token.text.replace(/^\\/, '')
    if (Object.hasOwn(PROTOCOL_WORDS, name)) return PROTOCOL_WORDS[name as keyof typeof PROTOCOL_WORDS]
    const number = whole(token.text)
    if (number === null || number > 255) {
      throw new FilterRefusal(token, expected, { suggestion: suggest(name, Object.keys(PROTOCOL_WORDS)) })
    }
    return number
  }

  #frames(token: Token): Range {
    const range = token.kind === 'word' ? parseRange(token.text) : null
    if (range === null) throw new FilterRefusal(token, 'a frame number, or two such as 100-200')
    this.#tokens.take()
    return range
  }

  #interface(token: Token): string {
    if (token.kind !== 'word' || token.text.length > LONGEST_NAME) {
      throw new FilterRefusal(token, 'the name of an interface such as eth0, or eth+ for all that begin so')
    }
    return this.#tokens.take().text
  }

  #words(kind: WordTerm): string[] {
    const known = WORD_TERMS[kind]
    return this.#list((token) => {
      const found = token.kind === 'word' ? findWord(token.text, known, kind === 'reason') : undefined
      if (found !== undefined) {
        this.#tokens.take()
        return found
      }
      const expected = EXAMPLES[kind] ?? `${kind} ${oneOf(known)}`
      throw new FilterRefusal(token, expected, { suggestion: suggest(token.text, known) })
    })
  }
}

/** The word as we spell it, whatever the case; with `prefix` also `tcp-*`, if anything begins like that. */
function findWord(text: string, known: readonly string[], prefix: boolean): string | undefined {
  if (prefix && text.endsWith('*')) {
    const start = text.slice(0, -1).toLowerCase()
    return known.some((word) => word.startsWith(start)) ? `${start}*` : undefined
  }
  return known.find((word) => word.toLowerCase() === text.toLowerCase())
}

function oneOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

function whole(text: string): number | null {
  return WHOLE.test(text) ? Number(text) : null
}

/** `7` or `7-9`; tcpdump takes `9-7` for the same. */
function parseRange(text: string): Range | null {
  const [from = '', to = from, ...rest] = text.split('-', 3)
  const low = whole(from)
  const high = whole(to)
  if (low === null || high === null || rest.length > 0) return null
  return low <= high ? [low, high] : [high, low]
}
