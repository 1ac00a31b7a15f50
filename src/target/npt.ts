/** SNPT and DNPT: one IPv6 prefix in place of another, without connection tracking (RFC 6296). */
import {
  bitsOf,
  formatHost,
  maskAddress,
  parseFullHost,
  parseMask,
  prefixLength,
  prefixMask,
} from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'
import type { Hook } from '../ruleset/tables.ts'

/** Behind it stands what the checksum is made right with. */
const LONGEST = 64

interface Prefix {
  readonly address: readonly number[]
  readonly length: number
}

/** As the kernel takes it (ip6t_npt_checkentry): no bits behind the prefix. */
const prefix: Kind<Prefix> = {
  usage: 'PREFIX/LENGTH',
  expected: `an IPv6 prefix, its length ${LONGEST} at most`,
  examples: () => ['fd00:1::/64', '2001:db8::/32', 'fd00::/8', '::/64'],
  words: 1,
  read([text], { family }) {
    const slash = text!.indexOf('/')
    const host = slash < 0 ? text! : text!.slice(0, slash)
    const address = parseFullHost(host, family)
    if (address === null) return notAnAddress(host, family)
    const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text!.slice(slash + 1), family)
    const length = mask === null ? null : prefixLength(mask)
    if (mask === null || length === null)
      return new Refusal(`${shown(text!.slice(slash + 1))} is no prefix length`)
    if (length > LONGEST)
      return new Refusal(`a prefix of ${length} bits is too long: ${LONGEST} are the limit`)
    const network = maskAddress(address, mask).address
    if (network.some((word, index) => word !== address[index])) {
      const replacement = `${formatHost(network)}/${length}`
      return new Refusal(`the address has bits behind its prefix of ${length}`, { replacement })
    }
    return { address, length }
  },
  print: ({ address, length }) => `${formatHost(address)}/${length}`,
}

const define = (name: string, end: string, hooks: readonly Hook[]) =>
  defineTarget({
    name,
    summary: `puts one IPv6 prefix in place of another in the ${end}, without connection tracking`,
    family: 'ipv6',
    tables: ['mangle'],
    hooks,
    options: {
      source: option(prefix, {
        names: ['--src-pfx'],
        summary: 'the prefix to be replaced',
        required: true,
        omit: ({ value }) => value.length === 0,
      }),
      destination: option(prefix, {
        names: ['--dst-pfx'],
        summary: 'the new prefix',
        required: true,
        omit: ({ value }) => value.length === 0,
      }),
    },
  })

export const snpt = define('SNPT', 'source', ['INPUT', 'POSTROUTING'])
export const dnpt = define('DNPT', 'destination', ['PREROUTING', 'OUTPUT'])
