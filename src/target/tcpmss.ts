import { byFamily, defineTarget, option, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'

const SYN = 0x02

/** 65535 without the header of IP. */
const ipv4 = number({ max: 65515, unit: 'bytes' })
const ipv6 = number({ max: 65495, unit: 'bytes' })

export const tcpmss = defineTarget({
  name: 'TCPMSS',
  summary: 'lowers the greatest segment size that a SYN packet of TCP announces',
  protocols: [6],
  oneOf: [['mss', 'clamp']],
  options: {
    mss: option(byFamily<number>({ ipv4, ipv6 }), { names: ['--set-mss'], summary: 'the size' }),
    clamp: option(flag, {
      names: ['--clamp-mss-to-pmtu'],
      summary: 'the size that fits the path of the packet',
    }),
  },
  normalise(options) {
    // Both are one number to the kernel. Settings stand in the order in which they were given: the last one counts.
    const [first, second] = Object.keys(options)
    return second === undefined ? options : without(options, first!)
  },
  hooksOf: ({ clamp }) => (clamp ? ['FORWARD', 'OUTPUT', 'POSTROUTING'] : null),
  check(_, { rule }) {
    // tcpmss_tg4_check (find_syn_match): the comparison must have SYN; the mask is not asked.
    const asksForSyn = rule.matches.some(({ name, options }) => {
      const flags = options['tcpFlags'] as Setting<{ readonly comparison: number }> | undefined
      return name === 'tcp' && flags !== undefined && !flags.inverted && (flags.value.comparison & SYN) !== 0
    })
    if (asksForSyn) return []
    const message = 'TCPMSS needs a rule that takes only SYN packets'
    return [{ code: 'missing-match', message, suggestion: '--syn' }]
  },
})
