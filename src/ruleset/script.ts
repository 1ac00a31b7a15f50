/** Runs a script of iptables commands: what it would load, without running anything. */
import { type DiagnosticLog, type Span, shown } from './diagnostic.ts'
import type { Loader } from './loader.ts'
import type { Family } from './model.ts'
import type { Registry } from './registry.ts'
import { readRestore } from './restore.ts'
import { readCommand } from './rule-reader.ts'
import { lexShell, type ShellWord } from './shell-lexer.ts'
import { type Loop, parseShell, type SimpleCommand, type Step } from './shell-parser.ts'
import { programOf } from './tables.ts'
import type { Word } from './word.ts'

export interface ScriptInput {
  readonly text: string
  readonly family: Family
  readonly registry: Registry
  readonly log: DiagnosticLog
  readonly loader: Loader
  /** Values of variables that the script does not set itself; they win over what it sets. */
  readonly variables: Readonly<Record<string, string>>
}

/** Loops within loops are unrolled up to here. */
const MOST_COMMANDS = 200_000
/** Characters that variables may be replaced with, in all. */
const MOST_TEXT = 20_000_000
/** Assignments may double a value again and again. */
const LONGEST_VALUE = 65_536

/** Programs that rulesets call and that change no table. */
const harmless = new Set(
  (
    'modprobe insmod depmod sysctl echo printf ipset service systemctl true : set sleep logger test [ [[ rm mkdir touch cat ' +
    'which shift unset trap umask cd ip tc conntrack chmod chown cp mv tee grep iptables-save ip6tables-save id ' +
    'netfilter-persistent iptables-persistent return wait date dirname basename'
  ).split(' '),
)
const prefixes = new Set(['sudo', 'exec', 'command', 'nice', 'time', 'doas'])
const declarations = new Set(['export', 'readonly', 'local', 'declare', 'typeset'])

export function readScript(input: ScriptInput): readonly string[] {
  const steps = parseShell(lexShell(input.text, input.log), input.log)
  const runner = new ScriptRunner(input)
  runner.run(steps)
  return runner.comments
}

class ScriptRunner {
  readonly #input: ScriptInput
  readonly #log: DiagnosticLog
  readonly #values = new Map<string, string>()
  readonly #reported = new Set<string>()
  #commands = 0
  #text = 0
  #stopped = false
  #succeeded = true
  comments: readonly string[] = []

  constructor(input: ScriptInput) {
    this.#input = input
    this.#log = input.log
  }

