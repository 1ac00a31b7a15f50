/** From which hooks a chain can be reached, and whether it leads back to itself; and what follows for its rules. */
import type { DiagnosticLog } from './diagnostic.ts'
import type { Chain, Family, Rule, Table, Use } from './model.ts'
import type { Registry } from './registry.ts'
import { type Hook, hooks } from './tables.ts'

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
  reportLoops(table, byName, spanOf, log)
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

/** Walks depth first with a stack of its own: ten thousand chains may lead one into the next. */
function reportLoops(
  table: Table,
  byName: ReadonlyMap<string, Chain>,
  spanOf: SpanOf,
  log: DiagnosticLog,
): void {
  const done = new Set<Chain>()
  const onPath = new Map<Chain, number>()
  for (const start of table.chains) {
    if (start.policy === null || done.has(start)) continue
    const path: { chain: Chain; next: number }[] = [{ chain: start, next: 0 }]
    onPath.set(start, 0)
    while (path.length > 0) {
      const here = path[path.length - 1]!
      const rule = here.chain.rules[here.next++]
      if (rule === undefined) {
        done.add(here.chain)
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
  }
}
