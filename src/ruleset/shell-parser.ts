/** Words and operators of a script as commands and loops. */
import type { DiagnosticLog, Span } from './diagnostic.ts'
import { shown } from './diagnostic.ts'
import type { HereDocument, Piece, ShellToken, ShellWord } from './shell-lexer.ts'

export interface SimpleCommand extends Span {
  readonly kind: 'simple'
  readonly words: readonly ShellWord[]
  readonly here: HereDocument | null
  /** Comment lines right above. */
  readonly comments: readonly string[]
}

export interface Loop {
  readonly kind: 'for'
  readonly variable: string
  readonly words: readonly ShellWord[]
  readonly body: readonly Step[]
}

export interface Step {
  readonly command: SimpleCommand | Loop
  /** How it depends on the one before: `&&` and `||` look at whether that failed. */
  readonly when: 'always' | 'success' | 'failure'
}

const DEEPEST = 20
const refused: Readonly<Record<string, string>> = {
  if: 'fi',
  while: 'done',
  until: 'done',
  case: 'esac',
  select: 'done',
  function: '}',
  '{': '}',
}

/** The text of a word without quotes or variables, or null. */
export function plainWord(word: ShellWord): string | null {
  const [piece, ...more] = word.pieces
  return piece?.kind === 'text' && !piece.quoted && more.length === 0 ? piece.text : null
}

export function parseShell(tokens: readonly ShellToken[], log: DiagnosticLog): Step[] {
  return new ShellParser(tokens, log).list(0)
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
    this.#log.add(span, { code: 'shell', message })
  }

  /** Commands up to the end, or up to `done` inside a loop. */
  list(depth: number): Step[] {
    const steps: Step[] = []
    let when: Step['when'] = 'always'
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
          // What is piped is the output; the command behind the pipe stands for itself.
          when = 'always'
        } else this.#error(token, `${token.text} is more shell than is understood here`)
      } else if (token.kind === 'here') {
        this.#at++
      } else {
        const keyword = plainWord(token.word)
        if (keyword === 'done' && depth > 0) return steps
        const command = this.#command(token.word, keyword, depth)
        if (command) steps.push({ command, when })
      }
    }
    return steps
  }

  #command(word: ShellWord, keyword: string | null, depth: number): SimpleCommand | Loop | null {
    if (keyword === 'for') return this.#loop(word, depth)
    if (keyword !== null && Object.hasOwn(refused, keyword)) {
      this.#error(word, `${shown(keyword)} is more shell than is understood here: the block is left out`)
      this.#skipBlock(keyword)
      return null
    }
    return this.#simple(word)
  }

  #simple(first: ShellWord): SimpleCommand | null {
    const words: ShellWord[] = []
    let here: HereDocument | null = null
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token.kind === 'word') words.push(token.word)
      else if (token.kind === 'here') here = token.document
      else break
      this.#at++
    }
    const next = this.#tokens[this.#at]
    if (words.length === 1 && next?.kind === 'operator' && next.text === '(') {
      this.#error(first, 'functions are more shell than is understood here: the block is left out')
      this.#skipBlock('{')
      return null
    }
    const comments = this.#comments
    this.#comments = []
    return { kind: 'simple', words, here, comments, start: first.start, end: words[words.length - 1]!.end }
  }

  #loop(word: ShellWord, depth: number): Loop | null {
    this.#at++
    const name = this.#takePlain()
    const list: ShellWord[] = []
    if (this.#takePlain() !== 'in' || name === null || !/^[A-Za-z_]\w*$/.test(name) || depth >= DEEPEST) {
      this.#error(word, 'a loop is understood as: for NAME in WORDS; do …; done')
      this.#skipBlock('while')
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
    const body = this.list(depth + 1)
    if (this.#tokens[this.#at] === undefined) this.#error(word, 'this loop has no done')
    else this.#at++
    return { kind: 'for', variable: name, words: list, body }
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
  #skipBlock(keyword: string): void {
    const ends = [refused[keyword]!]
    let start = true
    for (this.#at++; this.#at < this.#tokens.length && ends.length > 0; this.#at++) {
      const token = this.#tokens[this.#at]!
      if (token.kind !== 'word') {
        start = true
        continue
      }
      const word = plainWord(token.word)
      if (word === ends[ends.length - 1] && start) ends.pop()
      else if (start && word !== null && (Object.hasOwn(refused, word) || word === 'for')) {
        // The brace of a function is the block that is being skipped already.
        if (!(word === '{' && keyword === '{' && ends.length === 1)) ends.push(refused[word] ?? 'done')
      }
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
