import { NotEvaluated } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, type Problem, Refusal } from '../ruleset/extension.ts'
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

/** What tells of the transformation, in the order in which it is printed. */
const parts = ['reqid', 'spi', 'protocol', 'mode', 'tunnelDestination', 'tunnelSource'] as const

/** One transformation; rules that describe several (`--next`) are not read. */
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
    strict: option(flag, { names: ['--strict'], summary: 'there is no other transformation' }),
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
  },
  hooksOf: ({ direction }) =>
    direction.value === 'in' ? ['PREROUTING', 'INPUT', 'FORWARD'] : ['FORWARD', 'OUTPUT', 'POSTROUTING'],
  /** Without IPsec nothing is kept that tells of a transformation. */
  normalise(options) {
    if (options['policy']?.value !== 'none') return options
    const rest: Record<string, Settings[string]> = {}
    for (const [key, setting] of Object.entries(options)) {
      if (!(parts as readonly string[]).includes(key)) rest[key] = setting
    }
    return rest
  },
  check(options): readonly Problem[] {
    const problems: Problem[] = []
    const { policy, strict, mode, tunnelSource, tunnelDestination } = options
    if (strict && policy.value === 'none') {
      const message = 'where no policy is, none can be the only one'
      problems.push({ code: 'conflicting-options', option: 'strict', message })
    } else if (strict && parts.every((part) => options[part] === undefined)) {
      const message = '--strict needs one of --reqid, --spi, --proto, --mode, --tunnel-src and --tunnel-dst'
      problems.push({ code: 'missing-option', option: 'strict', message })
    }
    // What is not transport is a tunnel.
    const isTunnel = mode !== undefined && (mode.value === 'tunnel') !== mode.inverted
    if ((tunnelSource || tunnelDestination) && !isTunnel) {
      const option = tunnelSource ? 'tunnelSource' : 'tunnelDestination'
      problems.push({ code: 'missing-option', option, message: 'ends of a tunnel need --mode tunnel' })
    }
    return problems
  },
  compile(): never {
    throw new NotEvaluated('asks whether IPsec carried the packet, which no capture tells')
  },
})
