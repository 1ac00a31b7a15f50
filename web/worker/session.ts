/** What the worker knows of what was loaded last, and how it answers. It needs no worker to run in. */
import { parseFilter } from '../../src/filter/filter.ts'
import { formatFilterError } from '../../src/filter/refusal.ts'
import type { ReplayObserver } from '../../src/replay/replay.ts'
import { Explainer } from '../../src/run/explainer.ts'
import type {
  CompareQuestion,
  Comparison,
  Explained,
  ExplainQuestion,
  FilterProblem,
  FlowOrderQuestion,
  FlowPage,
  FlowsQuestion,
  Kind,
  Load,
  LoadQuestion,
  Met,
  Overview,
  Progress,
  Questions,
  SavedFile,
  ScenarioResults,
  ScenarioText,
} from '../protocol.ts'
import { Arrows } from './arrows.ts'
import { compare } from './compare.ts'
import { explainedPage } from './explained-page.ts'
import { FlowOrder, flowRow } from './flow-list.ts'
import { Words } from './growing.ts'
import { knownConnection } from './known-connection.ts'
import { oddFrom, seek, spanOf } from './moments.ts'
import { OverviewTally } from './overview.ts'
import { placeOf } from './packet-words.ts'
import { Recorder } from './recorder.ts'
import { RuleRows } from './rule-rows.ts'
import { rulesMarks } from './rules-marks.ts'
import { RunMaker } from './run-maker.ts'
import { savedPcapng, savedScenario } from './saved.ts'
import { checkScenario, resultsOf } from './scenario-marks.ts'
import { ScenarioSource } from './scenario-source.ts'
import { SharedRun } from './shared-run.ts'
import { Refusal, type Source, type SourceRun } from './source.ts'
import { TableAt } from './table-at.ts'
import { timelineOf } from './timeline.ts'
import { settingMarks } from './told.ts'

/** Rows that are answered at once, at most. */
const MOST_ROWS = 1000
const WIDTH = 60
/** Packets of a rule that are named, at most. */
const MOST_MET = 100_000

/** A load that takes longer is shown as it grows. Milliseconds. */
const PATIENCE = 200
/** Bytes of the columns of what is shown and what was shown before; so the worker stays below a gigabyte, tables and all. */
const MOST_BYTES = 640 * 1024 * 1024

/** Ends a run whose packets so far are all that is wanted, or all there is room for. */
class Enough extends Error {}

/** Ends a run that nobody waits for any more. */
class Cancelled extends Refusal {
  constructor() {
    super('cancelled')
  }
}

/** A run that has ended, or is shown while it grows. */
interface Loaded {
  readonly load: Load
  readonly source: Source
  readonly run: SourceRun
  readonly recorder: Recorder
  readonly order: FlowOrder
  readonly arrows: Arrows
  readonly table: TableAt
  readonly tally: OverviewTally
  /** The selection that was asked for last, with what it chose. */
  selection: { readonly filter: string; readonly packets: number; readonly chosen: Uint8Array } | null
  /** The rule that was asked for last, with the packets that met it, and their connections. */
  met: RuleHits | null
}

interface RuleHits extends Met {
  readonly row: number
  /** Packets of the run at that time. */
  readonly seen: number
  readonly chosen: Uint8Array
}

export class Session {
  #loaded: Loaded | null = null
  /** What `#loaded` takes the place of while it grows: it is shown again where that fails. */
  #before: Loaded | null = null
  #isGrowing = false
  /** Counts loads: what an earlier one still does is given up. */
  #turn = 0
  /** Somebody wants the load in hand to end with what there is. */
  #isEnough = false
  /** Counts explanations: an earlier one is given up. */
  #explanations = 0
  /** For selections and rules. */
  readonly #selecting = new SharedRun<Uint8Array>()
  readonly #meeting = new SharedRun<RuleHits>()
  /** Counts questions for results, likewise. */
  #results = 0
  /** Counts comparisons, likewise. */
  #comparisons = 0

