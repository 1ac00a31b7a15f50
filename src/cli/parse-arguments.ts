/** Reads a command's arguments by its option table. */
import { suggest } from '../diagnostic/suggest.ts'
import { type Command, type Option, type Options, optionName, ValueError, type Values } from './command.ts'
import { wrongUse } from './failure.ts'

export interface Arguments<Table extends Options> {
  readonly options: Values<Table>
  readonly positionals: readonly string[]
  /** `--help` or `-h` stands among them: nothing else was looked at. */
  readonly help: boolean
}

/**
 * Options may stand anywhere before `--`: `--name=value`, `--name value`, `-n value`, `-nvalue`, flags together
 * (`-ab`). A lone `-` is a positional. Given several times, the last one counts, unless the option is a list.
 * @throws Failure that names the option, the value and what is allowed
 */
export function parseArguments<Table extends Options>(
  command: Command<Table>,
  args: readonly string[],
): Arguments<Table> {
  const end = args.indexOf('--')
  const help = (end < 0 ? args : args.slice(0, end)).some((word) => word === '--help' || word === '-h')
  const values: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(command.options)) values[key] = initial(option)
  const positionals: string[] = []
  if (!help) new ArgumentReader(command.options, args, values, positionals).read()
  return { options: values as Values<Table>, positionals, help }
}

function initial(option: Option): unknown {
  if (option.kind === 'flag') return false
  if (option.kind === 'list') return []
  return ('default' in option ? option.default : undefined) ?? null
}

class ArgumentReader {
  readonly #keys = new Map<string, string>()
  readonly #options: Options
  readonly #args: readonly string[]
  readonly #values: Record<string, unknown>
  readonly #positionals: string[]
  #at = 0

  constructor(
    options: Options,
    args: readonly string[],
    values: Record<string, unknown>,
    positionals: string[],
  ) {
    this.#options = options
    this.#args = args
    this.#values = values
    this.#positionals = positionals
    for (const [key, option] of Object.entries(options)) {
      this.#keys.set(optionName(key), key)
      if (option.short !== undefined) this.#keys.set(`-${option.short}`, key)
    }
  }

  read(): void {
    while (this.#at < this.#args.length) {
      const word = this.#args[this.#at++]!
      if (word === '--') {
        this.#positionals.push(...this.#args.slice(this.#at))
        return
      }
      if (word.startsWith('--')) this.#long(word)
      else if (word.startsWith('-') && word !== '-') this.#short(word)
      else this.#positionals.push(word)
    }
  }

  #long(word: string): void {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    this.#set(name, equals < 0 ? null : word.slice(equals + 1))
  }

  #short(word: string): void {
    if (!this.#keys.has(word.slice(0, 2)) || this.#keys.has(`-${word}`)) throw this.#unknown(word)
    for (let i = 1; i < word.length; i++) {
      const name = `-${word[i]}`
      const rest = word.slice(i + 1)
      const key = this.#keys.get(name)
      if (key !== undefined && this.#options[key]!.kind !== 'flag' && rest !== '') {
        this.#set(name, rest.replace(/^=/, ''))
        return
      }
      this.#set(name, null)
    }
  }

  #set(name: string, attached: string | null): void {
    const key = this.#keys.get(name)
    if (key === undefined) throw this.#unknown(name)
    const option = this.#options[key]!
    if (option.kind === 'flag') {
      if (attached !== null) throw wrongUse(`${name} takes no value, and "${attached}" was given`)
      this.#values[key] = true
      return
    }
    if (option.kind === 'enum' && option.implied !== undefined && attached === null) {
      this.#values[key] = option.implied
      return
    }
    const value = readValue(name, option, attached ?? this.#next(name, option))
    if (option.kind === 'list') (this.#values[key] as unknown[]).push(value)
    else this.#values[key] = value
  }

  #next(name: string, option: Exclude<Option, { kind: 'flag' }>): string {
    const word = this.#args[this.#at]
    // A value may begin with one dash (--tz -05:00), but two are the next option.
    if (word === undefined || word.startsWith('--')) {
      throw wrongUse(`${name} needs a value: ${name} ${option.valueName}`)
    }
    this.#at++
    return word
  }

  #unknown(name: string) {
    const names = [...this.#keys.keys(), '--help'].filter((known) => known.startsWith('--'))
    // `-all` is `--all` with a dash too few; of long names only what stands behind the dashes is compared.
    const typed = name.replace(/^-+/, '')
    const bare = names.map((known) => known.slice(2))
    const near = typed.length > 1 ? suggest(typed, bare) : null
    return wrongUse(`unknown option ${name}${near === null ? '' : `; did you mean --${near}?`}`)
  }
}

function readValue(name: string, option: Exclude<Option, { kind: 'flag' }>, text: string): unknown {
  const refuse = (expected: string) => wrongUse(`${name}: ${expected}, not "${text}"`)
  switch (option.kind) {
    case 'text':
      if (text === '') throw wrongUse(`${name} needs a value: ${name} ${option.valueName}`)
      return text
    case 'number': {
      const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
      if (number >= option.minimum && number <= option.maximum) return number
      throw refuse(`expected a whole number from ${option.minimum} to ${option.maximum}`)
    }
    case 'enum': {
      if (option.values.includes(text)) return text
      const near = suggest(text, option.values)
      const hint = near === null ? '' : `; did you mean ${near}?`
      throw wrongUse(`${name}: expected one of ${option.values.join(', ')}, not "${text}"${hint}`)
    }
    default:
      try {
        return option.parse(text)
      } catch (error) {
        if (error instanceof ValueError) throw refuse(error.message)
        throw error
      }
  }
}
