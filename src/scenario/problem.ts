/** What is wrong with a scenario's text, and where. */
import { codeFrame } from '../diagnostic/code-frame.ts'
import { printable } from '../diagnostic/printable.ts'

/** A part of a text: offsets of its first character, and of the one behind it. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Something that cannot be read, or cannot be done, with its place. */
export interface Problem {
  /** As it was given. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** Offset into the text. */
  readonly position: number
  /** How much of it is meant. */
  readonly length: number
  /** A sentence without a full stop. */
  readonly message: string
  /** The word that was probably meant, or null. */
  readonly suggestion: string | null
  /** Further lines, such as the mistakes of a ruleset that the place names. */
  readonly details: readonly string[]
}

/** Thrown inside of the scenario's parts, and made a `Problem` by who knows the text; never leaves them. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly span: Span
  readonly suggestion: string | null
  readonly details: readonly string[]

  constructor(
    span: Span,
    message: string,
    suggestion: string | null = null,
    details: readonly string[] = [],
  ) {
    super(message)
    this.span = span
    this.suggestion = suggestion
    this.details = details
  }
}

/** A text and the name that its places are told with. */
export interface Source {
  readonly file: string
  readonly text: string
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, position: number): { readonly line: number; readonly column: number } {
  const lineStart = text.lastIndexOf('\n', position - 1) + 1
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < lineStart; at = text.indexOf('\n', at + 1)) line++
  return { line, column: position - lineStart + 1 }
}

/** The refusal with its place in the text. */
export function problemOf({ file, text }: Source, { span, message, suggestion, details }: Refusal): Problem {
  const position = Math.min(span.start, text.length)
  const length = Math.max(0, Math.min(span.end, text.length) - position)
  return { file, ...placeOf(text, position), position, length, message, suggestion, details }
}

/**
 * As the command prints it, without an end of line:
 * ```
 * open.scenario:5:38  error
 *   5 | +0 client:40000 > server:80 S 0:0(0) wind 64240
 *     |                                      ^^^^
 *   "wind" is no part of a TCP packet; did you mean win?
 * ```
 */
export function formatProblem(problem: Problem, text: string, width = 80): string {
  const { file, line, column, position, length, message, suggestion, details } = problem
  const frame = codeFrame({ text, position, length, margin: String(line), width })
  const told = suggestion === null ? message : `${message}; did you mean ${suggestion}?`
  return [`${printable(file)}:${line}:${column}  error`, frame, `  ${printable(told)}`, ...details].join('\n')
}
