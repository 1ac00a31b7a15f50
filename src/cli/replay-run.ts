import { DROPPED_BY_RULES, type Outcome } from '../conntrack/outcome.ts'
import { REASONS } from '../conntrack/reason.ts'
import { subscribe } from '../conntrack/subscribe.ts'
import type { EventView, StatisticsView } from '../conntrack/view.ts'
import { expectationsOf, tableOf } from '../conntrack/view-entry.ts'
import { printable } from '../diagnostic/printable.ts'
import type { Assumption } from '../explain/assumption.ts'
import { findingWords } from '../explain/finding-words.ts'
import { count } from '../explain/number-words.ts'
import { countedRuleset } from '../firewall/counted.ts'
import { formatEvent } from '../format/event.ts'
import { formatExpectation } from '../format/expectation.ts'
import { formatExpecting24 } from '../format/ip-conntrack.ts'
import { NdjsonWriter } from '../format/ndjson.ts'
import { PacketLines } from '../format/packet-line.ts'
import { formatClosing, formatReport, type ReportParts } from '../format/report.ts'
import { formatStatistics } from '../format/statistics.ts'
import { type TableFormatName, tableLines } from '../format/table-format.ts'
import type { Packet } from '../packet/packet.ts'
import { decidersOf, verdictsOf } from '../replay/deciders.ts'
import { Findings } from '../replay/findings.ts'
import { OddPackets } from '../replay/odd-packets.ts'
import type { PacketRecord } from '../replay/record.ts'
import { timeText } from '../replay/record-of.ts'
import type { Instant, Moment, Replay } from '../replay/replay.ts'
import { Summary } from '../replay/summary.ts'
import { printRuleset } from '../ruleset/printer.ts'
import { PacketTrace } from '../run/packet-trace.ts'
import type { Run } from '../run/run.ts'
import { CommentedCapture } from './commented-capture.ts'
import { EXIT_OK, EXIT_UNREADABLE, EXIT_WRONG_USE } from './exit-codes.ts'
import { wrongUse } from './failure.ts'
import { Output, writeStandardError } from './output.ts'
import { Progress } from './progress.ts'
import type { ReplayOptions, ReplayRequest } from './replay-options.ts'
import { missedText, runMoment } from './run/moments.ts'
import { openRun } from './run/run.ts'
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
  return new ReplayRun(request, await openRun(options, files, width)).run()
}

class ReplayRun {
  readonly #options: ReplayOptions
  readonly #request: ReplayRequest
  readonly #run: Run
  readonly #replay: Replay
  readonly #output: Output
  readonly #terminal: Terminal
  readonly #errors = terminalOf(process.stderr, process.env)
  readonly #progress: Progress
  readonly #lines: PacketLines
  readonly #odd = new OddPackets()
  /** Null where no report is shown. */
  readonly #findings: Findings | null
  readonly #json = new NdjsonWriter()
  readonly #writer: CommentedCapture | null
  readonly #trace: PacketTrace | null
  /** Something else than the report was asked for: data alone goes to standard output. */
  readonly #dataOnly: boolean
  readonly #isLive: boolean
  /** Packets shown by --all. */
  #shown = 0

  constructor(request: ReplayRequest, run: Run) {
    const { options, files } = request
    this.#request = request
    this.#options = options
    this.#run = run
    this.#isLive = run.isLive
    this.#dataOnly =
      options.json ||
      options.events ||
      options.findings ||
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
    const { firewall, tracker, capture } = run
    this.#findings = this.#dataOnly && !options.findings ? null : new Findings(firewall)
    this.#trace = firewall.hasRules ? new PacketTrace(firewall, options.trace) : null
    const onPacket = (packet: Packet, outcome: Outcome, number: number) =>
      this.#onPacket(packet, outcome, number)
    const isEachShown = options.json || options.all || options.trace !== null || options.write !== null
    this.#replay = run.replay(
      {
        ...(isEachShown || firewall.hasRules
          ? { onPacket }
          : { onNotablePacket: (packet, outcome, number) => this.#onNotable(packet, outcome, number) }),
        onStart: (start) => this.#onStart(start),
        onMoment: () => this.#showTable(),
        onProgress: (bytesRead) => this.#onProgress(bytesRead),
      },
      (text) => this.#say(text),
    )
    if (options.events) subscribe(tracker, (event) => this.#onEvent(event))
    this.#progress = new Progress(run.size, { terminal: this.#errors })
    const zone = options.tz ?? UTC
    this.#lines = new PacketLines({
      offsetAt: (seconds) => zone.offsetAt(seconds),
      files: files.length > 1 ? files : null,
      verdicts: firewall.hasRules,
      style: (style, text) => this.#terminal.style(style, text),
    })
    this.#writer = options.write === null ? null : new CommentedCapture(options.write, capture)
  }

