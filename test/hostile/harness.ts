/**
 * What must hold whatever the bytes: a capture is run through the whole path, and after each packet and at the end the
 * record, the table, its timers and its events are held against each other. A violation throws.
 */
import { isDeepStrictEqual } from 'node:util'
import { type CaptureInput, MergedCapture } from '../../src/capture/merge.ts'
import { DEADLINE, PORTS, PROTOCOL, STATUS, ZONES } from '../../src/conntrack/entry.ts'
import { findHelper } from '../../src/conntrack/helper/registry.ts'
import { DROPPED_BY_NOBODY, type Outcome } from '../../src/conntrack/outcome.ts'
import { REASONS } from '../../src/conntrack/reason.ts'
import { type LinuxEra, Settings } from '../../src/conntrack/settings.ts'
import { REPLY, STATUS_CONFIRMED } from '../../src/conntrack/status.ts'
import { type ChecksumPolicy, EVENT_DESTROY, EVENT_NEW, Tracker } from '../../src/conntrack/tracker.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { livingEntries, viewEntry } from '../../src/conntrack/view-entry.ts'
import { assumptionsOf } from '../../src/explain/assumption.ts'
import { findingWords } from '../../src/explain/finding-words.ts'
import { CapturePlace } from '../../src/firewall/capture-place.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { HostWay } from '../../src/firewall/host-way.ts'
import { FixedWay } from '../../src/firewall/way.ts'
import { commentOf } from '../../src/format/comment.ts'
import { KernelTrace } from '../../src/format/kernel-trace.ts'
import { logLine } from '../../src/format/log-line.ts'
import { NdjsonWriter } from '../../src/format/ndjson.ts'
import { PacketLines } from '../../src/format/packet-line.ts'
import { formatReport } from '../../src/format/report.ts'
import { tableFormats, tableLines } from '../../src/format/table-format.ts'
import type { Packet } from '../../src/packet/packet.ts'
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../src/packet/packet.ts'
import { Consequences } from '../../src/replay/consequences.ts'
import { decidersOf, verdictsOf } from '../../src/replay/deciders.ts'
import { Findings } from '../../src/replay/findings.ts'
import type { PacketRecord } from '../../src/replay/record.ts'
import { recordOf } from '../../src/replay/record-of.ts'
import { Replay } from '../../src/replay/replay.ts'
import { type Captured, Standpoint } from '../../src/replay/standpoint.ts'
import { TraceRecorder } from '../../src/replay/trace.ts'
import type { Family, Ruleset } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { hold } from './hold.ts'
import { RuleChecks, WatchedWay } from './rule-checks.ts'
import { hostileHost, hostileSets } from './rulesets.ts'

/** Rules that the packets go through, and the machine that they are for. */
export interface HostileRules {
  /** Restore files. */
  readonly texts: Readonly<Partial<Record<Family, string>>>
  /** HOOK_*, which all packets take then; else the host decides. */
  readonly hook?: number
  readonly host?: 'nobody' | 'router' | 'end'
  readonly strict?: boolean
  readonly captured?: Captured
  readonly asRecorded?: boolean
  readonly conntrack?: 'always' | 'auto'
  readonly trace?: 'rules' | 'kernel'
}

export interface HostileOptions {
  readonly linux?: LinuxEra
  readonly hz?: number
  readonly checksums?: ChecksumPolicy
  readonly zone?: number
  readonly sysctls?: Readonly<Record<string, number>>
  /** FTP on 21 and TFTP on 69. */
  readonly helpers?: boolean
  /** Without a listener the table takes expired entries away in small portions. */
  readonly events?: boolean
  /** Records, lines and comments of each packet, not of the tracker alone. */
  readonly records?: boolean
  readonly fillRandom?: (words: Uint32Array) => void
  readonly rules?: HostileRules
}

export interface HostileResult {
  readonly packets: number
  readonly peak: number
  readonly problems: readonly string[]
  readonly records: readonly PacketRecord[]
  readonly tracker: Tracker
  readonly firewall: Firewall
}

const VERDICTS = ['ACCEPT', 'DROP', 'REJECT', 'QUEUE', null]
const YEAR = 366 * 86_400

/** What steers a terminal, line feeds aside: control characters, line and paragraph separators, marks of direction. */
export const STEERING = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u

/** @throws Error where something that must hold does not */
export async function runHostile(
  inputs: Uint8Array | readonly CaptureInput[],
  options: HostileOptions = {},
): Promise<HostileResult> {
  const named = inputs instanceof Uint8Array ? [{ name: 'hostile', chunks: [inputs] }] : inputs
  return new HostileRun(named, options).run()
}

