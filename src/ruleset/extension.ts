/**
 * What a match or target extension tells about itself. One table of options per extension, in the order in which
 * iptables-save prints them, is the source of parser, printer, diagnostics and reference page:
 *
 *     export const mark = defineMatch({
 *       name: 'mark',
 *       summary: 'compares the packet mark',
 *       options: { mark: option(maskedNumber, { names: ['--mark'], invertible: true, required: true, summary: '…' }) },
 *     })
 *
 * How the extension is evaluated stands in the same call: `compile(options, environment)`, typed by that table; what it
 * is given and returns is no business of this folder.
 */
import type { DiagnosticCode } from './diagnostic.ts'
import type { Family, ProtocolTest, Rule, Setting, Settings } from './model.ts'
import type { Hook, TableName } from './tables.ts'

/** What is known while a value is read or printed. */
export interface ValueContext {
  readonly family: Family
  /** Of the rule, as far as it has been read, unless inverted or absent; names of services depend on it. */
  readonly protocol: number | null
  /** The same, inverted or not; only where a value is read. */
  readonly anyProtocol?: number | null
}

/** Why a value is refused. */
export class Refusal {
  readonly message: string
  /** Which of the option's words, when it takes several. */
  readonly word: number
  readonly suggestion: string | null
  /** What to write in place of the word. */
  readonly replacement: string | null
  readonly code: DiagnosticCode

  constructor(
    message: string,
    {
      word = 0,
      suggestion = null,
      replacement = null,
      code = 'bad-value',
    }: {
      word?: number
      suggestion?: string | null
      replacement?: string | null
      code?: DiagnosticCode
    } = {},
  ) {
    this.code = code
    this.message = message
    this.word = word
    this.suggestion = suggestion
    this.replacement = replacement
  }
}

/** A kind of argument: how it is read and written. */
export interface Kind<T> {
  /** For usage lines, e.g. `PORT[:PORT]`; a word for each word it takes, '' for none. */
  readonly usage: string
  /** What can stand there, in words: `a port (0–65535), a service or a range A:B`. */
  readonly expected: string
  /** Values at the edges of what is accepted, as they stand in a restore file. */
  examples(family: Family): readonly string[]
  /** How many words it takes: 0 for a flag. */
  readonly words: number
  /** Of one word: it may be left out, then `read` is given none; and never behind a `=`. */
  readonly optional?: true
  read(texts: readonly string[], context: ValueContext): T | Refusal
  /** The words as iptables-save prints them, quoted where needed; '' for a flag. */
  print(value: T, context: ValueContext): string
}

export interface Option<T> {
  /** With their dashes. The first is printed, the others are old or short spellings. */
  readonly names: readonly [string, ...string[]]
  readonly kind: Kind<T>
  /** The name that is printed with this value, when not the first. */
  nameFor?(value: T): string
  /** A phrase for the reference page. */
  readonly summary: string
  readonly invertible?: boolean
  /** What is stored in place of an inverted setting that the kernel has no flag for. */
  complement?(value: T, context: ValueContext): T
  /** The option that says the opposite: `! --above N` is stored as `--upto N`. */
  readonly opposite?: string
  readonly required?: boolean
  /** Value when the option is not given. */
  readonly initial?: T | ((family: Family) => T)
  /** Not printed. Unless told: when it has its initial value and is not inverted. */
  omit?(setting: Setting<T>, options: Settings, context: ValueContext): boolean
  /** Keys of options that cannot stand beside it. */
  readonly excludes?: readonly string[]
  /** May be given several times; the last one counts. */
  readonly repeatable?: boolean
  /** Behind it begins the next section: a name that the table has several times means its next entry from there on. */
  readonly begins?: true
}

