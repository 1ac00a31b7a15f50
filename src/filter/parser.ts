/**
 * Reads a selection in the words of pcap-filter(7), and in a few of our own. As tcpdump does:
 *
 * - `not` binds tightest; `and` and `or` bind equally, from left to right;
 * - a value without a keyword takes the last one's: `port 80 or 443`, `not host A and B`, `port (80 or 443)`;
 *   behind a pair of parentheses that is the keyword in front of them; `tcp` and the like leave none.
 */
import { suggest } from '../diagnostic/suggest.ts'
import {
  type Direction,
  type Expression,
  ends,
  type FamilyWord,
  type Link,
  PORT_PROTOCOLS,
  PROTOCOL_WORDS,
  type ProtocolWord,
} from './expression.ts'
import { type Token, type TokenKind, tokenize } from './lexer.ts'
import { FilterRefusal } from './refusal.ts'
import { type Head, ValueReader } from './values.ts'
import { FIRST_WORDS, KEYWORDS, WORD_TERMS } from './vocabulary.ts'

/** Parentheses and `not` within each other: more than anyone writes, few enough for the stack. */
const DEEPEST = 100

/** @throws FilterRefusal */
export function parseExpression(text: string): Expression {
  return new Parser(tokenize(text)).parse()
}

const isFamily = (word: string): word is FamilyWord => word === 'ip' || word === 'ip6'
const isProtocol = (word: string): word is ProtocolWord => Object.hasOwn(PROTOCOL_WORDS, word)
const hasPorts = (word: ProtocolWord): word is (typeof PORT_PROTOCOLS)[number] =>
  (PORT_PROTOCOLS as readonly string[]).includes(word)
const isWordTerm = (word: string): word is keyof typeof WORD_TERMS => Object.hasOwn(WORD_TERMS, word)
const isEnd = (word: string): word is 'src' | 'dst' => word === 'src' || word === 'dst'

