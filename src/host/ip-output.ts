/** What `ip -j addr`, `ip -j route` and `ip -j -6 route` print, one after another in any order, told to a `Host`. */
import { utf8Length } from '../diagnostic/utf8-length.ts'
import { type Address, parseAddress } from '../packet/address.ts'
import { FAMILY_IPV6 } from '../packet/packet.ts'
import type { Host, HostRoute, Scope } from './host.ts'
import { HostError, quoted } from './host-error.ts'
import { type JsonNode, parseJsonTexts } from './json.ts'

/** What the text said beside what `Host` knows: clauses without a full stop. They may quote it: print them escaped. */
export type Notes = readonly string[]

/** Interface names have 15 bytes (IFNAMSIZ). */
const LONGEST_NAME = 15

const scopes: ReadonlySet<string> = new Set<Scope>(['global', 'site', 'link', 'host'])

const routeTypes: ReadonlySet<string> = new Set<HostRoute['type']>([
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
])

/** Without a network part that belongs to it. */
const wholes: ReadonlySet<string> = new Set(['default', 'all', 'any'])

/** Tells `host` all of it. @throws HostError; what was read before it is told already */
export function readIpOutput(text: string, host: Host): Notes {
  const start = text.search(/[^\s\ufeff]/)
  if (start >= 0 && text[start] !== '[' && text[start] !== '{') {
    throw new HostError(
      'this is no JSON: with -j, as in ip -j addr and ip -j route, ip prints what is read here',
      start,
    )
  }
  const reader = new IpOutput(host)
  const texts = parseJsonTexts(text)
  if (texts.length === 0) throw new HostError('nothing is in it; the output of ip -j addr is expected', 0)
  for (const node of texts) reader.read(node)
  return reader.finish()
}

/** An object's members, by name. */
class Members {
  readonly node: JsonNode
  readonly #members: ReadonlyMap<string, JsonNode>

  constructor(node: JsonNode) {
    if (!(node.value instanceof Map)) throw wrong(node, 'an object {…} is expected here')
    this.node = node
    this.#members = node.value
  }

  has(name: string): boolean {
    return this.#members.has(name)
  }

  get isEmpty(): boolean {
    return this.#members.size === 0
  }

  required(name: string): JsonNode {
    const node = this.#members.get(name)
    if (node === undefined) throw wrong(this.node, `${quoted(name)} is missing here`)
    return node
  }

  text(name: string): string | null {
    const node = this.#members.get(name)
    if (node === undefined) return null
    if (typeof node.value !== 'string') throw wrong(node, `${quoted(name)} is to be a string`)
    return node.value
  }

  number(name: string, most: number): number | null {
    const node = this.#members.get(name)
    if (node === undefined) return null
    const { value } = node
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
    throw wrong(node, `${quoted(name)} is to be a whole number from 0 to ${most}`)
  }

  isTrue(name: string): boolean {
    return this.#members.get(name)?.value === true
  }

  list(name: string): readonly JsonNode[] | null {
    const node = this.#members.get(name)
    if (node === undefined) return null
    if (!Array.isArray(node.value)) throw wrong(node, `${quoted(name)} is to be an array`)
    return node.value
  }

  /** Whether the array holds this word. */
  lists(name: string, word: string): boolean {
    return (this.list(name) ?? []).some(({ value }) => value === word)
  }

  /** An address of one family. */
  address(name: string, ipv6: boolean): Int32Array | null {
    const text = this.text(name)
    if (text === null) return null
    const address = parseAddress(text)
    if (address === null || (address.family === FAMILY_IPV6) !== ipv6) {
      throw wrong(this.required(name), `${quoted(text)} is no ${ipv6 ? 'IPv6' : 'IPv4'} address`)
    }
    return wordsOf(address)
  }

  /** The name of an interface. */
  name(name: string): string | null {
    const text = this.text(name)
    if (text === null) return null
    const fault = interfaceFault(text)
    if (fault !== null) throw wrong(this.required(name), fault)
    return text
  }
}

