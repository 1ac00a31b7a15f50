/** A ruleset made ready to run: each table compiled once, its chains by hook. */
import { type Action, type Environment, NotEvaluated, type Test } from '../hook/environment.ts'
import { tablesOfHook } from '../hook/hook.ts'
import type { AnyExtension } from '../ruleset/extension.ts'
import type { Chain, Family, InterfaceTest, Place, Rule, Ruleset, Table, Use } from '../ruleset/model.ts'
import { type Hook, hooks, isTable, type TableName } from '../ruleset/tables.ts'
import { CompiledChain, INDEXED_FROM, WORTH_AN_INDEX } from './compiled-chain.ts'
import { CompiledRule, FAILED_MATCH, NEVER } from './compiled-rule.ts'
import { InterfaceCondition } from './interface-test.ts'
import { RuleIndex } from './rule-index.ts'
import { Sieve, UNTOLD, untoldBits } from './sieve.ts'

/** What a rule asks for that nobody here can do. */
export interface Unevaluated {
  readonly place: Place
  readonly table: string
  readonly chain: string
  /** From 1, in its chain. */
  readonly number: number
  /** The match or target. */
  readonly extension: string
  readonly message: string
  /** Packets that met all other conditions of the rule that stand ahead of its matches: it might have taken them. */
  asked: number
}

/** A table's chains, compiled. */
export class CompiledTable {
  readonly name: TableName
  readonly chains: ReadonlyMap<string, CompiledChain>
  /** By hook number; null where the table has no chain. */
  readonly byHook: readonly (CompiledChain | null)[]

  constructor(name: TableName, chains: ReadonlyMap<string, CompiledChain>) {
    this.name = name
    this.chains = chains
    this.byHook = hooks.map((hook: Hook) => chains.get(hook) ?? null)
  }
}

/** The rules of one family, ready to run. */
export class Program {
  readonly family: Family
  readonly ruleset: Ruleset
  readonly tables: ReadonlyMap<TableName, CompiledTable>
  /** Of rules that a packet can come to, in the order of the chains. Such a rule takes no packet. */
  readonly unevaluated: readonly Unevaluated[]
  /** A rule needs connection tracking, so that Linux would track (nf_ct_netns_get). */
  readonly needsTracking: boolean
  /** By hook number: the chain of table raw, which stands ahead of connection tracking. */
  readonly raw: readonly (CompiledChain | null)[]
  /** By hook number: the chains of all other tables, in the order of their priorities. */
  readonly behindRaw: readonly (readonly CompiledChain[])[]

  /**
   * `environmentOf`: what a table's rules are compiled with. `before`: the program that this one takes the place of; its tables
   * that the ruleset does not name go on.
   *
   * @throws TypeError for a ruleset whose text had mistakes
   */
  constructor(
    given: Ruleset,
    environmentOf: (table: TableName) => Environment,
    before: Program | null = null,
  ) {
    if (given.faulty === true)
      throw new TypeError('the rules have mistakes: see the diagnostics that they were read with')
    this.family = given.family
    const kept =
      before?.ruleset.tables.filter(({ name }) => !given.tables.some((table) => table.name === name)) ?? []
    const ruleset = kept.length === 0 ? given : { ...given, tables: [...kept, ...given.tables] }
    this.ruleset = ruleset
    const isKept = (name: string) => kept.some((table) => table.name === name)
    const unevaluated = before?.unevaluated.filter(({ table }) => isKept(table)) ?? []
    const tables = new Map<TableName, CompiledTable>()
    for (const [name, table] of before?.tables ?? []) if (isKept(name)) tables.set(name, table)
    for (const table of given.tables) {
      if (!isTable(table.name)) continue
      const environment = environmentOf(table.name)
      tables.set(
        table.name,
        new TableCompiler(ruleset, table, table.name, environment, unevaluated).compile(),
      )
    }
    this.tables = tables
    this.unevaluated = unevaluated
    this.needsTracking = ruleset.tables.some(({ chains }) =>
      chains.some(({ rules }) => rules.some((rule) => extensionsOf(rule).some((name) => trackers.has(name)))),
    )
    const chainsOf = (hook: number, names: readonly TableName[]) =>
      names.flatMap((name) => tables.get(name)?.byHook[hook] ?? [])
    this.raw = tablesOfHook.map((_, hook) => chainsOf(hook, ['raw'])[0] ?? null)
    this.behindRaw = tablesOfHook.map((names, hook) =>
      chainsOf(
        hook,
        names.filter((name) => name !== 'raw'),
      ),
    )
  }
}

/** Extensions that turn connection tracking on when they are loaded, whether a packet comes to their rule or not. */
const trackers: ReadonlySet<string> = new Set([
  ...['conntrack', 'state', 'connmark', 'connbytes', 'connlimit', 'connlabel', 'helper', 'cluster'],
  ...['CT', 'NOTRACK', 'CONNMARK', 'CONNSECMARK', 'SYNPROXY'],
  ...['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP'],
])

function extensionsOf({ matches, target }: Rule): string[] {
  const names = matches.map(({ name }) => name)
  return target?.kind === 'extension' ? [...names, target.name] : names
}

/** Answers for a rule that nobody can evaluate. */
function neverOf(unevaluated: readonly Unevaluated[]): Test {
  return () => {
    for (const one of unevaluated) one.asked++
    return false
  }
}

