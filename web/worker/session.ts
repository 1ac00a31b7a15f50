/** What the worker knows of what was loaded last, and how it answers. It needs no worker to run in. */
import { ctstateOf } from '../../src/conntrack/status.ts'
import { parseFilter } from '../../src/filter/filter.ts'
import { formatFilterError } from '../../src/filter/refusal.ts'
import { Explainer } from '../../src/run/explainer.ts'
import type {
  Explained,
  ExplainQuestion,
  FilterProblem,
  FlowPage,
  FlowsQuestion,
  Kind,
  Load,
  Overview,
  Progress,
  Questions,
  ScenarioResults,
  ScenarioText,
} from '../protocol.ts'
import { Arrows } from './arrows.ts'
import { explainedPage } from './explained-page.ts'
import { FlowOrder, flowRow } from './flow-list.ts'
import { placeOf } from './packet-words.ts'
import { Recorder, verdictNames } from './recorder.ts'
import { rulesMarks } from './rules-marks.ts'
import { RunMaker } from './run-maker.ts'
import { checkScenario, resultsOf } from './scenario-marks.ts'
import { ScenarioSource } from './scenario-source.ts'
import { Refusal, type Source, type SourceRun } from './source.ts'
import { TableAt } from './table-at.ts'
import { timelineOf } from './timeline.ts'
import { settingMarks } from './told.ts'

/** Rows that are answered at once, at most. */
const MOST_ROWS = 1000
const WIDTH = 60

/** Ends a run that nobody waits for any more. */
class Cancelled extends Refusal {
  constructor() {
    super('cancelled')
  }
}

/** A run that has ended. */
interface Loaded {
  readonly source: Source
  readonly run: SourceRun
  readonly recorder: Recorder
  readonly order: FlowOrder
  readonly arrows: Arrows
  readonly table: TableAt
  /** The selection that was asked for last, with what it chose. */
  selection: { readonly filter: string; readonly packets: number; readonly chosen: Uint8Array } | null
}

export class Session {
  #loaded: Loaded | null = null
  /** Counts loads: what an earlier one still does is given up. */
  #turn = 0
  /** Counts questions for results, likewise. */
  #results = 0

