/** `sallyport replay`: opens the captures, runs them, prints what was asked for. */
import { readFileSync } from 'node:fs'
import { MergedCapture } from '../capture/merge.ts'
import { findHelper } from '../conntrack/helper/registry.ts'
import { loadEntry } from '../conntrack/load.ts'
import { DROPPED_BY_RULES, type Outcome } from '../conntrack/outcome.ts'
import { REASONS } from '../conntrack/reason.ts'
import { parseSettings, SettingError, Settings } from '../conntrack/settings.ts'
import { subscribe } from '../conntrack/subscribe.ts'
import { Tracker } from '../conntrack/tracker.ts'
import type { EventView, StatisticsView } from '../conntrack/view.ts'
import { expectationsOf, tableOf } from '../conntrack/view-entry.ts'
import { printable } from '../diagnostic/printable.ts'
import type { Assumption } from '../explain/assumption.ts'
import { count } from '../explain/number-words.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import { countedRuleset } from '../firewall/counted.ts'
import { Firewall } from '../firewall/firewall.ts'
import { HostWay } from '../firewall/host-way.ts'
import type { Unevaluated } from '../firewall/program.ts'
import { formatEvent } from '../format/event.ts'
import { formatExpectation } from '../format/expectation.ts'
import { NdjsonWriter } from '../format/ndjson.ts'
import { PacketLines } from '../format/packet-line.ts'
import { parseTable } from '../format/parse.ts'
import { formatClosing, formatReport, type ReportParts } from '../format/report.ts'
import { formatStatistics } from '../format/statistics.ts'
import { tableLines } from '../format/table-format.ts'
import type { Packet } from '../packet/packet.ts'
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import { Consequences } from '../replay/consequences.ts'
import { decidersOf, verdictsOf } from '../replay/deciders.ts'
import { OddPackets } from '../replay/odd-packets.ts'
import type { PacketRecord } from '../replay/record.ts'
import { recordOf, timeText } from '../replay/record-of.ts'
import { type Instant, type Moment, Replay, type ReplayObserver } from '../replay/replay.ts'
import { Standpoint } from '../replay/standpoint.ts'
import { Summary } from '../replay/summary.ts'
import type { Ruleset } from '../ruleset/model.ts'
import { printRuleset } from '../ruleset/printer.ts'
import { CommentedCapture } from './commented-capture.ts'
import { EXIT_OK, EXIT_UNREADABLE, EXIT_WRONG_USE } from './exit-codes.ts'
import { Failure, unreadable, wrongUse } from './failure.ts'
import { gunzip } from './gunzip.ts'
import { momentInstant } from './moment.ts'
import { Output, writeStandardError } from './output.ts'
import { PacketTrace } from './packet-trace.ts'
import { Progress } from './progress.ts'
import { runAssumptions } from './replay-assumptions.ts'
import { type PreparedHost, prepareHost } from './replay-host.ts'
import type { ReplayOptions, ReplayRequest } from './replay-options.ts'
import { judgeUnevaluated, loadRules, loadSets, loadTimeoutPolicies } from './replay-rules.ts'
import { type Terminal, terminalOf } from './terminal.ts'
import { UTC } from './zone.ts'

/** Milliseconds from 1970 that a Date holds (ECMA-262, 21.4.1.1). */
const LAST_DATE = 8_640_000_000_000_000

/** Records gathered before they are written. */
const JSON_BATCH = 65_536

/** Answers an exit code. @throws Failure */
export async function runReplay(request: ReplayRequest): Promise<number> {
  const { options, files } = request
  refuseMixed(options)
  const { width } = terminalOf(process.stderr, process.env)
  const rulesets = loadRules(options, width)
  const prepared = await prepareHost(options, files, rulesets, width)
  return new ReplayRun(request, rulesets, prepared).run()
}

