import type { Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import type { Range } from '../ruleset/kind/number.ts'
import { readPort } from '../ruleset/kind/port.ts'
import { hasHeader } from './transport-header.ts'

/** XT_MULTI_PORTS; a range takes two. */
const SLOTS = 15

const portList: Kind<readonly Range[]> = {
  usage: 'PORT[:PORT][,…]',
  expected: `up to ${SLOTS} ports (a range A:B counts as two), commas and no blanks between`,
  examples: () => [
    '0',
    '1:2',
    '1,2,3',
    '22,80,443,8000:8080',
    '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
    '65535',
  ],
  words: 1,
  read([text], context) {
    const list: Range[] = []
    let slots = 0
    for (const part of text!.split(',', SLOTS + 2)) {
      const colon = part.indexOf(':')
      const from = readPort(colon < 0 ? part : part.slice(0, colon), context)
      const to = colon < 0 ? from : readPort(part.slice(colon + 1), context)
      if (from instanceof Refusal) return dashed(text!) ?? from
      if (to instanceof Refusal) return to
      if (colon >= 0 && from >= to)
        return new Refusal(`the range ${shown(part)} does not end behind its beginning`)
      list.push({ from, to })
      slots += colon < 0 ? 1 : 2
    }
    if (slots <= SLOTS) return list
    return new Refusal(`more than ${SLOTS} ports, of which a range counts as two: write several rules`)
  },
  print: (list) => list.map(({ from, to }) => (from === to ? String(from) : `${from}:${to}`)).join(','),
}

function dashed(text: string): Refusal | null {
  if (!/^[\d,:-]*\d-\d[\d,:-]*$/.test(text)) return null
  return new Refusal('a range of ports is written with a colon', { replacement: text.replaceAll('-', ':') })
}

export const multiport = defineMatch({
  name: 'multiport',
  summary: 'compares ports with a list',
  protocols: [6, 17, 136, 132, 33],
  protocolFirst: true,
  oneOf: [['sports', 'dports', 'ports']],
  options: {
    sports: option(portList, {
      names: ['--sports', '--source-ports'],
      summary: 'the source port is one of these',
      invertible: true,
      excludes: ['dports', 'ports'],
    }),
    dports: option(portList, {
      names: ['--dports', '--destination-ports'],
      summary: 'the destination port is one of these',
      invertible: true,
      excludes: ['ports'],
    }),
    ports: option(portList, {
      names: ['--ports'],
      summary: 'the source or the destination port is one of these',
      invertible: true,
    }),
  },
  isOfFlow: () => true,
  /** multiport_mt. The ports are read from the bytes: the decoder knows none of DCCP. */
  compile({ sports, dports, ports }): Test {
    const { value, inverted } = (sports ?? dports ?? ports)!
    const asksSource = dports === undefined
    const asksDestination = sports === undefined
    const from = Uint16Array.from(value, (range) => range.from)
    const to = Uint16Array.from(value, (range) => range.to)
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0 || !hasHeader(passage, 4)) return false
      const both = packet.view.getInt32(packet.transportOffset)
      const source = both >>> 16
      const destination = both & 0xffff
      for (let i = 0; i < from.length; i++) {
        const low = from[i]!
        const high = to[i]!
        if (asksSource && source >= low && source <= high) return !inverted
        if (asksDestination && destination >= low && destination <= high) return !inverted
      }
      return inverted
    }
  },
})
