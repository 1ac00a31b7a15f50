/** The extensions that a rule has loaded so far, and the options that are known through them. */
import { suggest } from '../diagnostic/suggest.ts'
import type { Span } from './diagnostic.ts'
import type { AnyExtension, ValueContext } from './extension.ts'
import { type GenericOption, genericLongNames, genericOption } from './generic-options.ts'
import type { Family, ProtocolTest } from './model.ts'
import type { Registered, Registry } from './registry.ts'
import { type MetOption, UseDraft } from './use-draft.ts'

/** An option of one of the rule's extensions, and the use it goes to. */
export interface FoundOption extends MetOption {
  readonly use: UseDraft
}

export class Loaded {
  readonly #family: Family
  readonly #registry: Registry
  readonly #matches: UseDraft[] = []
  #target: UseDraft | null = null
  /**
   * An extension enters once, where it is first loaded, with its latest use. iptables merges the options of an extension
   * in front of those known so far, and does not merge them anew for a second `-m` of the same match: of a name that two
   * extensions share, the option is that of the one whose first use is the latest.
   */
  readonly #latest: UseDraft[] = []
  protocol: ProtocolTest | null = null
  #protocolSpan: Span = { start: 0, end: 0 }
  #implicitDone = false

  constructor(family: Family, registry: Registry) {
    this.#family = family
    this.#registry = registry
  }

  get matches(): readonly UseDraft[] {
    return this.#matches
  }

  get target(): UseDraft | null {
    return this.#target
  }

  addMatch(use: UseDraft): void {
    this.#matches.push(use)
    const first = this.#latest.findIndex(({ registered }) => registered === use.registered)
    if (first < 0) this.#latest.push(use)
    else this.#latest[first] = use
  }

  setTarget(use: UseDraft): void {
    this.#target = use
    this.#latest.push(use)
  }

  setProtocol(protocol: ProtocolTest, span: Span): void {
    this.protocol = protocol
    this.#protocolSpan = span
  }

  get valueContext(): ValueContext {
    const { protocol } = this
    const known = protocol !== null && !protocol.inverted && protocol.number !== 0
    return {
      family: this.#family,
      protocol: known ? protocol.number : null,
      anyProtocol: protocol?.number ?? null,
    }
  }

  matchNamed(name: string): Registered | null {
    return this.#registry.match(name, this.#family)
  }

  /** An option of an extension by its whole name. */
  findExact(name: string): FoundOption | null {
    for (let i = this.#latest.length - 1; i >= 0; i--) {
      const use = this.#latest[i]!
      const named = use.registered.byName.get(name)
      if (!named) continue
      const last = this.#matches.at(-1)!
      const isPassedOver = last !== use && use !== this.#target && last.registered.byName.has(name)
      return { named, use, name, passedOver: isPassedOver ? last.name : null }
    }
    return null
  }

  /** The option that a shortened name is the beginning of; null if there is none or more than one. */
  #findShortened(beginning: string): FoundOption | GenericOption | null {
    const found = new Map<GenericOption | string, FoundOption | GenericOption>()
    for (const name of genericLongNames) {
      if (name.startsWith(beginning)) found.set(genericOption(name)!, genericOption(name)!)
    }
    for (const use of this.#latest) {
      for (const [name, named] of use.registered.byName) {
        const id = `${use.name} ${named.key}`
        if (name.startsWith(beginning) && !found.has(id))
          found.set(id, { named, use, name, passedOver: null })
      }
    }
    return found.size === 1 ? [...found.values()][0]! : null
  }

  /** The match that comes with `-p`, if it has not come yet. */
  implicit(): Registered | null {
    if (this.#implicitDone || this.protocol === null) return null
    return this.#registry.implicit(this.protocol.number, this.#family)
  }

  #loadImplicit(): boolean {
    const registered = this.implicit()
    if (registered === null) return false
    this.#implicitDone = true
    this.addMatch(new UseDraft(registered, this.#protocolSpan))
    return true
  }

  /** As getopt and iptables look an option up; the match of the protocol is loaded where nothing else has it. */
  find(name: string): FoundOption | GenericOption | null {
    const found = genericOption(name) ?? this.findExact(name) ?? this.#findShortened(name)
    if (found) return found
    return this.#loadImplicit() ? (this.findExact(name) ?? this.#findShortened(name)) : null
  }

  /** Whether a word is an option that stands to reason here; for guesses about slips only. */
  isOption(text: string): boolean {
    if (!text.startsWith('-') || text.length < 2) return false
    const name = text.split('=', 1)[0]!
    if (genericOption(name) !== null) return true
    if (!name.startsWith('--') || name.length < 4) return false
    if (this.findExact(name) || this.implicit()?.byName.has(name)) return true
    return this.#registry.withOption(name, this.#family).length > 0
  }

  /** The known option that is nearest in letters; a command only where the line has none yet. */
  nearest(name: string, hasCommand: boolean): string | null {
    const implicit = this.implicit()
    const registered = [...this.#latest.map((use) => use.registered), ...(implicit ? [implicit] : [])]
    const generic = genericLongNames.filter((one) => !hasCommand || genericOption(one)!.verb === null)
    return suggest(name, [...registered.flatMap(({ byName }) => [...byName.keys()]), ...generic])
  }

  /** Extensions that have the option but are not loaded. */
  owners(name: string): AnyExtension[] {
    return this.#registry.withOption(name, this.#family)
  }

  /** An option near in letters of an extension that is not loaded, with what it needs. */
  nearestElsewhere(name: string): string | null {
    const names = this.#registry.optionNames(this.#family)
    // Of equally near ones, that with the same first letter.
    const first = name.slice(0, 3)
    const near = suggest(name, [
      ...names.filter((one) => one.startsWith(first)),
      ...names.filter((one) => !one.startsWith(first)),
    ])
    return near === null ? null : `${near} (${this.whatIsMissing(this.owners(near))})`
  }

  /** What is missing for an option of one of these, as the rest of a sentence. */
  whatIsMissing(owners: readonly AnyExtension[]): string {
    const byProtocol = owners.filter((owner) => owner.implicit)
    if (byProtocol.length > 0) {
      const names = either(byProtocol.map((owner) => owner.name))
      return this.protocol ? `is for ${names}, not for the protocol of this rule` : `needs -p ${names}`
    }
    return `needs ${either(owners.map(({ type, name }) => `${type === 'match' ? '-m' : '-j'} ${name}`))}`
  }
}

/** `a, b or c`. */
function either(words: readonly string[]): string {
  const last = words.at(-1)!
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