  /** `onProgress` is told of loads. @throws Refusal with a message for people */
  async answer<K extends Kind>(
    kind: K,
    ask: Questions[K]['ask'],
    onProgress: (progress: Progress) => void = () => {},
  ): Promise<Questions[K]['answer']> {
    const answers: { [Name in Kind]: (ask: Questions[Name]['ask']) => unknown } = {
      load: (load) => this.#load(load, onProgress),
      cancel: () => this.#cancel(),
      flows: (question) => this.#flows(question),
      arrows: (question) => this.#arrows(question),
      place: ({ packet }) => {
        const { recorder, run } = this.#at(packet)
        return placeOf(recorder, run.names, packet)
      },
      table: (question) => this.#at(question.packet).table.page(bounded(question)),
      rules: () => this.#current().recorder.rules.counted(),
      timeline: ({ buckets }) => timelineOf(this.#current().recorder, buckets),
      explain: (question) => this.#explain(question),
      checkRules: rulesMarks,
      checkSettings: settingMarks,
      checkScenario,
      results: (scenario) => this.#resultsOf(scenario),
    }
    return (await answers[kind](ask)) as Questions[K]['answer']
  }

  async #load(load: Load, onProgress: (progress: Progress) => void): Promise<Overview> {
    const turn = ++this.#turn
    const source = load.scenario === null ? await RunMaker.of(load) : new ScenarioSource(load.scenario)
    if (turn !== this.#turn) throw new Cancelled()
    const run = source.make()
    const recorder = new Recorder(run)
    const { hz } = run.tracker.clock
    const loaded: Loaded = {
      source,
      run,
      recorder,
      order: new FlowOrder(recorder),
      arrows: new Arrows(recorder, hz),
      table: new TableAt(recorder, hz),
      selection: null,
    }
    run.onRules = () => recorder.rules.extend(run.firewall, recorder.packets.count + 1)
    await run.each({
      onPacket: (packet, outcome) => recorder.add(packet, outcome),
      onProgress: (bytesRead) => {
        if (turn !== this.#turn) throw new Cancelled()
        onProgress({
          bytesRead,
          bytes: run.size ?? bytesRead,
          packets: recorder.packets.count,
          flows: recorder.flows.count,
        })
      },
    })
    if (turn !== this.#turn) throw new Cancelled()
    if (recorder.packets.count === 0) throw new Refusal(run.whyEmpty())
    // What was shown before goes only now: a file that cannot be read takes nothing away.
    this.#loaded = loaded
    return overviewOf(load, loaded)
  }

  #cancel(): null {
    this.#turn++
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

  async #flows(question: FlowsQuestion): Promise<FlowPage | FilterProblem> {
    const loaded = this.#current()
    let chosen: Uint8Array | null = null
    if (question.filter.trim() !== '') {
      const parsed = parseFilter(question.filter)
      if ('error' in parsed) return { message: formatFilterError(parsed.error, question.filter, WIDTH) }
      chosen = await this.#select(loaded, question.filter)
    }
    const { from, count } = bounded(question)
    const order = loaded.order.of(question, chosen)
    const rows = Array.from(order.subarray(from, from + count), (flow) => flowRow(loaded.recorder, flow))
    return { total: order.length, rows }
  }

  /**
   * Which connections have a packet that the selection matches, as `replay --all SELECTION` would show it: the capture is run
   * once more, so that each packet is judged by its whole record.
   */
  async #select(loaded: Loaded, text: string): Promise<Uint8Array> {
    const { recorder, source } = loaded
    const known = loaded.selection
    if (known?.filter === text && known.packets === recorder.packets.count) return known.chosen
    const parsed = parseFilter(text)
    if (!('filter' in parsed)) throw new Refusal('the selection cannot be read')
    const most = recorder.packets.count
    const chosen = new Uint8Array(recorder.flows.count)
    const run = source.make()
    await run.each({
      onPacket: (packet, outcome, number) => {
        const flow = recorder.packets.flow.get(number - 1)
        if (number > most || flow === 0 || chosen[flow - 1] !== 0) return
        if (parsed.filter.matches(run.recordOf(packet, outcome, number))) chosen[flow - 1] = 1
      },
      onProgress: () => {
        if (loaded !== this.#loaded) throw new Cancelled()
      },
    })
    loaded.selection = { filter: text, packets: most, chosen }
    return chosen
  }

  #arrows(question: Questions['arrows']['ask']): Questions['arrows']['answer'] {
    const { recorder, arrows } = this.#current()
    const { flow } = question
    if (!(Number.isInteger(flow) && flow >= 1 && flow <= recorder.flows.count))
      throw new Refusal(`there is no connection ${flow}: the capture has ${recorder.flows.count}`)
    return arrows.page(bounded(question))
  }

  #resultsOf(scenario: ScenarioText): Promise<ScenarioResults> {
    const turn = ++this.#results
    return resultsOf(scenario, async () => {
      await new Promise((resolve) => setTimeout(resolve))
      if (turn !== this.#results) throw new Cancelled()
    })
  }

  async #explain({ packet, width }: ExplainQuestion): Promise<Explained> {
    const loaded = this.#at(packet)
    const explainer = new Explainer((more) => {
      if (loaded !== this.#loaded) throw new Cancelled()
      return Promise.resolve(loaded.source.make(more))
    })
    return explainedPage(await explainer.explain(packet), width)
  }
}

function overviewOf(load: Load, { recorder, run }: Loaded): Overview {
  const { packets } = recorder
  const ctstates: Record<string, number> = {}
  const verdicts: Record<string, number> = {}
  let end = packets.seconds.get(0)
  for (let at = 0; at < packets.count; at++) {
    const ctstate = ctstateOf(packets.ctinfo.get(at))
    if (ctstate !== null) ctstates[ctstate] = (ctstates[ctstate] ?? 0) + 1
    const verdict = verdictNames[packets.verdict.get(at)] ?? null
    if (verdict !== null) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
    end = Math.max(end, packets.seconds.get(at) + packets.nanoseconds.get(at) / 1e9)
  }
  return {
    names: run.names,
    rules: [load.rules?.name, load.rules6?.name].filter((name) => name !== undefined).join(', ') || null,
    packets: packets.count,
    flows: recorder.flows.count,
    fingerprint: recorder.fingerprint.text,
    start: packets.seconds.get(0) + packets.nanoseconds.get(0) / 1e9,
    end,
    ctstates,
    verdicts,
    outside: recorder.outside,
    assumptions: run.assumptions(),
    scenario: run.played(),
    hasRules: run.firewall.hasRules,
  }
}

/** What the page may ask for at once. */
function bounded<Page extends { readonly from: number; readonly count: number }>(page: Page): Page {
  const whole = (value: number, most: number) =>
    Number.isFinite(value) ? Math.max(0, Math.min(most, Math.floor(value))) : 0
  return { ...page, from: whole(page.from, 2 ** 31), count: whole(page.count, MOST_ROWS) }
}
