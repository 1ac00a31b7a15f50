import { NotEvaluated } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'

export const cpu = defineMatch({
  name: 'cpu',
  summary: 'asks which processor handles the packet',
  options: {
    cpu: option(number(), {
      names: ['--cpu'],
      summary: 'the processor has this number',
      invertible: true,
      required: true,
    }),
  },
  compile(): never {
    throw new NotEvaluated('asks which processor handles the packet, which no capture tells')
  },
})
