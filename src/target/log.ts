import { suggest } from '../diagnostic/suggest.ts'
import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import type { LogNote } from '../hook/note.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { text } from '../ruleset/kind/text.ts'
import { inRange } from '../ruleset/number.ts'

/** As syslog numbers them. */
const levels = ['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug'] as const
const WARNING = 4

const level: Kind<number> = {
  usage: 'LEVEL',
  expected: `a number from 0 to 7, or one of ${levels.join(', ')}`,
  examples: () => ['0', '7', 'info', 'warning', 'panic'],
  words: 1,
  read([text]) {
    const index = text === 'panic' ? 0 : levels.indexOf(text as (typeof levels)[number])
    const number = index >= 0 ? index : inRange(text!, 0, 7)
    return number ?? new Refusal(`${shown(text!)} is no level`, { suggestion: suggest(text!, levels) })
  },
  print: String,
}

export const log = defineTarget({
  name: 'LOG',
  summary: 'writes a line about the packet to the kernel log and goes on',
  options: {
    prefix: option(text({ min: 1, max: 29, cut: true }), {
      names: ['--log-prefix'],
      summary: 'what the line begins with, 29 bytes at most; end it with a blank',
    }),
    level: option(level, { names: ['--log-level'], summary: 'of syslog', initial: WARNING }),
    tcpSequence: option(flag, { names: ['--log-tcp-sequence'], summary: 'with sequence numbers of TCP' }),
    tcpOptions: option(flag, { names: ['--log-tcp-options'], summary: 'with options of TCP' }),
    ipOptions: option(flag, {
      names: ['--log-ip-options'],
      summary: 'with options or extension headers of IP',
    }),
    uid: option(flag, { names: ['--log-uid'], summary: "with the user of the packet's socket" }),
    macdecode: option(flag, { names: ['--log-macdecode'], summary: 'with the link header in words' }),
  },
  compile(options, environment: Environment): Action {
    const note: LogNote = {
      kind: 'log',
      prefix: options.prefix?.value ?? '',
      level: options.level.value,
      tcpSequence: options.tcpSequence !== undefined,
      tcpOptions: options.tcpOptions !== undefined,
      ipOptions: options.ipOptions !== undefined,
      uid: options.uid !== undefined,
      macDecode: options.macdecode !== undefined,
    }
    return (passage) => {
      environment.notify(passage, note)
      return VERDICT_CONTINUE
    }
  },
})
