/** The tables as the commands of a file change them, one after the other. */
import { suggest } from '../diagnostic/suggest.ts'
import { utf8Length } from '../diagnostic/utf8-length.ts'
import { type DiagnosticLog, type Finding, type Span, shown } from './diagnostic.ts'
import type { Chain, Counters, Family, Place, Policy, Rule, Ruleset, Table } from './model.ts'
import { noCounts } from './model.ts'
import { canonicalRule } from './printer.ts'
import type { Registry } from './registry.ts'
import type { Chains, Command } from './rule-reader.ts'
import { builtInChains, type TableName } from './tables.ts'
import type { Word } from './word.ts'

/** A name of 28 bytes and a terminator fit into XT_EXTENSION_MAXNAMELEN. */
const LONGEST_CHAIN = 28
/** How many rules may be compared for -D, -C and the like, in all: a hostile file must not take hours. */
const COMPARISONS = 20_000_000
/** How many rules one file may make: 4096 addresses times as many are soon written. */
const MOST_RULES = 2_000_000

class ChainDraft {
  name: string
  policy: Policy | null
  counters: Counters = noCounts
  place: Place | null = null
  comments: readonly string[] = []
  #rules: Rule[] = []
  /** Rules put in front, the first one last: `-I` is the usual command of many scripts. */
  #front: Rule[] = []

  constructor(name: string, policy: Policy | null) {
    this.name = name
    this.policy = policy
  }

  get rules(): Rule[] {
    if (this.#front.length > 0) {
      this.#rules = [...this.#front.reverse(), ...this.#rules]
      this.#front = []
    }
    return this.#rules
  }

  get length(): number {
    return this.#front.length + this.#rules.length
  }

  append(rule: Rule): void {
    this.#rules.push(rule)
  }

  insert(rule: Rule, number: number): void {
    if (number === 1) this.#front.push(rule)
    else this.rules.splice(number - 1, 0, rule)
  }

  clear(): void {
    this.#rules = []
    this.#front = []
  }
}

class TableDraft {
  readonly name: TableName
  readonly chains = new Map<string, ChainDraft>()
  readonly place: Place
  comments: readonly string[]
  lastComments: readonly string[] = []

  constructor(name: TableName, place: Place, comments: readonly string[]) {
    this.name = name
    this.place = place
    this.comments = comments
    for (const chain of builtInChains(name)) this.chains.set(chain, new ChainDraft(chain, 'ACCEPT'))
  }
}

export class Loader implements Chains {
  readonly #family: Family
  readonly #registry: Registry
  readonly #log: DiagnosticLog
  readonly #tables = new Map<TableName, TableDraft>()
  readonly #canonical = new WeakMap<Rule, string>()
  #comparisons = 0
  #rules = 0
  /** The table that is read keeps what it held (`--noflush`). */
  #keeps = false

  constructor(family: Family, registry: Registry, log: DiagnosticLog) {
    this.#family = family
    this.#registry = registry
    this.#log = log
  }

  has(table: TableName, chain: string): boolean {
    const draft = this.#tables.get(table)
    return draft ? draft.chains.has(chain) : (builtInChains(table) as readonly string[]).includes(chain)
  }

  names(table: TableName): Iterable<string> {
    return this.#tables.get(table)?.chains.keys() ?? builtInChains(table)
  }

