/** From which hooks a chain can be reached, whether it leads back to itself, how long a walk through it may be; and what follows. */
import type { DiagnosticLog } from './diagnostic.ts'
import type { Chain, Family, Rule, Table, Use } from './model.ts'
import type { Registry } from './registry.ts'
import { type Hook, hooks } from './tables.ts'

/**
 * How many rules a packet may walk through in a built-in chain. Linux has no limit: forty chains that each lead twice into
 * the next keep it busy for hours with one packet. The longest real rulesets stay below a hundredth of it.
 */
const LONGEST_WALK = 100_000_000

/**
 * Bits of `hooks` by chain: where packets can come from. As mark_source_chains in the kernel's x_tables, which is where
 * loops are refused as well; a loop that no built-in chain reaches is none.
 */
export function checkChains(
  table: Table,
  family: Family,
  registry: Registry,
  spanOf: SpanOf,
  log: DiagnosticLog,
): void {
  const byName = new Map(table.chains.map((chain) => [chain.name, chain]))
  const reach = new Map<Chain, number>()
  walkChains(table, byName, spanOf, log)
  for (const chain of table.chains) {
    if (chain.policy === null) continue
    const bit = 1 << hooks.indexOf(chain.name as Hook)
    const open = [chain]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const known = reach.get(next) ?? 0
      if ((known & bit) !== 0) continue
      reach.set(next, known | bit)
      for (const { target } of next.rules) {
        const to = target !== null && target.kind !== 'extension' ? byName.get(target.chain) : undefined
        if (to && ((reach.get(to) ?? 0) & bit) === 0) open.push(to)
      }
    }
  }
  for (const [chain, bits] of reach) {
    for (const rule of chain.rules) checkRule(rule, chain, table, bits, family, registry, spanOf, log)
  }
}

/** Where a rule stands in the text. */
export type SpanOf = (rule: Rule) => { readonly start: number; readonly end: number }

function checkRule(
  rule: Rule,
  chain: Chain,
  table: Table,
  reach: number,
  family: Family,
  registry: Registry,
  spanOf: SpanOf,
  log: DiagnosticLog,
): void {
  const check = (use: Use, type: 'match' | 'target') => {
    const extension = registry[type](use.name, family)?.extension
    if (!extension) return
    if (extension.tables && !extension.tables.includes(table.name as never)) return // said already
    for (const valid of [extension.hooks, extension.hooksOf?.(use.options)]) {
      if (!valid) continue
      const wrong = hooks.filter((hook, index) => (reach & (1 << index)) !== 0 && !valid.includes(hook))
      if (wrong.length === 0) continue
      const where = chain.policy === null ? `, and ${chain.name} is reached from ${wrong.join(' and ')}` : ''
      const message = `${use.name}${valid === extension.hooks ? '' : ' so set'} is valid only in ${valid.join(', ')}${where || `, not in ${chain.name}`}`
      log.add(spanOf(rule), { code: 'wrong-chain', message })
    }
  }
  for (const match of rule.matches) check(match, 'match')
  if (rule.target?.kind === 'extension') check(rule.target, 'target')
}

/**
 * Finds circles and walks that are too long. Depth first with a stack of its own: ten thousand chains may lead one into
 * the next.
 */
function walkChains(
  table: Table,
  byName: ReadonlyMap<string, Chain>,
  spanOf: SpanOf,
  log: DiagnosticLog,
): void {
  /** By chain that has been left: the most rules that a packet may meet in it, and where it leads. */
  const done = new Map<Chain, number>()
  const onPath = new Map<Chain, number>()
  for (const start of table.chains) {
    if (start.policy === null || done.has(start)) continue
    const path: { chain: Chain; next: number }[] = [{ chain: start, next: 0 }]
    onPath.set(start, 0)
    while (path.length > 0) {
      const here = path[path.length - 1]!
      const rule = here.chain.rules[here.next++]
      if (rule === undefined) {
        done.set(here.chain, longestWalk(here.chain, byName, done))
        onPath.delete(here.chain)
        path.pop()
        continue
      }
      const { target } = rule
      const to = target !== null && target.kind !== 'extension' ? byName.get(target.chain) : undefined
      if (to === undefined || done.has(to)) continue
      const from = onPath.get(to)
      if (from === undefined) {
        onPath.set(to, path.length)
        path.push({ chain: to, next: 0 })
        continue
      }
      const names = [...path.slice(from).map(({ chain }) => chain.name), to.name]
      const shownNames = names.length > 8 ? [...names.slice(0, 4), '…', ...names.slice(-3)] : names
      log.add(spanOf(rule), {
        code: 'loop',
        message: `the chains lead in a circle: ${shownNames.join(' → ')}`,
      })
    }
    reportWalk(start, byName, done, spanOf, log)
  }
}

type Walks = ReadonlyMap<Chain, number>

/** How many rules a packet may meet by this one: itself, and those of the chain that it leads into. */
function walkOf({ target }: Rule, byName: ReadonlyMap<string, Chain>, walks: Walks): number {
  const to = target !== null && target.kind !== 'extension' ? byName.get(target.chain) : undefined
  return 1 + ((to && walks.get(to)) ?? 0)
}

/** As if no rule took the packet for good. What -g leads into does not come back. */
function longestWalk({ rules }: Chain, byName: ReadonlyMap<string, Chain>, walks: Walks): number {
  let longest = 0
  for (let i = rules.length - 1; i >= 0; i--) {
    const rule = rules[i]!
    const walk = walkOf(rule, byName, walks)
    longest = rule.target?.kind === 'goto' ? Math.max(walk, longest + 1) : walk + longest
  }
  return longest
}

/** Tells of the rule that leads into most of it. */
function reportWalk(
  start: Chain,
  byName: ReadonlyMap<string, Chain>,
  walks: Walks,
  spanOf: SpanOf,
  log: DiagnosticLog,
): void {
  const longest = walks.get(start)!
  if (longest <= LONGEST_WALK) return
  let worst = start.rules[0]!
  for (const rule of start.rules) {
    if (walkOf(rule, byName, walks) > walkOf(worst, byName, walks)) worst = rule
  }
  const count = longest < 1e15 ? longest.toLocaleString('en-US') : `about ${longest.toExponential(0)}`
  log.add(spanOf(worst), {
    code: 'too-many',
    message: `one packet may walk through ${count} rules of ${start.name}: chains lead into the same chain again and again`,
    expected: `at most ${LONGEST_WALK.toLocaleString('en-US')}; Linux loads it, and spends that time on the packet`,
  })
}
