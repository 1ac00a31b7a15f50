import type { Test } from '../hook/environment.ts'
import { STOP_UNKNOWN } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal, shorthand } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { ByteSearch } from './byte-search.ts'
import { encodeBytes } from './bytes.ts'

/** XT_STRING_MAX_PATTERN_SIZE. */
const LONGEST = 128
const OFFSET_MAX = 65535
const BACKSLASH = 0x5c
const QUOTE = 0x22

/** The bytes that are looked for. */
export type Pattern = readonly number[]

/** Whether the tool would print it as text: all of it printable, and no backslash at the end. */
function isText(pattern: Pattern): boolean {
  return pattern[pattern.length - 1] !== BACKSLASH && pattern.every((byte) => byte >= 0x20 && byte <= 0x7e)
}

function sized(bytes: Pattern): Pattern | Refusal {
  if (bytes.length === 0) return new Refusal('the pattern is empty')
  if (bytes.length <= LONGEST) return bytes
  return new Refusal(`the pattern has ${bytes.length} bytes; ${LONGEST} are the limit`)
}

const pattern: Kind<Pattern> = {
  usage: 'TEXT',
  expected: `a text of 1 to ${LONGEST} bytes`,
  examples: () => ['abc', '"GET /x"', '"a\\"b\\\\c"', 'é', 'z'.repeat(LONGEST), '"end\\\\"'],
  words: 1,
  read: ([text]) => sized(encodeBytes(text!)),
  print(bytes) {
    if (!isText(bytes)) return `"|${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}|"`
    let text = ''
    for (const byte of bytes) {
      text += (byte === BACKSLASH || byte === QUOTE ? '\\' : '') + String.fromCharCode(byte)
    }
    return `"${text}"`
  },
}

/** Text with parts in hexadecimal between bars: `GET |0d 0a|`; outside them a backslash takes the next byte as it is. */
const hexPattern: Kind<Pattern> = {
  usage: 'TEXT|HEX|…',
  expected: 'a text with parts in hexadecimal between bars, such as "|0d 0a|"',
  examples: () => ['"|00ff|"', '"a|20 0d|b"', '"a\\\\|b"', 'plain'],
  words: 1,
  read([text]) {
    const bytes: number[] = []
    const source = encodeBytes(text!)
    for (let i = 0; i < source.length; i++) {
      const byte = source[i]!
      if (byte === BACKSLASH && i + 1 < source.length) bytes.push(source[++i]!)
      else if (byte !== 0x7c) bytes.push(byte)
      else {
        const end = source.indexOf(0x7c, i + 1)
        if (end < 0) return new Refusal('a | opens a part in hexadecimal that no second | ends')
        const digits = String.fromCharCode(...source.slice(i + 1, Math.min(end, i + 1024)))
        // Pairs, with one blank at most behind each.
        if (!/^(?:[0-9a-fA-F]{2} ?)*$/.test(digits)) {
          return new Refusal(`${shown(digits)} are no pairs of hexadecimal digits`)
        }
        const pairs = digits.match(/[0-9a-fA-F]{2}/g) ?? []
        for (const pair of pairs) bytes.push(Number.parseInt(pair, 16))
        i = end
      }
    }
    return sized(bytes)
  },
  print: pattern.print,
}

export const string = defineMatch({
  name: 'string',
  summary: 'looks for bytes in the packet',
  oneOf: [['pattern']],
  options: {
    pattern: option(pattern, {
      names: ['--string'],
      nameFor: (bytes) => (isText(bytes) ? '--string' : '--hex-string'),
      summary: 'the bytes to look for; no character stands for others',
      invertible: true,
      excludes: ['hex'],
    }),
    algo: option(choice({ usage: 'NAME', names: ['bm', 'kmp'] }), {
      names: ['--algo'],
      summary: 'how to look (Boyer-Moore or Knuth-Morris-Pratt); both find the same',
    }),
    from: option(number({ max: OFFSET_MAX, unit: 'bytes' }), {
      names: ['--from'],
      summary: 'where to begin, from the start of the IP header',
      initial: 0,
    }),
    to: option(number({ max: OFFSET_MAX, unit: 'bytes' }), {
      names: ['--to'],
      summary: 'where the match must have ended',
      initial: OFFSET_MAX,
    }),
    icase: option(flag, { names: ['--icase'], summary: 'case does not count' }),
  },
  shorthands: {
    hex: shorthand(hexPattern, {
      names: ['--hex-string'],
      summary: 'the bytes to look for, some of them in hexadecimal',
      invertible: true,
      stands: (value, inverted) => ({ pattern: { value, inverted } }),
    }),
  },
  check({ pattern, algo, from, to }) {
    const problems = []
    if (!algo) {
      problems.push({
        code: 'missing-option',
        message: 'string needs --algo since Linux 2.6.14',
        expected: '--algo bm or --algo kmp',
        suggestion: '--algo bm',
        append: '--algo bm',
      } as const)
    }
    if (from.value > to.value) {
      problems.push({
        code: 'bad-value',
        option: 'from',
        message: 'it is behind --to: the kernel refuses it',
      } as const)
    }
    const star = '*'.charCodeAt(0)
    const bytes = pattern?.value ?? []
    if (bytes.length > 1 && (bytes[0] === star || bytes[bytes.length - 1] === star) && isText(bytes)) {
      const text = String.fromCharCode(...bytes)
      const bare = text.replace(/^\*+|\*+$/g, '')
      problems.push({
        severity: 'warning',
        code: 'no-wildcard',
        option: 'pattern',
        message: '* is no wildcard: just that character is looked for',
        ...(bare === ''
          ? {}
          : { suggestion: `"${bare}"`, replaceValue: /^[\w.-]+$/.test(bare) ? bare : `"${bare}"` }),
      } as const)
    }
    return problems
  },
  /** string_mt, and skb_find_text since Linux 6.8: the match ends at or before --to. */
  compile({ pattern, from, to, icase }): Test {
    const { value, inverted } = pattern!
    const search = new ByteSearch(value, icase !== undefined)
    const first = from.value
    const last = to.value
    return (passage) => {
      const packet = passage.settled()
      const { networkOffset, capturedEnd } = packet
      const start = networkOffset + first
      const end = networkOffset + Math.min(packet.length, last)
      if (search.find(packet.bytes, start, Math.min(end, capturedEnd)) >= 0) return !inverted
      if (end > capturedEnd && start + value.length <= end) {
        passage.stop = STOP_UNKNOWN
        return false
      }
      return inverted
    }
  },
})
