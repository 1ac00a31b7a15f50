import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { extensionLength } from '../packet/ipv6.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

/** In the order in which they are printed; `number` is that of the header, 255 that of anything else behind them. */
const headers = [
  { bit: 0x80, number: 0, names: ['hop-by-hop', 'hop', 'hopopt', '0'] },
  { bit: 0x40, number: 60, names: ['ipv6-opts', 'dst', '60'] },
  { bit: 0x20, number: 43, names: ['ipv6-route', 'route', '43'] },
  { bit: 0x10, number: 44, names: ['ipv6-frag', 'frag', '44'] },
  { bit: 0x08, number: 51, names: ['ah', 'auth', '51'] },
  { bit: 0x04, number: 50, names: ['esp', '50'] },
  { bit: 0x02, number: 59, names: ['ipv6-nonxt', 'none', '59'] },
  { bit: 0x01, number: 255, names: ['protocol', 'prot', '255'] },
] as const
const ESP = 0x04
const NONE = 0x02
const PROTOCOL = 0x01

const headerList: Kind<number> = {
  usage: 'HEADER[,…]',
  expected: `a list of ${headers.map(({ names }) => names[0]).join(', ')}, commas between`,
  examples: () => ['hop', 'hop-by-hop,dst,route,frag,auth,esp,none,prot', '0,60,43', 'frag,frag', 'protocol'],
  words: 1,
  read([text]) {
    let set = 0
    // As strtok: empty elements do not count.
    for (const part of text!.split(',', 256)) {
      if (part === '') continue
      const known = headers.find(({ names }) => (names as readonly string[]).includes(part))
      if (known === undefined) return new Refusal(`${shown(part)} is no header that this match knows`)
      set |= known.bit
    }
    return set === 0 ? new Refusal('no header is named') : set
  },
  print: (set) =>
    headers
      .filter(({ bit }) => (set & bit) !== 0)
      .map(({ names }) => names[0])
      .join(','),
}

export const ipv6header = defineMatch({
  name: 'ipv6header',
  summary: 'asks which extension headers there are',
  family: 'ipv6',
  options: {
    header: option(headerList, {
      names: ['--header'],
      summary: 'just these are there',
      invertible: true,
      required: true,
    }),
    soft: option(flag, {
      names: ['--soft'],
      summary: 'others may be there too; inverted: none of these is there',
    }),
  },
  /** ipv6header_mt6. */
  compile({ header: { value, inverted }, soft }): Test {
    return (passage) => {
      const found = headersOf(passage)
      if (found < 0) return false
      if (soft) return (found & value) === (inverted ? 0 : value)
      return (found === value) !== inverted
    }
  },
})

const bitOf = new Uint8Array(256)
for (const { bit, number } of headers) if (bit !== PROTOCOL) bitOf[number] = bit

/** A bit for each header, or −1: they cannot be told, and nothing matches. */
function headersOf(passage: Passage): number {
  const { view, networkOffset, capturedEnd, length } = passage.packet
  const end = networkOffset + length
  let next = view.getUint8(networkOffset + 6)
  let at = networkOffset + 40
  let found = 0
  for (;;) {
    const bit = bitOf[next]!
    if (bit === 0) return found | PROTOCOL
    if (bit === NONE) return found | NONE
    if (end - at < 2) return -1
    if (bit === ESP) return found | ESP
    if (at + 2 > capturedEnd) {
      passage.stop = at + 2 > end ? STOP_HOTDROP : STOP_UNKNOWN
      return -1
    }
    found |= bit
    const size = extensionLength(next, view.getUint8(at + 1))
    next = view.getUint8(at)
    at += size
    if (at > end) return next === 59 || next === 50 ? found : found | PROTOCOL
  }
}
