import {
  bitsOf,
  formatHost,
  formatMask,
  isAllOnes,
  maskAddress,
  parseFullHost,
  parseMask,
  prefixMask,
} from '../address-text.ts'
import { shown } from '../diagnostic.ts'
import { type Kind, Refusal } from '../extension.ts'
import type { Family, MaskedAddress } from '../model.ts'

export function notAnAddress(text: string, family: Family): Refusal {
  if (text.includes(':') && family === 'ipv4')
    return new Refusal(`${shown(text)} is an IPv6 address; use ip6tables`)
  if (text.includes('.') && family === 'ipv6' && /^[\d./]+$/.test(text)) {
    return new Refusal(`${shown(text)} is an IPv4 address; use iptables`)
  }
  if (/^\d+(\.\d+){3}$/.test(text)) return new Refusal(`${shown(text)} has a part above 255`)
  return new Refusal(`${shown(text)} is no address; names are not looked up`)
}

/** `ADDRESS[/MASK]`, of which a host is printed without a mask. */
export const maskedAddress: Kind<MaskedAddress> = {
  usage: 'ADDRESS[/MASK]',
  expected: 'an address, or a network with its prefix length or mask',
  examples: (family) =>
    family === 'ipv4'
      ? ['1.2.3.4', '10.0.0.0/8', '0.0.0.0/0', '255.255.255.255/32']
      : ['fe80::1', '2001:db8::/33', '::/0', '::1/128'],
  words: 1,
  read([text], { family }) {
    const slash = text!.indexOf('/')
    const host = slash < 0 ? text! : text!.slice(0, slash)
    const address = parseFullHost(host, family)
    if (address === null) return notAnAddress(host, family)
    const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text!.slice(slash + 1), family)
    if (mask === null) return new Refusal(`${shown(text!.slice(slash + 1))} is no mask`)
    return maskAddress(address, mask)
  },
  print: ({ address, mask }) =>
    isAllOnes(mask) ? formatHost(address) : `${formatHost(address)}/${formatMask(mask)}`,
}
