/** The extensions that a parser and a printer know. */
import type { AnyExtension, Option, Shorthand } from './extension.ts'
import type { Family } from './model.ts'

/** An option or shorthand by one of its names. */
export type NamedOption =
  | { readonly key: string; readonly option: Option<unknown>; readonly shorthand: null }
  | { readonly key: string; readonly option: null; readonly shorthand: Shorthand<unknown> }

/** An extension with its options by name. */
export interface Registered {
  readonly extension: AnyExtension
  readonly byName: ReadonlyMap<string, NamedOption>
  /** Keys of the options that have an initial value or are required: usually few. */
  readonly keys: readonly string[]
}

export class Registry {
  readonly extensions: readonly AnyExtension[]
  readonly #byName = new Map<string, Registered>()
  readonly #implicit = new Map<string, Registered>()

  constructor(extensions: readonly AnyExtension[]) {
    this.extensions = extensions
    for (const extension of extensions) {
      const registered = register(extension)
      for (const family of ['ipv4', 'ipv6'] as const) {
        if (extension.family !== undefined && extension.family !== family) continue
        for (const name of [extension.name, ...(extension.aliases ?? [])]) {
          this.#byName.set(`${extension.type} ${family} ${name}`, registered)
        }
        for (const protocol of extension.implicit ?? [])
          this.#implicit.set(`${family} ${protocol}`, registered)
      }
    }
  }

  match(name: string, family: Family): Registered | null {
    return this.#byName.get(family === 'ipv4' ? `match ipv4 ${name}` : `match ipv6 ${name}`) ?? null
  }

  target(name: string, family: Family): Registered | null {
    return this.#byName.get(family === 'ipv4' ? `target ipv4 ${name}` : `target ipv6 ${name}`) ?? null
  }

  /** The match that `-p` with this protocol brings along. */
  implicit(protocol: number, family: Family): Registered | null {
    return this.#implicit.get(`${family} ${protocol}`) ?? null
  }

  /** Names of the matches or targets of a family, for suggestions. */
  names(type: 'match' | 'target', family: Family): string[] {
    return this.extensions
      .filter((one) => one.type === type && (one.family ?? family) === family)
      .map((one) => one.name)
  }

  /** Extensions that have an option of this name. */
  withOption(name: string, family: Family): AnyExtension[] {
    return [...new Set(this.#byName.values())]
      .filter(({ extension, byName }) => (extension.family ?? family) === family && byName.has(name))
      .map(({ extension }) => extension)
  }
}

function register(extension: AnyExtension): Registered {
  const byName = new Map<string, NamedOption>()
  for (const [key, option] of Object.entries(extension.options)) {
    for (const name of option.names) byName.set(name, { key, option, shorthand: null })
  }
  for (const [key, shorthand] of Object.entries(extension.shorthands ?? {})) {
    for (const name of shorthand.names) byName.set(name, { key, option: null, shorthand })
  }
  return { extension, byName, keys: Object.keys(extension.options) }
}
