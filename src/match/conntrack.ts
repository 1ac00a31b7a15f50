import { parseIPv4, parseIPv6 } from '../packet/address.ts'
import { bitsOf, formatHost, formatMask, isAllOnes, parseMask, prefixMask } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { protocolKind } from '../ruleset/generic-values.ts'
import { maskedAddress, notAnAddress } from '../ruleset/kind/address.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { range } from '../ruleset/kind/number.ts'
import { portRange } from '../ruleset/kind/port.ts'
import type { MaskedAddress } from '../ruleset/model.ts'
import { stateNames } from './state-names.ts'

/**
 * `ADDRESS[/MASK]`. The address stays as written, whatever the mask (xt_conntrack masks only what it compares it with).
 * A mask that is no prefix is printed as an address; iptables 1.8.9 prints none.
 */
const address: Kind<MaskedAddress> = {
  usage: 'ADDRESS[/MASK]',
  expected: 'an address, or a network with its prefix length or mask',
  examples: maskedAddress.examples,
  words: 1,
  read([text], { family }) {
    const slash = text!.indexOf('/')
    const host = slash < 0 ? text! : text!.slice(0, slash)
    const words = new Int32Array(4)
    const word = family === 'ipv4' ? parseIPv4(host) : null
    if (family === 'ipv4' ? word === null : !parseIPv6(host, words)) return notAnAddress(host, family)
    const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text!.slice(slash + 1), family)
    if (mask === null) return new Refusal(`${shown(text!.slice(slash + 1))} is no mask`)
    return { address: word === null ? [...words] : [word], mask }
  },
  print: ({ address, mask }) =>
    isAllOnes(mask) ? formatHost(address) : `${formatHost(address)}/${formatMask(mask)}`,
}

const ports = portRange({ reversed: 'accepted', decimal: true })
const protocolNumber: Kind<number> = { ...protocolKind, print: String }

const statusNames = ['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED']
const tuple = { invertible: true } as const

export const conntrack = defineMatch({
  name: 'conntrack',
  summary: "looks at the packet's connection",
  oneOf: [
    [
      'ctstate',
      'ctproto',
      'ctorigsrc',
      'ctorigdst',
      'ctreplsrc',
      'ctrepldst',
      'ctorigsrcport',
      'ctorigdstport',
      'ctreplsrcport',
      'ctrepldstport',
      'ctstatus',
      'ctexpire',
      'ctdir',
    ],
  ],
  options: {
    ctstate: option(bits({ usage: 'STATE[,…]', names: stateNames, caseless: true, shortened: true }), {
      names: ['--ctstate'],
      summary: 'the state is one of these; SNAT and DNAT: the connection is translated',
      invertible: true,
    }),
    ctproto: option(protocolNumber, {
      names: ['--ctproto'],
      summary: 'the connection is of this protocol',
      ...tuple,
    }),
    ctorigsrc: option(address, { names: ['--ctorigsrc'], summary: "the first packet's source", ...tuple }),
    ctorigdst: option(address, {
      names: ['--ctorigdst'],
      summary: "the first packet's destination",
      ...tuple,
    }),
    ctreplsrc: option(address, { names: ['--ctreplsrc'], summary: 'the source of answers', ...tuple }),
    ctrepldst: option(address, { names: ['--ctrepldst'], summary: 'the destination of answers', ...tuple }),
    ctorigsrcport: option(ports, {
      names: ['--ctorigsrcport'],
      summary: "the first packet's source port",
      ...tuple,
    }),
    ctorigdstport: option(ports, {
      names: ['--ctorigdstport'],
      summary: "the first packet's destination port",
      ...tuple,
    }),
    ctreplsrcport: option(ports, {
      names: ['--ctreplsrcport'],
      summary: 'the source port of answers',
      ...tuple,
    }),
    ctrepldstport: option(ports, {
      names: ['--ctrepldstport'],
      summary: 'the destination port of answers',
      ...tuple,
    }),
    ctstatus: option(
      bits({ usage: 'STATUS[,…]', names: statusNames, caseless: true, shortened: true, none: 'NONE' }),
      { names: ['--ctstatus'], summary: 'one of these is set', invertible: true },
    ),
    ctexpire: option(range({ usage: 'SECONDS[:SECONDS]', unit: 'seconds' }), {
      names: ['--ctexpire'],
      summary: 'what is left of its timeout',
      invertible: true,
    }),
    ctdir: option(choice({ usage: 'DIRECTION', names: ['ORIGINAL', 'REPLY'], caseless: true }), {
      names: ['--ctdir'],
      summary: 'the packet goes this way',
    }),
  },
})
