/** Help texts out of the option tables. */
import { type Command, type Option, type Options, optionName } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Longer lines are tiring to read, however wide the window is. */
const WIDEST = 100
/** Terms longer than this have their sentence on the next line. */
const TERM_WIDTH = 24

type Row = readonly [term: string, sentence: string]

/** `sallyport help replay`. Ends with an end of line. */
export function commandHelp<Table extends Options>(command: Command<Table>, terminal: Terminal): string {
  const page = new Page(terminal)
  page.paragraph(`${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`)
  page.heading('Usage:', `sallyport ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`)
  if (command.positionals.length > 0) {
    page.rows(command.positionals.map(({ name, sentence }) => [name, sentence]))
  }
  const groups = new Map<string, Row[]>()
  for (const [key, option] of Object.entries(command.options)) {
    const rows = groups.get(option.group) ?? []
    groups.set(option.group, rows)
    rows.push([optionTerm(key, option), optionSentence(option)])
  }
  const help: Row = ['-h, --help', 'show this text']
  if (groups.size === 0) groups.set('Options', [])
  ;[...groups.values()].at(-1)!.push(help)
  const longest = longestTerm([...groups.values()].flat())
  for (const [group, rows] of groups) {
    page.heading(`${group}:`)
    page.rows(rows, longest)
  }
  for (const note of command.notes ?? []) page.paragraph(note)
  page.heading('Examples:')
  page.examples(command.examples.map(({ line, sentence }) => [line, sentence]))
  return page.text
}

export interface Overview {
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
}

/** `sallyport --help`. */
export function overview({ commands }: Overview, terminal: Terminal): string {
  const page = new Page(terminal)
  page.paragraph(
    'Linux connection tracking in user space: replays a capture and says, packet by packet, what the kernel would make of it, and why.',
  )
  page.heading('Usage:', 'sallyport COMMAND [options] …')
  page.heading('Commands:')
  page.rows(commands.map(({ name, summary }) => [name, summary]))
  page.heading('Options:')
  page.rows([
    ['-h, --help', 'show this text; behind a command, the help for it'],
    ['-V, --version', 'show the version'],
  ])
  page.heading('Exit codes:')
  page.rows(exitCodes.map(([code, meaning]) => [`${code}`, meaning]))
  page.heading('Examples:')
  page.examples([
    [
      'sallyport replay trouble.pcapng',
      'what is out of the ordinary in a capture, each packet with its reason',
    ],
    ['sallyport help replay', 'all that replay can do'],
  ])
  return page.text
}

/** `-w, --write FILE`, `--table[=FORMAT]`: aligned behind the short options' column. */
function optionTerm(key: string, option: Option): string {
  const short = option.short === undefined ? '    ' : `-${option.short}, `
  if (option.kind === 'flag') return short + optionName(key)
  if (option.kind === 'enum' && option.implied !== undefined) {
    return `${short}${optionName(key)}[=${option.valueName}]`
  }
  return `${short}${optionName(key)} ${option.valueName}`
}

function optionSentence(option: Option): string {
  const facts: string[] = []
  if (option.kind === 'enum') facts.push(option.values.join(', '))
  if (option.kind === 'enum' && option.implied !== undefined) facts.push(`${option.implied} if none is named`)
  if (option.kind === 'number' || (option.kind === 'enum' && option.default !== undefined)) {
    facts.push(`default ${option.default}`)
  }
  if (option.kind === 'list') facts.push('may be repeated')
  return facts.length === 0 ? option.sentence : `${option.sentence} (${facts.join('; ')})`
}

function longestTerm(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(([term]) => term.length).filter((length) => length <= TERM_WIDTH))
}

class Page {
  text = ''
  readonly #terminal: Terminal
  readonly #width: number

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#width = Math.min(WIDEST, terminal.width)
  }

  paragraph(text: string): void {
    this.#gap()
    this.text += `${wrap(text, this.#width).join('\n')}\n`
  }

  /** A blank line, the heading, and perhaps something behind it. */
  heading(title: string, rest = ''): void {
    this.#gap()
    this.text += `${this.#terminal.style('heading', title)}${rest === '' ? '' : ` ${rest}`}\n`
  }

  /** Terms and sentences in two columns; `longest` makes several blocks share them. */
  rows(rows: readonly Row[], longest = longestTerm(rows)): void {
    const column = 2 + longest + 2
    for (const [term, sentence] of rows) {
      const lines = wrap(sentence, this.#width - column)
      const first = term.length <= longest ? `${term.padEnd(longest)}  ${lines.shift() ?? ''}` : term
      this.text += `  ${first}\n${lines.map((line) => `${' '.repeat(column)}${line}\n`).join('')}`
    }
  }

  /** A line to type, and below it what it does. */
  examples(rows: readonly Row[]): void {
    for (const [line, sentence] of rows) {
      const lines = wrap(sentence, this.#width - 6).map(
        (part) => `      ${this.#terminal.style('dim', part)}\n`,
      )
      this.text += `  ${line}\n${lines.join('')}`
    }
  }

  #gap(): void {
    if (this.text !== '') this.text += '\n'
  }
}

/** Lines of at most `width` characters, broken at spaces; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}
