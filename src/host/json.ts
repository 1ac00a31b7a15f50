/** JSON with the place of every value, so that what is wrong in it can be shown; several texts may follow one another. */
import { HostError, quoted } from './host-error.ts'

export interface JsonNode {
  /** An object's members keep their order; of equal names the last counts. */
  readonly value: string | number | boolean | null | readonly JsonNode[] | ReadonlyMap<string, JsonNode>
  /** Offset of its first character. */
  readonly position: number
  readonly length: number
}

/** Deeper nothing is nested that anybody prints. */
const DEEPEST = 32

/** All values of the text, one after another. @throws HostError */
export function parseJsonTexts(text: string): JsonNode[] {
  return new JsonReader(text).all()
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  all(): JsonNode[] {
    const values: JsonNode[] = []
    for (;;) {
      this.#skip()
      if (this.#at >= this.#text.length) return values
      values.push(this.#value(0))
    }
  }

  #skip(): void {
    const text = this.#text
    for (;;) {
      const code = text.charCodeAt(this.#at)
      // Also a byte order mark.
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || code === 0xfeff) this.#at++
      else return
    }
  }

  #value(depth: number): JsonNode {
    const position = this.#at
    const value = this.#read(depth)
    return { value, position, length: this.#at - position }
  }

  #read(depth: number): JsonNode['value'] {
    if (depth > DEEPEST) throw new HostError('this is nested too deep', this.#at)
    const start = this.#text[this.#at]
    if (start === '[') return this.#array(depth)
    if (start === '{') return this.#object(depth)
    if (start === '"') return this.#string()
    const [word = ''] = /^[-+.\w]*/.exec(this.#text.slice(this.#at, this.#at + 64)) ?? []
    const known = words.get(word)
    if (known === undefined && !/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(word)) {
      throw this.#unexpected('a value')
    }
    this.#at += word.length
    return known === undefined ? Number(word) : known
  }

  #array(depth: number): JsonNode[] {
    const items: JsonNode[] = []
    this.#at++
    this.#skip()
    if (this.#take(']')) return items
    for (;;) {
      items.push(this.#value(depth + 1))
      this.#skip()
      if (this.#take(']')) return items
      if (!this.#take(',')) throw this.#unexpected('"," or "]"')
      this.#skip()
    }
  }

  #object(depth: number): Map<string, JsonNode> {
    const members = new Map<string, JsonNode>()
    this.#at++
    this.#skip()
    if (this.#take('}')) return members
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#unexpected('a name in quotes')
      const name = this.#string()
      this.#skip()
      if (!this.#take(':')) throw this.#unexpected('":"')
      this.#skip()
      members.set(name, this.#value(depth + 1))
      this.#skip()
      if (this.#take('}')) return members
      if (!this.#take(',')) throw this.#unexpected('"," or "}"')
      this.#skip()
    }
  }

  #string(): string {
    const text = this.#text
    const start = this.#at
    let end = start + 1
    while (end < text.length && text[end] !== '"') {
      if (text.charCodeAt(end) < 0x20) throw new HostError('a string goes on over the end of its line', start)
      end += text[end] === '\\' ? 2 : 1
    }
    if (end >= text.length) throw new HostError('a string that begins here does not end', start)
    this.#at = end + 1
    try {
      return String(JSON.parse(text.slice(start, end + 1)))
    } catch {
      throw new HostError('an escape in this string is none of JSON', start, end + 1 - start)
    }
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #unexpected(expected: string): HostError {
    const rest = this.#text.slice(this.#at, this.#at + 64)
    if (rest === '') return new HostError(`the text ends where ${expected} is due`, this.#at)
    const [word = [...rest][0]!] = /^[\w.:/-]+/.exec(rest) ?? []
    return new HostError(`${quoted(word)} where ${expected} is due`, this.#at, word.length)
  }
}

const words = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])