  run(steps: readonly Step[]): void {
    for (const { command, when } of steps) {
      if (this.#stopped) return
      if (when === 'success' && !this.#succeeded) continue
      if (when === 'failure' && this.#succeeded) continue
      if (command.kind === 'for') this.#loop(command)
      else this.#succeeded = this.#simple(command)
    }
  }

  #loop({ variable, words, body }: Loop): void {
    for (const word of words.flatMap((one) => this.#expand(one))) {
      if (this.#stopped) return
      this.#values.set(variable, word.text)
      this.run(body)
    }
  }

  #valueOf(name: string): string | undefined {
    const { variables } = this.#input
    return Object.hasOwn(variables, name) ? variables[name] : this.#values.get(name)
  }

  /** The word with its variables put in: several words where an unquoted value has blanks, none where it is empty. */
  #expand(word: ShellWord): Word[] {
    const { start, end } = word
    const first = word.pieces[0]
    if (word.pieces.length === 1 && first?.kind === 'text') {
      return [{ text: first.text, start, end, quoted: first.quoted }]
    }
    const words: Word[] = []
    let text = ''
    let quoted = false
    let begun = false
    const finish = () => {
      if (begun) words.push({ text, start, end, quoted })
      text = ''
      quoted = false
      begun = false
    }
    const source = () =>
      word.pieces.map((piece) => (piece.kind === 'text' ? piece.text : piece.source)).join('')
    for (const piece of word.pieces) {
      if (piece.kind === 'text') {
        text += piece.text
        quoted ||= piece.quoted
        begun = true
        continue
      }
      if (piece.kind === 'unknown') {
        this.#unset(source(), word, `${shown(piece.source)} is known only to a running shell`, 'shell')
        text += piece.source
        begun = true
        continue
      }
      const set = this.#valueOf(piece.name)
      this.#text += set?.length ?? 0
      const value = set === undefined || (set === '' && piece.fallback !== null) ? piece.fallback : set
      if (value === null) {
        const message = `the variable ${piece.name} has no value here`
        this.#unset(source(), word, message, 'unset-variable')
        text += piece.source
        begun = true
      } else if (piece.quoted) {
        text += value
        quoted = true
        begun = true
      } else {
        const fields = value.split(/[ \t\n]+/)
        for (let i = 0; i < fields.length; i++) {
          if (i > 0) finish()
          if (fields[i] === '') continue
          text += fields[i]!
          begun = true
        }
      }
    }
    finish()
    return words
  }

  /** Once for each word, however often it is written. */
  #unset(source: string, span: Span, message: string, code: 'shell' | 'unset-variable'): void {
    if (this.#reported.has(source) || this.#reported.size > 10_000) return
    this.#reported.add(source)
    this.#log.add(span, { code, message })
  }

  #assign(word: ShellWord): boolean {
    const first = word.pieces[0]
    if (first?.kind !== 'text' || first.quoted) {
      // `NAME="a b"`: the quoted rest has become one piece with the name.
      if (first?.kind !== 'text') return false
    }
    const found = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(first.text)
    if (!found) return false
    const rest = first.text.slice(found[0].length)
    const pieces = [{ ...first, text: rest, quoted: true }, ...word.pieces.slice(1)]
    // An assignment's value is not split.
    const whole = pieces.map((piece) => (piece.kind === 'unknown' ? piece : { ...piece, quoted: true }))
    const value = this.#expand({ ...word, pieces: whole }).map((one) => one.text)
    this.#values.set(found[1]!, value.join(' ').slice(0, LONGEST_VALUE))
    return true
  }

  #simple(command: SimpleCommand): boolean {
    if (++this.#commands > MOST_COMMANDS || this.#text > MOST_TEXT) {
      this.#stopped = true
      this.#log.add(command, {
        code: 'too-many',
        message: 'the loops and variables of this script are too much work: the rest is left out',
      })
      return false
    }
    let { words } = command
    while (words[0] !== undefined && this.#assign(words[0])) words = words.slice(1)
    if (words.length === 0) return true
    const expanded = this.#program(words)
    while (expanded[0] !== undefined && this.#isPrompt(expanded)) expanded.shift()
    while (expanded[0] !== undefined && prefixes.has(expanded[0].text)) expanded.shift()
    const [program, ...rest] = expanded
    if (program === undefined) return true
    if (declarations.has(program.text)) {
      for (const word of words.slice(1)) this.#assign(word)
      return true
    }
    return this.#call(program, rest, command)
  }

  /** The words of the command; where the program itself is an unset variable, it is iptables. */
  #program(words: readonly ShellWord[]): Word[] {
    return words.flatMap((word) => this.#expand(word))
  }

  /** `$ iptables`, `root@host:~# iptables`. */
  #isPrompt(words: readonly Word[]): boolean {
    const [first, second] = words
    if (first === undefined || second === undefined || first.quoted) return false
    if (!/^(?:[$#%>]|\[?[\w.-]+@\S*[#$%>]\]?|\d+[.):])$/.test(first.text)) return false
    if (!/(?:^|\/)(?:sudo|ip6?tables[\w-]*)$/.test(second.text)) return false
    this.#log.add(first, {
      code: 'prompt',
      message: `${shown(first.text)} is a prompt, no part of the command`,
      fixes: [{ position: first.start, length: second.start - first.start, text: '' }],
    })
    return true
  }

  #call(program: Word, rest: Word[], command: SimpleCommand): boolean {
    const { family, registry, log, loader } = this.#input
    const base = program.text.slice(program.text.lastIndexOf('/') + 1)
    const unset = /^\$\{?(\w+)\}?$/.exec(base)?.[1]
    const tool = /^(ip6?tables)(?:-legacy|-nft)?(-restore)?$/.exec(base)
    const named =
      tool?.[1] ?? (unset !== undefined && /^ip_?t|iptables|^fw$/i.test(unset) ? 'iptables' : null)
    const isOther = named !== null && named !== programOf(family)
    if (tool?.[2] !== undefined) {
      if (isOther) return true
      if (command.here === null) {
        this.#log.add(program, {
          code: 'shell',
          message: 'the file that is restored here is not at hand',
          severity: 'warning',
        })
        return true
      }
      const { from, to } = command.here
      this.comments = readRestore({ ...this.#input, from, to })
      return true
    }
    if (named !== null) {
      if (isOther) return true
      const span = { start: command.start, end: command.end }
      const request = { words: rest, span, table: null, counters: null, comments: command.comments }
      const before = log.errors
      const read = readCommand(request, { family, registry, log, chains: loader })
      return read !== null && loader.run(read, span) && log.errors === before
    }
    if (base === 'exit') this.#stopped = true
    else if (!harmless.has(base)) {
      const message = `${shown(base)} is not known here: the command is left out`
      this.#log.add(program, { code: 'shell', message, severity: 'warning' })
    }
    return base !== 'false' && base !== 'test' && base !== '['
  }
}
