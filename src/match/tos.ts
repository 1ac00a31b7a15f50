import type { Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import type { MaskedNumber } from '../ruleset/kind/number.ts'
import { inRange } from '../ruleset/number.ts'

/** RFC 1349. */
const names: readonly (readonly [name: string, value: number])[] = [
  ['Minimize-Delay', 0x10],
  ['Maximize-Throughput', 0x08],
  ['Maximize-Reliability', 0x04],
  ['Minimize-Cost', 0x02],
  ['Normal-Service', 0x00],
]
/** A name leaves the two highest bits alone (as iptables has it; RFC 1349 would leave three). */
const NAME_MASK = 0x3f
const ALL = 0xff
const byte = (value: number) => `0x${value.toString(16).padStart(2, '0')}`

const typeOfService: Kind<MaskedNumber> = {
  usage: 'VALUE[/MASK]',
  expected: `a number from 0 to 255, two with a slash between, or one of ${names.map(([name]) => name).join(', ')}`,
  examples: () => ['0', '0xff', '0x10/0x3f', 'Minimize-Delay', 'normal-service', '7/0'],
  words: 1,
  read([text]) {
    const slash = text!.indexOf('/')
    const value = inRange(slash < 0 ? text! : text!.slice(0, slash), 0, ALL)
    const mask = slash < 0 ? ALL : inRange(text!.slice(slash + 1), 0, ALL)
    if (value !== null && mask !== null) return { value, mask }
    const named = names.find(([name]) => name.toLowerCase() === text!.toLowerCase())
    if (named) return { value: named[1], mask: NAME_MASK }
    return new Refusal(`${shown(text!)} is no type of service`)
  },
  print: ({ value, mask }) => `${byte(value)}/${byte(mask)}`,
}

export const tos = defineMatch({
  name: 'tos',
  summary: 'compares the type of service (the traffic class in IPv6)',
  options: {
    tos: option(typeOfService, {
      names: ['--tos'],
      summary: 'the bits of MASK are those of VALUE',
      invertible: true,
      required: true,
    }),
  },
  check({ tos: { value, inverted } }) {
    if (inverted || (value.value & ~value.mask) === 0) return []
    const message = 'the value has bits that the mask has not: this never matches'
    return [{ severity: 'warning', code: 'never-matches', option: 'tos', message }]
  },
  /** tos_mt. */
  compile({ tos: { value, inverted } }): Test {
    const { value: wanted, mask } = value
    return ({ packet }) => ((packet.tos & mask) === wanted) !== inverted
  },
})