class HostileRun {
  readonly #tracker: Tracker
  readonly #firewall: Firewall
  readonly #capture: MergedCapture
  readonly #replay: Replay
  readonly #records: PacketRecord[] = []
  readonly #writer = new NdjsonWriter()
  readonly #lines: PacketLines
  /** Ids of the entries that events say are alive. */
  readonly #alive = new Set<number>()
  readonly #options: HostileOptions
  #packets = 0
  readonly #checks: RuleChecks | null
  #traced: { readonly steps: readonly unknown[] } | { readonly lines: readonly string[] } | null = null
  #log: string[] = []

  constructor(inputs: readonly CaptureInput[], options: HostileOptions) {
    this.#options = options
    const settings = new Settings(options.linux)
    for (const [name, value] of Object.entries(options.sysctls ?? {})) settings.set(name, value)
    this.#tracker = new Tracker({
      settings,
      hz: options.hz ?? 250,
      checksums: options.checksums ?? 'auto',
      zone: options.zone ?? 0,
      ...(options.fillRandom ? { fillRandom: options.fillRandom } : {}),
    })
    if (options.helpers) {
      const { assignments } = this.#tracker.helpers
      assignments.push({ helper: findHelper('ftp')!, protocol: PROTOCOL_TCP, port: 21 })
      assignments.push({ helper: findHelper('tftp')!, protocol: PROTOCOL_UDP, port: 69 })
    }
    if (options.events !== false) {
      this.#tracker.onEvent = (event, entry) => {
        const id = this.#tracker.id(entry)
        if (event === EVENT_NEW) {
          hold(!this.#alive.has(id), () => `NEW twice for ${id}`)
          this.#alive.add(id)
        } else {
          hold(this.#alive.has(id), () => `event ${event} for ${id}, which is not there`)
          if (event === EVENT_DESTROY) this.#alive.delete(id)
        }
      }
    }
    this.#capture = new MergedCapture(inputs)
    const files = this.#capture.names
    const { rules } = options
    const host = hostileHost(rules?.host ?? 'nobody')
    const place = new CapturePlace(host, { interfaces: this.#capture.interfaces, ofFile: ['in0', 'out0'] })
    const hostWay = new HostWay(host, place, { strict: rules?.strict ?? false })
    const { interfaces } = host
    const way = new WatchedWay(
      rules?.hook === undefined
        ? hostWay
        : new FixedWay(rules.hook, interfaces.numberOf('in0'), interfaces.numberOf('out0')),
    )
    this.#firewall =
      rules === undefined
        ? new Firewall(this.#tracker)
        : new Firewall(this.#tracker, {
            rulesets: rulesetsOf(rules),
            sets: hostileSets(),
            host,
            way,
            conntrack: rules.conntrack ?? 'always',
          })
    this.#checks = rules === undefined ? null : new RuleChecks(this.#firewall, way)
    if (rules?.trace === 'rules') this.#traced = new TraceRecorder(this.#firewall)
    else if (rules?.trace === 'kernel') this.#traced = new KernelTrace(this.#firewall)
    if (rules !== undefined)
      this.#firewall.onNote = (passage, note) => {
        if (note.kind === 'log') this.#log.push(logLine(note, passage, interfaces))
      }
    this.#lines = new PacketLines({
      offsetAt: () => 0,
      files,
      verdicts: rules !== undefined,
      style: (_, text) => text,
    })
    this.#findings = new Findings(this.#firewall)
    const observer = {
      onPacket: (packet: Packet, outcome: Outcome, number: number) => {
        this.#findings.add(packet, outcome, number)
        this.#onPacket(packet, outcome, number)
      },
    }
    const captured = rules?.captured ?? 'wire'
    this.#replay = new Replay(this.#capture, this.#firewall, observer, {
      ...(captured !== 'wire' && { standpoint: new Standpoint(captured, host, hostWay, this.#tracker) }),
      ...(rules?.asRecorded === false && { consequences: new Consequences(this.#firewall) }),
    })
  }

  /** What the report searches the run for. */
  readonly #findings: Findings

  async run(): Promise<HostileResult> {
    await this.#replay.run()
    const { summary } = this.#replay
    hold(summary.packets === this.#packets, () => 'packets lost between replay and observer')
    const assumptions = assumptionsOf(this.#replay)
    const report = formatReport({
      rules:
        this.#checks === null
          ? null
          : { verdicts: verdictsOf(this.#firewall), deciders: decidersOf(this.#firewall), notSent: 0 },
      assumptions,
      findings: this.#findings.finish().map(findingWords),
      summary,
      odd: this.#records.slice(0, 20),
      oddTotal: this.#records.length,
      lines: this.#lines,
      filter: null,
      width: 80,
      clock: (seconds) => new Date(seconds * 1000).toISOString(),
      style: (_, text) => text,
    })
    hold(!STEERING.test(report), () => `the report steers a terminal: ${JSON.stringify(report)}`)
    this.#checks?.finish()
    this.#checkTable()
    this.#settle()
    this.#wait()
    return {
      packets: this.#packets,
      peak: summary.peak,
      problems: this.#capture.problems.map(({ code }) => code),
      records: this.#records,
      tracker: this.#tracker,
      firewall: this.#firewall,
    }
  }

  #onPacket(packet: Packet, outcome: Outcome, number: number): void {
    this.#packets++
    hold(number === this.#packets, () => `packet ${number} is the ${this.#packets}th`)
    const { table, helpers } = this.#tracker
    hold(table.wheel.size === table.count, () => `${table.count} entries, ${table.wheel.size} of them timed`)
    hold(helpers.attachments.size <= table.count, () => 'attachments without an entry')
    if (this.#options.events !== false)
      hold(this.#alive.size === table.count, () => `${table.count} entries, ${this.#alive.size} by events`)
    if (this.#options.records === false) return
    const { names, interfaces } = this.#capture
    const source = { names, interfaces, tracker: this.#tracker }
    const firewall = this.#checks === null ? {} : { firewall: this.#firewall }
    const record = recordOf({ ...source, ...firewall }, packet, outcome, number)
    if (this.#log.length > 0) record.log = this.#log
    this.#log = []
    if (this.#traced !== null && 'steps' in this.#traced && this.#firewall.answers !== null)
      record.trace = (this.#traced as TraceRecorder).steps
    this.#checkRecord(record, outcome)
    this.#records.push(record)
    this.#checks?.onPacket(packet)
  }

  #checkRecord(record: PacketRecord, outcome: Outcome): void {
    const tell = () => JSON.stringify(record)
    this.#writer.clear()
    this.#writer.write(record)
    const line = Buffer.from(this.#writer.bytes).toString()
    hold(line.indexOf('\n') === line.length - 1, () => `not one line: ${line}`)
    hold(isDeepStrictEqual(JSON.parse(line), JSON.parse(JSON.stringify(record))), tell)

    const { ctstate, reasons, entry, verdict } = record
    const kinds = reasons.map(({ code }) => REASONS.find((reason) => reason.code === code)?.kind)
    const dropped = outcome.droppedBy !== DROPPED_BY_NOBODY
    // Rules, NAT and what they ask for need no reason.
    const by = record.decidedBy.kind
    const isRuled = by !== 'none' && by !== 'ip' && by !== 'conntrack' && by !== 'helper'
    hold(VERDICTS.includes(verdict), () => `verdict: ${tell()}`)
    if (verdict === null)
      hold(
        reasons.length > 0 || by === 'unknown' || this.#isUntracked,
        () => `no verdict and no reason: ${tell()}`,
      )
    hold(!(dropped && outcome.held), () => `dropped and held: ${tell()}`)
    if (ctstate === null)
      hold(reasons.length > 0 || isRuled || this.#isUntracked, () => `no ctstate and no reason: ${tell()}`)
    if (ctstate === null || ctstate === 'INVALID')
      hold(entry === null, () => `an entry for nothing: ${tell()}`)
    // Which of several reasons came first is left open: there is room for eight.
    hold((ctstate === 'INVALID') === kinds.includes('invalid'), () => `INVALID and reasons differ: ${tell()}`)
    hold(!kinds.includes('dropped') || dropped, () => `a reason to drop, but passed: ${tell()}`)
    hold(!dropped || isRuled || kinds.includes('dropped'), () => `dropped without a reason: ${tell()}`)
    if (ctstate === 'NEW' || ctstate === 'ESTABLISHED' || ctstate === 'RELATED')
      hold(
        entry !== null || dropped || isRuled || reasons.length > 0,
        () => `no entry and no reason: ${tell()}`,
      )
    // Held back or not judged: nobody decided.
    const undecided = ctstate === null && outcome.droppedBy === 0
    if (record.family !== null && this.#checks === null)
      hold((verdict === null) === undecided, () => `verdict: ${tell()}`)
    hold(/^-?\d+(\.\d{1,9})?$/.test(record.time), () => `time: ${tell()}`)
    for (const reason of reasons)
      for (const value of Object.values(reason))
        hold(typeof value === 'string' || Number.isFinite(value), () => `a value of ${tell()}`)
    if (entry !== null) {
      hold(Number.isInteger(entry.timeout) && entry.timeout >= 0, () => `timeout: ${tell()}`)
      hold(entry.timeout <= 8_589_934, () => `timeout: ${tell()}`)
    }
    const text = `${this.#lines.format(record)}\n${commentOf(record)}`
    hold(!STEERING.test(text), () => `a line steers a terminal: ${JSON.stringify(text)}`)
    hold(!/undefined|NaN|\[object/.test(text), () => `a line with holes: ${text}`)
  }

  /** Linux would not track, and so says nothing of a state. */
  get #isUntracked(): boolean {
    return this.#options.rules?.conntrack === 'auto' || this.#options.linux === '2.4'
  }

  /** Entries, index and timers agree, and each entry is found by its own tuple and by that of its answer. */
  #checkTable(): void {
    const { table } = this.#tracker
    const tuple = new Tuple()
    let confirmed = 0
    for (let number = 0; number < table.entries.limit; number++) {
      const words = table.words(number)
      const at = table.at(number)
      if ((words[at + STATUS]! & STATUS_CONFIRMED) === 0) continue
      confirmed++
      table.readAddresses(number, tuple.addresses)
      tuple.ports = words[at + PORTS]!
      tuple.protocol = words[at + PROTOCOL]!
      tuple.zones = words[at + ZONES]!
      tuple.invertible = false
      tuple.computeHash(table.flowHash)
      hold(table.lookup(tuple) >> 1 === number, () => `entry ${number} is not found by its tuple`)
      table.readTuple(number, REPLY, tuple)
      tuple.computeHash(table.flowHash)
      hold(table.lookup(tuple) >> 1 === number, () => `entry ${number} is not found by its reply tuple`)
    }
    hold(confirmed === table.count, () => `${table.count} entries counted, ${confirmed} there`)
    for (const number of this.#tracker.helpers.attachments.keys())
      hold(
        (table.words(number)[table.at(number) + STATUS]! & STATUS_CONFIRMED) !== 0,
        () => 'a lost attachment',
      )
  }

  #settle(): void {
    const { table, clock } = this.#tracker
    this.#tracker.settle()
    let living = 0
    for (const number of livingEntries(this.#tracker)) {
      living++
      const left = (table.words(number)[table.at(number) + DEADLINE]! - clock.now) | 0
      hold(left > 0, () => `entry ${number} is ${-left} ticks over its time`)
    }
    hold(living === table.count, () => `${table.count} entries settled, ${living} living`)
    const views = [...livingEntries(this.#tracker)].map((number) =>
      viewEntry(this.#tracker, number, clock.now),
    )
    for (const name of Object.keys(tableFormats) as (keyof typeof tableFormats)[])
      for (const line of tableLines(name, views))
        hold(
          !STEERING.test(line) && !/undefined|NaN/.test(line),
          () => `a table line: ${JSON.stringify(line)}`,
        )
    this.#checkTable()
  }

  /** A year later nothing is left. */
  #wait(): void {
    const { table, clock, helpers } = this.#tracker
    const before = clock.ticks
    this.#tracker.setTime(Math.max(0, clock.seconds) + YEAR, 0)
    // At the end of time the clock stands.
    if (clock.ticks < before + 300 * 86_400 * clock.hz) return
    this.#tracker.settle()
    hold(table.count === 0 && table.wheel.size === 0, () => `${table.count} entries left after a year`)
    hold(helpers.attachments.size === 0, () => 'attachments left')
    helpers.expectations.expire(clock.now)
    hold(helpers.expectations.size === 0, () => 'expectations left')
    hold(this.#alive.size === 0, () => `${this.#alive.size} entries never destroyed by an event`)
    this.#firewall.reassembler.expire(clock.ticks)
    hold(this.#firewall.reassembler.charged === 0, () => 'fragments left')
  }
}

function rulesetsOf({ texts }: HostileRules): Ruleset[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const text = texts[family]
    if (text === undefined) return []
    const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions })
    const refused = diagnostics.find(({ severity }) => severity === 'error')
    if (refused !== undefined) throw new Error(`${refused.message}: ${text}`)
    return [ruleset]
  })
}