/** What is wrong with the name of an interface, as Linux judges it (dev_valid_name), or null. */
export function interfaceFault(name: string): string | null {
  if (name === '') return 'the name of an interface is missing'
  if (utf8Length(name) > LONGEST_NAME) {
    return `${quoted(name)} is longer than an interface's name, which has ${LONGEST_NAME} bytes at most`
  }
  if (name === '.' || name === '..' || /[/:\s]/.test(name))
    return `${quoted(name)} is no name of an interface`
  return null
}

function wrong({ position, length }: JsonNode, message: string): HostError {
  return new HostError(message, position, length)
}

/** One word or four. */
export function wordsOf({ family, words }: Address): Int32Array {
  return family === FAMILY_IPV6 ? words : words.slice(0, 1)
}

interface Prefix {
  readonly words: Int32Array
  readonly length: number
}

class IpOutput {
  readonly #host: Host
  readonly #notes: string[] = []
  /** Routes by other tables than main and local, with no place in the model. */
  readonly #otherTables = new Set<string>()
  #fromSource = 0
  #addresses = 0
  /** An interface belongs to another: a port of a bridge, of a bond, of a VRF. */
  #hasMaster = false
  /** All interfaces are listed: loopback is among them. */
  #isWhole = false

  constructor(host: Host) {
    this.#host = host
  }

  finish(): Notes {
    if (this.#isWhole && !this.#hasMaster) this.#host.hasPorts = false
    if (this.#otherTables.size > 0) {
      const tables = [...this.#otherTables].join(', ')
      this.#notes.push(`routes of further tables (${tables}) are left out: policy routing is not modelled`)
    }
    if (this.#fromSource > 0) {
      this.#notes.push(`routes for certain sources only (${this.#fromSource}) are left out`)
    }
    if (this.#addresses === 0) this.#notes.push('it gives no interface an address: nothing is for the host')
    return this.#notes
  }

  read(node: JsonNode): void {
    if (!Array.isArray(node.value)) {
      throw wrong(node, 'an array […] is expected, as ip -j addr and ip -j route print it')
    }
    // Older versions of ip print {} for what they leave out.
    const items = (node.value as readonly JsonNode[])
      .map((item) => new Members(item))
      .filter((item) => !item.isEmpty)
    // `default` alone does not tell its family; the others of the same list may.
    const families = items.map(familyOf)
    const told = families.find((family) => family !== null) ?? 'ipv4'
    items.forEach((item, index) => {
      if (item.has('ifname')) this.#interface(item)
      else if (item.has('priority')) this.#rule(item)
      else if (item.has('dst')) this.#route(item, (families[index] ?? told) === 'ipv6')
      else {
        const message =
          'neither an interface ("ifname") nor a route ("dst"): ip -j addr or ip -j route is expected'
        throw wrong(item.node, message)
      }
    })
  }

  #interface(item: Members): void {
    const host = this.#host
    const name = item.name('ifname')!
    const number = host.interfaces.numberOf(name)
    this.#hasMaster ||= item.has('master')
    this.#isWhole ||= number === host.loopback
    const hardware = item.text('link_type') === 'ether' ? hardwareOf(item.text('address')) : null
    host.setDevice(number, {
      mtu: item.number('mtu', 0xffff_ffff) ?? 0,
      index: item.number('ifindex', 0x7fff_ffff) ?? 0,
      hardware,
    })
    const isDown = item.has('flags') && !item.lists('flags', 'UP')
    const addresses = item.list('addr_info')
    if (isDown) {
      if (addresses?.length) this.#notes.push(`${name} is down: its addresses do not count`)
      return
    }
    for (const node of addresses ?? []) this.#address(new Members(node), number)
  }

  #address(item: Members, number: number): void {
    const family = item.text('family')
    if (item.isEmpty || (family !== 'inet' && family !== 'inet6')) return
    const ipv6 = family === 'inet6'
    const words = item.address('local', ipv6)
    if (words === null) throw wrong(item.node, '"local" is missing here')
    const length = item.number('prefixlen', ipv6 ? 128 : 32)
    if (length === null) throw wrong(item.node, '"prefixlen" is missing here')
    // Another machine has it: it is not used.
    if (item.isTrue('dadfailed')) return
    const scope = item.text('scope')
    const peer = item.address('address', ipv6)
    const broadcast = ipv6 ? null : item.address('broadcast', false)
    this.#host.addAddress({
      interface: number,
      words,
      length,
      ...(scope !== null && scopes.has(scope) ? { scope: scope as Scope } : {}),
      ...(peer === null ? {} : { peer }),
      ...(broadcast === null ? {} : { broadcast }),
      secondary: !ipv6 && item.isTrue('secondary'),
      withoutRoute: item.isTrue('noprefixroute'),
    })
    if (number !== this.#host.loopback) this.#addresses++
  }

