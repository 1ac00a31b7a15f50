import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import type { NflogNote } from '../hook/note.ts'
import { defineTarget, option, without } from '../ruleset/extension.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'

const bytes = number({ unit: 'bytes' })

export const nflog = defineTarget({
  name: 'NFLOG',
  summary: 'hands a copy of the packet to a program that listens to a group, and goes on',
  options: {
    prefix: option(text({ min: 1, max: 63, cut: true }), {
      names: ['--nflog-prefix'],
      summary: 'a text that goes with the packet, 63 bytes at most',
    }),
    group: option(number({ max: 65535 }), {
      names: ['--nflog-group'],
      summary: 'of the program that listens',
      initial: 0,
    }),
    range: option(bytes, {
      names: ['--nflog-range'],
      summary: 'has no effect; --nflog-size takes its place',
      excludes: ['size'],
    }),
    size: option(bytes, { names: ['--nflog-size'], summary: 'so many bytes of the packet are copied' }),
    threshold: option(number({ max: 65535, unit: 'packets' }), {
      names: ['--nflog-threshold'],
      summary: 'so many packets are collected before the program is woken',
      initial: 0,
    }),
  },
  // A range of 0 is stored as none.
  normalise: (options) => (options['range']?.value === 0 ? without(options, 'range') : options),
  compile({ prefix, group }, environment: Environment): Action {
    const note: NflogNote = { kind: 'nflog', prefix: prefix?.value ?? '', group: group.value }
    return (passage) => {
      environment.notify(passage, note)
      return VERDICT_CONTINUE
    }
  },
})
