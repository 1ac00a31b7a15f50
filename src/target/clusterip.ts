import { NotEvaluated } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, neverOmitted, option, type Problem, Refusal } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'

/** CLUSTERIP_MAX_NODES. */
const MOST = 16

/** Printed in upper case. */
const multicastMac: Kind<string> = {
  usage: 'XX:XX:XX:XX:XX:XX',
  expected: 'an Ethernet address of a group: six hexadecimal numbers, the first one odd',
  examples: () => ['01:00:5e:00:00:20', '3:0:5E:a:b:c'],
  words: 1,
  read([text]) {
    const parts = text!.split(':', 7)
    if (parts.length !== 6 || !parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part)))
      return new Refusal(`${shown(text!)} is no Ethernet address`)
    if (Number.parseInt(parts[0]!, 16) % 2 === 0)
      return new Refusal(`${shown(text!)} is the address of one device, not of a group`)
    return parts.map((part) => part.toUpperCase().padStart(2, '0')).join(':')
  },
  print: (value) => value,
}

const parts = ['mode', 'mac', 'total', 'node'] as const

export const clusterip = defineTarget({
  name: 'CLUSTERIP',
  summary:
    'shared one address among the nodes of a cluster; Linux has it no more, the match cluster takes its place',
  family: 'ipv4',
  options: {
    new: option(flag, { names: ['--new'], summary: 'sets the cluster up; else it has to be there' }),
    mode: option(
      choice({ usage: 'MODE', names: ['sourceip', 'sourceip-sourceport', 'sourceip-sourceport-destport'] }),
      { names: ['--hashmode'], summary: 'what of the packet decides which node takes it' },
    ),
    mac: option(multicastMac, { names: ['--clustermac'], summary: 'the Ethernet address of all nodes' }),
    total: option(number({ max: MOST }), {
      names: ['--total-nodes'],
      summary: 'how many nodes there are',
    }),
    node: option(number({ max: MOST }), { names: ['--local-node'], summary: 'which of them this one is' }),
    seed: option(number(), {
      names: ['--hash-init'],
      summary: 'what the hash begins with; 0 unless told',
      omit: neverOmitted,
    }),
  },
  normalise: (options) =>
    options['new'] && !options['seed'] ? { ...options, seed: { value: 0, inverted: false } } : options,
  check(options): readonly Problem[] {
    const problems: Problem[] = []
    const given = parts.filter((part) => options[part] !== undefined)
    const isWhole = options.new ? given.length === parts.length : given.length === 0 && !options.seed
    if (!isWhole) {
      const message =
        'either no option stands here, or all of --new, --hashmode, --clustermac, --total-nodes, --local-node'
      problems.push({ code: 'missing-option', message })
    }
    const message = 'Linux has CLUSTERIP no more and would not load this rule; -m cluster takes its place'
    problems.push({ severity: 'warning', code: 'obsolete', message })
    return problems
  },
  compile(): never {
    throw new NotEvaluated('is in Linux no more')
  },
})
