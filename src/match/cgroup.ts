import { NotEvaluated } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'

/** XT_CGROUP_PATH_MAX without its terminator. */
const LONGEST = 511

export const cgroup = defineMatch({
  name: 'cgroup',
  summary: 'asks for the control group of the process behind the packet',
  hooks: ['INPUT', 'OUTPUT', 'POSTROUTING'],
  oneOf: [['path', 'class']],
  options: {
    path: option(text({ max: LONGEST, usage: 'PATH', examples: ['"/"', '""'] }), {
      names: ['--path'],
      summary: 'the group is this one or below it, from the root of cgroup2',
      invertible: true,
      excludes: ['class'],
    }),
    class: option(number(), {
      names: ['--cgroup'],
      summary: 'the group has this class number',
      invertible: true,
    }),
  },
  compile(): never {
    throw new NotEvaluated('asks for the control group of a process, which no capture tells')
  },
})
