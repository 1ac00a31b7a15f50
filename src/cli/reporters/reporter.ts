/** What a reporter is told, and how results stand in every one of them. */
import type { Problem } from '../../scenario/problem.ts'
import type { TestResult } from '../../scenario/run.ts'
import type { Output } from '../output.ts'
import type { Terminal } from '../terminal.ts'

/** A file of scenarios, run. */
export interface FileResult {
  /** As it was given or found. */
  readonly file: string
  readonly text: string
  /** What cannot be read in it; there are no tests then. */
  readonly problems: readonly Problem[]
  readonly tests: readonly TimedResult[]
  readonly milliseconds: number
}

export interface TimedResult extends TestResult {
  readonly milliseconds: number
  /** Why the kernel cannot be asked, or which era it is of; null: it can. */
  readonly notOnKernel: string | null
}

/** A whole run. */
export interface RunResult {
  readonly files: readonly FileResult[]
  /** Tests that the filter left out. */
  readonly filtered: number
  /** Values that were written into files. */
  readonly updated: number
  readonly milliseconds: number
}

export interface ReporterOptions {
  readonly output: Output
  readonly terminal: Terminal
}

/** Writes results: each file when it is done, and all at the end. */
export interface Reporter {
  file(result: FileResult): void
  end(result: RunResult): void
}

export function testsFailed({ tests }: FileResult): number {
  return tests.filter(({ status }) => status === 'failed').length
}

/** Something in it failed, or it cannot be read. */
export function isFailed(file: FileResult): boolean {
  return file.problems.length > 0 || testsFailed(file) > 0
}
