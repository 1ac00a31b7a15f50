/** Words and operators of a script as commands, loops, conditions and functions. */
import type { DiagnosticLog, Span } from './diagnostic.ts'
import type { HereDocument, Piece, ShellToken, ShellWord } from './shell-lexer.ts'

export interface SimpleCommand extends Span {
  readonly kind: 'simple'
  readonly words: readonly ShellWord[]
  readonly here: HereDocument | null
  /** Where its output goes. */
  readonly output: ShellWord | null
  /** Comment lines right above. */
  readonly comments: readonly string[]
}

export interface Loop extends Span {
  readonly kind: 'for'
  readonly variable: string
  readonly words: readonly ShellWord[]
  readonly body: readonly Step[]
}

export interface Condition extends Span {
  readonly kind: 'if'
  /** `if` and each `elif`. */
  readonly branches: readonly { readonly condition: readonly Step[]; readonly body: readonly Step[] }[]
  /** `else`; empty without. */
  readonly otherwise: readonly Step[]
}

/** `{ …; }`, and what a function does. */
export interface Group extends Span {
  readonly kind: 'group'
  readonly body: readonly Step[]
}

export interface FunctionDefinition extends Span {
  readonly kind: 'function'
  readonly name: string
  readonly body: readonly Step[]
}

export type ShellCommand = SimpleCommand | Loop | Condition | Group | FunctionDefinition

export interface Step {
  readonly command: ShellCommand
  /** How it depends on the one before: `&&` and `||` look at whether that failed. */
  readonly when: 'always' | 'success' | 'failure'
}

/** What needs no shell. */
export const INSTEAD = 'what iptables-save prints once the script has run'

const DEEPEST = 20
/** Blocks, by what begins and what ends them. */
const blocks: Readonly<Record<string, string>> = {
  while: 'done',
  until: 'done',
  case: 'esac',
  select: 'done',
  for: 'done',
  if: 'fi',
  '{': '}',
}
/** Of those that are left out, what would have to be known. */
const refused: Readonly<Record<string, string>> = {
  while: 'how often this loop runs is known only to a running shell',
  until: 'how often this loop runs is known only to a running shell',
  case: 'which branch of this case runs is not worked out here',
  select: 'what is selected here is known only to a running shell',
}

/** The text of a word without quotes or variables, or null. */
export function plainWord(word: ShellWord): string | null {
  const [piece, ...more] = word.pieces
  return piece?.kind === 'text' && !piece.quoted && more.length === 0 ? piece.text : null
}

export function parseShell(tokens: readonly ShellToken[], log: DiagnosticLog): Step[] {
  return new ShellParser(tokens, log).all()
}

class ShellParser {
  readonly #tokens: readonly ShellToken[]
  readonly #log: DiagnosticLog
  #at = 0
  #comments: string[] = []

  constructor(tokens: readonly ShellToken[], log: DiagnosticLog) {
    this.#tokens = tokens
    this.#log = log
  }

