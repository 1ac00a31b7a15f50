/**
 * The typed option table: one definition of a command drives parsing, help and completion. Keys are the options'
 * names in camel case (`tableIn` is `--table-in`), and what `run` gets has a type for each of them.
 */

interface OptionBase {
  /** One letter, without the dash. */
  readonly short?: string
  /** A heading of the help. */
  readonly group: string
  /** For the help: begins in lower case, no full stop. */
  readonly sentence: string
}

interface WithValue extends OptionBase {
  /** In capitals, as the help shows it. */
  readonly valueName: string
  /** What completion offers: names of files, or these words. */
  readonly completes?: 'files' | readonly string[]
}

export interface FlagOption extends OptionBase {
  readonly kind: 'flag'
}

export interface TextOption extends WithValue {
  readonly kind: 'text'
}

/** A whole number. */
export interface NumberOption extends WithValue {
  readonly kind: 'number'
  readonly minimum: number
  readonly maximum: number
  readonly default: number
}

/** One of a few words; with `implied`, the value may be left out, and then only `--name=value` gives one. */
export interface EnumOption<Word extends string = string> extends OptionBase {
  readonly kind: 'enum'
  readonly valueName: string
  readonly values: readonly Word[]
  readonly default?: Word
  readonly implied?: Word
}

/** A value with a form of its own; `parse` throws a ValueError that says what was expected. */
export interface ParsedOption<Value = unknown> extends WithValue {
  readonly kind: 'parsed'
  readonly parse: (text: string) => Value
}

/** The same, as often as one likes. */
export interface ListOption<Value = unknown> extends WithValue {
  readonly kind: 'list'
  readonly parse: (text: string) => Value
}

export type Option = FlagOption | TextOption | NumberOption | EnumOption | ParsedOption | ListOption

export type Options = Readonly<Record<string, Option>>

/** What an option gives to `run`: null where it was not given and has no default. */
export type ValueOf<Given extends Option> = Given extends { kind: 'flag' }
  ? boolean
  : Given extends { kind: 'text' }
    ? string | null
    : Given extends { kind: 'number' }
      ? number
      : Given extends { kind: 'enum'; values: readonly (infer Word)[] }
        ? Given extends { default: string }
          ? Word
          : Word | null
        : Given extends { kind: 'list'; parse: (text: string) => infer Value }
          ? Value[]
          : Given extends { kind: 'parsed'; parse: (text: string) => infer Value }
            ? Value | null
            : never

export type Values<Table extends Options> = { -readonly [Key in keyof Table]: ValueOf<Table[Key]> }

export interface Positional {
  readonly name: string
  readonly sentence: string
}

export interface PositionalCompletion {
  readonly files: boolean
  readonly words: readonly string[]
  /** Behind one of these words, only these. */
  readonly wordsAfter?: Readonly<Record<string, readonly string[]>>
}

export interface Example {
  readonly line: string
  readonly sentence: string
}

export interface Command<Table extends Options = Options> {
  readonly name: string
  /** One line for the list of commands: begins with a verb, no full stop. */
  readonly summary: string
  /** Behind `sallyport NAME`: `[options] FILE… [EXPRESSION]`. */
  readonly usage: string
  readonly positionals: readonly Positional[]
  /** What completion offers for positionals. */
  readonly completes: PositionalCompletion
  readonly options: Table
  /** Paragraphs between the options and the examples. */
  readonly notes?: readonly string[]
  readonly examples: readonly Example[]
  /** Answers an exit code. */
  run(options: Values<Table>, positionals: readonly string[]): Promise<number>
}

/** Only for the types: infers the table, so that `run` knows each option's. */
export function defineCommand<const Table extends Options>(command: Command<Table>): Command<Table> {
  return command
}

/** The value of an option is not what it must be: the message says what that is, e.g. `expected NAME=VALUE`. */
export class ValueError extends Error {
  override readonly name = 'ValueError'
}

/** `tableIn` is `--table-in`. */
export function optionName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
