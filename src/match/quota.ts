import type { Environment, Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { wideNumber } from '../ruleset/kind/number.ts'

export const quota = defineMatch({
  name: 'quota',
  summary: 'matches until so many bytes have matched',
  options: {
    quota: option(wideNumber, {
      names: ['--quota'],
      summary: 'bytes; what is left is not shown',
      invertible: true,
      required: true,
    }),
  },
  compile({ quota: { value, inverted } }, _: Environment): Test {
    const left = new Float64Array([Number(value)])
    return ({ packet }) => {
      const rest = left[0]! - packet.length
      // One that is too large takes what is left: smaller ones do not match behind it.
      left[0] = Math.max(0, rest)
      return rest >= 0 !== inverted
    }
  },
})
