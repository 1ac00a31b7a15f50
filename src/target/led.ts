import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { text } from '../ruleset/kind/text.ts'
import { inRange, UINT32_MAX } from '../ruleset/number.ts'

/** Milliseconds, or until the end of time. */
const delay: Kind<number | 'inf'> = {
  usage: 'MILLISECONDS|inf',
  expected: `a number from 0 to ${UINT32_MAX} (milliseconds), or inf`,
  examples: () => ['0', '100', 'inf'],
  words: 1,
  read([text]) {
    if (text === 'inf') return text
    return inRange(text!, 0, UINT32_MAX) ?? new Refusal(`${shown(text!)} is no number of milliseconds`)
  },
  print: String,
}

export const led = defineTarget({
  name: 'LED',
  summary: 'lights a lamp of the machine',
  options: {
    trigger: option(text({ usage: 'NAME', max: 15, examples: ['ssh'] }), {
      names: ['--led-trigger-id'],
      summary: 'name of the trigger; the kernel puts netfilter- in front',
      required: true,
    }),
    delay: option(delay, { names: ['--led-delay'], summary: 'how long it stays lit', initial: 0 }),
    blink: option(flag, {
      names: ['--led-always-blink'],
      summary: 'a lamp that is lit goes out for a moment',
    }),
  },
  // Nobody sees the lamp.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
