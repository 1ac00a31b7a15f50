/** Rulesets made at random from the option tables of all extensions. */
import type { AnyExtension, Option, Shorthand } from '../../../../src/ruleset/extension.ts'
import type { Family } from '../../../../src/ruleset/model.ts'
import type { Registry } from '../../../../src/ruleset/registry.ts'
import { builtInChains, type TableName, tableNames } from '../../../../src/ruleset/tables.ts'
import type { Random } from '../../traffic/random.ts'
import { excluded, notInLab } from './exclusions.ts'
import { networks, values } from './values.ts'

const USER_CHAINS = ['a', 'b', 'c', 'd']
const DEVICES = ['in0', 'out0', 'lan0', 'in+', 'o+', 'lo']
const TCP = 6

/** Options whose value depends on the protocol. */
const helpers: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'target CT.helper': { 6: 'ftp', 17: 'tftp' },
}

/** Options without which a rule would only be drawn again. */
const useful: Readonly<Record<string, readonly string[]>> = {
  'match statistic': ['every', 'packet'],
  'match string': ['algo'],
}

interface DraftRule {
  readonly table: TableName
  readonly text: string
}

type Spec = Option<unknown> | Shorthand<unknown>

/** Draws rules; counts what it had to leave out. */
export class RulesetMaker {
  readonly excluded = new Map<string, number>()
  readonly #random: Random
  readonly #family: Family
  readonly #matches: readonly AnyExtension[]
  readonly #targets: readonly AnyExtension[]
  /** Of this ruleset: extensions that come more often, so that they meet. */
  readonly #accent: ReadonlySet<string>
  /** Where most of its rules stand. */
  readonly #tables: readonly TableName[]
  readonly #chains: readonly string[]

  constructor(registry: Registry, family: Family, random: Random, without: ReadonlySet<string>) {
    this.#random = random
    this.#family = family
    const mine = registry.extensions.filter((one) => {
      const name = `${one.type} ${one.name}`
      return (one.family ?? family) === family && !without.has(name) && !(name in notInLab)
    })
    this.#matches = mine.filter(({ type }) => type === 'match')
    this.#targets = mine.filter(({ type }) => type === 'target')
    const others = random.shuffle(tableNames.filter((name) => name !== 'nat'))
    this.#tables = ['filter', ...others.slice(0, random.range(1, 2))]
    this.#chains = USER_CHAINS.slice(0, random.range(1, 3))
    this.#accent = new Set(Array.from({ length: 5 }, () => random.pick(mine).name))
  }

