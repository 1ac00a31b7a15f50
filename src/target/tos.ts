import { suggest } from '../diagnostic/suggest.ts'
import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { setTos } from '../packet/rewrite.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal, shorthand } from '../ruleset/extension.ts'
import { type MaskedNumber, number } from '../ruleset/kind/number.ts'
import type { Settings } from '../ruleset/model.ts'
import { inRange } from '../ruleset/number.ts'

const ALL = 0xff
/** A name leaves the bits of ECN alone. */
const NAMED = 0x3f

const names: Readonly<Record<string, number>> = {
  'Minimize-Delay': 0x10,
  'Maximize-Throughput': 0x08,
  'Maximize-Reliability': 0x04,
  'Minimize-Cost': 0x02,
  'Normal-Service': 0x00,
}

const digits = (value: number) => `0x${value.toString(16).padStart(2, '0')}`

const maskedTos: Kind<MaskedNumber> = {
  usage: 'VALUE[/MASK]',
  expected: `a number from 0 to 255, two with a slash between (value and mask), or one of ${Object.keys(names).join(', ')}`,
  examples: () => ['0', '0xff', '1/0', '0xff/0x0f', 'minimize-delay', 'Normal-Service'],
  words: 1,
  read([text]) {
    const name = Object.keys(names).find((one) => one.toLowerCase() === text!.toLowerCase())
    if (name !== undefined) return { value: names[name]!, mask: NAMED }
    const slash = text!.indexOf('/')
    const value = inRange(slash < 0 ? text! : text!.slice(0, slash), 0, ALL)
    const mask = slash < 0 ? ALL : inRange(text!.slice(slash + 1), 0, ALL)
    if (value !== null && mask !== null) return { value, mask }
    const suggestion = suggest(text!, Object.keys(names))
    return new Refusal(`${shown(text!)} is no number of 8 bits with a mask`, { suggestion })
  },
  print: ({ value, mask }) => `${digits(value)}/${digits(mask)}`,
}

const bits = number({ usage: 'BITS', max: ALL })

function change(value: number, mask: number): Settings {
  return { set: { value: { value, mask } satisfies MaskedNumber, inverted: false } }
}

export const tos = defineTarget({
  name: 'TOS',
  summary: 'changes the type of service (IPv6: traffic class) of the packet',
  tables: ['mangle'],
  oneOf: [['set']],
  options: {
    set: option(maskedTos, {
      names: ['--set-tos'],
      summary: 'clears the bits of the mask, and turns those of the value over',
      excludes: ['and', 'or', 'xor'],
    }),
  },
  shorthands: {
    and: shorthand(bits, {
      names: ['--and-tos'],
      summary: 'keeps only these bits',
      excludes: ['or', 'xor'],
      stands: (value) => change(0, ~value & ALL),
    }),
    or: shorthand(bits, {
      names: ['--or-tos'],
      summary: 'sets these bits',
      excludes: ['xor'],
      stands: (value) => change(value, value),
    }),
    xor: shorthand(bits, {
      names: ['--xor-tos'],
      summary: 'turns these bits over',
      stands: (value) => change(value, 0),
    }),
  },
  compile({ set }): Action {
    const { value, mask } = set!.value
    return (passage) => {
      const { tos } = passage.packet
      const wanted = (tos & ~mask) ^ value
      if (wanted !== tos) setTos(passage.writable(), wanted)
      return VERDICT_CONTINUE
    }
  },
})
