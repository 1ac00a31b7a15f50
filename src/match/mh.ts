import type { Test } from '../hook/environment.ts'
import { STOP_HOTDROP } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import type { Range } from '../ruleset/kind/number.ts'
import { inRange } from '../ruleset/number.ts'
import { dropAll, inRangeOf } from './spi-range.ts'
import { hasHeader } from './transport-header.ts'

const TYPE_MAX = 255
const NO_NEXT_HEADER = 59
/** RFC 6275, 6.1.1, as far as the checksum. */
const HEADER = 6

/** RFC 6275, 6.1.2 to 6.1.9; each long name with its short one. */
const names: readonly string[] = [
  'binding-refresh-request brr',
  'home-test-init hoti',
  'careof-test-init coti',
  'home-test hot',
  'careof-test cot',
  'binding-update bu',
  'binding-acknowledgement ba',
  'binding-error be',
].flatMap((pair) => pair.split(' '))

/** The beginning of a name is enough; of several the first. */
function readType(text: string): number | Refusal {
  const sought = text.toLowerCase()
  const exact = names.lastIndexOf(sought)
  const index = exact >= 0 ? exact : names.findIndex((name) => name.startsWith(sought))
  if (index >= 0) return index >> 1
  return inRange(text, 0, TYPE_MAX) ?? new Refusal(`${shown(text)} is no type of a mobility header`)
}

const typeRange: Kind<Range> = {
  usage: 'TYPE[:TYPE]',
  expected: 'a type by name or number (0–255), or a range A:B of them',
  examples: () => ['5', 'binding-update', 'bu:be', ':3', '3:', 'home', '255'],
  words: 1,
  read([text]) {
    const colon = text!.indexOf(':')
    const low = colon < 0 ? text! : text!.slice(0, colon)
    const high = colon < 0 ? text! : text!.slice(colon + 1)
    const from = colon >= 0 && low === '' ? 0 : readType(low)
    const to = colon >= 0 && high === '' ? TYPE_MAX : readType(high)
    if (from instanceof Refusal) return from
    if (to instanceof Refusal) return to
    return from <= to ? { from, to } : new Refusal(`the range ${shown(text!)} begins behind its end`)
  },
  print: ({ from, to }) => (from === to ? String(from) : `${from}:${to}`),
}

export const mh = defineMatch({
  name: 'mh',
  summary: 'compares the type of a mobility header',
  family: 'ipv6',
  implicit: [135],
  protocols: [135],
  options: {
    type: option(typeRange, {
      names: ['--mh-type'],
      summary: 'the type is this, or lies in this range',
      invertible: true,
    }),
  },
  normalise: (options) => dropAll(options, 'type', TYPE_MAX),
  /** mh_mt6: anything behind the header drops the packet. */
  compile:
    ({ type }): Test =>
    (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return false
      if (packet.transportLength < HEADER) return hasHeader(passage, HEADER)
      if (!hasHeader(passage, 1)) return false
      const { view, transportOffset } = packet
      if (view.getUint8(transportOffset) !== NO_NEXT_HEADER) {
        passage.stop = STOP_HOTDROP
        return false
      }
      return hasHeader(passage, 3) && inRangeOf(type, view.getUint8(transportOffset + 2))
    },
})
