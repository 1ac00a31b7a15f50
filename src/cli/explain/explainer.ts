/**
 * Explains packets of the captures that the command names: finds them, and has them explained. All runs decide alike: they share
 * the seed and the secret of the hash table.
 */
import type { FillRandom } from '../../conntrack/hash.ts'
import { captureProblemsOf } from '../../explain/assumption.ts'
import type { Filter } from '../../filter/filter.ts'
import type { ExplainedPacket } from '../../format/explain-json.ts'
import type { ReplayObserver } from '../../replay/replay.ts'
import { NoSuchPacket, Explainer as PacketExplainer } from '../../run/explainer.ts'
import type { Run } from '../../run/run.ts'
import { oneSecret } from '../../run/secret.ts'
import type { ExplainOptions, PacketChoice } from '../explain.ts'
import { wrongUse } from '../failure.ts'
import { findFile } from '../run/moments.ts'
import { loadRules } from '../run/rules.ts'
import { openRunWith } from '../run/run.ts'
import { FlowSearch, type FoundFlow } from './flow-search.ts'

/** Ends a run early. */
class Enough extends Error {}

export class Explainer {
  /** The run that met most problems: some end early. */
  #troubled: Run | null = null
  readonly #options: ExplainOptions
  readonly #files: readonly string[]
  readonly #width: number
  readonly #fillRandom: FillRandom = oneSecret()

  constructor(options: ExplainOptions, files: readonly string[], width: number) {
    this.#options = options
    this.#files = files
    this.#width = width
  }

  /** Is there a file of which nothing could be read? */
  get isUnreadable(): boolean {
    return this.#troubled?.isUnreadable === true
  }

  /** What is wrong with the captures, as sentences. */
  get problems(): readonly string[] {
    return this.#troubled === null
      ? []
      : captureProblemsOf(this.#troubled.capture).map(({ sentence }) => sentence)
  }

  /** The number of a packet over the run; null where a file could not be read. @throws Failure where there is none */
  async findPacket({ file, number }: PacketChoice): Promise<{ readonly number: number } | null> {
    let seen = 0
    let found = 0
    const run = await this.#open()
    const { names } = run.capture
    const place = file === null ? -1 : findFile(file, names, '--packet')
    await this.#run(run, {
      onPacket: (packet, _outcome, count) => {
        seen = count
        const isIt = place < 0 ? count === number : packet.file === place && packet.frame === number
        if (!isIt) return
        found = count
        throw new Enough()
      },
    })
    if (found === 0) {
      if (this.isUnreadable) return null
      const whole = names.length === 1 ? 'the capture has' : 'the captures have'
      throw wrongUse(`there is no packet ${file === null ? '' : `${file}:`}${number}: ${whole} ${seen}`)
    }
    return { number: found }
  }

  async findFlows(filter: Filter): Promise<readonly FoundFlow[]> {
    const search = new FlowSearch(filter)
    const run = await this.#open()
    await this.#run(run, {
      onPacket: (packet, outcome, number) => search.add(run.recordOf(packet, outcome, number)),
    })
    return search.flows
  }

  /** @throws Failure */
  async explain({ number }: { readonly number: number }): Promise<ExplainedPacket> {
    const runs: Run[] = []
    const explainer = new PacketExplainer(async (more) => {
      const run = await this.#open({ ...this.#options, sysctl: [...this.#options.sysctl, ...more] })
      runs.push(run)
      return run
    })
    try {
      const explained = await explainer.explain(number)
      for (const run of runs) this.#haveRun(run)
      return explained
    } catch (error) {
      if (error instanceof NoSuchPacket)
        throw wrongUse(`${error.message} any more: the capture has changed meanwhile`)
      throw error
    }
  }

  async #open(options = this.#options): Promise<Run> {
    const width = this.#width
    const rulesets = await loadRules(options, width)
    return openRunWith({ options, files: this.#files, width, rulesets, fillRandom: this.#fillRandom })
  }

  async #run(run: Run, observer: ReplayObserver): Promise<void> {
    try {
      await run.replay(observer, () => {}).run()
    } catch (error) {
      if (!(error instanceof Enough)) throw error
    }
    this.#haveRun(run)
  }

  #haveRun(run: Run): void {
    if (this.#troubled === null || problemsIn(run) > problemsIn(this.#troubled)) this.#troubled = run
  }
}

function problemsIn({ capture }: Run): number {
  return capture.problems.length + capture.omittedProblems
}