  /** `onProgress` is told of loads. @throws Refusal with a message for people */
  async answer<K extends Kind>(
    kind: K,
    ask: Questions[K]['ask'],
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<Questions[K]['answer']> {
    const answers: { [Name in Kind]: (ask: Questions[Name]['ask']) => unknown } = {
      load: (load) => this.#load(load, onProgress),
      cancel: () => this.#cancel(),
      stop: () => this.#stop(),
      unselect: () => {
        this.#selecting.end()
        this.#meeting.end()
        return null
      },
      overview: () => this.#current().tally.overview(!this.#isGrowing, false),
      flows: (question) => this.#flows(question, onProgress),
      flowPlace: async (question) => {
        const order = await this.#order(this.#current(), question, onProgress)
        return order.indexOf(question.flow - 1)
      },
      arrows: (question) => this.#arrows(question),
      place: ({ packet }) => {
        const { recorder, run } = this.#at(packet)
        return placeOf(recorder, run.names, packet)
      },
      table: (question) => this.#at(question.packet).table.page(bounded(question)),
      rules: () => this.#current().recorder.rules.counted(),
      met: async ({ row }) => {
        const { total, packets } = await this.#met(this.#current(), row, onProgress)
        return { total, packets: packets.slice(0, MOST_MET) }
      },
      timeline: (question) => timelineOf(this.#current().recorder, question),
      span: ({ from, to }) => spanOf(this.#current().recorder, from, to),
      seek: ({ time }) => seek(this.#current().recorder, time),
      odd: ({ packet, step }) => oddFrom(this.#at(packet).recorder, packet, step),
      explain: (question) => this.#explain(question, onProgress),
      checkRules: rulesMarks,
      checkSettings: settingMarks,
      checkScenario,
      results: (scenario) => this.#resultsOf(scenario),
      compare: (question) => this.#compare(question, onProgress),
      savePcapng: (question) => this.#savePcapng(question, onProgress),
      saveScenario: ({ flow }) => {
        const loaded = this.#withFlow(flow)
        return savedScenario(
          loaded,
          loaded.load,
          flow,
          this.#watch(loaded, () => true, onProgress),
        )
      },
      leaveCompare: () => {
        this.#comparisons++
        return null
      },
    }
    return (await answers[kind](ask)) as Questions[K]['answer']
  }

  async #load(load: LoadQuestion, onProgress: (progress: Progress) => void): Promise<Overview> {
    this.#giveUp()
    const turn = this.#turn
    const begin = performance.now()
    const source = load.scenario === null ? await RunMaker.of(load) : new ScenarioSource(load.scenario)
    if (turn !== this.#turn) throw new Cancelled()
    const run = source.make()
    const recorder = new Recorder(run)
    const { hz } = run.tracker.clock
    const loaded: Loaded = {
      load,
      source,
      run,
      recorder,
      order: new FlowOrder(recorder),
      arrows: new Arrows(recorder, hz),
      table: new TableAt(recorder, hz),
      tally: new OverviewTally(load, run, recorder),
      selection: null,
      met: null,
    }
    run.onRules = () => recorder.rules.extend(run.firewall, recorder.packets.count + 1)
    let isCut = false
    try {
      await run.each({
        onPacket: (packet, outcome) => recorder.add(packet, outcome),
        onProgress: (bytesRead) => {
          if (turn !== this.#turn) throw new Cancelled()
          const { count } = recorder.packets
          if (load.isHidden !== true && count > 0 && performance.now() - begin > PATIENCE) this.#show(loaded)
          onProgress({ ...this.#progress(loaded, bytesRead), isShown: this.#isGrowing })
          if (this.#isEnough && count > 0) throw new Enough()
          this.#makeRoom(loaded)
        },
      })
    } catch (error) {
      if (!(error instanceof Enough)) {
        if (turn === this.#turn) this.#giveUp()
        throw error
      }
      isCut = true
    }
    if (turn !== this.#turn) throw new Cancelled()
    if (recorder.packets.count === 0) throw new Refusal(run.whyEmpty())
    // What was shown before goes only now: a file that cannot be read takes nothing away.
    this.#loaded = loaded
    this.#before = null
    this.#isGrowing = false
    return loaded.tally.overview(true, isCut)
  }

  #progress({ run, recorder }: Loaded, bytesRead: number): Progress {
    const { packets, flows } = recorder
    return {
      bytesRead,
      bytes: run.size ?? bytesRead,
      packets: packets.count,
      flows: flows.count,
      isShown: true,
    }
  }

  /** What grows takes the place of what was shown, which stays at hand. */
  #show(loaded: Loaded): void {
    if (this.#isGrowing) return
    this.#before = this.#loaded
    this.#loaded = loaded
    this.#isGrowing = true
  }

  /** What was shown before goes first: where a load has come so far, what it has is a run, whatever comes. @throws Enough */
  #makeRoom(loaded: Loaded): void {
    const { byteLength } = loaded.recorder
    const other = this.#isGrowing ? this.#before : this.#loaded
    if (byteLength + (other?.recorder.byteLength ?? 0) > MOST_BYTES) {
      this.#show(loaded)
      this.#before = null
    }
    if (byteLength > MOST_BYTES) throw new Enough()
  }

  /** The load in hand ends, and what was shown before is shown again. */
  #giveUp(): void {
    this.#turn++
    this.#isEnough = false
    if (this.#isGrowing) this.#loaded = this.#before
    this.#before = null
    this.#isGrowing = false
  }

  #cancel(): null {
    // Where what was shown before had to go, what is there is better than nothing.
    if (this.#isGrowing && this.#before === null) return this.#stop()
    this.#giveUp()
    return null
  }

  #stop(): null {
    this.#isEnough = true
    return null
  }

  /** @throws Refusal */
  #current(): Loaded {
    if (this.#loaded === null) throw new Refusal('nothing is loaded')
    return this.#loaded
  }

  /** @throws Refusal where there is no such packet yet */
  #at(packet: number): Loaded {
    const loaded = this.#current()
    const { count } = loaded.recorder.packets
    if (!(Number.isInteger(packet) && packet >= 1 && packet <= count))
      throw new Refusal(`there is no packet ${packet}: the capture has ${count}`)
    return loaded
  }

  async #flows(
    question: FlowsQuestion,
    onProgress: (progress: Progress) => void,
  ): Promise<FlowPage | FilterProblem> {
    const loaded = this.#current()
    const parsed = parseFilter(question.filter)
    if (question.filter.trim() !== '' && 'error' in parsed)
      return { message: formatFilterError(parsed.error, question.filter, WIDTH) }
    const { from, count } = bounded(question)
    const order = await this.#order(loaded, question, onProgress)
    const rows = Array.from(order.subarray(from, from + count), (flow) => flowRow(loaded.recorder, flow))
    return { total: order.length, rows }
  }

  /** @throws Refusal */
  async #order(
    loaded: Loaded,
    question: FlowOrderQuestion,
    onProgress: (progress: Progress) => void,
  ): Promise<Int32Array> {
    let chosen: Uint8Array | null = null
    if (question.filter.trim() !== '') chosen = await this.#select(loaded, question.filter, onProgress)
    if (question.rule !== null) {
      const met = (await this.#met(loaded, question.rule, onProgress)).chosen
      chosen = chosen === null ? met : met.map((is, flow) => is & chosen![flow]!)
    }
    return loaded.order.of(question, chosen)
  }

  /** For runs beside a load: ends them when what they are about is not shown any more. @throws Cancelled */
  #watch(
    loaded: Loaded,
    isWanted: () => boolean,
    onProgress: (progress: Progress) => void,
  ): (bytesRead: number) => void {
    return (bytesRead) => {
      if (loaded !== this.#loaded || !isWanted()) throw new Cancelled()
      onProgress(this.#progress(loaded, bytesRead))
    }
  }

  /**
   * Which connections have a packet that the selection matches, as `replay --all SELECTION` would show it: the capture is run
   * once more, so that each packet is judged by its whole record. While a load grows, what was found in its beginning stands.
   */
  #select(loaded: Loaded, text: string, onProgress: (progress: Progress) => void): Promise<Uint8Array> {
    const known = loaded.selection
    if (known?.filter === text && (this.#isGrowing || known.packets === loaded.recorder.packets.count))
      return Promise.resolve(known.chosen)
    return this.#selecting.run(loaded, text, (isWanted) =>
      this.#runSelection(loaded, text, this.#watch(loaded, isWanted, onProgress)),
    )
  }

  async #runSelection(
    loaded: Loaded,
    text: string,
    onProgress: (bytesRead: number) => void,
  ): Promise<Uint8Array> {
    const { recorder, source } = loaded
    const parsed = parseFilter(text)
    if (!('filter' in parsed)) throw new Refusal('the selection cannot be read')
    const most = recorder.packets.count
    const chosen = new Uint8Array(recorder.flows.count)
    const run = source.make()
    await upTo(run, {
      onPacket: (packet, outcome, number) => {
        const flow = recorder.packets.flow.get(number - 1)
        if (flow !== 0 && chosen[flow - 1] === 0) {
          if (parsed.filter.matches(run.recordOf(packet, outcome, number))) chosen[flow - 1] = 1
        }
        if (number === most) throw new Enough()
      },
      onProgress,
    })
    loaded.selection = { filter: text, packets: most, chosen }
    return chosen
  }

  /** Which packets a rule counted, and so their connections: the packets are sent through once more. */
  #met(loaded: Loaded, row: number, onProgress: (progress: Progress) => void): Promise<RuleHits> {
    const { recorder, met } = loaded
    if (met?.row === row && (this.#isGrowing || met.seen === recorder.packets.count))
      return Promise.resolve(met)
    return this.#meeting.run(loaded, String(row), (isWanted) =>
      this.#runRule(loaded, row, this.#watch(loaded, isWanted, onProgress)),
    )
  }

  async #runRule(loaded: Loaded, row: number, onProgress: (bytesRead: number) => void): Promise<RuleHits> {
    const { recorder, source } = loaded
    if (!(Number.isInteger(row) && row >= 0 && row < recorder.rules.count))
      throw new Refusal('there is no such rule')
    const packets = new Words()
    const seen = recorder.packets.count
    const chosen = new Uint8Array(recorder.flows.count)
    let total = 0
    const run = source.make()
    const rules = new RuleRows(run.firewall)
    run.onRules = () => rules.extend(run.firewall, 1)
    let before = 0
    await upTo(run, {
      onPacket: (_, __, number) => {
        const now = rules.packetsOf(row)
        if (now !== before) {
          before = now
          packets.set(total++, number)
          const flow = recorder.packets.flow.get(number - 1)
          if (flow > 0) chosen[flow - 1] = 1
        }
        if (number === seen) throw new Enough()
      },
      onProgress,
    })
    loaded.met = { row, seen, total, packets: packets.values.slice(0, total), chosen }
    return loaded.met
  }

  #arrows(question: Questions['arrows']['ask']): Questions['arrows']['answer'] {
    return this.#withFlow(question.flow).arrows.page(bounded(question))
  }

  /** @throws Refusal where there is no such connection yet */
  #withFlow(flow: number): Loaded {
    const loaded = this.#current()
    const { count } = loaded.recorder.flows
    if (!(Number.isInteger(flow) && flow >= 1 && flow <= count))
      throw new Refusal(`there is no connection ${flow}: the capture has ${count}`)
    return loaded
  }

  async #savePcapng(
    question: { readonly flow: number } | FlowOrderQuestion,
    onProgress: (progress: Progress) => void,
  ): Promise<SavedFile> {
    const loaded = 'flow' in question ? this.#withFlow(question.flow) : this.#current()
    const chosen = new Uint8Array(loaded.recorder.flows.count)
    if ('flow' in question) chosen[question.flow - 1] = 1
    else for (const flow of await this.#order(loaded, question, onProgress)) chosen[flow] = 1
    const name = 'flow' in question ? `connection-${question.flow}` : 'selection'
    return savedPcapng(
      loaded,
      chosen,
      name,
      this.#watch(loaded, () => true, onProgress),
    )
  }

  #compare(question: CompareQuestion, onProgress: (progress: Progress) => void): Promise<Comparison> {
    const turn = ++this.#comparisons
    return compare(question, (progress) => {
      if (turn !== this.#comparisons) throw new Cancelled()
      onProgress(progress)
    })
  }

  #resultsOf(scenario: ScenarioText): Promise<ScenarioResults> {
    const turn = ++this.#results
    return resultsOf(scenario, async () => {
      await new Promise((resolve) => setTimeout(resolve))
      if (turn !== this.#results) throw new Cancelled()
    })
  }

  async #explain(
    { packet, width }: ExplainQuestion,
    onProgress: (progress: Progress) => void,
  ): Promise<Explained> {
    const loaded = this.#at(packet)
    const turn = ++this.#explanations
    const watch = this.#watch(loaded, () => turn === this.#explanations, onProgress)
    const explainer = new Explainer((more) => Promise.resolve(loaded.source.make(more)), watch)
    return explainedPage(await explainer.explain(packet, knownConnection(loaded.recorder, packet)), width)
  }
}

/** To its end, or until the observer has seen enough. */
async function upTo(run: SourceRun, observer: ReplayObserver): Promise<void> {
  try {
    await run.each(observer)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
}

/** What the page may ask for at once. */
function bounded<Page extends { readonly from: number; readonly count: number }>(page: Page): Page {
  const whole = (value: number, most: number) =>
    Number.isFinite(value) ? Math.max(0, Math.min(most, Math.floor(value))) : 0
  return { ...page, from: whole(page.from, 2 ** 31), count: whole(page.count, MOST_ROWS) }
}