class ReplayRun {
  readonly #options: ReplayOptions
  readonly #request: ReplayRequest
  /** For whom the rules are, and where the capture stands. */
  readonly #prepared: PreparedHost
  readonly #output: Output
  readonly #terminal: Terminal
  readonly #errors = terminalOf(process.stderr, process.env)
  readonly #tracker: Tracker
  readonly #capture: MergedCapture
  readonly #replay: Replay
  readonly #progress: Progress
  readonly #lines: PacketLines
  readonly #odd = new OddPackets()
  readonly #json = new NdjsonWriter()
  readonly #writer: CommentedCapture | null
  readonly #standing: { readonly way: HostWay; readonly standpoint: Standpoint | null }
  /** Rules that were left out. */
  readonly #unevaluated: readonly Unevaluated[]
  readonly #trace: PacketTrace | null
  /** Null: all packets are evaluated as they were recorded. */
  readonly #consequences: Consequences | null
  /** Something else than the report was asked for: data alone goes to standard output. */
  readonly #dataOnly: boolean
  /** A pipe is among the inputs: what is known is shown before more is waited for. */
  readonly #isLive: boolean
  /** Packets shown by --all. */
  #shown = 0

  constructor(request: ReplayRequest, rulesets: readonly Ruleset[], prepared: PreparedHost) {
    const { options, files } = request
    this.#prepared = prepared
    this.#request = request
    this.#options = options
    this.#dataOnly =
      options.json ||
      options.events ||
      options.stats ||
      options.expect ||
      options.counters ||
      options.trace === 'kernel' ||
      options.table !== null ||
      options.at.length > 0
    // The capture takes standard output, and the report makes way.
    const isAside = options.write === '-'
    this.#output = new Output(isAside ? 2 : 1)
    this.#terminal = isAside ? this.#errors : terminalOf(process.stdout, process.env)
    const { inputs, host } = prepared
    this.#isLive = inputs.some(({ size }) => size === null)
    this.#tracker = new Tracker({
      settings: readSettings(options),
      hz: options.hz,
      zone: options.zone,
      checksums: options.checksum,
    })
    loadTimeoutPolicies(options, this.#tracker)
    for (const { helper, protocol, port } of options.helper) {
      this.#tracker.helpers.assignments.push({
        helper: findHelper(helper)!,
        protocol: protocol === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP,
        port,
      })
    }
    this.#capture = new MergedCapture(inputs, { gunzip })
    const { names, ofFile, strict, captured } = prepared
    const place = new CapturePlace(host, { interfaces: this.#capture.interfaces, names, ofFile })
    const way = new HostWay(host, place, { strict })
    const firewall = new Firewall(this.#tracker, {
      rulesets,
      sets: loadSets(options, this.#errors.width),
      host,
      way,
      seed: options.seed,
      conntrack: options.conntrack,
    })
    this.#unevaluated = judgeUnevaluated(firewall, options)
    this.#trace = firewall.hasRules ? new PacketTrace(firewall, options.trace) : null
    this.#consequences = firewall.hasRules && !options.asRecorded ? new Consequences(firewall) : null
    const standpoint = captured === 'wire' ? null : new Standpoint(captured, host, way, this.#tracker)
    this.#standing = { way, standpoint }
    const observer: ReplayObserver = {
      onPacket: (packet, outcome, number) => this.#onPacket(packet, outcome, number),
      onStart: (start) => this.#onStart(start),
      onMoment: () => this.#showTable(),
      onProgress: (bytesRead) => this.#onProgress(bytesRead),
    }
    this.#replay = new Replay(this.#capture, firewall, observer, {
      ...(this.#consequences !== null && { consequences: this.#consequences }),
      ...(standpoint !== null && { standpoint }),
    })
    if (options.events) subscribe(this.#tracker, (event) => this.#onEvent(event))
    const sizes = inputs.map(({ size }) => size)
    this.#progress = new Progress(
      sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
      { terminal: this.#errors },
    )
    const zone = options.tz ?? UTC
    this.#lines = new PacketLines({
      offsetAt: (seconds) => zone.offsetAt(seconds),
      files: files.length > 1 ? files : null,
      verdicts: firewall.hasRules,
      style: (style, text) => this.#terminal.style(style, text),
    })
    this.#writer = options.write === null ? null : new CommentedCapture(options.write, this.#capture)
  }

  async run(): Promise<number> {
    await this.#replay.run()
    this.#progress.finish()
    this.#writer?.close()
    const { options } = this.#request
    this.#output.writeBytes(this.#json.bytes)
    if (options.at.length === 0 && (options.table !== null || options.expect)) this.#showTable()
    if (options.counters) this.#showCounters()
    if (options.stats) this.#output.line(formatStatistics(this.#statistics()))
    const parts = this.#reportParts()
    if (this.#dataOnly || (this.#isUnreadable() && parts.summary.packets === 0)) this.#tell(parts.assumptions)
    else if (options.all || options.trace === 'rules') {
      if (this.#shown === 0 && parts.filter !== null)
        this.#output.line(`no packet is selected (${parts.filter})`)
      this.#output.write(`\n${formatClosing(parts)}`)
    } else this.#output.write(formatReport(parts))
    this.#output.flush()
    if (this.#isUnreadable()) return EXIT_UNREADABLE
    return this.#tellMissed() ? EXIT_WRONG_USE : EXIT_OK
  }

  #onStart(start: Instant): Moment[] {
    this.#lines.begin(start.seconds)
    this.#loadTable()
    const zone = this.#options.tz ?? UTC
    return this.#options.at.map((moment): Moment => {
      if (moment.kind !== 'packet') return { kind: 'time', ...momentInstant(moment, start, zone)! }
      if (moment.file === null) return { kind: 'packet', packet: moment.number }
      return { kind: 'frame', file: this.#findFile(moment.file), frame: moment.number }
    })
  }

  /** By its name, or by what its path ends with. */
  #findFile(text: string): number {
    const { names } = this.#capture
    const exact = names.indexOf(text)
    if (exact >= 0) return exact
    const found = names.filter((name) => name.endsWith(`/${text}`))
    if (found.length > 1) throw wrongUse(`--at: several captures are called ${text}: ${found.join(', ')}`)
    if (found[0] === undefined) throw wrongUse(`--at: no capture is called ${text}`)
    return names.indexOf(found[0])
  }

  #onPacket(packet: Packet, outcome: Outcome, number: number): void {
    this.#writer?.write(packet, () => this.#record(packet, outcome, number))
    this.#showPacket(packet, outcome, number)
    this.#trace?.clear()
  }

  #showPacket(packet: Packet, outcome: Outcome, number: number): void {
    const { json, trace } = this.#options
    const all = this.#options.all || trace === 'rules'
    const { filter } = this.#request
    const kernelLines = this.#trace?.kernelLines ?? null
    if (json || kernelLines !== null || (all && !this.#dataOnly)) {
      const record = this.#record(packet, outcome, number)
      if (filter?.matches(record) === false) return
      this.#shown++
      this.#trace?.addTo(record)
      if (json) this.#writeJson(record)
      else if (kernelLines !== null) for (const line of kernelLines) this.#output.line(printable(line))
      else this.#output.line(this.#lines.format(record))
      return
    }
    const isDropped = outcome.droppedBy === DROPPED_BY_RULES
    if (this.#dataOnly || !(isDropped || Summary.isOdd(outcome))) return
    const kind = isDropped ? this.#decider() : REASONS[outcome.reasons.numbers[0]!]!.code
    if (filter === null) this.#odd.add(kind, () => this.#record(packet, outcome, number))
    else {
      const record = this.#record(packet, outcome, number)
      if (filter.matches(record)) this.#odd.add(kind, () => record)
    }
  }

  /** Packets that the same rule dropped are of one kind. */
  #decider(): string {
    const { chain, rule } = this.#replay.firewall.decision
    return `${chain?.table} ${chain?.name} ${rule?.number}`
  }

  #onProgress(bytesRead: number): void {
    if (this.#isLive) {
      this.#flushJson()
      this.#output.flush()
      this.#writer?.flush()
    }
    this.#progress.update(bytesRead, this.#replay.summary.packets)
  }

  #record(packet: Packet, outcome: Outcome, number: number): PacketRecord {
    const { names, interfaces } = this.#capture
    const { firewall } = this.#replay
    return recordOf({ names, interfaces, tracker: this.#tracker, firewall }, packet, outcome, number)
  }

  #writeJson(record: PacketRecord): void {
    this.#json.write(record)
    if (this.#json.length > JSON_BATCH) this.#flushJson()
  }

  #flushJson(): void {
    this.#output.writeBytes(this.#json.bytes)
    this.#json.clear()
  }

  #onEvent(event: EventView): void {
    if (this.#request.filter?.matchesEntry(event.entry) === false) return
    this.#output.line(formatEvent(event, { timestamp: true }))
  }

  /** The rules with what they counted, as iptables-save -c prints them. */
  #showCounters(): void {
    for (const program of Object.values(this.#replay.firewall.programs)) {
      if (program === null) continue
      this.#output.write(printRuleset(countedRuleset(program), { form: 'canonical', counters: true }))
    }
  }

  /** The state table as it is now, and the expectations where they were asked for. */
  #showTable(): void {
    this.#flushJson()
    const { table, expect } = this.#options
    const tracker = this.#tracker
    tracker.settle()
    if (table !== null || !expect) {
      const entries = [...tableOf(tracker)].filter(
        (view) => this.#request.filter?.matchesEntry(view) !== false,
      )
      for (const line of tableLines(table ?? 'conntrack', entries)) this.#output.line(line)
      const isOld = table === 'ip_conntrack'
      const sixes = isOld ? entries.filter(({ family }) => family === 'ipv6').length : 0
      const leftOut = sixes === 0 ? '' : `, of which ${sixes} IPv6 are not shown: ip_conntrack has none`
      const { seconds, nanoseconds } = tracker.clock
      const time = this.#lines.timeText(timeText(seconds, nanoseconds, 9))
      this.#say(
        `table at ${time}, after ${count(this.#replay.summary.packets, 'packet')}: ${count(entries.length, 'entry', 'entries')}${leftOut}`,
      )
    }
    if (!expect) return
    for (const expectation of expectationsOf(tracker)) this.#output.line(formatExpectation(expectation))
  }

  #loadTable(): void {
    const { tableIn } = this.#options
    if (tableIn === null) return
    let text: string
    try {
      text = readFileSync(tableIn, 'utf8')
    } catch (error) {
      throw unreadable(tableIn, error)
    }
    const { entries, diagnostics } = parseTable(text, tableIn)
    for (const { severity, file, line, column, message } of diagnostics) {
      this.#say(`${file}:${line}:${column}: ${severity}: ${message}`)
    }
    if (entries.length === 0 && diagnostics.length > 0) {
      throw new Failure(`${printable(tableIn)}: no entry of a state table in it`, EXIT_UNREADABLE)
    }
    const refused = new Map<string, number>()
    for (const entry of entries) {
      const result = loadEntry(this.#tracker, entry)
      if (result !== 'loaded') refused.set(result, (refused.get(result) ?? 0) + 1)
    }
    for (const [result, number] of refused)
      this.#say(`${tableIn}: ${count(number, 'entry', 'entries')} left out: ${refusals[result]}`)
  }

  #statistics(): StatisticsView {
    const { statistics, helpers } = this.#tracker
    const { matched, created, deleted } = helpers.expectations
    return { ...statistics, expectNew: matched, expectCreate: created, expectDelete: deleted }
  }

  #assumptions(): Assumption[] {
    return runAssumptions({
      replay: this.#replay,
      prepared: this.#prepared,
      ...this.#standing,
      unevaluated: this.#unevaluated,
      consequences: this.#consequences,
    })
  }

  #reportParts(): ReportParts {
    const { summary } = this.#replay
    const zone = this.#options.tz ?? UTC
    const { filter } = this.#request
    const { firewall } = this.#replay
    return {
      rules: firewall.hasRules
        ? {
            verdicts: verdictsOf(firewall),
            deciders: decidersOf(firewall),
            notSent: this.#consequences?.silenced ?? 0,
          }
        : null,
      assumptions: this.#assumptions(),
      summary,
      odd: this.#odd.records,
      oddTotal: this.#odd.total,
      lines: this.#lines,
      filter: filter === null ? null : filter.toString(),
      width: this.#terminal.width,
      clock: (seconds) => {
        // The last day there is, in a zone east of Greenwich, would lie beyond what a Date holds.
        const local = new Date(
          Math.max(-LAST_DATE, Math.min(LAST_DATE, (seconds + zone.offsetAt(seconds)) * 1000)),
        )
        return `${local.toISOString().slice(0, 19).replace('T', ' ')} ${zone.name}`
      },
      style: (style, text) => this.#terminal.style(style, text),
    }
  }

  /** What was assumed, where standard output holds data. */
  #tell(assumptions: readonly Assumption[]): void {
    for (const { sentence } of assumptions) this.#say(sentence)
  }

  /** Moments after packets that never came; true if there is one. */
  #tellMissed(): boolean {
    const { missed, summary } = this.#replay
    for (const moment of missed) {
      if (moment.kind === 'time') continue
      const { names } = this.#capture
      const text = moment.kind === 'frame' ? `${names[moment.file]}:${moment.frame}` : `${moment.packet}`
      const whole = names.length === 1 ? 'the capture has' : 'the captures have'
      this.#say(`--at '#${text}': there is no such packet, ${whole} ${count(summary.packets, 'packet')}`)
    }
    return missed.length > 0
  }

  #say(text: string): void {
    this.#output.flush()
    this.#progress.finish()
    writeStandardError(`${this.#errors.style('dim', printable(`sallyport replay: ${text}`))}\n`)
  }

  /** A file of which nothing could be read. */
  #isUnreadable(): boolean {
    return this.#capture.problems.some((problem) => problem.fatal && problem.frame === 0)
  }
}

