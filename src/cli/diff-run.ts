import { printable } from '../diagnostic/printable.ts'
import type { Assumption } from '../explain/assumption.ts'
import { count } from '../explain/number-words.ts'
import { formatDifferenceMarkdown } from '../format/difference-markdown.ts'
import { formatDifference } from '../format/difference-text.ts'
import type { Difference } from '../replay/difference/difference.ts'
import type { Instant, Moment } from '../replay/replay.ts'
import type { Ruleset } from '../ruleset/model.ts'
import { assumptionsOfBoth, compareRuns, type RunPair } from '../run/compare-runs.ts'
import { oneSecret } from '../run/secret.ts'
import type { DiffOptions, DiffRequest } from './diff-options.ts'
import { EXIT_CHECK_FAILED, EXIT_OK, EXIT_UNREADABLE, EXIT_WRONG_USE } from './exit-codes.ts'
import type { Moment as MomentWords } from './moment.ts'
import { Output, writeStandardError } from './output.ts'
import { Progress } from './progress.ts'
import { prepareHost } from './run/host.ts'
import { missedText, runMoment } from './run/moments.ts'
import type { RunOptions } from './run/options.ts'
import { loadRuleset } from './run/rules.ts'
import { makeRun } from './run/run.ts'
import { Spool } from './run/spool.ts'
import { terminalOf } from './terminal.ts'
import { UTC } from './zone.ts'

/** Answers an exit code. @throws Failure */
export async function runDiff(request: DiffRequest): Promise<number> {
  const spool = new Spool()
  try {
    const { width } = terminalOf(process.stderr, process.env)
    const rules = await readBoth(request, width)
    await spool.fill(request.files)
    return await new DiffRun(request, rules, spool).run()
  } finally {
    spool.close()
  }
}

interface BothRules {
  readonly old: readonly Ruleset[]
  readonly now: readonly Ruleset[]
}

async function readBoth({ options, old, now }: DiffRequest, width: number): Promise<BothRules> {
  const family = options.ipv6 ? 'ipv6' : 'ipv4'
  const both = async (file: string, file6: string | null) => [
    await loadRuleset(file, family, width),
    ...(file6 === null ? [] : [await loadRuleset(file6, 'ipv6', width)]),
  ]
  return { old: await both(old, options.old6), now: await both(now, options.new6) }
}

class DiffRun {
  readonly #request: DiffRequest
  /** One secret for all runs, so that a full table evicts the same entries. */
  readonly #fillRandom = oneSecret()
  readonly #rules: BothRules
  readonly #spool: Spool
  readonly #errors = terminalOf(process.stderr, process.env)
  #progress: Progress | null = null

  constructor(request: DiffRequest, rules: BothRules, spool: Spool) {
    this.#request = request
    this.#rules = rules
    this.#spool = spool
  }

  async run(): Promise<number> {
    const { swapAt, sysctlNew } = this.#request.options
    const compared = await compareRuns(() => this.#open(), {
      ...(swapAt !== null && {
        swap: {
          moments: (start, names) => this.#swapMoments(swapAt, start, names),
          rulesets: this.#rules.now,
          sysctls: sysctlNew,
        },
      }),
      onProgress: (bytesRead, packets, bytes) => {
        this.#progress ??= new Progress(bytes, { terminal: this.#errors })
        this.#progress.update(bytesRead, packets)
      },
      say: (text) => {
        this.#progress?.finish()
        this.#say(text)
      },
    })
    this.#progress?.finish()
    const { difference, replay, old } = compared
    const assumptions = assumptionsOfBoth(compared)
    if (old.isUnreadable && replay.summary.packets === 0) {
      for (const { sentence } of assumptions) this.#say(sentence)
      return EXIT_UNREADABLE
    }
    this.#print(difference, assumptions)
    for (const moment of replay.missed) {
      const packets = count(replay.summary.packets, 'packet')
      const text = missedText(moment, '--swap-at', old.capture.names, packets)
      if (text !== null) this.#say(text)
    }
    if (old.isUnreadable) return EXIT_UNREADABLE
    if (replay.missed.length > 0) return EXIT_WRONG_USE
    return difference.same ? EXIT_OK : EXIT_CHECK_FAILED
  }

  async #open(): Promise<RunPair> {
    const { options, files } = this.#request
    const { width } = this.#errors
    const { old, now } = this.#rules
    const shared: RunOptions = { ...options, rules: null, rules6: null }
    const isSwap = options.swapAt !== null
    const prepared = await prepareHost(shared, files, [...old, ...now], width, (file) =>
      this.#spool.open(file),
    )
    const parts = { files, width, fillRandom: this.#fillRandom }
    const oldRun = makeRun({ ...parts, options: shared, rulesets: old }, prepared)
    const later = { ...shared, sysctl: [...shared.sysctl, ...options.sysctlNew] }
    // Made ahead of the run where it is loaded in its middle, so that what cannot be evaluated is refused now.
    const ofNew = makeRun({ ...parts, options: later, rulesets: now }, prepared, oldRun.capture)
    const nowRun = isSwap
      ? makeRun({ ...parts, options: shared, rulesets: old }, prepared, oldRun.capture)
      : ofNew
    return { old: oldRun, now: nowRun }
  }

  #swapMoments(swapAt: MomentWords, start: Instant, names: readonly string[]): Moment[] {
    const zone = this.#request.options.tz ?? UTC
    return [runMoment(swapAt, start, zone, { names, option: '--swap-at' })]
  }

  #print(difference: Difference, assumptions: readonly Assumption[]): void {
    const { options, old, now } = this.#request
    const zone = options.tz ?? UTC
    const output = new Output()
    const terminal = terminalOf(process.stdout, process.env)
    const offsetAt = (seconds: number) => zone.offsetAt(seconds)
    if (options.json) output.line(JSON.stringify({ ...difference, assumptions }))
    else if (options.markdown) {
      const files = { old, now, captures: this.#request.files, sysctls: sysctlTexts(options) }
      output.write(formatDifferenceMarkdown(difference, { assumptions, offsetAt, files }))
    } else {
      const { width } = terminal
      const style: typeof terminal.style = (style, text) => terminal.style(style, text)
      output.write(formatDifference(difference, { assumptions, offsetAt, width, style }))
    }
    output.flush()
  }

  #say(text: string): void {
    writeStandardError(`${this.#errors.style('dim', printable(`sallyport diff: ${text}`))}\n`)
  }
}

function sysctlTexts({ sysctlNew }: DiffOptions): string[] {
  return sysctlNew.map(({ name, value }) => `${name}=${value}`)
}