/** Another way to write an option of the table, e.g. `--syn`. */
export interface Shorthand<T> {
  readonly names: readonly [string, ...string[]]
  readonly kind: Kind<T>
  readonly summary: string
  readonly invertible?: boolean
  readonly excludes?: readonly string[]
  readonly repeatable?: boolean
  /** The settings it stands for, by key; none for an option that has no effect. */
  stands(value: T, inverted: boolean): Settings
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>

type ValueOf<O> = O extends { readonly kind: Kind<infer T> } ? T : never
type Given<T extends OptionTable> = {
  [K in keyof T]: T[K] extends { readonly required: true } | { readonly initial: unknown } ? K : never
}[keyof T]

/** Settings by the keys of a table: those that are required or have an initial value are always there. */
export type OptionsOfTable<T extends OptionTable> = {
  readonly [K in Given<T>]: Setting<ValueOf<T[K]>>
} & { readonly [K in Exclude<keyof T, Given<T>>]?: Setting<ValueOf<T[K]>> }

/** What `check` may look at. */
export interface CheckContext {
  readonly family: Family
  readonly table: TableName
  readonly protocol: ProtocolTest | null
  /** For a match those in front of it, and of the target the name; for a target all matches. */
  readonly rule: Pick<Rule, 'matches' | 'target'>
}

export interface Problem {
  readonly severity?: 'error' | 'warning'
  readonly code: DiagnosticCode
  readonly message: string
  readonly expected?: string
  readonly suggestion?: string
  /** The key of the option that is meant; absent for the whole extension. */
  readonly option?: string
  /** Words to write in place of the option's value. */
  readonly replaceValue?: string
  /** Words to add behind the extension's last one. */
  readonly append?: string
}

export interface ExtensionDefinition<T extends OptionTable, E, C> {
  /** As it is printed. */
  readonly name: string
  readonly aliases?: readonly string[]
  /** A phrase that goes on from the name: "compares the packet mark". */
  readonly summary: string
  /** Both unless told. */
  readonly family?: Family
  readonly options: T
  readonly shorthands?: Readonly<Record<string, Shorthand<unknown>>>
  /** Groups of options of which one is needed, by key. */
  readonly oneOf?: readonly (readonly string[])[]
  /** Loaded by itself after `-p` with one of these protocols, when an option is met that nothing else has. */
  readonly implicit?: readonly number[]
  /** Valid only with one of these protocols, not inverted. */
  readonly protocols?: readonly number[]
  /** The protocol is to stand in front of its options; else anywhere in the rule. */
  readonly protocolFirst?: boolean
  readonly tables?: readonly TableName[]
  /** Where the chain may be reached from. */
  readonly hooks?: readonly Hook[]
  /** The same, as far as it depends on the settings; null for no limit. */
  hooksOf?(options: OptionsOfTable<T>): readonly Hook[] | null
  /** Settings as the kernel stores them, after all options have been read. */
  normalise?(options: Settings, context: CheckContext): Settings
  /** What the table of options cannot say. Only asked about settings that are good by themselves. */
  check?(options: OptionsOfTable<T>, context: CheckContext): readonly Problem[]
  /** How iptables-save prints it behind its name, where that does not follow the table. */
  print?(options: Settings, context: ValueContext): string
  /** How it is evaluated; asked once a rule, by what compiles rules. */
  compile?(options: OptionsOfTable<T>, environment: E): C
  /**
   * With these settings, it makes the same of all plain segments of a TCP connection that is ASSURED, in one direction, and
   * leaves nothing behind but the packet's mark and class. Plain are those with ACK, and without SYN, RST and URG: addresses,
   * ports, interfaces, link header, the connection and what rules made of the packet so far are the same, all else may differ.
   * `isAnswerToo`: the SYN+ACK ahead of them, when the connection is not ASSURED yet, is one of them. No, unless told.
   */
  isOfFlow?(options: OptionsOfTable<T>, isAnswerToo: boolean): boolean
}

export interface Extension<T extends OptionTable = OptionTable, E = unknown, C = unknown>
  extends ExtensionDefinition<T, E, C> {
  readonly type: 'match' | 'target'
}

/** An extension whose table is not known at compile time: as the registry, parser and printer see it. */
export interface AnyExtension<E = never, C = unknown>
  extends Omit<Extension, 'hooksOf' | 'check' | 'compile' | 'isOfFlow'> {
  hooksOf?(options: Settings): readonly Hook[] | null
  check?(options: Settings, context: CheckContext): readonly Problem[]
  compile?(options: Settings, environment: E): C
  isOfFlow?(options: Settings, isAnswerToo: boolean): boolean
}

export function defineMatch<const T extends OptionTable, E = unknown, C = unknown>(
  definition: ExtensionDefinition<T, E, C>,
): Extension<T, E, C> & { readonly type: 'match' } {
  return { ...definition, type: 'match' }
}

export function defineTarget<const T extends OptionTable, E = unknown, C = unknown>(
  definition: ExtensionDefinition<T, E, C>,
): Extension<T, E, C> & { readonly type: 'target' } {
  return { ...definition, type: 'target' }
}

/** An entry of an option table; a function only so that the types of its parts follow from the kind. */
export function option<T, const M extends Omit<Option<T>, 'kind'>>(
  kind: Kind<T>,
  more: M,
): M & Pick<Option<T>, 'kind'> {
  return { ...more, kind }
}

export function shorthand<T>(kind: Kind<T>, more: Omit<Shorthand<T>, 'kind'>): Shorthand<T> {
  return { ...more, kind }
}

/** For options that are printed with their initial value too. */
export const neverOmitted = () => false

/** The settings without one of them. */
export function without(options: Settings, key: string): Settings {
  if (options[key] === undefined) return options
  const { [key]: _, ...rest } = options
  return rest
}

/** A kind that differs between the families. */
export function byFamily<T>(kinds: Readonly<Record<Family, Kind<T>>>): Kind<T> {
  return {
    ...kinds.ipv4,
    expected: `${kinds.ipv4.expected}; in IPv6 ${kinds.ipv6.expected}`,
    read: (texts, context) => kinds[context.family].read(texts, context),
    print: (value, context) => kinds[context.family].print(value, context),
  }
}

export function initialOf<T>(of: Option<T>, family: Family): T | undefined {
  const { initial } = of
  return typeof initial === 'function' ? (initial as (family: Family) => T)(family) : initial
}
