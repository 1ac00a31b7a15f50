/** Failures in words: where, what was expected, what came. */
import { codeFrame } from '../../diagnostic/code-frame.ts'
import { printable } from '../../diagnostic/printable.ts'
import { formatProblem, placeOf } from '../../scenario/problem.ts'
import type { Failure } from '../../scenario/run.ts'
import type { FileResult, TimedResult } from './reporter.ts'

export interface FailureText {
  /** `FILE:LINE:COLUMN`. */
  readonly place: string
  readonly line: number
  readonly column: number
  /** One line: about which packet. */
  readonly about: string
  /** The lines of the frame. */
  readonly frame: readonly string[]
  /** Lines with `- `, `+ ` or two blanks in front. */
  readonly diff: readonly string[]
}

export function failureText(file: FileResult, failure: Failure, width: number): FailureText {
  const { span, packet, counters, expected, actual } = failure
  const { line, column } = placeOf(file.text, span.start)
  const frame = codeFrame({
    text: file.text,
    position: span.start,
    length: Math.max(1, span.end - span.start),
    margin: String(line),
    width,
  })
  const which = packet === null ? '' : `packet ${packet}`
  return {
    place: `${printable(file.file)}:${line}:${column}`,
    line,
    column,
    about: counters === '' ? which : `${which} (${counters})`,
    frame: frame.split('\n'),
    diff: diffLines(expected.split('\n').map(trimmed), actual.split('\n').map(trimmed)).map(printable),
  }
}

const trimmed = (line: string): string => line.trim()

/** Everything that a failed test has to say, as lines. */
export function testLines(file: FileResult, test: TimedResult, width: number): string[] {
  const lines: string[] = []
  for (const failure of test.failures) {
    const { place, about, frame, diff } = failureText(file, failure, width)
    lines.push(about === '' ? place : `${place}  ${about}`, ...frame, ...diff.map((line) => `  ${line}`), '')
  }
  if (test.more > 0) lines.push(`and ${test.more} more`, '')
  if (test.problem !== null) lines.push(...formatProblem(test.problem, file.text, width).split('\n'), '')
  return lines
}

/** Longer ones are shown whole, without looking for what they share. */
const LONGEST_DIFF = 300

/** By the longest common subsequence. */
export function diffLines(expected: readonly string[], actual: readonly string[]): string[] {
  if (expected.length > LONGEST_DIFF || actual.length > LONGEST_DIFF) {
    return [...expected.map((line) => `- ${line}`), ...actual.map((line) => `+ ${line}`)]
  }
  const columns = actual.length + 1
  const lengths = new Uint16Array((expected.length + 1) * columns)
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = actual.length - 1; j >= 0; j--) {
      lengths[i * columns + j] =
        expected[i] === actual[j]
          ? lengths[(i + 1) * columns + j + 1]! + 1
          : Math.max(lengths[(i + 1) * columns + j]!, lengths[i * columns + j + 1]!)
    }
  }
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < expected.length || j < actual.length) {
    if (i < expected.length && j < actual.length && expected[i] === actual[j]) {
      lines.push(`  ${expected[i++]}`)
      j++
    } else if (
      j === actual.length ||
      (i < expected.length && lengths[(i + 1) * columns + j]! >= lengths[i * columns + j + 1]!)
    )
      lines.push(`- ${expected[i++]}`)
    else lines.push(`+ ${actual[j++]}`)
  }
  return lines
}
