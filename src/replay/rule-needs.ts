/** What rules need to know of the host and the capture, so that none is asked about a packet on the wrong side. */
import { prefixLength } from '../ruleset/address-text.ts'
import type { Family, Rule, Ruleset, Table } from '../ruleset/model.ts'
import type { NatRange } from '../target/nat-range.ts'

/** Where a rule that forwards looks for addresses: `-d` with `-o`. One word or four, signed. */
export interface NetworkBehind {
  readonly words: readonly number[]
  readonly length: number
  readonly interface: string
}

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
  /** FORWARD accepts by a rule, or a rule of DNAT or NETMAP gives packets to other machines: these are rules of a router. */
  readonly forwards: boolean
  /** Networks behind an interface by rules of FORWARD that accept, each once: the first 256. */
  readonly behind: readonly NetworkBehind[]
  /** TTL or HL stands in table mangle: what a packet left with does not tell who made it. */
  readonly setsTtl: boolean
  /** MASQUERADE does: the interface that packets leave by has to have an address. */
  readonly masquerades: boolean
}

const MOST_BEHIND = 256

const sourceTargets: ReadonlySet<string> = new Set(['MASQUERADE', 'SNAT', 'NETMAP'])
const destinationTargets: ReadonlySet<string> = new Set(['DNAT', 'REDIRECT', 'NETMAP'])

export function needsOf(rulesets: readonly Ruleset[]): RuleNeeds {
  const interfaces = new Set<string>()
  let actsLocally = false
  let translatesSource = false
  let translatesDestination = false
  let setsTtl = false
  let forwards = false
  const behind = new Map<string, NetworkBehind>()
  let masquerades = false
  for (const { tables } of rulesets) {
    for (const one of tables) {
      const { name: table, chains } = one
      if (table === 'filter') {
        for (const rule of forwardRules(one)) {
          if (rule.target?.kind !== 'extension' || rule.target.name !== 'ACCEPT') continue
          forwards = true
          const network = networkBehind(rule)
          if (network !== null && behind.size < MOST_BEHIND) behind.set(JSON.stringify(network), network)
        }
      }
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
          if (
            name === 'NETMAP' ||
            (name === 'DNAT' && (target.options['to']!.value as NatRange).addresses !== null)
          )
            forwards = true
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
    forwards,
    behind: [...behind.values()],
    setsTtl,
    masquerades,
  }
}

/** The rules that a packet may meet in FORWARD. */
function forwardRules({ chains }: Table): Rule[] {
  const byName = new Map(chains.map((chain) => [chain.name, chain]))
  const reached = new Set(['FORWARD'])
  const found: Rule[] = []
  for (const name of reached) {
    for (const rule of byName.get(name)?.rules ?? []) {
      found.push(rule)
      if (rule.target !== null && rule.target.kind !== 'extension') reached.add(rule.target.chain)
    }
  }
  return found
}

function networkBehind({ destination, outInterface }: Rule): NetworkBehind | null {
  if (destination === null || destination.inverted || outInterface === null || outInterface.inverted)
    return null
  const { address: words, mask } = destination
  const length = prefixLength(mask)
  const { name } = outInterface
  return length === null || length === 0 || name.endsWith('+') ? null : { words, length, interface: name }
}
