/** Reads the words of one command, `-A INPUT -p tcp …`, as iptables does: options in any order, each where it is known. */
import { suggest } from '../diagnostic/suggest.ts'
import { CommandHead } from './command-head.ts'
import { Conditions } from './conditions.ts'
import { type DiagnosticLog, type Finding, type Span, shown } from './diagnostic.ts'
import type { CheckContext, Kind } from './extension.ts'
import { type GenericOption, genericOption, isGenericLetter, type Verb } from './generic-options.ts'
import { mendDashes } from './hazard.ts'
import { type FoundOption, Loaded } from './loaded.ts'
import { type Counters, type Family, noCounts, type Rule, type Target, type Use } from './model.ts'
import type { Registry } from './registry.ts'
import { retired } from './retired.ts'
import { isBuiltIn, isTable, programOf, type TableName, tableNames } from './tables.ts'
import { type Move, UseDraft } from './use-draft.ts'
import { mendLostBlank, readValue, takeWord, Words } from './value-reader.ts'
import type { Word } from './word.ts'

/** The chains that the reader may ask about. */
export interface Chains {
  has(table: TableName, chain: string): boolean
  names(table: TableName): Iterable<string>
}

export interface ReaderContext {
  readonly family: Family
  readonly registry: Registry
  readonly log: DiagnosticLog
  readonly chains: Chains
}

export interface ReadRequest {
  readonly words: readonly Word[]
  /** What the words stand in, for findings about the whole. */
  readonly span: Span
  /** In a restore file the table is given and `-t` refused. */
  readonly table: TableName | null
  readonly counters: Counters | null
  readonly comments: readonly string[]
}

/** A command as it has been read. With errors, `rules` holds what could be made of them or nothing. */
export interface Command {
  readonly verb: Verb
  readonly table: TableName
  readonly chain: Word | null
  /** The number behind the chain of -I, -D, -R; null if there is none. */
  readonly number: number | null
  /** The policy of -P, the new name of -E. */
  readonly second: Word | null
  readonly rules: readonly Rule[]
}

const ruleVerbs: readonly Verb[] = ['append', 'insert', 'delete', 'replace', 'check']

/** Null where there is none to do: with errors, or for the other family (`-6` in an IPv4 file). */
export function readCommand(request: ReadRequest, context: ReaderContext): Command | null {
  return new RuleReader(request, context).read()
}

class RuleReader {
  readonly #request: ReadRequest
  readonly #context: ReaderContext
  readonly #log: DiagnosticLog
  readonly #family: Family
  readonly #words: Words
  #table: TableName

  readonly #head: CommandHead
  #counters: Counters
  #otherFamily = false
  #numeric: Word | null = null
  #tableGiven = false

  readonly #loaded: Loaded
  readonly #conditions: Conditions
  /** A jump; a target that is an extension is among the loaded ones. */
  #jump: Target | null = null
  #hasTarget = false
  #negation: Word | null = null

  constructor(request: ReadRequest, context: ReaderContext) {
    this.#request = request
    this.#context = context
    this.#log = context.log
    this.#family = context.family
    this.#counters = request.counters ?? noCounts
    this.#table = request.table ?? 'filter'
    const words = [...request.words]
    mendDashes(words, context.log)
    this.#loaded = new Loaded(context.family, context.registry)
    this.#conditions = new Conditions(context.family, context.log, this.#loaded)
    this.#words = new Words(words, (text) => this.#loaded.isOption(text))
    this.#head = new CommandHead(this.#words, context.log)
  }

