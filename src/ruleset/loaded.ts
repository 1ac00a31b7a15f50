/** The extensions that a rule has loaded so far, and the options that are known through them. */
import { suggest } from '../diagnostic/suggest.ts'
import type { Span } from './diagnostic.ts'
import type { AnyExtension, ValueContext } from './extension.ts'
import { type GenericOption, genericLongNames, genericOption } from './generic-options.ts'
import type { Family, ProtocolTest } from './model.ts'
import type { NamedOption, Registered, Registry } from './registry.ts'
import { UseDraft } from './use-draft.ts'

/** An option of one of the rule's extensions by its name, and the use it goes to. */
export interface FoundOption {
  readonly named: NamedOption
  readonly use: UseDraft
  readonly name: string
}

export class Loaded {
  readonly #family: Family
  readonly #registry: Registry
  readonly matches: UseDraft[] = []
  target: UseDraft | null = null
  protocol: ProtocolTest | null = null
  #protocolSpan: Span = { start: 0, end: 0 }
  #implicitDone = false

  constructor(family: Family, registry: Registry) {
    this.#family = family
    this.#registry = registry
  }

  setProtocol(protocol: ProtocolTest, span: Span): void {
    this.protocol = protocol
    this.#protocolSpan = span
  }

  get valueContext(): ValueContext {
    const { protocol } = this
    const known = protocol !== null && !protocol.inverted && protocol.number !== 0
    return { family: this.#family, protocol: known ? protocol.number : null }
  }

  matchNamed(name: string): Registered | null {
    return this.#registry.match(name, this.#family)
  }

  #uses(): UseDraft[] {
    return this.target ? [...this.matches, this.target] : this.matches
  }

  /** An option of an extension by its whole name; of the same name that of the latest. */
  findExact(name: string): FoundOption | null {
    if (this.target) {
      const named = this.target.registered.byName.get(name)
      if (named) return { named, use: this.target, name }
    }
    for (let i = this.matches.length - 1; i >= 0; i--) {
      const use = this.matches[i]!
      const named = use.registered.byName.get(name)
      if (named) return { named, use, name }
    }
    return null
  }

  /** The option that a shortened name is the beginning of; null if there is none or more than one. */
  #findShortened(beginning: string): FoundOption | GenericOption | null {
    const found = new Map<GenericOption | string, FoundOption | GenericOption>()
    for (const name of genericLongNames) {
      if (name.startsWith(beginning)) found.set(genericOption(name)!, genericOption(name)!)
    }
    for (const use of [...this.#uses()].reverse()) {
      for (const [name, named] of use.registered.byName) {
        const id = `${use.name} ${named.key}`
        if (name.startsWith(beginning) && !found.has(id)) found.set(id, { named, use, name })
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
    this.matches.push(new UseDraft(registered, this.#protocolSpan))
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

  /** The known option that is nearest in letters. */
  nearest(name: string): string | null {
    const implicit = this.implicit()
    const registered = [...this.#uses().map((use) => use.registered), ...(implicit ? [implicit] : [])]
    return suggest(name, [...registered.flatMap(({ byName }) => [...byName.keys()]), ...genericLongNames])
  }

  /** Extensions that have the option but are not loaded. */
  owners(name: string): AnyExtension[] {
    return this.#registry.withOption(name, this.#family)
  }

  /** What is missing for an option of one of these, as the rest of a sentence. */
  whatIsMissing(owners: readonly AnyExtension[]): string {
    const byProtocol = owners.filter((owner) => owner.implicit)
    if (byProtocol.length > 0) {
      const names = byProtocol.map((owner) => owner.name).join(' or ')
      return this.protocol
        ? `is for ${names}, not for the protocol of this rule`
        : `needs -p ${names} in front of it`
    }
    const words = owners.map(({ type, name }) => `${type === 'match' ? '-m' : '-j'} ${name}`)
    return `needs ${words.join(' or ')} in front of it`
  }
}
