import type { Test } from '../hook/environment.ts'
import type { Packet } from '../packet/packet.ts'
import { formatHost, parseHost } from '../ruleset/address-text.ts'
import { defineMatch, type Kind, option, type Problem, Refusal } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'

/** Addresses as words, both included. */
export interface AddressRange {
  readonly from: readonly number[]
  readonly to: readonly number[]
}

const addressRange: Kind<AddressRange> = {
  usage: 'ADDRESS[-ADDRESS]',
  expected: 'an address, or two with a dash between',
  examples: (family) =>
    family === 'ipv4'
      ? ['1.2.3.4', '10.0.0.1-10.0.0.9', '0.0.0.0-255.255.255.255', '2.2.2.2-1.1.1.1']
      : ['fe80::1', '::-::ffff', '2001:db8::1-2001:db8::1'],
  words: 1,
  read([text], { family }) {
    const dash = text!.indexOf('-')
    const first = dash < 0 ? text! : text!.slice(0, dash)
    const last = dash < 0 ? first : text!.slice(dash + 1)
    const from = parseHost(first, family)
    const to = parseHost(last, family)
    if (from === null) return first.includes('/') ? prefixed() : notAnAddress(first, family)
    return to === null ? notAnAddress(last, family) : { from, to }
  },
  print: ({ from, to }) => `${formatHost(from)}-${formatHost(to)}`,
}

function prefixed(): Refusal {
  return new Refusal('a network with a prefix goes with -s or -d; here stands a first and a last address')
}

function isReversed({ from, to }: AddressRange): boolean {
  for (let i = 0; i < from.length; i++) {
    if (from[i] !== to[i]) return from[i]! >>> 0 > to[i]! >>> 0
  }
  return false
}

export const iprange = defineMatch({
  name: 'iprange',
  summary: 'compares addresses with a first and a last one',
  oneOf: [['src', 'dst']],
  options: {
    src: option(addressRange, {
      names: ['--src-range'],
      summary: 'the source lies in this range',
      invertible: true,
    }),
    dst: option(addressRange, {
      names: ['--dst-range'],
      summary: 'the destination lies in this range',
      invertible: true,
    }),
  },
  check({ src, dst }) {
    const problems: Problem[] = []
    for (const [key, setting] of [
      ['src', src],
      ['dst', dst],
    ] as const) {
      if (!setting || setting.inverted || !isReversed(setting.value)) continue
      const message = 'the range begins behind its end: this never matches'
      problems.push({ severity: 'warning', code: 'never-matches', option: key, message })
    }
    return problems
  },
  /** iprange_mt4 and iprange_mt6. */
  isOfFlow: () => true,
  compile({ src, dst }): Test {
    const source = src?.value
    const destination = dst?.value
    return ({ packet }) => {
      if (source !== undefined && holdsSource(source, packet) === src!.inverted) return false
      return destination === undefined || holdsDestination(destination, packet) !== dst!.inverted
    }
  },
})

function holdsSource({ from, to }: AddressRange, packet: Packet): boolean {
  const { source0, source1, source2, source3 } = packet
  return (
    order(from, source0, source1, source2, source3) <= 0 && order(to, source0, source1, source2, source3) >= 0
  )
}

function holdsDestination({ from, to }: AddressRange, packet: Packet): boolean {
  const { destination0, destination1, destination2, destination3 } = packet
  return (
    order(from, destination0, destination1, destination2, destination3) <= 0 &&
    order(to, destination0, destination1, destination2, destination3) >= 0
  )
}

/** Below 0: the address on the left is the lower one. */
function order(
  address: readonly number[],
  word0: number,
  word1: number,
  word2: number,
  word3: number,
): number {
  const first = (address[0]! >>> 0) - (word0 >>> 0)
  if (first !== 0 || address.length === 1) return first
  return (
    (address[1]! >>> 0) - (word1 >>> 0) ||
    (address[2]! >>> 0) - (word2 >>> 0) ||
    (address[3]! >>> 0) - (word3 >>> 0)
  )
}