  read(): Command | null {
    if (this.#request.table === null) this.#findTable()
    const words = this.#words
    const before = this.#log.errors
    for (let word = words.next(); word !== null; word = words.next()) {
      words.at++
      this.#readWord(word)
    }
    if (this.#otherFamily) return null
    if (this.#negation) this.#error(this.#negation, 'stray-word', 'nothing follows that ! could invert')
    const { verb, chain, number, second } = this.#head
    if (verb === null) {
      if (this.#log.errors === before) {
        this.#error(this.#request.span, 'bad-command', 'there is no command, such as -A')
      }
      return null
    }
    if (this.#numeric && verb !== 'list') {
      this.#error(this.#numeric, 'bad-command', `${this.#numeric.text} goes only with -L`)
    }
    const rules = ruleVerbs.includes(verb) ? this.#finish(before) : []
    return { verb, table: this.#table, chain, number, second, rules }
  }

  /** `-t` may stand behind what depends on it. */
  #findTable(): void {
    const { list } = this.#words
    for (let i = 0; i < list.length; i++) {
      const { text } = list[i]!
      const attached = text.startsWith('--table=')
        ? text.slice(8)
        : /^-t[a-z]/.test(text)
          ? text.slice(2)
          : null
      const name = attached ?? (text === '-t' || text === '--table' ? list[i + 1]?.text : undefined)
      if (name !== undefined && isTable(name)) this.#table = name
    }
  }

  #error(span: Span, code: Finding['code'], message: string, more: Partial<Finding> = {}): void {
    this.#log.add(span, { code, message, ...more })
  }

  #readWord(word: Word): void {
    const { text } = word
    if (text === '!') {
      if (this.#negation) this.#doubleNegation(this.#negation, word)
      this.#negation = word
      return
    }
    if (text.length > 2 && text.startsWith('--')) {
      this.#readLong(word)
      return
    }
    if (text.length > 1 && text.startsWith('-') && text !== '--') {
      this.#readShort(word)
      return
    }
    this.#stray(word)
  }

  // ---- finding the option -----------------------------------------------------------------------------------------

  #readLong(word: Word): void {
    const equals = word.text.indexOf('=')
    const name = equals < 0 ? word.text : word.text.slice(0, equals)
    const attached =
      equals < 0 ? null : { ...word, text: word.text.slice(equals + 1), start: word.start + equals + 1 }
    const found = this.#loaded.find(name)
    if (found === null) {
      this.#unknown(word, name)
      return
    }
    if ('names' in found) {
      this.#readGeneric(found, name, word, attached)
      return
    }
    this.#readExtensionOption(found, word, attached)
  }

  #readShort(word: Word): void {
    const { text } = word
    const letter = text.slice(0, 2)
    if (text.length === 2) {
      if (isGenericLetter(text)) {
        this.#readGeneric(genericOption(text)!, text, word, null)
        return
      }
      this.#unknown(word, text)
      return
    }
    // `-dport`: getopt reads `-d port`; nobody means that.
    const name = `-${text}`.split('=', 1)[0]!
    if (text.length > 3 && this.#loaded.isOption(name) && !(letter === '-p' && text.length < 5)) {
      this.#error(word, 'single-dash', `${text} has one dash where two belong`, {
        suggestion: name,
        fixes: [{ position: word.start, length: 1, text: '--' }],
      })
      this.#readLong({ ...word, text: `-${text}` })
      return
    }
    if (!isGenericLetter(letter)) {
      this.#unknown(word, text)
      return
    }
    const option = genericOption(letter)!
    const rest = { ...word, text: text.slice(2), start: word.start + 2 }
    if (option.value !== 'none') {
      this.#readGeneric(option, letter, word, rest)
      return
    }
    this.#readGeneric(option, letter, word, null)
    this.#readShort({ ...rest, text: `-${rest.text}` })
  }

  // ---- generic options --------------------------------------------------------------------------------------------

  #takeNegation(invertible: boolean, name: string): boolean {
    const negation = this.#negation
    this.#negation = null
    if (!negation) return false
    if (!invertible) this.#error(negation, 'not-invertible', `${name} cannot be inverted`)
    return invertible
  }

  /** `!` behind the option, as up to iptables 1.4 (and with a notice to 1.8.8). */
  #oldNegation(word: Word, invertible: boolean, negated: boolean): boolean {
    return this.#words.takeOldNegation(invertible, (span, taken) => {
      if (negated) {
        this.#error(
          span,
          'old-negation',
          `a ! stands in front of ${word.text} already: one inverts, two are refused`,
          {
            fixes: [{ position: span.start, length: taken, text: '' }],
          },
        )
        return
      }
      this.#error(span, 'old-negation', `the ! belongs in front of ${word.text}`, {
        severity: 'warning',
        fixes: [
          { position: word.start, length: 0, text: '! ' },
          { position: span.start, length: taken, text: '' },
        ],
      })
    })
  }

  #doubleNegation(first: Word, second: Word): void {
    this.#error(second, 'stray-word', 'two ! follow each other', {
      fixes: [{ position: first.start, length: second.start - first.start, text: '' }],
    })
  }

  #value<T>(
    kind: Kind<T>,
    option: Word,
    name: string,
    attached: Word | null,
  ): { value: T; span: Span } | null {
    const request = { option: name, optionSpan: option, kind, context: this.#loaded.valueContext, attached }
    return readValue(this.#words, request, this.#log)
  }

  #readGeneric(option: GenericOption, name: string, word: Word, attached: Word | null): void {
    const inverted = this.#takeNegation(option.invertible, name)
    if (option.verb) {
      this.#head.read(option, word, attached, (chain) => this.#context.chains.has(this.#table, chain))
      return
    }
    const isInverted =
      (option.value === 'needed' &&
        attached === null &&
        this.#oldNegation(word, option.invertible, inverted)) ||
      inverted
    switch (option.key!) {
      case 'source':
      case 'destination':
      case 'protocol':
      case 'in':
      case 'out':
      case 'fragment':
        this.#conditions.read({
          key: option.key,
          name,
          word,
          attached,
          inverted: isInverted,
          value: (kind) => this.#value(kind, word, name, attached),
        })
        return
      case 'jump':
      case 'goto':
        this.#readTarget(option.key === 'goto', name, word, attached)
        return
      case 'match':
        this.#readMatch(name, word, attached)
        return
      case 'table':
        this.#readTable(name, word, attached)
        return
      case 'counters':
        this.#readCounters(name, word, attached)
        return
      case 'ipv4':
      case 'ipv6':
        if (option.key !== this.#family) this.#endForOtherFamily(word)
        return
      case 'numeric':
        this.#numeric ??= word
        return
      case 'wait':
        if (this.#request.table !== null) this.#error(word, 'bad-command', `${name} is not for restore files`)
        if (attached === null && this.#words.hasPlainWord()) this.#words.at++
        return
      case 'modprobe':
        if (attached === null) takeWord(this.#words, name, word, this.#log)
        return
      case 'verbose':
        return
    }
  }

  /** In a restore file the line is skipped, whatever follows; of what stands before, mistakes count. */
  #endForOtherFamily(word: Word): void {
    this.#otherFamily = true
    this.#words.at = this.#words.list.length
    if (this.#request.table !== null) return
    this.#error(
      word,
      'wrong-family',
      `${word.text} is not for ${programOf(this.#family)}, but for restore files`,
    )
  }

  #readTable(name: string, word: Word, attached: Word | null): void {
    const value = attached ?? takeWord(this.#words, name, word, this.#log)
    if (value === null) return
    this.#tableGiven = true
    if (this.#request.table !== null) {
      this.#error(
        word,
        'bad-command',
        `${name} is not for restore files: the rule belongs under *${value.text}`,
      )
    } else if (!isTable(value.text)) {
      this.#error(value, 'unknown-table', `there is no table ${shown(value.text)}`, {
        expected: tableNames.join(', '),
        suggestion: suggest(value.text, tableNames),
      })
    }
  }

  #readCounters(name: string, word: Word, attached: Word | null): void {
    const first = attached ?? takeWord(this.#words, name, word, this.#log)
    if (first === null) return
    const comma = first.text.indexOf(',')
    let packets = first.text
    let bytes = ''
    if (comma >= 0) {
      packets = first.text.slice(0, comma)
      bytes = first.text.slice(comma + 1)
    } else if (this.#words.hasPlainWord()) bytes = this.#words.list[this.#words.at++]!.text
    const counters = readCounters(packets, bytes)
    if (counters) this.#counters = counters
    else this.#error(word, 'bad-value', `${name} needs two numbers, packets and bytes`)
  }

  // ---- matches and targets ----------------------------------------------------------------------------------------

  #readMatch(name: string, word: Word, attached: Word | null): void {
    const value = attached ?? this.#nameValue(name, word, (text) => this.#loaded.matchNamed(text) !== null)
    if (value === null) return
    const registered = this.#loaded.matchNamed(value.text)
    if (registered === null) {
      this.#unknownMatch(value)
      this.#skipOptions()
      return
    }
    this.#loaded.addMatch(new UseDraft(registered, { start: word.start, end: value.end }))
  }

  #unknownMatch(value: Word): void {
    if (this.#isOfOtherFamily('match', value) || this.#isRetired('match', value)) return
    this.#error(value, 'unknown-match', `there is no match ${shown(value.text)}`, {
      suggestion: suggest(value.text, this.#context.registry.names('match', this.#family)),
    })
  }

  #isOfOtherFamily(type: 'match' | 'target', value: Word): boolean {
    const other = this.#family === 'ipv4' ? 'ipv6' : 'ipv4'
    if (this.#context.registry[type](value.text, other) === null) return false
    this.#error(value, 'wrong-family', `the ${type} ${value.text} is for ${programOf(other)}`)
    return true
  }

  #isRetired(type: 'match' | 'target', value: Word): boolean {
    const found = retired(type, value.text)
    if (found === null) return false
    const message = `the ${type} ${value.text} ${found.was}: ${found.instead}`
    this.#error(value, `unknown-${type}`, message)
    return true
  }

  /** A name behind -m or -j; a blank may be missing behind it. */
  #nameValue(option: string, word: Word, known: (text: string) => boolean): Word | null {
    const value = takeWord(this.#words, option, word, this.#log)
    return value === null ? null : mendLostBlank(this.#words, value, known, this.#log)
  }

  #readTarget(goto: boolean, name: string, word: Word, attached: Word | null): void {
    const { registry, chains } = this.#context
    const known = (text: string) =>
      chains.has(this.#table, text) || (!goto && registry.target(text, this.#family) !== null)
    const value = attached ?? this.#nameValue(name, word, known)
    if (value === null) return
    if (this.#hasTarget) {
      this.#error(word, 'repeated-option', 'a rule takes one target: -j or -g stands here twice')
      return
    }
    this.#hasTarget = true
    const { text } = value
    if (isBuiltIn(this.#table, text)) {
      this.#error(value, 'unknown-target', `${text} is built in: no rule can lead there`)
      return
    }
    if (chains.has(this.#table, text)) {
      this.#jump = { kind: goto ? 'goto' : 'jump', chain: text }
      return
    }
    if (!goto) {
      const registered = registry.target(text, this.#family)
      if (registered) {
        this.#loaded.setTarget(new UseDraft(registered, { start: word.start, end: value.end }))
        return
      }
    }
    this.#unknownTarget(value, goto)
    this.#skipOptions()
  }

  #unknownTarget(value: Word, goto: boolean): void {
    const { registry, chains } = this.#context
    const { text } = value
    const isTarget = registry.target(text, this.#family) !== null
    if (goto && isTarget) {
      this.#error(value, 'unknown-target', `-g takes a chain, and ${shown(text)} is a target; use -j`)
      return
    }
    if (!goto && (this.#isOfOtherFamily('target', value) || this.#isRetired('target', value))) return
    const names = [...chains.names(this.#table), ...(goto ? [] : registry.names('target', this.#family))]
    // Near in letters; a long list of chains is not searched.
    const suggestion = names.length > 2000 ? null : suggest(text, names)
    const message = `there is no chain${goto ? '' : ' or target'} ${shown(text)} so far`
    this.#error(value, 'unknown-target', message, {
      suggestion,
      expected: `a chain of table ${this.#table} that stands above${goto ? '' : ', or a target'}`,
    })
  }

  #readExtensionOption(found: FoundOption, word: Word, attached: Word | null): void {
    const { use, name } = found
    const named = use.ofSection(found.named)
    const spec = named.option ?? named.shorthand
    const invertible = spec.invertible === true
    const negation = this.#negation
    const before = this.#takeNegation(invertible, name)
    if (negation && !invertible) use.spoil()
    const fits = use.enter({ ...found, named }, word, this.#log)
    if (spec.kind.optional && attached)
      this.#error(word, 'unknown-option', `${name} takes its value without =`)
    if (spec.kind.words === 0) {
      if (attached) this.#error(word, 'unknown-option', `${name} takes no value`)
      else if (fits) {
        const context = this.#loaded.valueContext
        use.set(named, name, word, null, spec.kind.read([], context), before, context)
      }
      return
    }
    const inverted = (attached === null && this.#oldNegation(word, invertible, before)) || before
    const read = this.#value(spec.kind, word, name, attached)
    if (read === null) use.spoil()
    else if (fits) use.set(named, name, word, read.span, read.value, inverted, this.#loaded.valueContext)
  }

  // ---- what is wrong ----------------------------------------------------------------------------------------------

  /** Words behind an option that is not known are probably its value. */
  #skipValues(): void {
    while (this.#words.hasPlainWord()) this.#words.at++
  }

  /** Options behind a match or target that is not known are probably its own. */
  #skipOptions(): void {
    const { list } = this.#words
    for (let word = this.#words.next(); word !== null; word = this.#words.next()) {
      const option = word.text === '!' ? list[this.#words.at + 1] : word
      if (option === undefined) return
      const name = option.text.split('=', 1)[0]!
      if (genericOption(name) || this.#loaded.findExact(name) || this.#loaded.implicit()?.byName.has(name))
        return
      if (!name.startsWith('-')) return
      this.#words.at += word === option ? 1 : 2
      this.#skipValues()
    }
  }

  #unknown(word: Word, name: string): void {
    const negation = this.#negation
    this.#negation = null
    const glued = this.#gluedValue(word, name)
    if (glued) {
      this.#error(word, 'lost-blank', `a blank is missing behind ${glued}`, {
        fixes: [{ position: word.start + glued.length, length: 0, text: ' ' }],
      })
      const value = { ...word, text: word.text.slice(glued.length), start: word.start + glued.length }
      this.#words.list.splice(this.#words.at, 0, value)
      this.#negation = negation
      this.#readLong({ ...word, text: glued, end: word.start + glued.length })
      return
    }
    const split = this.#words.splitLostBlank(word)
    if (split !== null && this.#loaded.isOption(split.head.text)) {
      this.#negation = negation
      this.#words.putBack(split, this.#log)
      return
    }
    const whole = this.#words.withoutSemicolon(word, (text) => this.#loaded.isOption(text), this.#log)
    if (whole !== word) {
      this.#negation = negation
      this.#readWord(whole)
      return
    }
    const owners = this.#loaded.owners(name)
    const matches = owners.filter((owner) => owner.type === 'match')
    if (matches.length === 1 && !matches[0]!.implicit) {
      const { name: match } = matches[0]!
      this.#error(word, 'missing-match', `${name} is an option of the match ${match}, which is not loaded`, {
        suggestion: `-m ${match}`,
        fixes: [{ position: negation?.start ?? word.start, length: 0, text: `-m ${match} ` }],
      })
      this.#loaded.addMatch(new UseDraft(this.#loaded.matchNamed(match)!, word))
      this.#negation = negation
      this.#readLong(word)
      return
    }
    if (owners.length > 0) {
      const missing = this.#loaded.whatIsMissing(owners)
      const where = missing.startsWith('needs') ? ' in front of it' : ''
      this.#error(word, 'missing-match', `${name} ${missing}${where}`)
    } else {
      const loaded = this.#loaded
      const near = () => loaded.nearest(name, this.#head.verb !== null) ?? loaded.nearestElsewhere(name)
      const suggestion = this.#log.full ? null : near()
      this.#error(word, 'unknown-option', `there is no option ${shown(name)} here`, { suggestion })
    }
    this.#skipValues()
  }

  /** `--dport22`: the option that the word begins with, if a number stands behind it. */
  #gluedValue(word: Word, name: string): string | null {
    const option = /^(--[a-z-]*[a-z])[0-9!"]/.exec(name)?.[1]
    return option !== undefined && !word.quoted && this.#loaded.isOption(option) ? option : null
  }

  #stray(word: Word): void {
    const split = this.#words.splitLostBlank(word)
    if (split?.head.text === '!') {
      this.#words.putBack(split, this.#log)
      return
    }
    this.#negation = null
    if (!word.quoted && ['iptables', 'ip6tables'].includes(word.text)) {
      this.#error(word, 'prompt', `${word.text} is no part of a rule`, {
        fixes: [{ position: word.start, length: word.end - word.start + 1, text: '' }],
      })
      return
    }
    if (this.#words.withoutSemicolon(word, (text) => text === '', this.#log) !== word) return
    const option = split ? `; is a blank missing in front of ${split.tail.text}?` : ''
    const message = `${shown(word.text)} is neither an option nor the value of one${option}`
    this.#error(word, 'stray-word', message)
    this.#skipValues()
  }

  // ---- the rule ---------------------------------------------------------------------------------------------------

  /** A table is not chosen for somebody who has chosen one. */
  #move: Move = (table, hooks) =>
    this.#request.table !== null || this.#tableGiven ? null : this.#head.moved(this.#table, table, hooks)

  #finish(errorsBefore: number): Rule[] {
    const { log } = this.#context
    const { matches, target, protocol } = this.#loaded
    this.#conditions.checkInterfaces(this.#head.chain?.text)
    const rule: { matches: Use[]; target: Target | null } = { matches: [], target: this.#jump }
    const context: CheckContext = { family: this.#family, table: this.#table, protocol, rule }
    // Matches may ask for the name of the target, the target for the settings of the matches.
    if (target) rule.target = { kind: 'extension', name: target.name, options: {} }
    for (const draft of matches) {
      const use = draft.finish(context, log, this.#move)
      if (use !== null) rule.matches.push(use)
    }
    if (target) {
      const use = target.finish(context, log, this.#move)
      rule.target = use && { kind: 'extension', name: use.name, options: use.options }
    }
    const place = log.place(this.#request.span.start)
    const { comments } = this.#request
    const parts = { place, comments, counters: this.#counters, matches: rule.matches, target: rule.target }
    // Of a rule that is wrong, one is enough.
    return this.#conditions.expand(parts, log.errors > errorsBefore ? 1 : Number.POSITIVE_INFINITY)
  }
}

/** Two numbers of 64 bits, or null. */
export function readCounters(packets: string, bytes: string): Counters | null {
  if (!/^\d{1,20}$/.test(packets) || !/^\d{1,20}$/.test(bytes)) return null
  if (packets === '0' && bytes === '0') return noCounts
  const counters = { packets: BigInt(packets), bytes: BigInt(bytes) }
  return counters.packets < 1n << 64n && counters.bytes < 1n << 64n ? counters : null
}
