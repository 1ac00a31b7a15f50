import { NotEvaluated } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, type Option, option, type Problem, Refusal } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Settings } from '../ruleset/model.ts'
import { formatProtocol, parseProtocol } from '../ruleset/protocols.ts'
import { keptAddress } from './kept-address.ts'

const protocols: readonly number[] = [50, 51, 108]

const ipsecProtocol: Kind<number> = {
  usage: 'PROTOCOL',
  expected: 'ah, esp or ipcomp',
  examples: () => ['esp', 'ah', 'ipcomp', '50'],
  words: 1,
  read([text]) {
    const protocol = parseProtocol(text!)
    if (protocol !== null && protocols.includes(protocol)) return protocol
    return new Refusal(`${shown(text!)} is no protocol of IPsec`)
  },
  print: formatProtocol,
}

const tunnelEnd = keptAddress('short')

/** XT_POLICY_MAX_ELEM. */
const MOST = 4

/** What tells of one transformation, in the order in which it is printed. */
const transformation = {
  reqid: option(number(), { names: ['--reqid'], summary: 'the request id is this', invertible: true }),
  spi: option(number({ base: 16 }), {
    names: ['--spi'],
    summary: 'the security parameter index is this',
    invertible: true,
  }),
  protocol: option(ipsecProtocol, {
    names: ['--proto'],
    summary: 'the protocol is this',
    invertible: true,
  }),
  mode: option(choice({ usage: 'MODE', names: ['transport', 'tunnel'] }), {
    names: ['--mode'],
    summary: 'the mode is this',
    invertible: true,
  }),
  tunnelDestination: option(tunnelEnd, {
    names: ['--tunnel-dst'],
    summary: 'the tunnel leads there',
    invertible: true,
  }),
  tunnelSource: option(tunnelEnd, {
    names: ['--tunnel-src'],
    summary: 'the tunnel begins there',
    invertible: true,
  }),
} as const
const parts = Object.keys(transformation)

const next = option(flag, {
  names: ['--next'],
  summary: 'describes the next transformation: of the options, those behind `--strict` may stand here again',
  begins: true,
})

/** The keys of a further transformation, from 2, end with its number. */
function further(index: number): Record<string, Option<unknown>> {
  const entries = Object.entries({ next, ...transformation } as Record<string, Option<unknown>>)
  return Object.fromEntries(entries.map(([key, one]) => [`${key}${index}`, one]))
}

const keyOf = (part: string, index: number) => (index === 1 ? part : `${part}${index}`)

export const policy = defineMatch({
  name: 'policy',
  summary: 'asks which IPsec policy the packet is under',
  options: {
    direction: option(choice({ usage: 'DIRECTION', names: ['in', 'out'] }), {
      names: ['--dir'],
      summary: 'as it was received, or as it will be sent',
      required: true,
    }),
    policy: option(choice({ usage: 'POLICY', names: ['ipsec', 'none'] }), {
      names: ['--pol'],
      summary: 'IPsec, or none',
      initial: 'ipsec',
      omit: () => false,
    }),
    strict: option(flag, {
      names: ['--strict'],
      summary: 'there is no transformation but those described, in their order',
    }),
    ...transformation,
    ...further(2),
    ...further(3),
    ...further(MOST),
  },
  hooksOf: ({ direction }) =>
    direction.value === 'in' ? ['PREROUTING', 'INPUT', 'FORWARD'] : ['FORWARD', 'OUTPUT', 'POSTROUTING'],
  /** Without IPsec nothing is kept that tells of a transformation. */
  normalise(options) {
    if (options['policy']?.value !== 'none') return options
    const rest: Record<string, Settings[string]> = {}
    for (const [key, setting] of Object.entries(options)) if (!parts.includes(key)) rest[key] = setting
    return rest
  },
  check({ policy, strict, ...others }): readonly Problem[] {
    const options: Settings = others
    const problems: Problem[] = []
    const count = 1 + [2, 3, MOST].filter((index) => options[`next${index}`]).length
    if (policy.value === 'none' && (strict || count > 1)) {
      const message = 'where no policy is, nothing can be said of it'
      problems.push({ code: 'conflicting-options', option: strict ? 'strict' : 'next2', message })
      return problems
    }
    if (count > 1 && !strict)
      problems.push({ code: 'missing-option', option: 'next2', message: '--next needs --strict' })
    for (let index = 1; index <= count; index++) {
      const [mode, source, destination] = ['mode', 'tunnelSource', 'tunnelDestination'].map(
        (part) => options[keyOf(part, index)],
      )
      if (strict && parts.every((part) => options[keyOf(part, index)] === undefined)) {
        const message =
          'with --strict each transformation needs one of --reqid, --spi, --proto, --mode, --tunnel-src and --tunnel-dst'
        problems.push({ code: 'missing-option', option: index === 1 ? 'strict' : `next${index}`, message })
      }
      // What is not transport is a tunnel.
      const isTunnel = mode !== undefined && (mode.value === 'tunnel') !== mode.inverted
      if ((source || destination) && !isTunnel) {
        const option = keyOf(source ? 'tunnelSource' : 'tunnelDestination', index)
        problems.push({ code: 'missing-option', option, message: 'ends of a tunnel need --mode tunnel' })
      }
    }
    return problems
  },
  compile(): never {
    throw new NotEvaluated('asks whether IPsec carried the packet, which no capture tells')
  },
})
