/** What DNAT and SNAT write in place of addresses and ports. */

import { parseIPv4, parseIPv6 } from '../packet/address.ts'
import { formatHost } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, Refusal, type ValueContext } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'
import type { Family } from '../ruleset/model.ts'
import { inRange } from '../ruleset/number.ts'
import { servicePort } from '../ruleset/services.ts'

export interface NatPorts {
  readonly from: number
  readonly to: number
  /** `A-B/BASE`: the port keeps its distance from BASE; 0 for none. */
  readonly base: number
}

export interface NatRange {
  /** Both ends belong to it; null: the address stays. */
  readonly addresses: { readonly from: readonly number[]; readonly to: readonly number[] } | null
  /** Null: the port stays as far as it can. */
  readonly ports: NatPorts | null
}

/** A number or service; `PORT`, `PORT-PORT`, and with `base` `PORT-PORT/BASE`. */
export function readNatPorts(text: string, { base }: { base: boolean }): NatPorts | Refusal {
  const single = inRange(text, 0, 65535) ?? servicePort(text, null)
  if (single !== null) return { from: single, to: single, base: 0 }
  if (/^\w+:\w+$/.test(text)) {
    return new Refusal('a range of ports has a dash here', { replacement: text.replace(':', '-') })
  }
  const found = /^(\w+)-(\w+)(?:\/(.+))?$/.exec(text)
  const from = inRange(found?.[1] ?? '', 0, 65535)
  const to = inRange(found?.[2] ?? '', 0, 65535)
  if (!found || from === null || to === null)
    return new Refusal(`${shown(text)} is neither a port nor a range A-B`)
  if (from > to) return new Refusal('the range of ports begins behind its end')
  if (found[3] === undefined) return { from, to, base: 0 }
  if (!base) return new Refusal('a port behind the slash is only for DNAT')
  const shift = inRange(found[3], 1, 65535) ?? servicePort(found[3], null)
  return shift === null ? new Refusal(`${shown(found[3])} is no port`) : { from, to, base: shift }
}

export function printNatPorts({ from, to, base }: NatPorts): string {
  return from === to ? String(from) : `${from}-${to}${base === 0 ? '' : `/${base}`}`
}

function readAddress(text: string, family: Family): readonly number[] | Refusal {
  if (family === 'ipv4') {
    const word = parseIPv4(text)
    return word === null ? notAnAddress(text, family) : [word]
  }
  const words = new Int32Array(4)
  return parseIPv6(text, words) ? [...words] : notAnAddress(text, family)
}

/** The parts in front of and behind the colon of the ports; in IPv6 the addresses then stand in brackets. */
function split(text: string, family: Family): { addresses: string; ports: string | null } {
  if (family === 'ipv6' && text.startsWith('[')) {
    const end = text.indexOf(']')
    const ports = text.slice(end + 1)
    if (end > 0 && (ports === '' || ports.startsWith(':'))) {
      return { addresses: text.slice(1, end), ports: ports === '' ? null : ports.slice(1) }
    }
  }
  const colon =
    family === 'ipv6' ? (text.startsWith(':') && !text.startsWith('::') ? 0 : -1) : text.indexOf(':')
  if (colon < 0) return { addresses: text, ports: null }
  return { addresses: text.slice(0, colon), ports: text.slice(colon + 1) }
}

/** `[ADDRESS[-ADDRESS]][:PORT[-PORT]]`. */
export function natRange({ base }: { base: boolean }): Kind<NatRange> {
  return {
    usage: `[ADDRESS[-ADDRESS]][:PORT[-PORT${base ? '[/BASE]' : ''}]]`,
    expected:
      'an address or range A-B, a port or range :A-B, or both; an IPv6 address with a port in brackets',
    examples: (family) =>
      family === 'ipv4'
        ? ['1.2.3.4', '1.2.3.4-1.2.3.9', '1.2.3.4:80', '1.2.3.4:80-90', ':0-65535', '1.2.3.9-1.2.3.4:7']
        : ['fe80::1', 'fe80::1-fe80::9', '[fe80::1]:80', '[fe80::1-fe80::2]:80-90', ':7', '[fe80::1]'],
    words: 1,
    read([text], context) {
      const { family } = context
      const parts = split(text!, family)
      const ports = parts.ports === null ? null : ofProtocol(readNatPorts(parts.ports, { base }), context)
      if (ports instanceof Refusal) return ports
      if (parts.addresses === '' && ports !== null) return { addresses: null, ports }
      const dash = parts.addresses.indexOf('-')
      const from = readAddress(dash < 0 ? parts.addresses : parts.addresses.slice(0, dash), family)
      const to = dash < 0 ? from : readAddress(parts.addresses.slice(dash + 1), family)
      if (from instanceof Refusal) return from
      if (to instanceof Refusal) return to
      return { addresses: { from, to }, ports }
    },
    print({ addresses, ports }, { family }) {
      let text = ''
      if (addresses) {
        const from = formatHost(addresses.from)
        const to = formatHost(addresses.to)
        text = from === to ? from : `${from}-${to}`
        if (family === 'ipv6' && ports) text = `[${text}]`
      }
      return ports ? `${text}:${printNatPorts(ports)}` : text
    },
  }
}

/** `PORT[-PORT]` of MASQUERADE and REDIRECT. */
export const natPorts: Kind<NatPorts> = {
  usage: 'PORT[-PORT]',
  expected: 'a port (0–65535), a service, or a range A-B',
  examples: () => ['0', '65535', '5-9', '7-7', 'ssh'],
  words: 1,
  read: ([text], context) => ofProtocol(readNatPorts(text!, { base: false }), context),
  print: printNatPorts,
}

/** tcp, udp, sctp, dccp, and icmp, whose id counts as a port. */
const withPorts = [6, 17, 132, 33, 1]

/** Ports need a protocol that has them, in front of them; the tool does not look whether -p is inverted. */
function ofProtocol(ports: NatPorts | Refusal, { anyProtocol }: ValueContext): NatPorts | Refusal {
  if (ports instanceof Refusal || withPorts.includes(anyProtocol ?? -1)) return ports
  const message = 'a port needs -p tcp, udp, sctp, dccp or icmp in front of it, in the same rule'
  return new Refusal(message, { code: 'needs-protocol' })
}
