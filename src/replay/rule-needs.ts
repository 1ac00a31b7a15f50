/** What rules need to know of the host and the capture, so that none is asked about a packet on the wrong side. */
import type { Family, Ruleset } from '../ruleset/model.ts'

export interface RuleNeeds {
  readonly families: readonly Family[]
  /** INPUT or OUTPUT has rules, or drops: what is the host's own matters. */
  readonly actsLocally: boolean
  /** Names of interfaces that `-i` and `-o` ask for, beside lo: each once, in order; a final + as it stands. */
  readonly interfaces: readonly string[]
  /** MASQUERADE, SNAT or NETMAP stands in table nat. */
  readonly translatesSource: boolean
  /** DNAT, REDIRECT or NETMAP does. */
  readonly translatesDestination: boolean
  /** TTL or HL stands in table mangle: what a packet left with does not tell who made it. */
  readonly setsTtl: boolean
  /** MASQUERADE does: the interface that packets leave by has to have an address. */
  readonly masquerades: boolean
}

const sourceTargets: ReadonlySet<string> = new Set(['MASQUERADE', 'SNAT', 'NETMAP'])
const destinationTargets: ReadonlySet<string> = new Set(['DNAT', 'REDIRECT', 'NETMAP'])

export function needsOf(rulesets: readonly Ruleset[]): RuleNeeds {
  const interfaces = new Set<string>()
  let actsLocally = false
  let translatesSource = false
  let translatesDestination = false
  let setsTtl = false
  let masquerades = false
  for (const { tables } of rulesets) {
    for (const { name: table, chains } of tables) {
      for (const { name, policy, rules } of chains) {
        const isLocal = policy !== null && (name === 'INPUT' || name === 'OUTPUT')
        if (isLocal && (rules.length > 0 || policy === 'DROP')) actsLocally = true
        for (const { inInterface, outInterface, target } of rules) {
          for (const test of [inInterface, outInterface]) if (test !== null) interfaces.add(test.name)
          if (target?.kind !== 'extension') continue
          const { name } = target
          // What is redirected is for the host itself.
          if (name === 'REDIRECT') actsLocally = true
          if (name === 'TTL' || name === 'HL') setsTtl = true
          if (table !== 'nat') continue
          if (sourceTargets.has(name)) translatesSource = true
          if (destinationTargets.has(name)) translatesDestination = true
          if (name === 'MASQUERADE') masquerades = true
        }
      }
    }
  }
  for (const name of ['lo', '+']) interfaces.delete(name)
  return {
    families: [...new Set(rulesets.map(({ family }) => family))],
    actsLocally,
    interfaces: [...interfaces],
    translatesSource,
    translatesDestination,
    setsTtl,
    masquerades,
  }
}
