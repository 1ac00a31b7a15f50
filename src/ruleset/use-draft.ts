/** A match or target of a rule while its options are being read. */
import type { DiagnosticLog, Finding, Span } from './diagnostic.ts'
import type { CheckContext, Option, Problem, Shorthand, ValueContext } from './extension.ts'
import type { Family, Setting, Settings, Use } from './model.ts'
import { formatProtocol } from './protocols.ts'
import type { NamedOption, Registered } from './registry.ts'
import type { Hook, TableName } from './tables.ts'

const noOptions: Settings = {}

/** How the rule would be put into another table, where that can be said. */
export type Move = (table: TableName, hooks: readonly Hook[]) => Pick<Finding, 'suggestion' | 'fixes'> | null

/** An option by the name under which it was met. */
export interface MetOption {
  readonly named: NamedOption
  readonly name: string
  /** The match loaded last, if it has an option of that name too but does not get it. */
  readonly passedOver: string | null
}

/** What has been read of one option: where it stands, with and without its value. */
interface Given {
  readonly key: string
  readonly spec: Option<unknown> | Shorthand<unknown>
  readonly name: string
  readonly span: Span
  readonly value: Span | null
}

export class UseDraft {
  readonly registered: Registered
  /** The words by which it came: `-m tcp`, or `-p tcp` if it came by itself. */
  readonly span: Span
  readonly #given: Given[] = []
  readonly #settings: Record<string, Setting> = {}
  /** A value of it could not be read: what is missing or does not fit together is not asked any more. */
  #bad = false
  /** An option stood in front of the protocol that it needs. */
  #isEarly = false
  /** Behind its last word. */
  #end: number

  constructor(registered: Registered, span: Span) {
    this.registered = registered
    this.span = span
    this.#end = span.end
  }

  get name(): string {
    return this.registered.extension.name
  }

  spoil(): void {
    this.#bad = true
  }

  /** Which of the options that share the name stands here, by the sections that have begun. */
  ofSection(named: NamedOption): NamedOption {
    if (named.further.length === 0) return named
    const begun = this.#given.filter(({ spec }) => 'begins' in spec && spec.begins).length
    return begun === 0 ? named : (named.further[begun - 1] ?? named.further.at(-1)!)
  }

  /** Takes note of an option, and says what speaks against it here; its value comes with `set`. */
  enter(met: MetOption, span: Span, log: DiagnosticLog): boolean {
    const { named, name, passedOver } = met
    const { key } = named
    const spec = named.option ?? named.shorthand
    const again = this.#given.find((one) => one.key === key)
    if (again && spec.repeatable !== true) {
      const why = passedOver === null ? '' : `: a second ${passedOver} leaves the name to ${this.name}`
      const message = `${name} stands here twice; ${this.name} takes it once${why}`
      log.add(span, { code: 'repeated-option', message })
      return false
    }
    const excluded = this.#given.find(
      (one) => spec.excludes?.includes(one.key) || one.spec.excludes?.includes(key),
    )
    if (excluded) {
      log.add(span, {
        code: 'conflicting-options',
        message: `${name} and ${excluded.name} exclude each other`,
      })
      this.#bad = true
      return false
    }
    return true
  }

  set(
    named: NamedOption,
    name: string,
    span: Span,
    value: Span | null,
    read: unknown,
    inverted: boolean,
    context: ValueContext,
  ): void {
    const { key, option, shorthand } = named
    const { protocols, protocolFirst = false } = this.registered.extension
    if (protocolFirst && !protocols?.includes(context.protocol ?? -1)) this.#isEarly = true
    this.#given.push({ key, spec: option ?? shorthand, name, span, value })
    this.#end = Math.max(this.#end, value?.end ?? span.end)
    if (shorthand !== null) {
      Object.assign(this.#settings, shorthand.stands(read, inverted))
    } else if (inverted && option.opposite !== undefined) {
      this.#settings[option.opposite] = { value: read, inverted: false }
    } else if (inverted && option.complement) {
      this.#settings[key] = { value: option.complement(read, context), inverted: false }
    } else {
      this.#settings[key] = { value: read, inverted }
    }
  }

  /** The use with all its settings, or null if they are not good; what is wrong with it as a whole is reported. */
  finish(context: CheckContext, log: DiagnosticLog, move: Move): Use | null {
    const { extension, keys } = this.registered
    if (!this.#bad) this.#checkPresence(log)
    this.#checkPlace(context, log, move)
    if (keys.length === 0) return { name: extension.name, options: noOptions }
    let options = this.#withInitials(context.family)
    if (this.#bad) return null
    if (extension.normalise) options = extension.normalise(options, context)
    for (const problem of extension.check?.(options, context) ?? []) this.#report(problem, log)
    return { name: extension.name, options }
  }

  #withInitials(family: Family): Settings {
    for (const [key, setting] of this.registered.initials[family]) this.#settings[key] ??= setting
    return this.#settings
  }

  #checkPresence(log: DiagnosticLog): void {
    const { extension, keys } = this.registered
    for (const key of keys) {
      const { required, names, kind } = extension.options[key]!
      if (required !== true || this.#settings[key] !== undefined) continue
      const usage = kind.usage === '' ? names[0] : `${names[0]} ${kind.usage}`
      const message = `${extension.name} needs ${names[0]}`
      log.add(this.span, { code: 'missing-option', message, expected: usage })
      this.#bad = true
    }
    for (const group of extension.oneOf ?? []) {
      if (group.some((key) => this.#settings[key] !== undefined)) continue
      const names = group.map((key) => (extension.options[key] ?? extension.shorthands?.[key])!.names[0])
      const message = `${extension.name} needs ${names.length === 1 ? '' : 'one of '}${names.join(', ')}`
      log.add(this.span, { code: 'missing-option', message })
      this.#bad = true
    }
  }

  #checkPlace({ table, protocol }: CheckContext, log: DiagnosticLog, move: Move): void {
    const { name, tables, hooks, protocols } = this.registered.extension
    const isOf = protocol !== null && !protocol.inverted && protocols?.includes(protocol.number) === true
    if (protocols && (!isOf || this.#isEarly)) {
      const wanted = protocols.map((number) => `-p ${formatProtocol(number)}`).join(' or ')
      log.add(this.span, {
        code: 'needs-protocol',
        message: `${name} needs ${wanted}, not inverted, in the same rule${isOf ? ', in front of its options' : ''}`,
        fixes:
          protocol === null && protocols.length === 1
            ? [{ position: this.span.start, length: 0, text: `${wanted} ` }]
            : [],
      })
    }
    if (tables && !tables.includes(table)) {
      log.add(this.span, {
        code: 'wrong-table',
        message: `${name} is valid only in table ${tables.join(' and ')}${hooksWords(this.registered)}, not in ${table}`,
        ...(tables.length === 1 ? move(tables[0]!, hooks ?? []) : null),
      })
    }
  }

  #report(problem: Problem, log: DiagnosticLog): void {
    const given = this.#given.find((one) => one.key === problem.option)
    const span = given ? (given.value ?? given.span) : this.span
    const fixes = []
    if (problem.replaceValue !== undefined && given?.value) {
      const { start, end } = given.value
      fixes.push({ position: start, length: end - start, text: problem.replaceValue })
    }
    if (problem.append !== undefined) {
      fixes.push({ position: this.#end, length: 0, text: ` ${problem.append}` })
    }
    log.add(span, { ...problem, fixes })
  }
}

function hooksWords({ extension: { hooks } }: Registered): string {
  return hooks ? `, chains ${hooks.join(' and ')}` : ''
}
