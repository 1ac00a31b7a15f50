import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'

/** In milliseconds it has to fit into 31 bits (idletimer_tg_helper). */
const LONGEST = 2_147_482

export const idletimer = defineTarget({
  name: 'IDLETIMER',
  summary: 'starts a timer anew, which tells of itself in sysfs when it runs out',
  options: {
    timeout: option(number({ min: 1, max: LONGEST, unit: 'seconds' }), {
      names: ['--timeout'],
      summary: 'how long it runs',
      required: true,
    }),
    label: option(
      text({ usage: 'NAME', min: 1, max: 27, cut: true, print: 'bare', examples: ['a', 'eth0.5'] }),
      {
        names: ['--label'],
        summary: 'name of the timer, 27 bytes at most; rules that name the same share it',
        required: true,
      },
    ),
    alarm: option(flag, { names: ['--alarm'], summary: 'it runs on while the machine sleeps' }),
  },
  check({ label }) {
    // Names of files in sysfs, two of which are taken (idletimer_check_sysfs_name).
    if (!label.value.includes('/') && !['.', '..', 'power', 'subsystem', 'uevent'].includes(label.value))
      return []
    return [{ code: 'bad-value', option: 'label', message: 'this cannot be the name of a timer' }]
  },
  // Nobody looks at the timer.
  compile(): Action {
    return () => VERDICT_CONTINUE
  },
})
