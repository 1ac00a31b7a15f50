import { defineMatch, option } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'

/** MAXGENRELEN without its terminator. */
const LONGEST = 31

export const osf = defineMatch({
  name: 'osf',
  summary: 'guesses the operating system of the sender of a SYN',
  family: 'ipv4',
  protocols: [6],
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  options: {
    genre: option(text({ max: LONGEST, cut: true, print: 'bare', examples: ['Linux', 'Windows'] }), {
      names: ['--genre'],
      summary: 'the system is of this kind',
      invertible: true,
      required: true,
    }),
    ttl: option(number({ max: 2 }), {
      names: ['--ttl'],
      summary: 'how to compare the time to live: 0 equal, 1 not above, 2 not at all',
    }),
    log: option(number({ max: 2 }), {
      names: ['--log'],
      summary: 'what to log: 0 all, 1 the first, 2 all that are known',
    }),
  },
})
