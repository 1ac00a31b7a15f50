import type { Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal, shorthand } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'

/** RFC 2474 (CS, BE), RFC 2597 (AF: class × 8 + drop precedence × 2), RFC 3246 (EF). */
function classValue(name: string): number | null {
  const upper = name.toUpperCase()
  if (upper === 'BE') return 0
  if (upper === 'EF') return 0x2e
  const selector = /^CS([0-7])$/.exec(upper)
  if (selector) return Number(selector[1]) * 8
  const assured = /^AF([1-4])([1-3])$/.exec(upper)
  return assured ? Number(assured[1]) * 8 + Number(assured[2]) * 2 : null
}

const dscpClass: Kind<number> = {
  usage: 'CLASS',
  expected: 'one of CS0–CS7, BE, AF11–AF13, AF21–AF23, AF31–AF33, AF41–AF43, EF',
  examples: () => ['CS0', 'cs7', 'BE', 'AF11', 'AF43', 'EF'],
  words: 1,
  read: ([text]) => classValue(text!) ?? new Refusal(`${shown(text!)} is no DiffServ class`),
  print: String,
}

export const dscp = defineMatch({
  name: 'dscp',
  summary: 'compares the DiffServ code point',
  oneOf: [['dscp', 'class']],
  options: {
    dscp: option(number({ max: 63, base: 16, digits: 2 }), {
      names: ['--dscp'],
      summary: 'it is this',
      invertible: true,
    }),
  },
  shorthands: {
    class: shorthand(dscpClass, {
      names: ['--dscp-class'],
      summary: 'it is that of this class',
      invertible: true,
      excludes: ['dscp'],
      stands: (value, inverted) => ({ dscp: { value, inverted } }),
    }),
  },
  /** dscp_mt and dscp_mt6. */
  compile({ dscp }): Test {
    const { value, inverted } = dscp!
    return ({ packet }) => (packet.tos >> 2 === value) !== inverted
  },
})
