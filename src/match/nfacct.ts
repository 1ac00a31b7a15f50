import type { Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { text } from '../ruleset/kind/text.ts'

/** NFACCT_NAME_MAX without its terminator. */
const LONGEST = 31
const name = text({ usage: 'NAME', min: 1, max: LONGEST, cut: true })

export const nfacct = defineMatch({
  name: 'nfacct',
  summary:
    'counts the packet for an account, which has to be there; always matches, as if the account had no quota',
  options: {
    name: option(
      // libxt_nfacct puts two blanks in front.
      { ...name, print: (value, context) => ` ${name.print(value, context)}` },
      { names: ['--nfacct-name'], summary: 'the account', required: true },
    ),
  },
  compile: (): Test => () => true,
})
