import { NotEvaluated } from '../hook/environment.ts'
import { defineTarget, option, type Problem } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'

export const ulog = defineTarget({
  name: 'ULOG',
  summary:
    'handed a copy of the packet to a program; Linux has it no more (since 3.17), NFLOG takes its place',
  family: 'ipv4',
  options: {
    prefix: option(text({ min: 1, max: 31, cut: true }), {
      names: ['--ulog-prefix'],
      summary: 'a text that goes with the packet, 31 bytes at most',
    }),
    group: option(number({ min: 1, max: 32 }), {
      names: ['--ulog-nlgroup'],
      summary: 'of the program that listens',
      initial: 1,
    }),
    range: option(number({ unit: 'bytes' }), {
      names: ['--ulog-cprange'],
      summary: 'so many bytes of the packet are copied; 0: all',
      initial: 0,
    }),
    threshold: option(number({ min: 1, max: 50, unit: 'packets' }), {
      names: ['--ulog-qthreshold'],
      summary: 'so many packets are collected before the program is woken',
      initial: 1,
    }),
  },
  check: (): readonly Problem[] => [
    {
      severity: 'warning',
      code: 'obsolete',
      message: 'Linux has ULOG no more (since 3.17) and would not load this rule; NFLOG takes its place',
    },
  ],
  compile(): never {
    throw new NotEvaluated('is in Linux no more (since 3.17)')
  },
})
