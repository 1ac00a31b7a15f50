import { NotEvaluated } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import type { Range } from '../ruleset/kind/number.ts'
import { inRange, UINT32_MAX } from '../ruleset/number.ts'

/** The greatest number is none (of setuid). */
const ID_MAX = UINT32_MAX - 1

/** Names are those of the host that the rules are for: only one is the same everywhere. */
const ids: Kind<Range> = {
  usage: 'ID[-ID]',
  expected: `a number from 0 to ${ID_MAX} or a range A-B; of names only root`,
  examples: () => ['0', '1000', '5-5', '0-4294967294', 'root'],
  words: 1,
  read([text]) {
    if (text === 'root') return { from: 0, to: 0 }
    const dash = text!.indexOf('-')
    const from = inRange(dash < 0 ? text! : text!.slice(0, dash), 0, ID_MAX)
    const to = dash < 0 ? from : inRange(text!.slice(dash + 1), 0, ID_MAX)
    if (from === null || to === null)
      return new Refusal(`${shown(text!)} is no number; names are not looked up`)
    return from <= to ? { from, to } : new Refusal(`the range ${shown(text!)} begins behind its end`)
  },
  print: ({ from, to }) => (from === to ? String(from) : `${from}-${to}`),
}

export const owner = defineMatch({
  name: 'owner',
  summary: 'asks who sent the packet from this host',
  hooks: ['OUTPUT', 'POSTROUTING'],
  oneOf: [['exists', 'uid', 'gid']],
  options: {
    exists: option(flag, { names: ['--socket-exists'], summary: 'a socket sent it', invertible: true }),
    uid: option(ids, { names: ['--uid-owner'], summary: 'its user is this', invertible: true }),
    gid: option(ids, { names: ['--gid-owner'], summary: 'its group is this', invertible: true }),
    groups: option(flag, {
      names: ['--suppl-groups'],
      summary: 'the other groups of the user count for --gid-owner too',
    }),
  },
  check(options) {
    const keys = Object.keys(options)
    if (!options.groups || (options.gid && keys.indexOf('gid') < keys.indexOf('groups'))) return []
    const message = '--suppl-groups stands behind --gid-owner'
    return [{ code: 'missing-option', option: 'groups', message }]
  },
  compile(): never {
    throw new NotEvaluated(
      'asks for the user or the socket of the process that sent the packet, which no capture tells',
    )
  },
})
