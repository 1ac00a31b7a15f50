/** Elements of sets as `ipset save` writes them: `10.0.0.0/8,tcp:80`. */
import { parseIPv4, parseIPv6 } from '../packet/address.ts'
import { PORT, PREFIX, SECOND } from './element-table.ts'
import { cut, type HashSet, isOutside } from './hash-set.ts'

/** A range of addresses or ports makes so many elements at most. */
const MOST = 1_048_576

const protocols: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  'ipv6-icmp': 58,
  sctp: 132,
  udplite: 136,
}

/** ICMP by name: type << 8 | code. */
const icmpNames: Readonly<Record<string, number>> = {
  'echo-reply': 0,
  pong: 0,
  'network-unreachable': 0x300,
  'host-unreachable': 0x301,
  'protocol-unreachable': 0x302,
  'port-unreachable': 0x303,
  'fragmentation-needed': 0x304,
  'source-quench': 0x400,
  'echo-request': 0x800,
  ping: 0x800,
  'router-advertisement': 0x900,
  'router-solicitation': 0xa00,
  'ttl-zero-during-transit': 0xb00,
  'ttl-zero-during-reassembly': 0xb01,
  'ip-header-bad': 0xc00,
  'required-option-missing': 0xc01,
  'timestamp-request': 0xd00,
  'timestamp-reply': 0xe00,
  'address-mask-request': 0x1100,
  'address-mask-reply': 0x1200,
}
const icmpv6Names: Readonly<Record<string, number>> = {
  'no-route': 0x100,
  'communication-prohibited': 0x101,
  'address-unreachable': 0x103,
  'port-unreachable': 0x104,
  'packet-too-big': 0x200,
  'ttl-zero-during-transit': 0x300,
  'ttl-zero-during-reassembly': 0x301,
  'bad-header': 0x400,
  'unknown-header-type': 0x401,
  'unknown-option': 0x402,
  'echo-request': 0x8000,
  ping: 0x8000,
  'echo-reply': 0x8100,
  pong: 0x8100,
  'router-solicitation': 0x8500,
  'router-advertisement': 0x8600,
  'neighbour-solicitation': 0x8700,
  'neighbour-advertisement': 0x8800,
  redirect: 0x8900,
}

function portNumber(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

interface PortRange {
  readonly protocol: number
  readonly from: number
  readonly to: number
}

function readPorts(text: string, bare: boolean): PortRange | string {
  const colon = text.indexOf(':')
  const name = colon < 0 ? 'tcp' : text.slice(0, colon).toLowerCase()
  const rest = text.slice(colon + 1)
  const protocol = protocols[name] ?? (/^\d{1,3}$/.test(name) && Number(name) < 256 ? Number(name) : null)
  if (protocol === null) return `"${name}" is no protocol`
  if (bare && colon >= 0 && protocol !== 6 && protocol !== 17) return `ports of ${name} cannot stand here`
  if (protocol === 1 || protocol === 58) {
    const parts = /^(\d{1,3})\/(\d{1,3})$/.exec(rest)
    const names = protocol === 1 ? icmpNames : icmpv6Names
    const number = parts ? Number(parts[1]) * 256 + Number(parts[2]) : names[rest]
    if (number === undefined || number > 65_535) return `"${rest}" is no ICMP type`
    return { protocol, from: number, to: number }
  }
  const dash = rest.indexOf('-')
  const from = portNumber(dash < 0 ? rest : rest.slice(0, dash))
  const to = dash < 0 ? from : portNumber(rest.slice(dash + 1))
  if (from === null || to === null) return `"${rest}" is no port from 0 to 65535`
  return { protocol, from: Math.min(from, to), to: Math.max(from, to) }
}

interface AddressRange {
  readonly words: Int32Array
  readonly bits: number
  /** IPv4: how many addresses from there on. */
  readonly count: number
}

function readAddress(text: string, ipv6: boolean): AddressRange | string {
  const size = ipv6 ? 128 : 32
  const words = new Int32Array(4)
  const slash = text.indexOf('/')
  const dash = ipv6 ? -1 : text.indexOf('-')
  const host = slash >= 0 ? text.slice(0, slash) : dash >= 0 ? text.slice(0, dash) : text
  if (ipv6) {
    if (!parseIPv6(host, words)) return `"${host}" is no IPv6 address`
  } else {
    const word = parseIPv4(host)
    if (word === null) return `"${host}" is no IPv4 address`
    words[0] = word
  }
  if (dash >= 0 && slash < 0) {
    const last = parseIPv4(text.slice(dash + 1))
    if (last === null) return `"${text.slice(dash + 1)}" is no IPv4 address`
    const count = (last >>> 0) - (words[0]! >>> 0) + 1
    return count < 1 ? 'the range ends before it begins' : { words, bits: size, count }
  }
  if (slash < 0) return { words, bits: size, count: 1 }
  const prefix = text.slice(slash + 1)
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > size)
    return `"${prefix}" is no prefix length up to ${size}`
  return { words, bits: Number(prefix), count: 1 }
}

/** Calls `each` with every key that the text stands for, in `set.key`; the text's mistake, or null. */
export function readElement(set: HashSet, text: string, each: () => string | null): string | null {
  const texts = text.split(',')
  const { key, parts, options } = set
  if (texts.length !== parts.length) return `an element has ${parts.length} parts here, commas between`
  const ipv6 = options.family === 'ipv6'
  const size = ipv6 ? 128 : 32
  key.fill(0)
  let hosts = 1
  let ports = 1
  let hostWord = 0
  let firstPort = 0
  for (const [i, part] of parts.entries()) {
    if (part === 'port' || part === 'bare-port') {
      const read = readPorts(texts[i]!, part === 'bare-port')
      if (typeof read === 'string') return read
      if (part === 'bare-port' && (read.from < options.range![0] || read.to > options.range![1]))
        return `the ports of the set go from ${options.range![0]} to ${options.range![1]}`
      firstPort = part === 'bare-port' ? read.from : read.from | (read.protocol << 16)
      ports = read.to - read.from + 1
      continue
    }
    const read = readAddress(texts[i]!, ipv6)
    if (typeof read === 'string') return read
    const at = i === 0 ? 0 : SECOND
    for (let word = 0; word < 4; word++) key[at + word] = read.words[word]!
    if (part === 'net') {
      if (read.bits === 0) return 'a prefix of 0 cannot stand in this type of set'
      if (read.count > 1) return 'ranges of networks are not read here: give their prefixes'
      cut(key, at, read.bits, size)
      key[PREFIX] = read.bits
      continue
    }
    if (read.bits < size && ipv6) return 'a network cannot stand in for all its addresses in IPv6'
    if (read.bits < size) cut(key, at, read.bits, size)
    if (at > 0 && (read.count > 1 || read.bits < size)) return 'ranges are read in the first part only'
    if (at > 0) continue
    hosts = read.count > 1 ? read.count : 2 ** (size - read.bits)
    hostWord = key[at]!
  }
  if (hosts * ports > MOST) return `it stands for more than ${MOST} elements`
  for (let host = 0; host < hosts; host++) {
    if (parts[0] === 'ip' && !ipv6) {
      key[0] = hostWord + host
      if (options.range !== null && isOutside(key[0], options.range))
        return 'the address is outside of the set'
      if (key[0] === 0 && options.range === null) return 'the address 0.0.0.0 cannot stand in a set'
    }
    if (parts[0] === 'ip' && options.netmask < size) cut(key, 0, options.netmask, size)
    for (let port = 0; port < ports; port++) {
      key[PORT] = firstPort + port
      const problem = each()
      if (problem !== null) return problem
    }
  }
  return null
}
