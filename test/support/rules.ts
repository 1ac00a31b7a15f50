/** Rules made at random from the option tables of the extensions, their values at the edges of what is accepted. */
import type { AnyExtension, Option, Shorthand } from '../../src/ruleset/extension.ts'
import type { Family } from '../../src/ruleset/model.ts'
import type { Registry } from '../../src/ruleset/registry.ts'
import { builtInChains, type TableName, tableNames } from '../../src/ruleset/tables.ts'

export interface MadeRule {
  readonly family: Family
  readonly table: TableName
  readonly chain: string
  /** What stands behind `-A CHAIN`. */
  readonly text: string
}

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Random = () => number

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!
}

/** Options that need more than a rule of iptables can bring along. */
export interface MakeOptions {
  /** `extension.key` of options to leave out. */
  readonly without?: ReadonlySet<string>
  /** Use this extension, so that each has its turn. */
  readonly extension?: AnyExtension
}

export function makeRule(
  registry: Registry,
  family: Family,
  random: Random,
  options: MakeOptions = {},
): MadeRule {
  const mine = registry.extensions.filter((one) => (one.family ?? family) === family)
  const wanted = options.extension
  const targets = mine.filter((one) => one.type === 'target')
  const matches = mine.filter((one) => one.type === 'match')
  const target = wanted?.type === 'target' ? wanted : random() < 0.7 ? pick(targets, random) : null
  const first = wanted?.type === 'match' ? wanted : null
  const protocol = pick(
    first?.protocols ?? target?.protocols ?? [0, 6, 6, 17, family === 'ipv4' ? 1 : 58],
    random,
  )
  const fitting = matches.filter((one) => one.protocols === undefined || one.protocols.includes(protocol))
  const used = first ? [first] : []
  while (random() < 0.5 && used.length < 4) used.push(pick(fitting, random))

  const table = pick(target?.tables ?? tableNames, random)
  const hooks = builtInChains(table).filter((hook) => target?.hooks?.includes(hook) ?? true)
  const chain = pick(hooks.length === 0 ? builtInChains(table) : hooks, random)
  const words: string[] = []
  const maybeNot = () => (random() < 0.2 ? '! ' : '')
  const addresses =
    family === 'ipv4'
      ? ['1.2.3.4', '10.1.2.3/8', '0/0', '10.0.0.0/255.0.255.0']
      : ['fe80::1/64', '::/0', '::1']
  if (random() < 0.3) words.push(`${maybeNot()}-s ${pick(addresses, random)}`)
  if (random() < 0.3) words.push(`${maybeNot()}-d ${pick(addresses, random)}`)
  if (random() < 0.3 && !['OUTPUT', 'POSTROUTING'].includes(chain))
    words.push(`${maybeNot()}-i ${pick(['lo', 'eth+'], random)}`)
  if (random() < 0.3 && !['INPUT', 'PREROUTING'].includes(chain))
    words.push(`${maybeNot()}-o ${pick(['lo', 'eth+'], random)}`)
  if (protocol !== 0) words.push(`-p ${protocol}`)
  if (family === 'ipv4' && random() < 0.1) words.push(`${maybeNot()}-f`)
  for (const match of used)
    words.push(`-m ${match.name}${makeOptions(match, family, random, options.without)}`)
  if (target) words.push(`-j ${target.name}${makeOptions(target, family, random, options.without)}`)
  return { family, table, chain, text: words.join(' ') }
}

function makeOptions(
  extension: AnyExtension,
  family: Family,
  random: Random,
  left: ReadonlySet<string> = new Set(),
): string {
  const all: [string, Option<unknown> | Shorthand<unknown>][] = [
    ...Object.entries(extension.options),
    ...Object.entries(extension.shorthands ?? {}),
  ].filter(([key]) => !left.has(`${extension.name}.${key}`))
  const must = new Set((extension.oneOf ?? []).map((group) => pick(group, random)))
  const used = new Map<string, Option<unknown> | Shorthand<unknown>>()
  const excluded = (key: string, spec: Option<unknown> | Shorthand<unknown>) =>
    [...used].some(([other, one]) => spec.excludes?.includes(other) || one.excludes?.includes(key))
  const words: string[] = []
  // What must be there comes first, then the rest in any order.
  const order = all
    .map((entry) => ({ entry, rank: 'required' in entry[1] || must.has(entry[0]) ? -1 : random() }))
    .sort((a, b) => a.rank - b.rank)
  for (const { entry, rank } of order) {
    const [key, spec] = entry
    if (rank > 0.4 || excluded(key, spec)) continue
    used.set(key, spec)
    const value = pick(spec.kind.examples(family), random)
    const not = spec.invertible === true && random() < 0.3 ? '! ' : ''
    words.push(` ${not}${pick(spec.names, random)}${value === '' ? '' : ` ${value}`}`)
  }
  return words.join('')
}
