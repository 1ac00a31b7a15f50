/** Runs a script of iptables commands: what it would load, without running anything. */
import { type DiagnosticLog, type Span, shown } from './diagnostic.ts'
import type { Loader } from './loader.ts'
import type { Family } from './model.ts'
import type { Registry } from './registry.ts'
import { readRestore } from './restore.ts'
import { readCommand } from './rule-reader.ts'
import { lexShell, type ShellWord } from './shell-lexer.ts'
import {
  type Condition,
  type Group,
  INSTEAD,
  type Loop,
  parseShell,
  plainWord,
  type SimpleCommand,
  type Step,
} from './shell-parser.ts'
import { judgeTest } from './shell-test.ts'
import { programOf } from './tables.ts'
import { changesIpsets, unapplied } from './unapplied.ts'
import { unknownCommand } from './unknown-command.ts'
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
/** What may stand in a condition without making it unknown. */
const decided = new Set([':', 'true', 'false', 'echo', 'printf', 'set', 'unset', 'shift'])
const tests = new Set(['[', '[[', 'test'])
/** What a value keeps of what it lacks. */
const MOST_MISSING = 8
/** Functions that call functions. */
const DEEPEST_CALL = 40

/** A command succeeds, fails, or only a running shell knows. */
type Status = boolean | null

/** A word that cannot be known. */
interface Missing extends Span {
  readonly source: string
  readonly message: string
  readonly code: 'shell' | 'unset-variable'
}

/** What a variable holds; `missing` is what of it is not known. */
interface Value {
  readonly text: string
  readonly missing: readonly Missing[]
}

/** The program without its path. */
function baseOf(program: Word): string {
  return program.text.slice(program.text.lastIndexOf('/') + 1)
}

export function readScript(input: ScriptInput): readonly string[] {
  const steps = parseShell(lexShell(input.text, input.log), input.log)
  const runner = new ScriptRunner(input)
  runner.run(steps)
  runner.tellIpsets()
  return runner.comments
}

class ScriptRunner {
  readonly #input: ScriptInput
  readonly #log: DiagnosticLog
  readonly #values = new Map<string, Value>()
  readonly #functions = new Map<string, Group['body']>()
  /** What the function that runs was called with. */
  #parameters: readonly string[] = []
  /** What could not be known of the words expanded last: to be told where it matters. */
  #missing: Missing[] = []
  #calls = 0
  #returned = false
  readonly #reported = new Set<string>()
  #commands = 0
  #text = 0
  #stopped = false
  #succeeded: Status = true
  /** The first ipset command that changes sets, and how many there were. */
  #ipset: Span | null = null
  #ipsets = 0
  comments: readonly string[] = []

  constructor(input: ScriptInput) {
    this.#input = input
    this.#log = input.log
  }

  run(steps: readonly Step[], inCondition = false): void {
    for (const { command, when } of steps) {
      if (this.#stopped || this.#returned) return
      if (when !== 'always') {
        if (this.#succeeded === null) {
          if (this.#matters([{ command, when }])) this.#leaveOut(command, 'this command is')
          else this.#tellUnapplied([{ command, when }])
          continue
        }
        if (this.#succeeded !== (when === 'success')) continue
      }
      this.#missing = []
      switch (command.kind) {
        case 'simple':
          this.#succeeded = this.#simple(command, inCondition)
          break
        case 'for':
          this.#loop(command)
          break
        case 'if':
          this.#condition(command)
          break
        case 'group':
          this.run(command.body, inCondition)
          break
        case 'function':
          this.#functions.set(command.name, command.body)
          this.#succeeded = true
      }
    }
  }

  /** Counts a command, or a turn of a loop. */
  #isTooMuch(span: Span): boolean {
    if (++this.#commands <= MOST_COMMANDS && this.#text <= MOST_TEXT) return false
    this.#stopped = true
    this.#log.add(span, {
      code: 'too-many',
      message: 'the loops and variables of this script are too much work: the rest is left out',
    })
    return true
  }

  #leaveOut(span: Span, what: string): void {
    const message = `whether ${what} run is known only to a running shell: it is left out`
    this.#log.add(span, { code: 'shell', message, expected: INSTEAD })
  }