  /**
   * A file of so many rules, all of which are good by `faulty`, which answers the lines (from 0) that are not.
   */
  make(count: number, faulty: (lines: readonly string[]) => ReadonlySet<number>): string[] {
    let drafts: DraftRule[] = []
    for (let round = 0; round < 50 && drafts.length < count; round++) {
      while (drafts.length < count) drafts.push(this.#unreached(drafts) ?? this.#rule())
      for (;;) {
        const { lines, draftOf } = layOut(drafts, this.#policies)
        const bad = new Set([...faulty(lines)].map((line) => draftOf.get(line)))
        if (bad.size === 0) break
        if (bad.has(undefined)) throw new Error(`a line that is no rule is faulty:\n${lines.join('\n')}`)
        drafts = drafts.filter((_, index) => !bad.has(index))
      }
    }
    return layOut(drafts, this.#policies).lines
  }

  readonly #policies = new Map<string, 'ACCEPT' | 'DROP'>()

  /** A jump to a chain that has rules and is not reached yet. */
  #unreached(drafts: readonly DraftRule[]): DraftRule | null {
    for (const { table, text } of drafts) {
      const chain = text.split(' ')[1]!
      if (!this.#chains.includes(chain)) continue
      const isReached = drafts.some((one) => one.table === table && one.text.endsWith(` ${chain}`))
      if (isReached) continue
      const from = this.#random.pick(builtInChains(table))
      return { table, text: `-A ${from} ${this.#random.chance(0.85) ? '-j' : '-g'} ${chain}` }
    }
    return null
  }

  #exclude(name: string): void {
    this.excluded.set(name, (this.excluded.get(name) ?? 0) + 1)
  }

  #pickExtension(list: readonly AnyExtension[]): AnyExtension {
    const accented = list.filter(({ name }) => this.#accent.has(name))
    return accented.length > 0 && this.#random.chance(0.5)
      ? this.#random.pick(accented)
      : this.#random.pick(list)
  }

  #target(): AnyExtension | 'jump' | null {
    const { random } = { random: this.#random }
    const named = (name: string) => this.#targets.find((one) => one.name === name) ?? null
    return random.weighted<() => AnyExtension | 'jump' | null>([
      [12, () => null],
      [9, () => named('ACCEPT')],
      [6, () => named('DROP')],
      [4, () => named('RETURN')],
      [16, () => 'jump'],
      [53, () => this.#pickExtension(this.#targets)],
    ])()
  }

  #rule(): DraftRule {
    const random = this.#random
    const target = this.#target()
    const extension = target === 'jump' ? null : target
    const fixed: AnyExtension | null = random.chance(0.7) ? this.#pickExtension(this.#matches) : null
    const protocol = this.#protocol(fixed, extension)
    const fitting = this.#matches.filter(
      ({ protocols }) => protocols === undefined || protocols.includes(protocol),
    )
    const used = fixed && fitting.includes(fixed) ? [fixed] : []
    while (random.chance(0.3) && used.length < 4) {
      used.push(this.#pickExtension(fitting))
    }

    const table = this.#tableOf(extension)
    const hooks = builtInChains(table).filter((hook) => extension?.hooks?.includes(hook) ?? true)
    const built = hooks.length === 0 || random.chance(0.2) ? builtInChains(table) : hooks
    const inChain = random.chance(0.3)
    const chains = this.#chains
    const from = random.range(0, chains.length - 1)
    const chain = inChain ? chains[from]! : random.pick(built)
    const words = [`-A ${chain}`, ...this.#generic(chain, protocol)]
    if (extension?.name === 'TCPMSS' && random.chance(0.9))
      words.push(random.pick(['-m tcp --syn', '-m tcp --tcp-flags SYN,RST SYN']))
    for (const match of used) words.push(`-m ${match.name}${this.#options(match, protocol)}`)
    if (extension) words.push(`-j ${extension.name}${this.#options(extension, protocol)}`)
    if (target === 'jump') {
      // Only to later ones: no circles.
      const to = inChain ? from + 1 : random.range(0, chains.length - 1)
      if (to < chains.length) words.push(`${random.chance(0.75) ? '-j' : '-g'} ${chains[to]}`)
    }
    if (!this.#policies.has(`${table} ${chain}`) && !inChain && table !== 'nat')
      this.#policies.set(
        `${table} ${chain}`,
        random.chance(table === 'filter' ? 0.25 : 0.04) ? 'DROP' : 'ACCEPT',
      )
    return { table, text: words.join(' ') }
  }

  #tableOf(target: AnyExtension | null): TableName {
    const allowed = target?.tables ?? tableNames.filter((name) => name !== 'nat')
    const usual = allowed.filter((name) => this.#tables.includes(name))
    return this.#random.pick(usual.length > 0 && this.#random.chance(0.85) ? usual : allowed)
  }

  #protocol(match: AnyExtension | null, target: AnyExtension | null): number {
    const random = this.#random
    const of = match?.protocols ?? target?.protocols
    if (of && random.chance(0.97)) return random.pick(of)
    if (target?.name === 'TCPMSS') return TCP
    const icmp = this.#family === 'ipv4' ? 1 : 58
    return random.pick([0, 0, 0, 6, 6, 6, 17, 17, icmp, 132, 136, 47])
  }

  #generic(chain: string, protocol: number): string[] {
    const random = this.#random
    const words: string[] = []
    const maybeNot = () => (random.chance(0.2) ? '! ' : '')
    if (random.chance(0.2)) words.push(`${maybeNot()}-s ${random.pick(networks[this.#family])}`)
    if (random.chance(0.2)) words.push(`${maybeNot()}-d ${random.pick(networks[this.#family])}`)
    if (random.chance(0.15) && !['OUTPUT', 'POSTROUTING'].includes(chain))
      words.push(`${maybeNot()}-i ${random.pick(DEVICES)}`)
    if (random.chance(0.15) && !['INPUT', 'PREROUTING'].includes(chain))
      words.push(`${maybeNot()}-o ${random.pick(DEVICES)}`)
    if (protocol !== 0) words.push(`${random.chance(0.05) ? '! ' : ''}-p ${protocol}`)
    if (this.#family === 'ipv4' && random.chance(0.05)) words.push(`${maybeNot()}-f`)
    return words
  }

  #options(extension: AnyExtension, protocol: number): string {
    const random = this.#random
    const label = `${extension.type} ${extension.name}`
    const all: [string, Spec][] = [
      ...Object.entries(extension.options),
      ...Object.entries(extension.shorthands ?? {}),
    ]
    const must = new Set([
      ...(extension.oneOf ?? []).map((group) => random.pick(group)),
      ...(useful[label] ?? []),
    ])
    const used = new Map<string, Spec>()
    const words: string[] = []
    const clashes = (key: string, spec: Spec) =>
      [...used].some(([other, one]) => spec.excludes?.includes(other) || one.excludes?.includes(key))
    const isNeeded = (key: string, spec: Spec) => 'required' in spec || must.has(key)
    const order = [
      ...all.filter(([key, spec]) => isNeeded(key, spec)),
      ...random.shuffle(all.filter(([key, spec]) => !isNeeded(key, spec))),
    ]
    for (const [key, spec] of order) {
      if ((!isNeeded(key, spec) && !random.chance(0.3)) || clashes(key, spec)) continue
      const name = `${label}.${key}`
      if (name in notInLab || (name in helpers && !(protocol in helpers[name]!))) continue
      if (name in excluded) {
        this.#exclude(name)
        continue
      }
      const value = helpers[name]?.[protocol] ?? this.#value(name, spec)
      if (`${label} ${key} ${value}` in excluded) this.#exclude(`${label} ${key} ${value}`)
      used.set(key, spec)
      const chosen = `${label} ${key} ${value}` in excluded ? this.#instead(spec, `${label} ${key}`) : value
      const not = spec.invertible === true && random.chance(0.25) ? '! ' : ''
      words.push(
        ` ${not}${name === 'match set.set' ? spec.names[0] : random.pick(spec.names)}${chosen === '' ? '' : ` ${chosen}`}`,
      )
    }
    const text = words.join('')
    // A table of hashlimit is for all its rules of one kind.
    return text.includes('--hashlimit-rate-match')
      ? text.replace('--hashlimit-name h', '--hashlimit-name m')
      : text
  }

  #instead(spec: Spec, label: string): string {
    const left = spec.kind.examples(this.#family).filter((value) => !(`${label} ${value}` in excluded))
    return this.#random.pick(left)
  }

  #value(name: string, spec: Spec): string {
    const aimed = values[name]?.[this.#family]
    return this.#random.pick(aimed ?? spec.kind.examples(this.#family))
  }
}

interface LaidOut {
  readonly lines: string[]
  /** Number of the draft by line. */
  readonly draftOf: ReadonlyMap<number, number>
}

/** A whole file: all tables, so that none keeps rules of an earlier one. */
function layOut(drafts: readonly DraftRule[], policies: ReadonlyMap<string, string>): LaidOut {
  const lines: string[] = []
  const draftOf = new Map<number, number>()
  for (const table of tableNames) {
    lines.push(`*${table}`)
    for (const chain of builtInChains(table))
      lines.push(`:${chain} ${policies.get(`${table} ${chain}`) ?? 'ACCEPT'} [0:0]`)
    for (const chain of USER_CHAINS) lines.push(`:${chain} - [0:0]`)
    drafts.forEach((draft, index) => {
      if (draft.table !== table) return
      draftOf.set(lines.length, index)
      lines.push(draft.text)
    })
    lines.push('COMMIT')
  }
  return { lines, draftOf }
}