class Parser {
  readonly #tokens: readonly Token[]
  readonly #values: ValueReader
  #at = 0
  /** What a value without a keyword belongs to. */
  #head: Head | null = null

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
    this.#values = new ValueReader({ peek: () => this.#token, take: () => this.#take() })
  }

  parse(): Expression {
    const expression = this.#chain(0, false)
    if (this.#token.kind !== 'end') throw this.#unexpected(this.#token)
    return expression
  }

  get #token(): Token {
    return this.#tokens[this.#at]!
  }

  #take(): Token {
    const token = this.#token
    if (token.kind !== 'end') this.#at++
    return token
  }

  #accept(kind: TokenKind): boolean {
    if (this.#token.kind !== kind) return false
    this.#at++
    return true
  }

  #acceptWord<Word extends string>(...words: readonly Word[]): Word | null {
    const token = this.#token
    const word = words.find((candidate) => candidate === token.text)
    if (token.kind !== 'word' || word === undefined) return null
    this.#at++
    return word
  }

  /** `valuesOnly`: inside `port ( … )`, where only port numbers make sense. */
  #chain(depth: number, valuesOnly: boolean): Expression {
    const first = this.#operand(depth, valuesOnly)
    const rest: Link[] = []
    for (;;) {
      const operator = this.#token.kind
      if (operator !== 'and' && operator !== 'or') break
      this.#at++
      rest.push({ operator, operand: this.#operand(depth, valuesOnly) })
    }
    return rest.length === 0 ? first : { kind: 'chain', first, rest }
  }

  #operand(depth: number, valuesOnly: boolean): Expression {
    const token = this.#token
    if (depth > DEEPEST) {
      throw new FilterRefusal(token, `at most ${DEEPEST} parentheses and nots within each other`, {
        message: `nested too deep: at most ${DEEPEST} levels of parentheses and not`,
      })
    }
    if (this.#accept('not')) return { kind: 'not', operand: this.#operand(depth + 1, valuesOnly) }
    if (this.#accept('(')) {
      const head = this.#head
      const group = this.#chain(depth + 1, valuesOnly)
      if (!this.#accept(')')) throw this.#unclosed(token)
      this.#head = head
      return group
    }
    if (token.kind === 'word' && KEYWORDS.has(token.text) && !valuesOnly) return this.#term(depth)
    if (this.#head === null || token.kind !== 'word') throw this.#noTerm(token)
    return this.#values.read(this.#head)
  }

  #term(depth: number): Expression {
    const token = this.#take()
    const word = token.text
    if (isFamily(word)) return this.#behindFamily(word, depth)
    if (isProtocol(word)) return this.#behindProtocol(word, token, depth)
    if (isEnd(word) || word === 'host' || word === 'net' || word === 'port' || word === 'portrange') {
      this.#at--
      return this.#addressed(null, null, depth)
    }
    if (word === 'proto') return this.#withHead({ kind: 'proto', family: null }, depth)
    if (word === 'frame' || word === 'in' || word === 'out') return this.#withHead({ kind: word }, depth)
    if (isWordTerm(word)) return this.#withHead({ kind: word }, depth)
    if (word === 'less' || word === 'greater') {
      this.#head = null
      return { kind: word, length: this.#values.number('a length in bytes', 0xffff_ffff) }
    }
    throw this.#noTerm(token)
  }

  #withHead(head: Head, depth: number): Expression {
    this.#head = head
    const next = this.#token.kind
    return next === 'not' || next === '(' ? this.#operand(depth, true) : this.#values.read(head)
  }

  #behindFamily(family: FamilyWord, depth: number): Expression {
    if (this.#acceptWord('proto') !== null) return this.#withHead({ kind: 'proto', family }, depth)
    const next = this.#token
    if (next.text === 'port' || next.text === 'portrange') {
      throw new FilterRefusal(next, 'host, net, src, dst or proto', {
        message: `"${family}" does not go with ${next.text}; join them with and`,
        suggestion: `${family} and ${next.text}`,
      })
    }
    if (isEnd(next.text) || next.text === 'host' || next.text === 'net') {
      return this.#addressed(family, null, depth)
    }
    this.#head = null
    return { kind: 'family', family }
  }

  #behindProtocol(protocol: ProtocolWord, token: Token, depth: number): Expression {
    const next = this.#token
    const ports = hasPorts(protocol)
    const qualifies = isEnd(next.text) || next.text === 'port' || next.text === 'portrange'
    if (next.kind === 'word' && (next.text === 'host' || next.text === 'net' || (qualifies && !ports))) {
      throw new FilterRefusal(next, 'and, or, or the end', {
        message: `"${token.text}" does not go with ${next.text}; join them with and`,
        suggestion: `${token.text} and ${next.text}`,
      })
    }
    if (qualifies && ports) return this.#addressed(null, protocol, depth)
    this.#head = null
    return { kind: 'protocol', protocol }
  }

  /** `src or dst portrange 1-9`: the ends, the kind of thing, and its value. */
  #addressed(
    family: FamilyWord | null,
    protocol: (typeof PORT_PROTOCOLS)[number] | null,
    depth: number,
  ): Expression {
    const direction = this.#direction()
    const token = this.#token
    const kind = this.#acceptWord('host', 'net', 'port', 'portrange')
    if (kind === 'port' || kind === 'portrange') {
      if (family === null) return this.#withHead({ kind, protocol, direction }, depth)
      throw new FilterRefusal(token, 'host or net', {
        message: `"${family}" does not go with ${kind}; join them with and`,
        suggestion: `${family} and ${ends(direction)}${kind}`,
      })
    }
    if (protocol === null) return this.#withHead({ kind: kind ?? 'host', family, direction }, depth)
    throw new FilterRefusal(token, 'port or portrange', {
      message: `"${protocol}" does not go with addresses; join them with and`,
      suggestion: `${protocol} and ${ends(direction)}${kind ?? 'host'}`,
    })
  }

  #direction(): Direction {
    const end = this.#acceptWord('src', 'dst')
    if (end === null) return 'src or dst'
    const operator = this.#token.kind
    const other = this.#tokens[this.#at + 1]
    const both = other?.kind === 'word' && isEnd(other.text) && other.text !== end
    if (!both || (operator !== 'and' && operator !== 'or')) return end
    this.#at += 2
    return operator === 'and' ? 'src and dst' : 'src or dst'
  }

  /** Something else stands where a term should begin. */
  #noTerm(token: Token): FilterRefusal {
    const expected = 'a term such as host, net, port, tcp or ctstate'
    if (token.kind === 'end') return new FilterRefusal(token, expected)
    if (/^[0-9.]+$|:.*:/.test(token.text)) {
      const word = /[.:]/.test(token.text) ? 'host' : 'port'
      return new FilterRefusal(token, expected, {
        message: `${token.text} needs a keyword in front of it`,
        suggestion: `${word} ${token.text}`,
      })
    }
    const suggestion = token.kind === 'word' ? suggest(token.text, FIRST_WORDS) : null
    return new FilterRefusal(token, expected, { suggestion })
  }

  #unclosed(open: Token): FilterRefusal {
    if (this.#token.kind !== 'end') return this.#unexpected(this.#token)
    return new FilterRefusal(open, 'a closing parenthesis', { message: 'this parenthesis is never closed' })
  }

  /** A term is complete, and something follows that cannot. */
  #unexpected(token: Token): FilterRefusal {
    const expected = 'and, or, or the end'
    switch (token.text) {
      case '[':
        return new FilterRefusal(token, expected, {
          message: 'single bytes of a packet, as in tcp[13], cannot be selected here',
        })
      case ')':
        return new FilterRefusal(token, expected, { message: 'no parenthesis is open here' })
      case ',':
        return new FilterRefusal(token, expected, {
          message:
            'a list with commas goes with frame, in, out, ctstate, state, reason and verdict; elsewhere write or',
        })
      case '&':
      case '|':
        return new FilterRefusal(token, expected, { suggestion: token.text.repeat(2) })
    }
    // "host A port 80" wants an "and"; "host A adn port 80" has one, mistyped.
    const suggestion =
      token.kind !== 'word'
        ? null
        : KEYWORDS.has(token.text)
          ? `and ${token.text}`
          : suggest(token.text, ['and', 'or', 'not'])
    return new FilterRefusal(token, expected, { suggestion })
  }
}
