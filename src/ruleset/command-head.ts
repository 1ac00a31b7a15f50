/** The command of a line, `-A CHAIN` or another, with the words that belong to it. */
import type { DiagnosticLog, Finding, Span } from './diagnostic.ts'
import { shown } from './diagnostic.ts'
import type { GenericOption, Verb } from './generic-options.ts'
import { parseNumber } from './number.ts'
import { builtInChains, type Hook, isBuiltIn, type TableName } from './tables.ts'
import type { Move } from './use-draft.ts'
import { mendLostBlank, takeWord, type Words } from './value-reader.ts'
import type { Word } from './word.ts'

const numbered: readonly Verb[] = ['insert', 'delete', 'replace', 'list', 'zero']

export class CommandHead {
  readonly #log: DiagnosticLog
  readonly #words: Words
  verb: Verb | null = null
  #verbWord: Word | null = null
  chain: Word | null = null
  /** The policy of -P, the new name of -E. */
  second: Word | null = null
  /** Of a rule, from 1. */
  number: number | null = null

  constructor(words: Words, log: DiagnosticLog) {
    this.#words = words
    this.#log = log
  }

  #error(span: Span, code: Finding['code'], message: string): void {
    this.#log.add(span, { code, message })
  }

  /** @param known Whether there is a chain of this name. */
  read(option: GenericOption, word: Word, attached: Word | null, known: (chain: string) => boolean): void {
    const verb = option.verb!
    const first = this.verb === null
    if (!first && !(verb === 'zero' && this.verb === 'list')) {
      const both = `${this.#verbWord!.text} and ${word.text}`
      this.#error(word, 'bad-command', `a line takes one command, but ${both} stand here`)
    }
    this.verb ??= verb
    this.#verbWord ??= word
    let chain = attached
    if (chain === null) {
      if (option.value === 'none' || (option.value === 'maybe' && !this.#words.hasPlainWord())) return
      chain = takeWord(this.#words, word.text, word, this.#log)
    }
    if (chain === null || !first) return
    this.chain = verb === 'new-chain' ? chain : mendLostBlank(this.#words, chain, known, this.#log)
    if (verb === 'rename-chain' || verb === 'policy') this.#readSecond(word, verb)
    else if (numbered.includes(verb)) this.#readNumber(word, verb)
  }

  #readSecond(word: Word, verb: Verb): void {
    if (this.#words.hasPlainWord()) {
      this.second = this.#words.list[this.#words.at++]!
      return
    }
    const what = verb === 'policy' ? 'a policy, ACCEPT or DROP' : 'the new name'
    this.#error(word, 'missing-value', `${word.text} needs a chain and ${what}`)
  }

  #readNumber(word: Word, verb: Verb): void {
    if (this.#words.hasPlainWord()) {
      const place = this.#words.list[this.#words.at++]!
      const number = parseNumber(place.text)
      if (number === null || number === 0) {
        this.#error(place, 'bad-value', `${shown(place.text)} is no number of a rule; they count from 1`)
      } else this.number = number
    } else if (verb === 'replace') {
      this.#error(word, 'missing-value', '-R needs a chain and the number of a rule')
    }
  }

  /** `-A INPUT` as `-t nat -A PREROUTING`: the chain of another table that sees the same packets. */
  moved(from: TableName, to: TableName, hooks: readonly Hook[]): ReturnType<Move> {
    const { chain } = this
    const word = this.#verbWord
    if (!chain || !word || chain.start < word.end || !isBuiltIn(from, chain.text)) return null
    const own = chain.text as Hook
    const valid = hooks.length === 0 ? builtInChains(to) : hooks
    const other: Hook = own === 'OUTPUT' ? 'POSTROUTING' : 'PREROUTING'
    // What is addressed to the host comes by PREROUTING first.
    const likely: readonly Hook[] = own === 'INPUT' ? [other, own] : [own, other]
    const text = `-t ${to} ${word.text} ${likely.find((hook) => valid.includes(hook)) ?? valid[0]!}`
    return { suggestion: text, fixes: [{ position: word.start, length: chain.end - word.start, text }] }
  }
}
