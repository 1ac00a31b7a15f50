import { ID } from '../conntrack/entry.ts'
import { entryOf } from '../conntrack/outcome.ts'
import type { Environment, Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { parseNumber } from '../ruleset/number.ts'
import { isJudged, isRaw, isTracked } from './connection.ts'

/** XT_CONNLABEL_MAXBIT. */
const LAST_LABEL = 127

/** A bit by its number: without a file of names that is all that the tool takes. It keeps 16 bits of the number. */
const label: Kind<number> = {
  usage: 'N',
  expected: `the number of a label, 0–${LAST_LABEL}`,
  examples: () => ['0', '5', '127', '0x10', '010', '65536'],
  words: 1,
  read([text]) {
    const number = parseNumber(text!)
    if (number === null)
      return new Refusal(
        `${shown(text!)} is no number of a label; names stand in connlabel.conf, which rules do not bring along`,
      )
    const bit = number % 65_536
    return bit <= LAST_LABEL ? bit : new Refusal(`${shown(text!)} is no label: they go up to ${LAST_LABEL}`)
  },
  print: (bit) => `"${bit}"`,
}

export const connlabel = defineMatch({
  name: 'connlabel',
  summary: "looks at a label of the packet's connection, or sets it",
  options: {
    label: option(label, {
      names: ['--label'],
      summary: 'the connection has this label',
      invertible: true,
      required: true,
    }),
    set: option(flag, { names: ['--set'], summary: 'sets it, if the connection has it not' }),
  },
  compile({ label: { value, inverted }, set }, environment: Environment): Test {
    const { table } = environment.tracker
    const labels = environment.shared('connlabel', () => new Map<number, Labels>())
    const raw = isRaw(environment)
    const word = value >>> 5
    const bit = 1 << (value & 31)
    return (passage) => {
      if (!isJudged(passage, raw)) return false
      const { outcome } = passage
      if (!isTracked(outcome.ctinfo)) return inverted
      const entry = entryOf(outcome)
      const id = table.words(entry)[table.at(entry) + ID]!
      let own = labels.get(entry)
      if (own !== undefined && own.id === id && (own.bits[word]! & bit) !== 0) return !inverted
      if (set === undefined) return inverted
      if (own === undefined) {
        own = { id, bits: new Int32Array(4) }
        labels.set(entry, own)
      } else if (own.id !== id) {
        own.id = id
        own.bits.fill(0)
      }
      own.bits[word]! |= bit
      return !inverted
    }
  },
})

/** Of the entry with this number and id. */
interface Labels {
  id: number
  readonly bits: Int32Array
}
