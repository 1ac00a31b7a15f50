import { suggest } from '../diagnostic/suggest.ts'
import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE, VERDICT_DROP } from '../hook/hook.ts'
import { ISSUE_CHAIN } from '../packet/packet.ts'
import { stripOptions } from '../packet/rewrite.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { inRange } from '../ruleset/number.ts'

const names: Readonly<Record<string, number>> = {
  wscale: 3,
  mss: 2,
  'sack-permitted': 4,
  sack: 5,
  timestamp: 8,
  md5: 19,
}
const MOST = 254

/** Kinds of options of TCP, ascending. */
const optionList: Kind<readonly number[]> = {
  usage: 'OPTION[,…]',
  expected: `a list of numbers (2–255) or of ${Object.keys(names).join(', ')}, commas and no blanks between`,
  examples: () => ['2', '255', 'timestamp,mss', '8,3,md5', 'wscale,sack-permitted,sack'],
  words: 1,
  read([text]) {
    const kinds: number[] = []
    for (const part of text!.split(',', MOST + 1)) {
      const kind = Object.hasOwn(names, part) ? names[part]! : inRange(part, 0, 255)
      if (kind === null) {
        const suggestion = suggest(part, Object.keys(names))
        return new Refusal(`${shown(part)} is no option of TCP`, { suggestion })
      }
      if (kind < 2) return new Refusal('0 and 1 are only for padding')
      if (kinds.includes(kind)) return new Refusal(`${shown(part)} stands in the list twice`)
      kinds.push(kind)
    }
    return kinds.sort((a, b) => a - b)
  },
  print: (kinds) => kinds.join(','),
}

export const tcpoptstrip = defineTarget({
  name: 'TCPOPTSTRIP',
  summary: 'replaces options of TCP with padding',
  tables: ['mangle'],
  protocols: [6],
  options: {
    strip: option(optionList, { names: ['--strip-options'], summary: 'these options' }),
  },
  compile({ strip }): Action {
    const kinds = new Uint8Array(256)
    for (const kind of strip?.value ?? []) kinds[kind] = 1
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return VERDICT_CONTINUE
      if (packet.transportLength < 20 || packet.issue === ISSUE_CHAIN) return VERDICT_DROP
      // A header that was not captured is left as it is: nobody sees it.
      if (packet.transportCaptured < 20) return VERDICT_CONTINUE
      const { tcpHeaderLength } = packet
      if (tcpHeaderLength < 20 || tcpHeaderLength > packet.transportLength) return VERDICT_DROP
      if (tcpHeaderLength > 20 && tcpHeaderLength <= packet.transportCaptured)
        stripOptions(passage.writable(), kinds)
      return VERDICT_CONTINUE
    }
  },
})