/** Packets, records, changes and a capture are told in a stream of their own each, and the table is none. @throws Failure */
function refuseMixed(options: ReplayOptions): void {
  if (options.rules === null && options.rules6 === null) {
    const needless = [
      ['--counters', options.counters],
      ['--trace', options.trace !== null],
      ['--as-recorded', options.asRecorded],
    ] as const
    const found = needless.find(([, given]) => given)
    if (found !== undefined) throw wrongUse(`${found[0]} is about rules: give some with --rules`)
  }
  const streams = [
    ['--all', options.all && !options.json],
    ['--json', options.json],
    ['--events', options.events],
    ['--trace=kernel', options.trace === 'kernel'],
    ['--write -', options.write === '-'],
  ] as const
  const [first, second] = streams.filter(([, given]) => given).map(([name]) => name)
  if (first === undefined) return
  if (second !== undefined) throw wrongUse(`${first} and ${second} go to standard output both: choose one`)
  const ends = [
    ['--table', options.table !== null],
    ['--at', options.at.length > 0],
    ['--expect', options.expect],
    ['--stats', options.stats],
    ['--counters', options.counters],
  ] as const
  const mixed = ends.find(([, given]) => given)
  if (first !== '--events' && mixed !== undefined) {
    throw wrongUse(`${first} and ${mixed[0]} go to standard output both: choose one`)
  }
}

const refusals: Readonly<Record<string, string>> = {
  duplicate: 'the same as an earlier one',
  impossible: 'no entry of its protocol can look like this',
  expired: 'no time left',
}

/** @throws Failure */
function readSettings(options: ReplayOptions): Settings {
  const settings = new Settings()
  if (options.sysctlFile !== null) {
    let text: string
    try {
      text = readFileSync(options.sysctlFile, 'utf8')
    } catch (error) {
      throw unreadable(options.sysctlFile, error)
    }
    try {
      for (const { line, name, value } of parseSettings(text, options.sysctlFile)) {
        trySet(settings, name, value, `${options.sysctlFile}:${line}: `)
      }
    } catch (error) {
      throw error instanceof SettingError ? wrongUse(error.message) : error
    }
  }
  for (const { name, value } of options.sysctl) trySet(settings, name, value, '--sysctl: ')
  return settings
}

function trySet(settings: Settings, name: string, value: string, where: string): void {
  try {
    settings.set(name, value)
  } catch (error) {
    throw error instanceof SettingError ? wrongUse(where + error.message) : error
  }
}