  #error(span: Span, code: Finding['code'], message: string, more: Partial<Finding> = {}): false {
    this.#log.add(span, { code, message, ...more })
    return false
  }

  #table(name: TableName, span: Span): TableDraft {
    const known = this.#tables.get(name)
    if (known) return known
    const table = new TableDraft(name, this.#log.place(span.start), [])
    this.#tables.set(name, table)
    return table
  }

  /** `*table` of a restore file: whatever the table held is gone, but for the policies; unless it is to be kept. */
  openTable(name: TableName, span: Span, comments: readonly string[], keep = false): void {
    this.#keeps = keep
    const known = this.#tables.get(name)
    if (!known) {
      this.#tables.set(name, new TableDraft(name, this.#log.place(span.start), comments))
      return
    }
    if (keep) {
      known.comments = [...known.comments, ...comments]
      return
    }
    this.#error(
      span,
      'repeated-table',
      `table ${name} stands here a second time: what stood in it above is lost`,
      {
        severity: 'warning',
      },
    )
    this.#flush(known, comments)
  }

  #flush(table: TableDraft, comments: readonly string[]): void {
    table.comments = [...table.comments, ...comments]
    for (const [name, chain] of table.chains) {
      if (chain.policy === null) table.chains.delete(name)
      else chain.clear()
    }
  }

  closeTable(name: TableName, comments: readonly string[]): void {
    const table = this.#tables.get(name)
    if (table) table.lastComments = [...table.lastComments, ...comments]
  }

  /** `:chain policy [packets:bytes]`. */
  declare(
    tableName: TableName,
    name: Word,
    policy: Word,
    counters: Counters,
    comments: readonly string[],
  ): boolean {
    const table = this.#table(tableName, name)
    const known = table.chains.get(name.text)
    if (known?.policy != null) {
      if (policy.text !== '-' && !this.#checkPolicy(policy)) return false
      if (policy.text !== '-') known.policy = policy.text as Policy
      known.counters = counters
      known.place = this.#log.place(name.start)
      known.comments = comments
      return true
    }
    if (policy.text !== '-') {
      return this.#error(
        policy,
        'bad-chain',
        `${shown(name.text)} is no built-in chain of ${tableName}: its policy is -`,
        {
          suggestion: suggest(name.text, builtInChains(tableName)),
        },
      )
    }
    if (known && this.#keeps) {
      known.clear()
      return true
    }
    if (known) return this.#error(name, 'bad-chain', `chain ${shown(name.text)} stands here a second time`)
    if (!this.#checkName(name)) return false
    this.#create(table, name, comments)
    return true
  }

  #create(table: TableDraft, name: Word, comments: readonly string[]): void {
    const chain = new ChainDraft(name.text, null)
    chain.place = this.#log.place(name.start)
    chain.comments = comments
    table.chains.set(name.text, chain)
  }

  #checkName({ text, start, end }: Word): boolean {
    const span = { start, end }
    if (text === '') return this.#error(span, 'bad-chain', 'the chain has no name')
    const length = utf8Length(text)
    if (length > LONGEST_CHAIN) {
      const message = `the name ${shown(text)} has ${length} bytes; ${LONGEST_CHAIN} are the limit`
      return this.#error(span, 'bad-chain', message)
    }
    if (/^[-!]/.test(text))
      return this.#error(span, 'bad-chain', `a chain's name cannot begin with ${text[0]}`)
    if (/[ \t\n\v\f\r]/.test(text)) return this.#error(span, 'bad-chain', "a chain's name holds no blanks")
    return true
  }

  #checkPolicy(word: Word): boolean {
    if (word.text === 'ACCEPT' || word.text === 'DROP') return true
    return this.#error(word, 'bad-value', `${shown(word.text)} is no policy`, {
      expected: 'ACCEPT or DROP',
      suggestion: suggest(word.text, ['ACCEPT', 'DROP']),
    })
  }

  /** Does what the command says; false if iptables would fail. */
  run(command: Command, span: Span): boolean {
    const table = this.#table(command.table, span)
    const { chain } = command
    switch (command.verb) {
      case 'append':
      case 'insert':
      case 'delete':
      case 'replace':
      case 'check':
        return this.#runRule(command, table)
      case 'new-chain':
        return this.#newChain(table, chain)
      case 'delete-chain':
        return this.#deleteChain(table, chain)
      case 'rename-chain':
        return this.#renameChain(table, command)
      case 'policy':
        return this.#policy(table, command)
      case 'flush':
        if (chain === null) for (const each of table.chains.values()) each.clear()
        else this.#find(table, chain)?.clear()
        return chain === null || table.chains.has(chain.text)
      case 'zero':
      case 'list':
      case 'help':
        return chain === null || this.#find(table, chain) !== null
    }
  }

  #find(table: TableDraft, name: Word): ChainDraft | null {
    const chain = table.chains.get(name.text)
    if (chain) return chain
    const names = table.chains.size > 2000 ? builtInChains(table.name) : table.chains.keys()
    this.#error(
      name,
      'unknown-chain',
      `there is no chain ${shown(name.text)} in table ${table.name} so far`,
      {
        suggestion: suggest(name.text, names),
      },
    )
    return null
  }

  #newChain(table: TableDraft, name: Word | null): boolean {
    if (name === null || !this.#checkName(name)) return false
    if (this.#registry.target(name.text, this.#family)) {
      return this.#error(name, 'bad-chain', `${name.text} is a target: no chain can have its name`)
    }
    if (table.chains.has(name.text)) {
      return this.#error(name, 'bad-chain', `there is a chain ${shown(name.text)} already`)
    }
    this.#create(table, name, [])
    return true
  }

  #references(table: TableDraft, name: string): ChainDraft | null {
    for (const chain of table.chains.values()) {
      for (const { target } of chain.rules) {
        this.#comparisons++
        if (target !== null && target.kind !== 'extension' && target.chain === name) return chain
      }
    }
    return null
  }

  #deleteChain(table: TableDraft, name: Word | null): boolean {
    if (name === null) {
      let done = true
      for (const chain of [...table.chains.values()]) {
        if (chain.policy !== null) continue
        if (chain.length === 0) table.chains.delete(chain.name)
        else done = false
      }
      return done
    }
    const chain = this.#find(table, name)
    if (chain === null) return false
    if (chain.policy !== null) return this.#error(name, 'bad-chain', `${name.text} is built in: it stays`)
    if (chain.length > 0) {
      return this.#error(
        name,
        'bad-chain',
        `chain ${shown(name.text)} is not empty; -F ${name.text} empties it`,
      )
    }
    const user = this.#references(table, name.text)
    if (user) {
      return this.#error(
        name,
        'bad-chain',
        `chain ${shown(name.text)} is still in use by a rule of ${user.name}`,
      )
    }
    table.chains.delete(name.text)
    return true
  }

  #renameChain(table: TableDraft, { chain: name, second }: Command): boolean {
    if (name === null || second === null) return false
    const chain = this.#find(table, name)
    if (chain === null || !this.#checkName(second)) return false
    if (chain.policy !== null)
      return this.#error(name, 'bad-chain', `${name.text} is built in: its name stays`)
    if (table.chains.has(second.text)) {
      return this.#error(second, 'bad-chain', `there is a chain ${shown(second.text)} already`)
    }
    table.chains.delete(name.text)
    chain.name = second.text
    table.chains.set(second.text, chain)
    for (const each of table.chains.values()) {
      const { rules } = each
      for (let i = 0; i < rules.length; i++) {
        const { target } = rules[i]!
        this.#comparisons++
        if (target !== null && target.kind !== 'extension' && target.chain === name.text) {
          rules[i] = { ...rules[i]!, target: { ...target, chain: second.text } }
        }
      }
    }
    return true
  }

  #policy(table: TableDraft, { chain: name, second }: Command): boolean {
    if (name === null || second === null) return false
    const chain = this.#find(table, name)
    if (chain === null || !this.#checkPolicy(second)) return false
    if (chain.policy === null) {
      return this.#error(name, 'bad-chain', `${shown(name.text)} is no built-in chain: it has no policy`)
    }
    if (table.name === 'nat' && second.text === 'DROP') {
      return this.#error(
        second,
        'wrong-table',
        'the nat table is not for filtering: its policies stay ACCEPT',
      )
    }
    chain.policy = second.text as Policy
    return true
  }

  #runRule({ verb, chain: name, number, rules }: Command, table: TableDraft): boolean {
    if (name === null) return false
    const chain = this.#find(table, name)
    if (chain === null) return false
    this.#rules += rules.length
    if (this.#rules > MOST_RULES || this.#comparisons > COMPARISONS) {
      return this.#error(
        name,
        'too-many',
        'the commands of this file are too much work; the rest is left out',
      )
    }
    switch (verb) {
      case 'append':
        for (const rule of rules) chain.append(rule)
        return true
      case 'insert': {
        const at = number ?? 1
        if (at > chain.length + 1) return this.#outOfRange(name, at, chain.length + 1)
        for (const rule of rules) chain.insert(rule, at)
        return true
      }
      case 'replace': {
        if (number === null) return false
        if (rules.length !== 1)
          return this.#error(name, 'bad-command', '-R takes one source and one destination')
        if (number > chain.length) return this.#outOfRange(name, number, chain.length)
        chain.rules[number - 1] = rules[0]!
        return true
      }
      case 'delete':
        if (number !== null) {
          if (number > chain.length) return this.#outOfRange(name, number, chain.length)
          chain.rules.splice(number - 1, 1)
          return true
        }
        return rules.map((rule) => this.#remove(chain, rule, name)).every(Boolean)
      default:
        return rules.every((rule) => this.#indexOf(chain, rule) >= 0)
    }
  }

  #outOfRange(name: Word, number: number, most: number): false {
    return this.#error(
      name,
      'bad-value',
      `chain ${shown(name.text)} has no place ${number}: ${most} is the last`,
    )
  }

  #remove(chain: ChainDraft, rule: Rule, name: Word): boolean {
    const index = this.#indexOf(chain, rule)
    if (index < 0) return this.#error(name, 'bad-command', `chain ${shown(name.text)} holds no such rule`)
    chain.rules.splice(index, 1)
    return true
  }

  #indexOf(chain: ChainDraft, rule: Rule): number {
    const sought = this.#canonicalOf(rule)
    const { rules } = chain
    for (let i = 0; i < rules.length; i++) {
      this.#comparisons++
      if (this.#canonicalOf(rules[i]!) === sought) return i
    }
    return -1
  }

  #canonicalOf(rule: Rule): string {
    let text = this.#canonical.get(rule)
    if (text === undefined) {
      text = canonicalRule(rule, this.#family, this.#registry)
      this.#canonical.set(rule, text)
    }
    return text
  }

  finish(comments: readonly string[]): Ruleset {
    const tables = [...this.#tables.values()].map(
      (table): Table => ({
        name: table.name,
        chains: [...table.chains.values()].map(
          (chain): Chain => ({
            name: chain.name,
            policy: chain.policy,
            counters: chain.counters,
            rules: chain.rules,
            place: chain.place,
            comments: chain.comments,
          }),
        ),
        place: table.place,
        comments: table.comments,
        lastComments: table.lastComments,
      }),
    )
    return { family: this.#family, tables, comments, registry: this.#registry }
  }
}
