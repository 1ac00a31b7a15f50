import { NotEvaluated } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { groupNumber } from './group-number.ts'

export const realm = defineMatch({
  name: 'realm',
  summary: "compares the realm of the packet's route",
  family: 'ipv4',
  hooks: ['INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  options: {
    realm: option(groupNumber('cosmos'), {
      names: ['--realm'],
      summary: 'the bits of MASK are those of NUMBER',
      invertible: true,
      required: true,
    }),
  },
  compile(): never {
    throw new NotEvaluated('asks for the realm of the route, which nobody told')
  },
})