  async run(): Promise<number> {
    await this.#replay.run()
    this.#progress.finish()
    this.#writer?.close()
    const { options } = this.#request
    this.#output.writeBytes(this.#json.bytes)
    if (options.at.length === 0 && (options.table !== null || options.expect)) this.#showTable()
    if (options.counters) this.#showCounters()
    if (options.findings) this.#showFindings()
    if (options.stats) this.#output.line(formatStatistics(this.#statistics()))
    const parts = this.#reportParts()
    if (this.#dataOnly || (this.#run.isUnreadable && parts.summary.packets === 0))
      this.#tell(parts.assumptions)
    else if (options.all || options.trace === 'rules') {
      if (this.#shown === 0 && parts.filter !== null)
        this.#output.line(`no packet is selected (${parts.filter})`)
      this.#output.write(`\n${formatClosing(parts)}`)
    } else this.#output.write(formatReport(parts))
    this.#output.flush()
    if (this.#run.isUnreadable) return EXIT_UNREADABLE
    return this.#tellMissed() ? EXIT_WRONG_USE : EXIT_OK
  }

  #onStart(start: Instant): Moment[] {
    this.#lines.begin(start.seconds)
    const zone = this.#options.tz ?? UTC
    const { names } = this.#run.capture
    return this.#options.at.map((moment) => runMoment(moment, start, zone, { names, option: '--at' }))
  }

  #onPacket(packet: Packet, outcome: Outcome, number: number): void {
    if (this.#findings !== null) this.#findings.add(packet, outcome, number)
    this.#writer?.write(packet, () => this.#record(packet, outcome, number))
    this.#showPacket(packet, outcome, number)
    this.#trace?.clear()
  }

  /** Without rules, and where packets are shown that are odd, if any: most are told because they open a connection. */
  #onNotable(packet: Packet, outcome: Outcome, number: number): void {
    this.#findings?.add(packet, outcome, number)
    if (outcome.reasons.count !== 0) this.#showPacket(packet, outcome, number)
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
    return this.#run.recordOf(packet, outcome, number)
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

  /** As data, each with its sentence. */
  #showFindings(): void {
    for (const finding of this.#findings?.finish() ?? [])
      this.#output.line(JSON.stringify({ ...finding, text: findingWords(finding).text }))
  }

  /** The rules with what they counted, as iptables-save -c prints them. */
  #showCounters(): void {
    for (const program of Object.values(this.#replay.firewall.programs)) {
      if (program === null) continue
      const text = printRuleset(countedRuleset(program), { form: 'canonical', counters: true })
      this.#output.write(this.#terminal.foreign(text))
    }
  }

  /** The state table as it is now, and the expectations where they were asked for. */
  #showTable(): void {
    this.#flushJson()
    const { table, expect, at } = this.#options
    const tracker = this.#run.tracker
    tracker.settle()
    const { seconds, nanoseconds } = tracker.clock
    const time = this.#lines.timeText(timeText(seconds, nanoseconds, 9))
    const moment = `${time}, after ${count(this.#replay.summary.packets, 'packet')}`
    // A comment to conntrack -R; a table alone has none, so that it is what Linux prints.
    if (at.length > 1) this.#output.line(`# ${moment}`)
    if (table !== null || !expect) {
      const format = tableFormatOf(this.#options)
      const entries = [...tableOf(tracker)].filter(
        (view) => this.#request.filter?.matchesEntry(view) !== false,
      )
      for (const line of tableLines(format, entries)) this.#output.line(line)
      if (format === 'ip_conntrack-2.4') this.#showExpecting()
      const isOld = format === 'ip_conntrack' || format === 'ip_conntrack-2.4'
      const sixes = isOld ? entries.filter(({ family }) => family === 'ipv6').length : 0
      const leftOut = sixes === 0 ? '' : `, of which ${sixes} IPv6 are not shown: ip_conntrack has none`
      this.#say(`table at ${moment}: ${count(entries.length, 'entry', 'entries')}${leftOut}`)
    }
    if (!expect) return
    for (const expectation of expectationsOf(tracker)) this.#output.line(formatExpectation(expectation))
  }

  /** The expectations, which Linux 2.4 listed behind the entries. */
  #showExpecting(): void {
    for (const expectation of expectationsOf(this.#run.tracker)) {
      const line = formatExpecting24(expectation)
      if (line !== null) this.#output.line(line)
    }
  }

  #statistics(): StatisticsView {
    const { statistics, helpers } = this.#run.tracker
    const { matched, created, deleted } = helpers.expectations
    return { ...statistics, expectNew: matched, expectCreate: created, expectDelete: deleted }
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
            notSent: this.#run.consequences?.silenced ?? 0,
          }
        : null,
      assumptions: this.#run.assumptionsOf(this.#replay),
      findings: this.#findings?.finish().map(findingWords) ?? [],
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
      const packets = count(summary.packets, 'packet')
      const text = missedText(moment, '--at', this.#run.capture.names, packets)
      if (text !== null) this.#say(text)
    }
    return missed.length > 0
  }

  #say(text: string): void {
    this.#output.flush()
    this.#progress.finish()
    writeStandardError(`${this.#errors.style('dim', printable(`sallyport replay: ${text}`))}\n`)
  }
}

/** Unless a format is named, it is that of the Linux in question. */
function tableFormatOf({ table, linux }: ReplayOptions): TableFormatName {
  if (table !== null && table !== 'auto') return table
  return linux === '2.4' ? 'ip_conntrack-2.4' : 'conntrack'
}

/** Packets, records, changes and a capture are told in a stream of their own each, and the table is none. @throws Failure */
function refuseMixed(options: ReplayOptions): void {
  if (options.linux === '2.4' && options.stats)
    throw wrongUse('--stats: Linux 2.4 kept no statistics (--linux 2.4)')
  if (options.rules === null && options.rules6 === null) {
    const needless = [
      ['--counters', options.counters],
      ['--trace', options.trace !== null],
      ['--as-recorded', options.asRecorded],
    ] as const
    const found = needless.find(([, given]) => given)
    if (found !== undefined) throw wrongUse(`${found[0]} is about rules: give some with --rules`)
  }
  if (options.at.length > 1 && (options.table === 'xml' || options.table === 'json')) {
    throw wrongUse(
      `--table=${options.table} is the table of one moment: several cannot be told apart in it; give --at once, or take another format`,
    )
  }
  const streams = [
    ['--all', options.all && !options.json],
    ['--json', options.json],
    ['--events', options.events],
    ['--findings', options.findings],
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
