import { bitsOf, parseFullHost, prefixLength } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, neverOmitted, option, Refusal, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { parseNumber } from '../ruleset/number.ts'

/** A prefix length or, in IPv4, a mask. iptables takes 33 to 128 for 32 there. */
const mask: Kind<number> = {
  usage: 'PREFIX',
  expected: 'a prefix length from 0 to 32 (128 in IPv6), or a mask',
  examples: (family) => (family === 'ipv4' ? ['0', '24', '32', '255.255.0.0'] : ['0', '64', '128']),
  words: 1,
  read([text], { family }) {
    const length = parseNumber(text!)
    if (length !== null && length <= 128) return Math.min(length, bitsOf(family))
    const words = parseFullHost(text!, family)
    const prefix = words && prefixLength(words)
    return prefix ?? new Refusal(`${shown(text!)} is no prefix length`)
  },
  print: String,
}

const count = number({ unit: 'connections' })

export const connlimit = defineMatch({
  name: 'connlimit',
  summary: 'counts the open connections of an address or network',
  oneOf: [['above', 'upto']],
  options: {
    above: option(count, {
      names: ['--connlimit-above'],
      summary: 'there are more, this one included',
      invertible: true,
      opposite: 'upto',
      excludes: ['upto'],
    }),
    upto: option(count, {
      names: ['--connlimit-upto'],
      summary: 'there are no more, this one included',
      invertible: true,
      opposite: 'above',
    }),
    mask: option(mask, {
      names: ['--connlimit-mask'],
      summary: 'addresses that share this prefix count together; 0: all of them',
      initial: bitsOf,
      omit: neverOmitted,
    }),
    saddr: option(flag, {
      names: ['--connlimit-saddr'],
      summary: 'source addresses count (so it is unless told)',
      initial: true,
      excludes: ['daddr'],
      omit: neverOmitted,
    }),
    daddr: option(flag, { names: ['--connlimit-daddr'], summary: 'destination addresses count' }),
  },
  normalise: (options) => (options['daddr'] ? without(options, 'saddr') : options),
})