  #error(span: Span, message: string): void {
    this.#log.add(span, { code: 'shell', message, expected: INSTEAD })
  }

  all(): Step[] {
    return this.#list(0, [])
  }

  /** Commands up to one of the words that may end them here, or up to the end of the text. */
  #list(depth: number, ends: readonly string[]): Step[] {
    const steps: Step[] = []
    let when: Step['when'] = 'always'
    let piped: HereDocument | null = null
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token.kind === 'comment') {
        this.#comments.push(token.text)
        this.#at++
      } else if (token.kind === 'operator') {
        this.#at++
        if (token.text === '&&') when = 'success'
        else if (token.text === '||') when = 'failure'
        else if (token.text === ';' || token.text === ';;' || token.text === '&') when = 'always'
        else if (token.text === '|') {
          // What is piped is the output; the command behind the pipe stands for itself, but for `cat <<END |`.
          when = 'always'
          const last = steps.at(-1)?.command
          piped =
            last?.kind === 'simple' && last.words.some((word) => plainWord(word) === 'cat') ? last.here : null
        } else
          this.#error(
            token,
            `${token.text} is not understood here: commands of a subshell stand between { and ; }`,
          )
      } else if (token.kind === 'here' || token.kind === 'output') {
        this.#at++
      } else {
        const keyword = plainWord(token.word)
        if (keyword !== null && ends.includes(keyword)) return steps
        const command = this.#command(token.word, keyword, depth)
        if (command?.kind === 'simple' && command.here === null && piped !== null)
          steps.push({ command: { ...command, here: piped }, when })
        else if (command) steps.push({ command, when })
        piped = null
      }
    }
    return steps
  }

  #command(word: ShellWord, keyword: string | null, depth: number): ShellCommand | null {
    if (keyword === 'for') return this.#loop(word, depth)
    if (keyword !== null && Object.hasOwn(refused, keyword)) {
      const end = blocks[keyword]!
      this.#error(word, `${refused[keyword]}: all up to its ${end} is left out`)
      this.#skipBlock(end)
      return null
    }
    if (keyword !== null && Object.hasOwn(blocks, keyword) && depth >= DEEPEST) {
      this.#error(word, `blocks within blocks are understood up to ${DEEPEST} deep`)
      this.#skipBlock(blocks[keyword]!)
      return null
    }
    if (keyword === 'if') return this.#condition(word, depth)
    if (keyword === '{') return this.#group(word, depth)
    if (keyword === 'function') {
      this.#at++
      const name = this.#tokens[this.#at]
      if (name?.kind === 'word') return this.#function(name.word, depth)
      return null
    }
    const next = this.#tokens[this.#at + 1]
    if (next?.kind === 'operator' && next.text === '(') return this.#function(word, depth)
    return this.#simple(word)
  }

  #group(word: ShellWord, depth: number): Group {
    this.#at++
    const body = this.#list(depth + 1, ['}'])
    this.#close(word, '}')
    return { kind: 'group', body, start: word.start, end: word.end }
  }

  #condition(word: ShellWord, depth: number): Condition {
    const branches = []
    let otherwise: Step[] = []
    let keyword: string | null = 'if'
    while (keyword === 'if' || keyword === 'elif') {
      this.#at++
      const condition = this.#list(depth + 1, ['then', 'fi'])
      if (this.#keyword() === 'then') this.#at++
      branches.push({ condition, body: this.#list(depth + 1, ['elif', 'else', 'fi']) })
      keyword = this.#keyword()
    }
    if (keyword === 'else') {
      this.#at++
      otherwise = this.#list(depth + 1, ['fi'])
    }
    this.#close(word, 'fi')
    return { kind: 'if', branches, otherwise, start: word.start, end: word.end }
  }

  /** `NAME() { …; }`, also with `function` in front, which stands ahead. */
  #function(word: ShellWord, depth: number): FunctionDefinition | null {
    const { start, end } = word
    const name = plainWord(word)
    this.#at++
    for (const text of ['(', ')']) {
      const token = this.#tokens[this.#at]
      if (token?.kind === 'operator' && token.text === text) this.#at++
    }
    this.#skipSeparators()
    if (name === null || this.#keyword() !== '{' || depth >= DEEPEST) {
      this.#error(word, 'a function is understood as: NAME() { …; }')
      return null
    }
    const { body } = this.#group(word, depth)
    return { kind: 'function', name, body, start, end }
  }

  #keyword(): string | null {
    const token = this.#tokens[this.#at]
    return token?.kind === 'word' ? plainWord(token.word) : null
  }

  /** Over the word that ends a block. */
  #close(word: ShellWord, end: string): void {
    if (this.#keyword() === end) this.#at++
    else this.#error(word, `this block has no ${end}`)
  }

  #simple(first: ShellWord): SimpleCommand {
    const words: ShellWord[] = []
    let here: HereDocument | null = null
    let output: ShellWord | null = null
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token.kind === 'word') words.push(token.word)
      else if (token.kind === 'here') here = token.document
      else if (token.kind === 'output') output = token.file
      else break
      this.#at++
    }
    const comments = this.#comments
    this.#comments = []
    const end = words[words.length - 1]!.end
    return { kind: 'simple', words, here, output, comments, start: first.start, end }
  }

  #loop(word: ShellWord, depth: number): Loop | null {
    this.#at++
    const name = this.#takePlain()
    const list: ShellWord[] = []
    if (this.#takePlain() !== 'in' || name === null || !/^[A-Za-z_]\w*$/.test(name) || depth >= DEEPEST) {
      this.#error(word, 'a loop is understood as: for NAME in WORDS; do …; done')
      this.#skipBlock('done')
      return null
    }
    for (let token = this.#tokens[this.#at]; token?.kind === 'word'; token = this.#tokens[++this.#at]) {
      list.push(...braces(token.word))
    }
    this.#skipSeparators()
    if (this.#takePlain() !== 'do') {
      this.#error(word, 'a loop is understood as: for NAME in WORDS; do …; done')
      return null
    }
    const body = this.#list(depth + 1, ['done'])
    this.#close(word, 'done')
    return { kind: 'for', variable: name, words: list, body, start: word.start, end: word.end }
  }

  #takePlain(): string | null {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'word') return null
    this.#at++
    return plainWord(token.word)
  }

  #skipSeparators(): void {
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token.kind === 'word' || (token.kind === 'operator' && token.text !== ';')) return
      this.#at++
    }
  }

  /** To the word that ends the block, over those inside it. */
  #skipBlock(end: string): void {
    const ends = [end]
    let start = true
    for (this.#at++; this.#at < this.#tokens.length && ends.length > 0; this.#at++) {
      const token = this.#tokens[this.#at]!
      if (token.kind !== 'word') {
        start = true
        continue
      }
      const word = plainWord(token.word)
      if (word === ends[ends.length - 1] && start) ends.pop()
      else if (start && word !== null && Object.hasOwn(blocks, word)) ends.push(blocks[word]!)
      start = word !== null && ['do', 'then', 'else', '{', 'in'].includes(word)
    }
  }
}

/** `{a,b}` as two words; other words as they are. */
function braces(word: ShellWord): ShellWord[] {
  const parts = /^\{([^{}]+,[^{}]*)\}$/.exec(plainWord(word) ?? '')?.[1]?.split(',')
  if (parts === undefined) return [word]
  return parts.map((text) => ({ ...word, pieces: [{ kind: 'text', text, quoted: false } satisfies Piece] }))
}
