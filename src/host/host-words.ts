/** A host in words: `eth0=192.0.2.1/24`, `10.0.0.0/8=eth1`, `in0:out0`, as options give them. */
import type { Host } from './host.ts'
import { HostError, quoted } from './host-error.ts'
import { interfaceFault, parsePrefix } from './ip-output.ts'
import { masksOf } from './prefix-table.ts'

/** An address of an interface. */
export interface LocalWords {
  readonly name: string
  /** One word or four, signed. */
  readonly words: Int32Array
  readonly length: number
}

/** A network, and the interface that leads there. */
export interface RouteWords extends LocalWords {
  /** `default`: of both families, and `words` is of neither. */
  readonly isDefault: boolean
}

/** The two arms of a box. */
export interface PairWords {
  readonly first: string
  readonly second: string
}

/** `IFACE=ADDRESS/LEN`. @throws HostError */
export function parseLocal(text: string): LocalWords {
  const equals = text.lastIndexOf('=')
  if (equals < 0) throw new HostError('expected IFACE=ADDRESS/LEN such as eth0=192.0.2.1/24', 0, text.length)
  const name = interfaceName(text.slice(0, equals), 0)
  const written = text.slice(equals + 1)
  const at = equals + 1
  const prefix = parsePrefix(written)
  if (prefix === null) {
    throw new HostError(`${quoted(written)} is no ADDRESS/LEN such as 192.0.2.1/24`, at, written.length)
  }
  const { words, length } = prefix
  if (!written.includes('/')) {
    const whole = words.length * 32
    const message = `the length of the network is missing: ${written}/${whole === 32 ? 24 : 64}, or /${whole} for the address alone`
    throw new HostError(message, at, written.length)
  }
  const isNone = words.every((word) => word === 0)
  const first = words[0]!
  if (isNone || (words.length === 1 ? first >>> 28 === 0xe || first === -1 : first >>> 24 === 0xff)) {
    throw new HostError(`no interface has the address ${quoted(written)}`, at, written.length)
  }
  return { name, words, length }
}

/** `CIDR=IFACE`, or `default=IFACE`. @throws HostError */
export function parseRoute(text: string): RouteWords {
  const equals = text.indexOf('=')
  if (equals < 0) {
    throw new HostError('expected CIDR=IFACE such as 10.0.0.0/8=eth1 or default=eth0', 0, text.length)
  }
  const name = interfaceName(text.slice(equals + 1), equals + 1)
  const written = text.slice(0, equals)
  if (written === 'default') return { name, words: new Int32Array(1), length: 0, isDefault: true }
  const prefix = parsePrefix(written)
  if (prefix === null) {
    const hint =
      parsePrefix(name) === null
        ? 'such as 10.0.0.0/8 or default'
        : '(the network comes first, then the interface)'
    throw new HostError(`${quoted(written)} is no network ${hint}`, 0, written.length)
  }
  const { words, length } = prefix
  const masks = masksOf(length)
  if (words.some((word, index) => (word & ~masks[index]!) !== 0)) {
    throw new HostError(`${quoted(written)} has bits behind the length of its network`, 0, written.length)
  }
  return { name, words, length, isDefault: false }
}

/** `IFACE:IFACE`. @throws HostError */
export function parsePair(text: string): PairWords {
  const parts = text.split(':')
  if (parts.length !== 2) throw new HostError('expected IFACE:IFACE such as in0:out0', 0, text.length)
  const first = interfaceName(parts[0]!, 0)
  const second = interfaceName(parts[1]!, first.length + 1)
  if (first === second)
    throw new HostError('the two arms are the same interface', first.length + 1, second.length)
  return { first, second }
}

export function tellLocal(host: Host, { name, words, length }: LocalWords): void {
  host.addAddress({ interface: host.interfaces.numberOf(name), words, length })
}

export function tellRoute(host: Host, route: RouteWords): void {
  const device = host.interfaces.numberOf(route.name)
  const add = (words: Int32Array) =>
    host.addRoute({
      ipv6: words.length === 4,
      type: 'unicast',
      words,
      length: route.length,
      interface: device,
    })
  add(route.words)
  if (route.isDefault) add(new Int32Array(4))
}

export function tellPair(host: Host, { first, second }: PairWords): void {
  host.setPair(host.interfaces.numberOf(first), host.interfaces.numberOf(second))
}

function interfaceName(name: string, at: number): string {
  const fault = interfaceFault(name)
  if (fault !== null) throw new HostError(fault, at, name.length)
  return name
}