/** Names of the chains that a packet can come to. */
function reachedChains({ chains }: Table): ReadonlySet<string> {
  const byName = new Map(chains.map((chain) => [chain.name, chain]))
  const open = chains.filter(({ policy }) => policy !== null)
  const reached = new Set(open.map(({ name }) => name))
  for (let chain = open.pop(); chain !== undefined; chain = open.pop()) {
    for (const { target } of chain.rules) {
      if (target === null || target.kind === 'extension' || reached.has(target.chain)) continue
      reached.add(target.chain)
      const next = byName.get(target.chain)
      if (next !== undefined) open.push(next)
    }
  }
  return reached
}

class TableCompiler {
  readonly #ruleset: Ruleset
  readonly #table: Table
  readonly #name: TableName
  readonly #environment: Environment
  readonly #unevaluated: Unevaluated[]
  readonly #chains = new Map<string, CompiledChain>()
  readonly #reached: ReadonlySet<string>
  readonly #interfaces = new Map<string, InterfaceCondition>()

  constructor(
    ruleset: Ruleset,
    table: Table,
    name: TableName,
    environment: Environment,
    unevaluated: Unevaluated[],
  ) {
    this.#ruleset = ruleset
    this.#table = table
    this.#name = name
    this.#environment = environment
    this.#unevaluated = unevaluated
    this.#reached = reachedChains(table)
  }

  compile(): CompiledTable {
    for (const chain of this.#table.chains) this.#chains.set(chain.name, new CompiledChain(this.#name, chain))
    for (const chain of this.#table.chains) {
      const compiled = this.#chains.get(chain.name)!
      chain.rules.forEach((rule, index) => {
        compiled.rules.push(this.#rule(chain, rule, index + 1))
      })
      const { interfaces } = this.#environment.host
      compiled.sieve = new Sieve(compiled.rules, this.#name === 'raw', interfaces)
      if (compiled.rules.length >= WORTH_AN_INDEX) {
        compiled.index = new RuleIndex(compiled.rules, INDEXED_FROM, this.#ruleset.family, interfaces)
      }
    }
    return new CompiledTable(this.#name, this.#chains)
  }

  #rule(chain: Chain, rule: Rule, number: number): CompiledRule {
    const unevaluated: Unevaluated[] = []
    const refuse = (extension: string, message: string) => {
      const { place } = rule
      unevaluated.push({ place, table: this.#name, chain: chain.name, number, extension, message, asked: 0 })
    }
    const tests = rule.matches.map((use) => this.#compile<Test>('match', use, refuse))
    const { target } = rule
    const action = target?.kind === 'extension' ? this.#compile<Action>('target', target, refuse) : null
    const isEvaluated = unevaluated.length === 0
    const compiled = new CompiledRule(rule, number, {
      inInterface: this.#interface(rule.inInterface),
      outInterface: this.#interface(rule.outInterface),
      tests: isEvaluated ? tests.filter((test) => test !== null) : [neverOf(unevaluated)],
      untold: isEvaluated ? untoldBits(rule, this.#ruleset.family, this.#name === 'raw') : UNTOLD,
      variesFrom: isEvaluated ? this.#variesFrom(rule, false) : FAILED_MATCH,
      answerVariesFrom: isEvaluated ? this.#variesFrom(rule, true) : FAILED_MATCH,
    })
    if (this.#reached.has(chain.name)) this.#unevaluated.push(...unevaluated)
    compiled.action = action
    if (target !== null && target.kind !== 'extension') {
      compiled.chain = this.#chains.get(target.chain)!
      compiled.isGoto = target.kind === 'goto'
    }
    return compiled
  }

  #variesFrom({ matches, target }: Rule, isAnswerToo: boolean): number {
    const varying = matches.findIndex((use) => !this.#isOfFlow('match', use, isAnswerToo))
    if (varying >= 0) return FAILED_MATCH + varying
    const isSteady = target?.kind !== 'extension' || this.#isOfFlow('target', target, isAnswerToo)
    return isSteady ? NEVER : FAILED_MATCH + matches.length
  }

  #isOfFlow(type: 'match' | 'target', { name, options }: Use, isAnswerToo: boolean): boolean {
    const extension = this.#ruleset.registry[type](name, this.#ruleset.family)?.extension
    return extension?.isOfFlow?.(options, isAnswerToo) === true
  }

  #compile<C>(
    type: 'match' | 'target',
    use: Use,
    refuse: (extension: string, message: string) => void,
  ): C | null {
    const registered = this.#ruleset.registry[type](use.name, this.#ruleset.family)
    // Compiled with the environment that its `compile` declares; the registry has forgotten its type.
    const extension = registered?.extension as AnyExtension<Environment, C> | undefined
    if (extension?.compile === undefined) {
      refuse(use.name, `is read and printed, but not evaluated yet`)
      return null
    }
    try {
      return extension.compile(use.options, this.#environment)
    } catch (error) {
      if (!(error instanceof NotEvaluated)) throw error
      refuse(use.name, error.message)
      return null
    }
  }

  /** The same condition for all rules that name the same interface. */
  #interface(test: InterfaceTest | null): InterfaceCondition | null {
    if (test === null) return null
    const key = `${test.inverted ? '!' : ''}${test.name}`
    let condition = this.#interfaces.get(key)
    if (condition === undefined) {
      condition = new InterfaceCondition(test, this.#environment.host.interfaces)
      this.#interfaces.set(key, condition)
    }
    return condition
  }
}
