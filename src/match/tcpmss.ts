import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { type Range, range } from '../ruleset/kind/number.ts'

const sizes = range({ max: 65535, unit: 'bytes' })

const segmentSize: Kind<Range> = {
  ...sizes,
  read(texts, context) {
    const value = sizes.read(texts, context)
    if (value instanceof Refusal || value.from <= value.to) return value
    return new Refusal(`the range ${shown(texts[0]!)} begins behind its end`)
  },
}

export const tcpmss = defineMatch({
  name: 'tcpmss',
  summary: 'compares the maximum segment size that a TCP segment announces',
  protocols: [6],
  options: {
    mss: option(segmentSize, {
      names: ['--mss'],
      summary: 'the size is this, or lies in this range',
      invertible: true,
      required: true,
    }),
  },
})
