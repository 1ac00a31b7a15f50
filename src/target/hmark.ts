import { wordsOf } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import {
  defineTarget,
  type Kind,
  neverOmitted,
  option,
  type Problem,
  Refusal,
  without,
} from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Settings } from '../ruleset/model.ts'
import { inRange } from '../ruleset/number.ts'

/** What `--hmark-tuple` stands for, by its words. */
const parts = {
  src: { key: 'sourcePrefix', value: null },
  dst: { key: 'destinationPrefix', value: null },
  sport: { key: 'sourcePortMask', value: 0xffff },
  dport: { key: 'destinationPortMask', value: 0xffff },
  spi: { key: 'spiMask', value: 0xffffffff },
  proto: { key: 'protocolMask', value: 0xffff },
} as const
type Part = keyof typeof parts

interface TupleWords {
  readonly parts: readonly Part[]
  /** The connection's original tuple is taken, not the packet's. */
  readonly ofConnection: boolean
  /** A part that was given again behind the list: the tool refuses that, but not ahead of it. */
  readonly again: Part | null
}

const tuple: Kind<TupleWords> = {
  usage: 'PART[,…]',
  expected: 'a list of src, dst, sport, dport, spi, proto, ct, commas and no blanks between',
  examples: () => ['src,dst', 'ct', 'src,dst,sport,dport', 'SPI', 'proto,ct'],
  words: 1,
  read([text]) {
    const words = text!.toLowerCase().split(',', 16)
    const found: Part[] = []
    for (const word of words) {
      if (Object.hasOwn(parts, word)) found.push(word as Part)
      else if (word !== 'ct') return new Refusal(`${shown(word)} is no part of a tuple`)
    }
    return { parts: found, ofConnection: words.includes('ct'), again: null }
  },
  print: () => 'ct',
}

/** Leading bits of an address. */
const prefix: Kind<number> = {
  usage: 'LENGTH',
  expected: 'a number of bits: 0 to 32, in IPv6 to 128',
  examples: (family) => ['0', '24', family === 'ipv4' ? '32' : '128'],
  words: 1,
  read([text], { family }) {
    const length = inRange(text!, 0, wordsOf(family) * 32)
    return length ?? new Refusal(`${shown(text!)} is no length of a prefix`)
  },
  print: String,
}

const portBits = number({ max: 0xffff, base: 16, digits: 4 })
const spiBits = number({ base: 16, digits: 8 })
const protocolBits = number({ max: 0xffff, base: 16, digits: 2 })

export const hmark = defineTarget({
  name: 'HMARK',
  summary: 'marks the packet with a hash of its addresses and ports',
  oneOf: [
    [
      'tuple',
      'sourcePrefix',
      'destinationPrefix',
      'sourcePortMask',
      'destinationPortMask',
      'spiMask',
      'sourcePort',
      'destinationPort',
      'spi',
      'protocolMask',
    ],
  ],
  options: {
    sourcePrefix: option(prefix, { names: ['--hmark-src-prefix'], summary: 'bits of the source address' }),
    destinationPrefix: option(prefix, {
      names: ['--hmark-dst-prefix'],
      summary: 'bits of the destination address',
    }),
    sourcePortMask: option(portBits, { names: ['--hmark-sport-mask'], summary: 'bits of the source port' }),
    destinationPortMask: option(portBits, {
      names: ['--hmark-dport-mask'],
      summary: 'bits of the destination port',
    }),
    spiMask: option(spiBits, { names: ['--hmark-spi-mask'], summary: 'bits of the SPI of ESP and AH' }),
    sourcePort: option(portBits, { names: ['--hmark-sport'], summary: 'bits to set in the source port' }),
    destinationPort: option(portBits, {
      names: ['--hmark-dport'],
      summary: 'bits to set in the destination port',
    }),
    spi: option(spiBits, { names: ['--hmark-spi'], summary: 'bits to set in the SPI' }),
    protocolMask: option(protocolBits, { names: ['--hmark-proto-mask'], summary: 'bits of the protocol' }),
    random: option(spiBits, {
      names: ['--hmark-rnd'],
      summary: 'what the hash begins with',
      required: true,
    }),
    modulus: option(number({ min: 1 }), {
      names: ['--hmark-mod'],
      summary: 'how many marks there are',
      required: true,
    }),
    offset: option(number(), { names: ['--hmark-offset'], summary: 'the first of them', omit: neverOmitted }),
    tuple: option(tuple, {
      names: ['--hmark-tuple'],
      summary: 'parts that are taken in full; ct: those of the connection',
      omit: ({ value }) => !value.ofConnection,
    }),
  },
  normalise(options, { family }) {
    const words = options['tuple']?.value as TupleWords | undefined
    if (words === undefined) return options
    const behind = Object.keys(options).slice(Object.keys(options).indexOf('tuple'))
    const again = words.parts.find((part) => behind.includes(parts[part].key)) ?? null
    const settings: Record<string, Settings[string]> = { ...options }
    for (const part of words.parts) {
      const { key, value } = parts[part]
      settings[key] = { value: value ?? wordsOf(family) * 32, inverted: false }
    }
    if (!words.ofConnection && again === null) return without(settings, 'tuple')
    const left: TupleWords = { parts: [], ofConnection: words.ofConnection, again }
    return { ...settings, tuple: { value: left, inverted: false } }
  },
  check(options): readonly Problem[] {
    const { spiMask, spi, sourcePortMask, destinationPortMask, sourcePort, destinationPort } = options
    const again = options.tuple?.value.again ?? null
    if (again !== null) {
      const message = `the part ${again} of the tuple is given once more`
      return [{ code: 'conflicting-options', option: parts[again].key, message }]
    }
    const message = 'a packet has ports or an SPI, not both'
    if (spiMask && (sourcePortMask || destinationPortMask))
      return [{ code: 'conflicting-options', option: 'spiMask', message }]
    if (spi && (sourcePort || destinationPort))
      return [{ code: 'conflicting-options', option: 'spi', message }]
    return []
  },
})
