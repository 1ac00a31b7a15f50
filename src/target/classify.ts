import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal } from '../ruleset/extension.ts'

const form = /^(?:0x)?([0-9a-f]{1,8}):(?:0x)?([0-9a-f]{1,8})$/i

const half = (value: number) => value.toString(16).padStart(4, '0')

/** The class in the upper 16 bits is the queue's, that in the lower its part; unsigned. */
const trafficClass: Kind<number> = {
  usage: 'MAJOR:MINOR',
  expected: 'two hexadecimal numbers of 16 bits with a colon between',
  examples: () => ['0:0', '1:2', 'ffff:ffff', '0xA:0x00b', '12345:6'],
  words: 1,
  read([text]) {
    const found = form.exec(text!)
    if (!found) return new Refusal(`${shown(text!)} is no class MAJOR:MINOR`)
    // Of longer ones the last four digits count, as for the tool.
    const [major, minor] = [found[1]!, found[2]!].map((digits) => Number.parseInt(digits.slice(-4), 16))
    return ((major! << 16) | minor!) >>> 0
  },
  print: (value) => `${half(value >>> 16)}:${half(value & 0xffff)}`,
}

export const classify = defineTarget({
  name: 'CLASSIFY',
  summary: 'chooses the class of traffic control in which the packet is sent',
  hooks: ['FORWARD', 'OUTPUT', 'POSTROUTING'],
  options: {
    class: option(trafficClass, { names: ['--set-class'], summary: 'the class', required: true }),
  },
  isOfFlow: () => true,
  compile({ class: { value } }): Action {
    return (passage) => {
      passage.priority = value
      return VERDICT_CONTINUE
    }
  },
})
