import { printable } from '../diagnostic/printable.ts'
import type { Assumption } from '../explain/assumption.ts'
import { count } from '../explain/number-words.ts'
import { formatDifferenceMarkdown } from '../format/difference-markdown.ts'
import { formatDifference } from '../format/difference-text.ts'
import { logLine } from '../format/log-line.ts'
import { Comparison } from '../replay/difference/comparison.ts'
import type { Difference } from '../replay/difference/difference.ts'
import { NewSide } from '../replay/difference/new-side.ts'
import { Side, type SideParts } from '../replay/difference/side.ts'
import { Tracing } from '../replay/difference/tracing.ts'
import type { Instant, Moment, Replay } from '../replay/replay.ts'
import type { Ruleset } from '../ruleset/model.ts'
import type { Run } from '../run/run.ts'
import { oneSecret } from '../run/secret.ts'
import type { DiffOptions, DiffRequest } from './diff-options.ts'
import { EXIT_CHECK_FAILED, EXIT_OK, EXIT_UNREADABLE, EXIT_WRONG_USE } from './exit-codes.ts'
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

/** Both runs over one capture, ready to be looked at. */
interface Pair {
  readonly old: Run
  readonly now: Run
  readonly oldSide: Side
  readonly nowSide: NewSide
}

/** A comparison, or the look at the ways of single packets. */
type Onlooker = Pick<Comparison, 'begin' | 'take' | 'swap'>

/** Ends a run of which the rest tells nothing. */
class Enough extends Error {}

class DiffRun {
  readonly #request: DiffRequest
  /** One secret for all runs, so that a full table evicts the same entries. */
  readonly #fillRandom = oneSecret()
  readonly #rules: BothRules
  readonly #spool: Spool
  readonly #errors = terminalOf(process.stderr, process.env)

  constructor(request: DiffRequest, rules: BothRules, spool: Spool) {
    this.#request = request
    this.#rules = rules
    this.#spool = spool
  }

  async run(): Promise<number> {
    const pair = await this.#open()
    const comparison = new Comparison(pair.oldSide, pair.nowSide)
    const replay = await this.#look(pair, comparison, true)
    comparison.finish()
    const telling = new Set(comparison.changes.tellingPackets())
    const whys = telling.size === 0 ? null : await this.#trace(telling)
    const difference = comparison.difference((packet) => whys?.get(packet) ?? null)
    const assumptions = this.#assumptions(pair, replay)
    if (pair.old.isUnreadable && replay.summary.packets === 0) {
      for (const { sentence } of assumptions) this.#say(sentence)
      return EXIT_UNREADABLE
    }
    this.#print(difference, assumptions)
    for (const moment of replay.missed) {
      const packets = count(replay.summary.packets, 'packet')
      const text = missedText(moment, '--swap-at', pair.old.capture.names, packets)
      if (text !== null) this.#say(text)
    }
    if (pair.old.isUnreadable) return EXIT_UNREADABLE
    if (replay.missed.length > 0) return EXIT_WRONG_USE
    return difference.same ? EXIT_OK : EXIT_CHECK_FAILED
  }

  async #open(): Promise<Pair> {
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
    return {
      old: oldRun,
      now: nowRun,
      oldSide: new Side({ ...partsOf(oldRun), firewall: oldRun.firewall }),
      nowSide: new NewSide({ ...partsOf(nowRun), station: nowRun.station() }),
    }
  }

  /** The second pass: of the packets that tell of a change, where their ways part. */
  async #trace(numbers: ReadonlySet<number>): Promise<Tracing['whys']> {
    const pair = await this.#open()
    const tracing = new Tracing(pair.oldSide, pair.nowSide, numbers)
    const looked: Onlooker = {
      begin: () => tracing.begin(),
      swap: (rulesets) => tracing.swap(rulesets),
      take: (packet, outcome, number) => {
        tracing.take(packet, outcome, number)
        if (tracing.isDone) throw new Enough()
      },
    }
    try {
      await this.#look(pair, looked, false)
    } catch (error) {
      if (!(error instanceof Enough)) throw error
    }
    return tracing.whys
  }

  async #look(pair: Pair, onlooker: Onlooker, isFirst: boolean): Promise<Replay> {
    const { old, now } = pair
    const progress = new Progress(old.size, { terminal: this.#errors })
    const say = (text: string) => {
      progress.finish()
      if (isFirst) this.#say(text)
    }
    const replay = old.replay(
      {
        onStart: (start) => {
          now.start(start)
          onlooker.begin()
          return this.#swapMoment(start, old.capture.names)
        },
        onPacket: (packet, outcome, number) => onlooker.take(packet, outcome, number),
        onMoment: () => this.#swap(pair, onlooker),
        onProgress: (bytesRead) => progress.update(bytesRead, replay.summary.packets),
      },
      say,
    )
    await replay.run()
    progress.finish()
    return replay
  }

  #swapMoment(start: Instant, names: readonly string[]): Moment[] {
    const { swapAt, tz } = this.#request.options
    return swapAt === null ? [] : [runMoment(swapAt, start, tz ?? UTC, { names, option: '--swap-at' })]
  }

  #swap({ old, now }: Pair, onlooker: Onlooker): void {
    const { clock } = old.tracker
    now.tracker.setTime(clock.seconds, clock.nanoseconds)
    now.tracker.settle()
    for (const { name, value } of this.#request.options.sysctlNew) now.tracker.settings.set(name, value)
    onlooker.swap(this.#rules.now)
  }

  #assumptions({ old, now }: Pair, replay: Replay): Assumption[] {
    const ofOld = old.assumptionsOf(replay)
    const { consequences } = now
    const silenced = consequences?.silenced ?? 0
    const list = ofOld.filter(({ code }) => code !== 'consequences' && code !== 'queued')
    if (silenced + (old.consequences?.silenced ?? 0) > 0) {
      const sentence = `with OLD ${count(old.consequences?.silenced ?? 0, 'packet')} would not have been sent, with NEW ${silenced}: they follow an opening packet that the rules drop (--as-recorded judges them all the same)`
      list.push({ code: 'consequences', count: silenced, sentence })
    }
    return list
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

function partsOf(run: Run): Omit<SideParts, 'firewall'> {
  return {
    recordOf: (packet, outcome, number) => run.recordOf(packet, outcome, number),
    noteText: (note, passage) =>
      note.kind === 'log'
        ? logLine(note, passage, run.firewall.host.interfaces)
        : `NFLOG group ${note.group}: ${note.prefix}`,
  }
}