  #loop(loop: Loop): void {
    const { variable, words, body } = loop
    const values = words.flatMap((one) => this.#expand(one))
    this.#tellMissing()
    for (const { text } of values) {
      if (this.#stopped || this.#returned || this.#isTooMuch(loop)) return
      this.#values.set(variable, { text, missing: [] })
      this.run(body)
    }
  }

  #condition(command: Condition): void {
    for (const { condition, body } of command.branches) {
      this.run(condition, true)
      if (this.#stopped || this.#returned) return
      if (this.#succeeded === null) {
        // What only says something, or gives up, need not be known.
        const bodies = [...command.branches.map((branch) => branch.body), command.otherwise]
        if (bodies.some((one) => this.#matters(one))) this.#leaveOut(command, 'this block is')
        else for (const one of bodies) this.#tellUnapplied(one)
        this.#succeeded = true
        return
      }
      if (this.#succeeded) {
        this.run(body)
        return
      }
    }
    this.#succeeded = true
    this.run(command.otherwise)
  }

  /** What a command would do beside the tables of rules, and is not done here. */
  #noteUnapplied(program: string, words: readonly Word[], { output, start, end }: SimpleCommand): void {
    const span = { start, end: Math.max(end, output?.end ?? end) }
    const before = this.#missing
    const file = output === null ? null : this.#expand(output).map(({ text }) => text)
    this.#missing = before
    const command = { program, words: words.map(({ text }) => text), output: file?.join(' ') ?? null }
    if (changesIpsets(command)) {
      this.#ipset ??= span
      this.#ipsets++
    }
    const message = unapplied(command)
    if (message !== null) this.#log.add(span, { code: 'not-applied', message, severity: 'warning' })
  }

  /** Of commands that may be run or not. */
  #tellUnapplied(steps: readonly Step[]): void {
    for (const { command } of steps) {
      if (this.#isTooMuch(command)) return
      if (command.kind === 'group' || command.kind === 'for') this.#tellUnapplied(command.body)
      else if (command.kind === 'if') {
        for (const { condition, body } of command.branches) this.#tellUnapplied([...condition, ...body])
        this.#tellUnapplied(command.otherwise)
      } else if (command.kind === 'simple') {
        const before = this.#missing
        const [program, ...rest] = this.#program(command.words)
        this.#missing = before
        if (program) this.#noteUnapplied(baseOf(program), rest, command)
      }
    }
  }

  /** One for all: scripts fill sets with thousands of lines. */
  tellIpsets(): void {
    if (this.#ipset === null) return
    const which =
      this.#ipsets === 1 ? 'this ipset command is' : `the ${this.#ipsets} ipset commands from here on are`
    const message = `${which} not applied; --ipset FILE gives the sets, as ipset save prints them`
    this.#log.add(this.#ipset, { code: 'not-applied', message, severity: 'warning' })
  }

  /** More than what changes neither tables nor variables. */
  #matters(steps: readonly Step[]): boolean {
    return steps.some(({ command }) => {
      if (command.kind === 'group' || command.kind === 'for') return this.#matters(command.body)
      if (command.kind === 'if')
        return this.#matters([...command.branches.flatMap(({ body }) => body), ...command.otherwise])
      if (command.kind === 'function') return true
      const name = command.words[0] && plainWord(command.words[0])
      return name == null || (name !== 'exit' && !harmless.has(name))
    })
  }

  /** A function, with the words behind its name. */
  #callFunction(body: Group['body'], words: readonly Word[], span: Span): Status {
    if (this.#calls >= DEEPEST_CALL) {
      this.#log.add(span, { code: 'shell', message: 'functions call functions without end here' })
      return false
    }
    const outer = this.#parameters
    this.#parameters = words.map(({ text }) => text.slice(0, LONGEST_VALUE))
    this.#calls++
    this.#succeeded = true
    this.run(body)
    this.#calls--
    this.#returned = false
    this.#parameters = outer
    return this.#succeeded
  }

  #valueOf(name: string): Value | undefined {
    if (/^\d$/.test(name)) {
      const text = this.#parameters[Number(name) - 1]
      return text === undefined && this.#calls === 0 ? undefined : { text: text ?? '', missing: [] }
    }
    const { variables } = this.#input
    const given = Object.hasOwn(variables, name) ? variables[name] : undefined
    return given === undefined ? this.#values.get(name) : { text: given, missing: [] }
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
        const message = `${shown(piece.source)} is known only to a running shell`
        this.#missing.push({ source: source(), start, end, message, code: 'shell' })
        text += piece.source
        begun = true
        continue
      }
      const set = this.#valueOf(piece.name)
      this.#text += set?.text.length ?? 0
      const isDefault = set === undefined || (set.text === '' && piece.fallback !== null)
      // What is too much is told at the next command.
      const known = this.#text > MOST_TEXT ? '' : set?.text
      const value = isDefault ? piece.fallback : (known ?? null)
      if (!isDefault) this.#missing.push(...set.missing)
      if (value === null) {
        const isParameter = /^\d$/.test(piece.name)
        const message = isParameter
          ? `${shown(piece.source)} is known only to a running shell`
          : `the variable ${piece.name} has no value here`
        const code = isParameter ? 'shell' : 'unset-variable'
        this.#missing.push({ source: source(), start, end, message, code })
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
  #tellMissing(): void {
    for (const { source, start, end, message, code } of this.#missing) {
      if (this.#reported.has(source) || this.#reported.size > 10_000) continue
      this.#reported.add(source)
      this.#log.add({ start, end }, { code, message, expected: code === 'shell' ? INSTEAD : undefined })
    }
    this.#missing = []
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
    const before = this.#missing
    this.#missing = []
    const value = this.#expand({ ...word, pieces: whole }).map((one) => one.text)
    const text = value.join(' ').slice(0, LONGEST_VALUE)
    this.#values.set(found[1]!, { text, missing: this.#missing.slice(0, MOST_MISSING) })
    this.#missing = before
    return true
  }

  #simple(command: SimpleCommand, inCondition: boolean): Status {
    if (this.#isTooMuch(command)) return false
    let { words } = command
    const isInverted = words[0] !== undefined && plainWord(words[0]) === '!'
    if (isInverted) words = words.slice(1)
    while (words[0] !== undefined && this.#assign(words[0])) words = words.slice(1)
    if (words.length === 0) return true
    const expanded = this.#program(words)
    while (expanded[0] !== undefined && this.#isPrompt(expanded)) expanded.shift()
    while (expanded[0] !== undefined && prefixes.has(expanded[0].text)) expanded.shift()
    const [program, ...rest] = expanded
    if (program === undefined) return true
    if (declarations.has(program.text)) {
      for (const word of words.slice(1)) this.#assign(word)
      this.#missing = []
      return true
    }
    const status = this.#call(program, rest, command, inCondition)
    return isInverted && status !== null ? !status : status
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

  /** Variables in a here-document are not put in. */
  #refuseExpansions(from: number, to: number): void {
    const text = this.#input.text.slice(from, to)
    for (const { 0: source, index } of text.matchAll(/(?<!\\)(?:\$\w+|\$[{(][^})\n]*[})]?|`[^`\n]*`?)/g)) {
      if (text[text.lastIndexOf('\n', index) + 1] === '#') continue
      const message = `${shown(source)} in a here-document is not put in here: its value has to stand there`
      const expected = 'the value; or the word behind << in quotes, where it is meant as it stands'
      const start = from + index
      this.#log.add({ start, end: start + source.length }, { code: 'shell', message, expected })
    }
  }

  #call(program: Word, rest: Word[], command: SimpleCommand, inCondition: boolean): Status {
    const { family, registry, log, loader } = this.#input
    const base = baseOf(program)
    const unset = /^\$\{?(\w+)\}?$/.exec(base)?.[1]
    const tool = /^(ip6?tables)(?:-legacy|-nft)?(-restore)?$/.exec(base)
    const named =
      tool?.[1] ?? (unset !== undefined && /^ip_?t|iptables|^fw$/i.test(unset) ? 'iptables' : null)
    const isOther = named !== null && named !== programOf(family)
    if (tests.has(base)) {
      const isKnown = this.#missing.length === 0
      return isKnown ? judgeTest(base, rest) : null
    }
    if (named === null) this.#noteUnapplied(base, rest, command)
    if (named === null && harmless.has(base)) {
      if (base === 'return' && this.#calls > 0) {
        this.#returned = true
        return rest[0] === undefined ? this.#succeeded : rest[0].text === '0'
      }
      return inCondition && !decided.has(base) ? null : true
    }
    this.#tellMissing()
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
      const { from, to, expands } = command.here
      if (expands) this.#refuseExpansions(from, to)
      const keep = rest.some(({ text }) => /^(?:-[a-z]*n[a-z]*|--nof\w*)$/.test(text))
      this.comments = readRestore({ ...this.#input, from, to, keep })
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
    if (base === 'exit') {
      this.#stopped = true
      return true
    }
    if (base === 'false') return false
    const body = this.#functions.get(program.text)
    if (body !== undefined) return this.#callFunction(body, rest, command)
    this.#log.add(program, unknownCommand(program, base, rest, this.#input.text))
    return inCondition ? null : true
  }
}
