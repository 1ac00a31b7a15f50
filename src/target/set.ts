import { defineTarget, option, type Problem } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { setReference } from '../ruleset/kind/set-reference.ts'

export const set = defineTarget({
  name: 'SET',
  summary: 'adds an element for the packet to an IP set, removes it, or applies what the set says of it',
  oneOf: [['add', 'delete', 'map']],
  options: {
    add: option(setReference, { names: ['--add-set'], summary: 'adds the element to this set' }),
    exist: option(flag, { names: ['--exist'], summary: 'an element that is there begins its time anew' }),
    timeout: option(number({ max: 4294967294, unit: 'seconds' }), {
      names: ['--timeout'],
      summary: 'how long the added element stays',
    }),
    delete: option(setReference, { names: ['--del-set'], summary: 'removes the element from this set' }),
    map: option(setReference, { names: ['--map-set'], summary: 'looks the packet up in this set' }),
    mapMark: option(flag, { names: ['--map-mark'], summary: "sets the packet's mark to the element's" }),
    mapPrio: option(flag, { names: ['--map-prio'], summary: "sets the class to the element's" }),
    mapQueue: option(flag, { names: ['--map-queue'], summary: "sets the device's queue to the element's" }),
  },
  hooksOf: ({ mapPrio }) => (mapPrio ? ['FORWARD', 'OUTPUT', 'POSTROUTING'] : null),
  check({ add, exist, timeout, map, mapMark, mapPrio, mapQueue }, { table }) {
    const problems: Problem[] = []
    if (!add && exist)
      problems.push({ code: 'missing-option', option: 'exist', message: '--exist needs --add-set' })
    if (!add && timeout)
      problems.push({ code: 'missing-option', option: 'timeout', message: '--timeout needs --add-set' })
    const mapped = mapMark ?? mapPrio ?? mapQueue
    if (map && !mapped) {
      const message = '--map-set needs one of --map-mark, --map-prio, --map-queue'
      problems.push({ code: 'missing-option', option: 'map', message })
    }
    if (mapped && !map) problems.push({ code: 'missing-option', message: 'what is mapped needs --map-set' })
    if (map && table !== 'mangle')
      problems.push({
        code: 'wrong-table',
        option: 'map',
        message: '--map-set is valid only in table mangle',
      })
    return problems
  },
})
