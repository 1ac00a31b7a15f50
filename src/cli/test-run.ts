/** A run of `sallyport test`: each file read, its tests run, the reporter told. */
import { writeFileSync } from 'node:fs'
import type { KernelTests } from '../live/kernel-tests.ts'
import { applyEdits } from '../scenario/edit.ts'
import type { Test } from '../scenario/model.ts'
import { parseScenario } from '../scenario/parser.ts'
import { ScenarioRun, type TestResult } from '../scenario/run.ts'
import { unwritable } from './failure.ts'
import type { FileResult, Reporter, RunResult, TimedResult } from './reporters/reporter.ts'
import { filesBeside, readScenario } from './scenario-files.ts'

export interface TestRequest {
  readonly files: readonly string[]
  /** Tests whose `FILE > NAME` it does not match are left out; null: none are. */
  readonly pattern: RegExp | null
  /** What was observed is written where something else was expected. */
  readonly update: boolean
  /** Through Linux, and compared; null: through this engine alone. */
  readonly kernel: KernelTests | null
  /** Told each file that is read: scenarios, and what they name. */
  readonly onRead?: (path: string) => void
}

/** @throws Failure for a file that cannot be read or written */
export async function runTests(request: TestRequest, reporter: Reporter): Promise<RunResult> {
  const begin = performance.now()
  const files: FileResult[] = []
  let filtered = 0
  let updated = 0
  for (const file of request.files) {
    let result = await runFile(file, request)
    if (request.update) {
      const made = writeObserved(result)
      updated += made
      // What is told is how it stands now.
      if (made > 0) result = await runFile(file, request)
    }
    filtered += result.filtered
    // A file of which nothing is selected says nothing.
    if (result.tests.length === 0 && result.problems.length === 0) continue
    files.push(result)
    reporter.file(result)
  }
  const run = { files, filtered, updated, milliseconds: performance.now() - begin }
  reporter.end(run)
  return run
}

async function runFile(
  file: string,
  { pattern, kernel, onRead }: TestRequest,
): Promise<FileResult & { readonly filtered: number }> {
  const begun = performance.now()
  onRead?.(file)
  const text = readScenario(file)
  const parsed = parseScenario(text, file)
  const tests: TimedResult[] = []
  let filtered = 0
  if (parsed.file !== null) {
    const files = filesBeside(file, onRead)
    const run = new ScenarioRun(
      parsed.file,
      kernel === null ? { files } : { files, executor: kernel.executor },
    )
    for (const test of parsed.file.tests) {
      if (pattern !== null && !pattern.test(`${file} > ${test.name}`)) {
        filtered++
        continue
      }
      const started = performance.now()
      const { era, notOnKernel: told } = test.setup
      const notOnKernel = told ?? (era === null ? null : `era ${era}`)
      const result =
        kernel === null
          ? await run.test(test)
          : notOnKernel === null
            ? await kernel.test(run, test, parsed.file)
            : skipped(test)
      tests.push({ ...result, milliseconds: performance.now() - started, notOnKernel })
    }
  }
  const milliseconds = performance.now() - begun
  return { file, text, problems: parsed.problems, tests, milliseconds, filtered }
}

function skipped({ name, span }: Test): TestResult {
  return { name, span, status: 'skipped', failures: [], more: 0, problem: null, packets: 0 }
}

/** Writes what was observed into the file; how many values. @throws Failure */
function writeObserved({ file, text, tests }: FileResult): number {
  const edits = tests.flatMap(({ failures }) => failures.flatMap((failure) => failure.edits ?? []))
  if (edits.length === 0) return 0
  const changed = applyEdits(text, edits)
  try {
    writeFileSync(file, changed.text)
  } catch (error) {
    throw unwritable(file, error)
  }
  return changed.made
}
