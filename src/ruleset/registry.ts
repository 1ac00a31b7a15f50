/** The extensions that a parser and a printer know. */
import { type AnyExtension, initialOf, type Option, type Shorthand } from './extension.ts'
import type { Family, Setting } from './model.ts'

/** An option or shorthand by one of its names; `further` are those that have the name in the sections behind. */
export type NamedOption = { readonly key: string; readonly further: readonly NamedOption[] } & (
  | { readonly option: Option<unknown>; readonly shorthand: null }
  | { readonly option: null; readonly shorthand: Shorthand<unknown> }
)

/** An extension with its options by name. */
export interface Registered {
  readonly extension: AnyExtension
  readonly byName: ReadonlyMap<string, NamedOption>
  /** Keys of the options, in the order in which they are printed. */
  readonly keys: readonly string[]
  /** What is set when an option is not given: the same objects for all rules. */
  readonly initials: Readonly<Record<Family, readonly (readonly [key: string, setting: Setting])[]>>
}

function byFamily<K>(): Readonly<Record<Family, Map<K, Registered>>> {
  return { ipv4: new Map(), ipv6: new Map() }
}

export class Registry {
  readonly extensions: readonly AnyExtension[]
  readonly #matches = byFamily<string>()
  readonly #targets = byFamily<string>()
  readonly #implicit = byFamily<number>()
  readonly #optionNames: Record<Family, string[] | null> = { ipv4: null, ipv6: null }

  constructor(extensions: readonly AnyExtension[]) {
    this.extensions = extensions
    for (const extension of extensions) {
      const registered = register(extension)
      for (const family of ['ipv4', 'ipv6'] as const) {
        if (extension.family !== undefined && extension.family !== family) continue
        for (const name of [extension.name, ...(extension.aliases ?? [])]) {
          const names = extension.type === 'match' ? this.#matches : this.#targets
          names[family].set(name, registered)
        }
        for (const protocol of extension.implicit ?? []) this.#implicit[family].set(protocol, registered)
      }
    }
  }

  match(name: string, family: Family): Registered | null {
    return this.#matches[family].get(name) ?? null
  }

  target(name: string, family: Family): Registered | null {
    return this.#targets[family].get(name) ?? null
  }

  /** The match that `-p` with this protocol brings along. */
  implicit(protocol: number, family: Family): Registered | null {
    return this.#implicit[family].get(protocol) ?? null
  }

  /** Names of the matches or targets of a family, for suggestions. */
  names(type: 'match' | 'target', family: Family): string[] {
    return this.extensions
      .filter((one) => one.type === type && (one.family ?? family) === family)
      .map((one) => one.name)
  }

  /** Names of all options of a family's extensions. */
  optionNames(family: Family): readonly string[] {
    this.#optionNames[family] ??= [
      ...new Set(
        [...this.#matches[family].values(), ...this.#targets[family].values()].flatMap(({ byName }) => [
          ...byName.keys(),
        ]),
      ),
    ]
    return this.#optionNames[family]
  }

  /** Extensions that have an option of this name. */
  withOption(name: string, family: Family): AnyExtension[] {
    const all = [...this.#matches[family].values(), ...this.#targets[family].values()]
    return [...new Set(all)].filter(({ byName }) => byName.has(name)).map(({ extension }) => extension)
  }
}

const none: readonly NamedOption[] = []

function register(extension: AnyExtension): Registered {
  const byName = new Map<string, NamedOption>()
  const furtherOf = new Map<string, NamedOption[]>()
  for (const [key, option] of Object.entries(extension.options)) {
    for (const name of option.names) {
      const further = furtherOf.get(name)
      if (further) {
        further.push({ key, option, shorthand: null, further: none })
        continue
      }
      const list: NamedOption[] = []
      furtherOf.set(name, list)
      byName.set(name, { key, option, shorthand: null, further: list })
    }
  }
  for (const [key, shorthand] of Object.entries(extension.shorthands ?? {})) {
    for (const name of shorthand.names) byName.set(name, { key, option: null, shorthand, further: none })
  }
  const initials = (family: Family) =>
    Object.entries(extension.options).flatMap(([key, option]) => {
      const value = initialOf(option, family)
      return value === undefined ? [] : [[key, { value, inverted: false }] as const]
    })
  const keys = Object.keys(extension.options)
  return { extension, byName, keys, initials: { ipv4: initials('ipv4'), ipv6: initials('ipv6') } }
}
