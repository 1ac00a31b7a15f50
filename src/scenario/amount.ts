/** Numbers of a scenario: digits, or a calculation with the counters of `repeat` in braces, `{40000+i}`. */
import { Refusal, type Span } from './problem.ts'
import type { Scanner } from './scanner.ts'

type Node =
  | number
  | { readonly counter: string; readonly span: Span }
  | { readonly operator: string; readonly left: Node; readonly right: Node; readonly span: Span }

/** A number, or how to come by it. */
export interface Amount {
  readonly span: Span
  readonly node: Node
}

/** Values of the counters by their names. */
export type Counters = ReadonlyMap<string, number>

/** What a number may be, and what it is called in messages. */
export interface Range {
  readonly what: string
  readonly minimum: number
  readonly maximum: number
}

const DEEPEST = 20
/** Beyond, numbers are no longer exact. */
const LARGEST = Number.MAX_SAFE_INTEGER

export const noCounters: Counters = new Map()

/** A number that is known now. */
export function fixed(node: number, span: Span): Amount {
  return { node, span }
}

/** Takes digits (decimal, or hexadecimal behind 0x) or braces; null where neither begins. @throws Refusal */
export function readAmount(scanner: Scanner, known: ReadonlySet<string>): Amount | null {
  if (scanner.next === '{') return readBraces(scanner, known)
  const digits = scanner.match(/0x[0-9a-fA-F]+|[0-9]+/y)
  if (digits === null) return null
  const node = Number(digits.text)
  if (node > LARGEST) throw new Refusal(digits, 'the number is too large')
  return { node, span: digits }
}

function readBraces(scanner: Scanner, known: ReadonlySet<string>): Amount {
  const start = scanner.at++
  const node = readSum(scanner, known, 0)
  scanner.expect('}', 'behind the calculation')
  return { node, span: { start, end: scanner.at } }
}

function readSum(scanner: Scanner, known: ReadonlySet<string>, depth: number): Node {
  return readChain(scanner, /[+-]/y, () =>
    readChain(scanner, /[*/%]/y, () => readTerm(scanner, known, depth)),
  )
}

function readChain(scanner: Scanner, operators: RegExp, operand: () => Node): Node {
  let left = operand()
  // Each turn nests one deeper, and whoever evaluates goes as deep.
  for (let count = 0; ; count++) {
    scanner.skip()
    const operator = scanner.match(operators)
    if (operator === null) return left
    if (count === DEEPEST) throw new Refusal(operator, 'the calculation is too long')
    const right = operand()
    left = { operator: operator.text, left, right, span: operator }
  }
}

function readTerm(scanner: Scanner, known: ReadonlySet<string>, depth: number): Node {
  scanner.skip()
  if (scanner.next === '(') {
    const open = { start: scanner.at, end: scanner.at + 1 }
    if (depth === DEEPEST) throw new Refusal(open, 'the parentheses are nested too deep')
    scanner.at++
    const node = readSum(scanner, known, depth + 1)
    scanner.expect(')', 'to close the parenthesis')
    return node
  }
  const digits = scanner.match(/[0-9]{1,15}/y)
  if (digits !== null) return Number(digits.text)
  const name = scanner.match(/[A-Za-z_][A-Za-z0-9_]*/y)
  if (name === null) throw scanner.refusal('expected a number or a counter of repeat')
  if (known.has(name.text)) return { counter: name.text, span: name }
  const hint =
    known.size === 0 ? 'there is no repeat around it that counts' : `there is ${[...known].join(', ')}`
  throw new Refusal(name, `no counter is called "${name.text}": ${hint}`)
}

/** @throws Refusal if it is outside of its range. */
export function evaluate({ node, span }: Amount, counters: Counters, range: Range): number {
  const value = calculate(node, counters)
  const { what, minimum, maximum } = range
  if (value >= minimum && value <= maximum) return value
  const came = typeof node === 'number' ? '' : `, not ${value}`
  throw new Refusal(span, `${what} is a number from ${minimum} to ${maximum}${came}`)
}

/** The same without a range of its own: any exact whole number. @throws Refusal */
function calculate(node: Node, counters: Counters): number {
  if (typeof node === 'number') return node
  if ('counter' in node) return counters.get(node.counter) ?? 0
  const left = calculate(node.left, counters)
  const right = calculate(node.right, counters)
  const value = operate(node.operator, left, right)
  if (!Number.isFinite(value)) throw new Refusal(node.span, 'nothing can be divided by 0')
  if (Math.abs(value) > LARGEST) throw new Refusal(node.span, 'the result is too large')
  return value
}

/** Division goes to the whole number below. */
function operate(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return Math.floor(left / right)
    default:
      return right === 0 ? Number.NaN : left % right
  }
}

/** Does it depend on a counter? */
export function isFixed({ node }: Amount): boolean {
  return typeof node === 'number'
}
