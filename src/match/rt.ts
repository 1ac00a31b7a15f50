import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { HEADER_ROUTING } from '../packet/ipv6.ts'
import { formatHost, parseFullHost } from '../ruleset/address-text.ts'
import { defineMatch, type Kind, option, type Problem, Refusal } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { ExtensionHeader } from './extension-header.ts'
import { dropAll, inRangeOf, spiRange } from './spi-range.ts'

/** IP6T_RT_HOPS. */
const MOST = 16
/** Next header, length, type, segments left; then, of type 0, four reserved bytes. */
const RESERVED = 4
const ADDRESSES = 8

const addressList: Kind<readonly (readonly number[])[]> = {
  usage: 'ADDRESS[,…]',
  expected: `up to ${MOST} addresses, commas between`,
  examples: () => ['fd00::1', 'fd00::1,fd00::2', '::'],
  words: 1,
  read([text], { family }) {
    const list: (readonly number[])[] = []
    for (const part of text!.split(',', MOST + 1)) {
      const words = parseFullHost(part, family)
      if (words === null) return notAnAddress(part, family)
      list.push(words)
    }
    return list.length <= MOST ? list : new Refusal(`more than ${MOST} addresses`)
  },
  print: (list) => list.map(formatHost).join(','),
}

export const rt = defineMatch({
  name: 'rt',
  summary: 'looks at the routing header',
  family: 'ipv6',
  options: {
    type: option(number(), { names: ['--rt-type'], summary: 'its type is this', invertible: true }),
    segments: option(spiRange, {
      names: ['--rt-segsleft'],
      summary: 'so many segments are left',
      invertible: true,
    }),
    length: option(number({ unit: 'bytes' }), {
      names: ['--rt-len'],
      summary: 'the header has this length',
      invertible: true,
    }),
    reserved: option(flag, { names: ['--rt-0-res'], summary: 'the reserved field is 0 (type 0)' }),
    addresses: option(addressList, {
      names: ['--rt-0-addrs'],
      summary: 'the addresses are these (type 0)',
    }),
    loose: option(flag, {
      names: ['--rt-0-not-strict'],
      summary: 'others may stand between these addresses (type 0)',
    }),
  },
  normalise: (options) => dropAll(options, 'segments'),
  check(options) {
    const keys = Object.keys(options)
    const needs = (key: string, other: string, isThere: boolean, text: string): readonly Problem[] => {
      const at = keys.indexOf(key)
      if (at < 0 || (isThere && keys.indexOf(other) < at)) return []
      return [{ code: 'missing-option', option: key, message: `${text} stands in front of it` }]
    }
    const isTypeZero = options.type?.value === 0 && !options.type.inverted
    return [
      ...needs('reserved', 'type', isTypeZero, '--rt-type 0, not inverted,'),
      ...needs('addresses', 'type', isTypeZero, '--rt-type 0, not inverted,'),
      ...needs('loose', 'addresses', options.addresses !== undefined, '--rt-0-addrs'),
    ]
  },
  /** rt_mt6. */
  compile({ type, segments, length, reserved, addresses, loose }): Test {
    const header = new ExtensionHeader(HEADER_ROUTING)
    const words = Int32Array.from(addresses?.value.flat() ?? [])
    return (passage) => {
      if (!header.find(passage) || !header.isWhole(passage)) return false
      const { view } = passage.packet
      if (!inRangeOf(segments, view.getUint8(header.at + 3))) return false
      if (length !== undefined && (header.length === length.value) === length.inverted) return false
      if (type !== undefined && (view.getUint8(header.at + 2) === type.value) === type.inverted) return false
      if (reserved) {
        if (!header.has(passage, ADDRESSES)) return false
        if (view.getInt32(header.at + RESERVED) !== 0) return false
      }
      if (words.length === 0) return true
      const count = (header.length - ADDRESSES) >> 4
      if (words.length >> 2 > count) return false
      return loose ? inOrder(passage, header.at, count, words) : theSame(passage, header.at, count, words)
    }
  },
})

const NO = 0
const YES = 1
const STOPPED = 2

function isAddress(passage: Passage, at: number, words: Int32Array, index: number): number {
  const { view, capturedEnd, networkOffset, length } = passage.packet
  if (at + 16 > capturedEnd) {
    passage.stop = at + 16 > networkOffset + length ? STOP_HOTDROP : STOP_UNKNOWN
    return STOPPED
  }
  for (let i = 0; i < 4; i++) if (view.getInt32(at + i * 4) !== words[index * 4 + i]) return NO
  return YES
}

function inOrder(passage: Passage, start: number, count: number, words: Int32Array): boolean {
  let found = 0
  for (let i = 0; i < count; i++) {
    const answer = isAddress(passage, start + ADDRESSES + i * 16, words, found)
    if (answer === STOPPED) return false
    if (answer === YES && ++found === words.length >> 2) return true
  }
  return false
}

function theSame(passage: Passage, start: number, count: number, words: Int32Array): boolean {
  for (let i = 0; i < words.length >> 2; i++) {
    if (isAddress(passage, start + ADDRESSES + i * 16, words, i) !== YES) return false
  }
  return words.length >> 2 === count
}
