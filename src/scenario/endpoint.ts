/** Ends of a packet's way: `client:40000`, `10.0.0.{i}:80`, `[2001:db8::1]:443`. */
import { suggest } from '../diagnostic/suggest.ts'
import { formatAddress, parseAddress } from '../packet/address.ts'
import { type Amount, type Counters, evaluate, isFixed, readAmount } from './amount.ts'
import type { Endpoint, HostWords } from './model.ts'
import { Refusal } from './problem.ts'
import { type Scanner, shown } from './scanner.ts'

export const PORT = { what: 'a port', minimum: 0, maximum: 65_535 } as const
/** A part of an address: of IPv6 more than a byte. */
const PART = { what: 'a part of an address', minimum: 0, maximum: 0xffff } as const

export type Hosts = ReadonlyMap<string, HostWords>

/** An address and a port that are known. */
export interface End {
  readonly address: string
  readonly port: number | null
}

/** @throws Refusal */
export function readEndpoint(scanner: Scanner, hosts: Hosts, counters: ReadonlySet<string>): Endpoint {
  scanner.skip()
  const start = scanner.at
  const isBracketed = scanner.next === '['
  const name = isBracketed ? null : scanner.match(/[A-Za-z_][A-Za-z0-9_-]*(?![A-Za-z0-9_.-])/y)
  const host = name === null ? undefined : hosts.get(name.text)
  let address: Endpoint['address']
  if (host !== undefined) address = host.address
  else {
    // Letters may begin an IPv6 address without brackets, which then has no port.
    scanner.at = start
    address = readAddress(scanner, counters, isBracketed)
    if (address.length === 0) {
      const word = name ?? scanner.word('a host or an address')
      throw new Refusal(
        word,
        `${shown(word.text)} is no host of this scenario`,
        suggest(word.text, hosts.keys()),
      )
    }
    if (typeof address === 'string') address = checked(address, { start, end: scanner.at }, hosts)
  }
  let port: Amount | null = null
  if (scanner.next === ':') {
    scanner.at++
    port = readAmount(scanner, counters)
    if (port === null) throw scanner.refusal('expected a port behind ":"')
    if (isFixed(port)) evaluate(port, new Map(), PORT)
  }
  return { span: { start, end: scanner.at }, host: host?.name ?? null, address, port }
}

function readAddress(
  scanner: Scanner,
  counters: ReadonlySet<string>,
  isBracketed: boolean,
): Endpoint['address'] {
  const parts: (string | Amount)[] = []
  if (isBracketed) scanner.at++
  // Without brackets two colons at least make it IPv6; one is that of a port.
  const isIPv6 = isBracketed || /^[0-9a-fA-F{}a-z+*/%-]*:[^\s]*:/.test(restOfWord(scanner))
  const literal = isIPv6 ? /[0-9a-fA-F:.]+/y : /[0-9.]+/y
  for (;;) {
    const text = scanner.match(literal)
    if (text !== null) parts.push(text.text)
    else if (scanner.next === '{') parts.push(readAmount(scanner, counters)!)
    else break
  }
  if (isBracketed) scanner.expect(']', 'behind an IPv6 address')
  const isPlain = parts.every((part) => typeof part === 'string')
  return isPlain ? parts.join('') : parts
}

function restOfWord(scanner: Scanner): string {
  const end = scanner.text.slice(scanner.at, scanner.end).search(/[\s>]/)
  return scanner.text.slice(scanner.at, end < 0 ? scanner.end : scanner.at + end)
}

function checked(text: string, span: { start: number; end: number }, hosts: Hosts): string {
  const address = parseAddress(text)
  if (address === null) {
    const suggestion = suggest(text, hosts.keys())
    throw new Refusal(span, `${shown(text)} is neither a host of this scenario nor an address`, suggestion)
  }
  const { family, words } = address
  return formatAddress(family, words[0]!, words[1]!, words[2]!, words[3]!)
}

/** With its calculations done. @throws Refusal */
export function resolveEnd({ address, port, span }: Endpoint, counters: Counters): End {
  const text =
    typeof address === 'string'
      ? address
      : checked(
          address
            .map((part) => (typeof part === 'string' ? part : String(evaluate(part, counters, PART))))
            .join(''),
          span,
          new Map(),
        )
  return { address: text, port: port === null ? null : evaluate(port, counters, PORT) }
}