  #rule(item: Members): void {
    const table = item.text('table')
    if (table !== null && table !== 'local' && table !== 'main' && table !== 'default')
      this.#otherTables.add(table)
  }

  #route(item: Members, ipv6: boolean): void {
    const table = item.text('table')
    if (table !== null && table !== 'main' && table !== 'local') {
      if (table !== 'default') this.#otherTables.add(table)
      return
    }
    if (item.has('from')) {
      this.#fromSource++
      return
    }
    const type = item.text('type') ?? 'unicast'
    if (!routeTypes.has(type)) throw wrong(item.required('type'), `${quoted(type)} is no type of route`)
    const { words, length } = this.#destination(item, ipv6)
    // Linux knows each interface that it routes to; here the routes may come first.
    const hops = (item.list('nexthops') ?? []).map((node) => new Members(node)).filter((hop) => !isDead(hop))
    if (isDead(item) || (item.has('nexthops') && hops.length === 0)) return
    const first = hops[0] ?? item
    const devices = hops.map((hop) => this.#device(hop)).filter((device) => device !== 0)
    const device = this.#device(first)
    if (type === 'unicast' && device === 0) {
      throw wrong(item.node, 'a route has neither "dev" nor "nexthops" here')
    }
    const mtu = (item.list('metrics') ?? [])
      .map((node) => new Members(node).number('mtu', 0xffff_ffff))
      .find((value) => value !== null)
    if (table !== 'local') this.#host.tellRoutes(ipv6)
    this.#host.addRoute({
      ipv6,
      type: type as HostRoute['type'],
      words,
      length,
      interface: device,
      metric: item.number('metric', 0xffff_ffff) ?? 0,
      mtu: mtu ?? 0,
      source: item.address('prefsrc', ipv6),
      gateway: gatewayOf(first, ipv6),
      alternatives: [...new Set(devices)].filter((other) => other !== device),
    })
  }

  #device(item: Members): number {
    const name = item.name('dev')
    return name === null ? 0 : this.#host.interfaces.numberOf(name)
  }

  #destination(item: Members, ipv6: boolean): Prefix {
    const text = item.text('dst')!
    if (wholes.has(text)) return { words: new Int32Array(ipv6 ? 4 : 1), length: 0 }
    const prefix = parsePrefix(text)
    if (prefix === null || (prefix.words.length === 4) !== ipv6) {
      throw wrong(item.required('dst'), `${quoted(text)} is no ${ipv6 ? 'IPv6' : 'IPv4'} network`)
    }
    return prefix
  }
}

/** `ADDRESS/LEN`, or an address of full length; null if it is neither. */
export function parsePrefix(text: string): Prefix | null {
  const [, bare = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = parseAddress(bare)
  if (address === null) return null
  const words = wordsOf(address)
  const most = words.length * 32
  const length = bits === undefined ? most : Number(bits)
  return length > most ? null : { words, length }
}

function isDead(item: Members): boolean {
  return item.has('flags') && item.lists('flags', 'dead')
}

function gatewayOf(item: Members, ipv6: boolean): Int32Array | null {
  if (!item.has('via')) return item.address('gateway', ipv6)
  const via = new Members(item.required('via'))
  return via.address('host', via.text('family') === 'inet6')
}

/** Of a route, as far as it shows. */
function familyOf(item: Members): 'ipv4' | 'ipv6' | null {
  if (item.has('pref')) return 'ipv6'
  for (const name of ['dst', 'gateway', 'prefsrc']) {
    const text = item.text(name)
    if (text === null || wholes.has(text)) continue
    return text.includes(':') ? 'ipv6' : 'ipv4'
  }
  return null
}

/** Six bytes between colons, or null. */
function hardwareOf(text: string | null): Uint8Array | null {
  if (text === null || !/^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(text)) return null
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16))
}
