/** `sallyport test --kernel`: tests of scenarios through Linux. */
import { constants, getPriority, setPriority } from 'node:os'
import type { Executor } from '../scenario/executor.ts'
import type { LoadedSetup } from '../scenario/load.ts'
import type { Test } from '../scenario/model.ts'
import { problemOf, Refusal, type Source } from '../scenario/problem.ts'
import type { ScenarioRun, TestResult } from '../scenario/run.ts'
import { Compared } from './compared.ts'
import { Routers } from './kernel-executor.ts'
import { TooLate } from './virtual-time.ts'

/** A machine that is busy elsewhere is late now and then. */
const MOST_TRIES = 20

export class KernelTests {
  readonly #routers = new Routers()
  readonly #priority = getPriority()

  constructor() {
    // Clocks of rules go on while others have the processor.
    setPriority(constants.priority.PRIORITY_HIGHEST)
  }

  readonly executor = (setup: LoadedSetup): Executor => new Compared(this.#routers, setup)

  /** `run` is the file's, with this executor. A test for which the machine was too slow begins anew. */
  async test(run: ScenarioRun, test: Test, file: Source): Promise<TestResult> {
    for (let tries = 1; ; tries++) {
      try {
        return await run.test(test)
      } catch (error) {
        if (!(error instanceof TooLate)) throw error
        if (tries < MOST_TRIES) continue
        const { name, span } = test
        const message = `this machine is too busy to keep time (${error.message}), ${MOST_TRIES} times in a row`
        const problem = problemOf(file, new Refusal(span, message))
        return { name, span, status: 'failed', failures: [], more: 0, problem, packets: 0 }
      }
    }
  }

  close(): void {
    this.#routers.close()
    setPriority(this.#priority)
  }
}
