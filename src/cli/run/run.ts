/** A run of captures through rules: everything that the options ask for, put together; what is made of its packets is the command's. */
import { MergedCapture } from '../../capture/merge.ts'
import type { FillRandom } from '../../conntrack/hash.ts'
import { findHelper } from '../../conntrack/helper/registry.ts'
import type { Outcome } from '../../conntrack/outcome.ts'
import type { Settings } from '../../conntrack/settings.ts'
import { Tracker } from '../../conntrack/tracker.ts'
import type { Assumption } from '../../explain/assumption.ts'
import { CapturePlace } from '../../firewall/capture-place.ts'
import { Firewall } from '../../firewall/firewall.ts'
import { HostWay } from '../../firewall/host-way.ts'
import type { Unevaluated } from '../../firewall/program.ts'
import { ReversePath } from '../../host/reverse-path.ts'
import { type Packet, PROTOCOL_TCP, PROTOCOL_UDP } from '../../packet/packet.ts'
import { Consequences } from '../../replay/consequences.ts'
import type { PacketRecord } from '../../replay/record.ts'
import { recordOf } from '../../replay/record-of.ts'
import { type Instant, Replay, type ReplayObserver } from '../../replay/replay.ts'
import { needsOf } from '../../replay/rule-needs.ts'
import { Standpoint } from '../../replay/standpoint.ts'
import { Station, type StationOptions } from '../../replay/station.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import { wrongUse } from '../failure.ts'
import { gunzip } from '../gunzip.ts'
import { runAssumptions } from './assumptions.ts'
import { type PreparedHost, prepareHost } from './host.ts'
import type { RunOptions } from './options.ts'
import { judgeUnevaluated, loadRules, loadSets, loadTimeoutPolicies } from './rules.ts'
import { readSettings } from './settings.ts'
import { loadTable } from './table-in.ts'

/** What a run is made of. */
export interface RunParts {
  readonly options: RunOptions
  /** Columns of standard error, for messages about files. */
  readonly width: number
  /** At least one; `-` is standard input. */
  readonly files: readonly string[]
  /** One a family at most. */
  readonly rulesets: readonly Ruleset[]
  /** The secret of the hash table, for runs that have to evict the same entries; each has its own unless given. */
  readonly fillRandom?: FillRandom
}

/** Of the files that the options name. @throws Failure */
export async function openRun(options: RunOptions, files: readonly string[], width: number): Promise<Run> {
  return openRunWith({ options, files, width, rulesets: loadRules(options, width) })
}

/** With these rules, whatever the options name. @throws Failure */
export async function openRunWith(parts: RunParts): Promise<Run> {
  const { options, files, rulesets, width } = parts
  return new Run(parts, await prepareHost(options, files, rulesets, width))
}

/** Made by `openRun`; runs once. */
export class Run {
  /** For whom the rules are, and where the capture stands. */
  readonly prepared: PreparedHost
  readonly tracker: Tracker
  readonly capture: MergedCapture
  readonly firewall: Firewall
  readonly way: HostWay
  readonly standpoint: Standpoint | null
  /** Null: all packets are evaluated as they were recorded. */
  readonly consequences: Consequences | null
  /** Rules that were left out. */
  readonly unevaluated: readonly Unevaluated[]
  readonly #options: RunOptions

  /** `capture`: that of another run, which reads it for both. */
  constructor(
    { options, rulesets, width, fillRandom }: RunParts,
    prepared: PreparedHost,
    capture?: MergedCapture,
  ) {
    this.#options = options
    this.prepared = prepared
    const reversePath = new ReversePath(prepared.host.interfaces)
    this.tracker = trackerOf(options, readSettings(options, reversePath), fillRandom)
    this.capture = capture ?? new MergedCapture(prepared.inputs, { gunzip })
    const { host, names, ofFile, strict, captured } = prepared
    const place = new CapturePlace(host, { interfaces: this.capture.interfaces, names, ofFile })
    this.way = new HostWay(host, place, { strict, reversePath })
    this.firewall = new Firewall(this.tracker, {
      rulesets,
      sets: loadSets(options, width),
      host,
      way: this.way,
      seed: options.seed,
      conntrack: options.conntrack,
    })
    this.unevaluated = judgeUnevaluated(this.firewall, options)
    this.consequences = this.firewall.hasRules && !options.asRecorded ? new Consequences(this.firewall) : null
    // Each packet once, as the host had it, and no source translated: as it stands.
    const isPlain = captured === 'wire' && !needsOf(rulesets).translatesSource
    this.standpoint = isPlain ? null : new Standpoint(captured, host, this.way, this.tracker)
  }

  /** Ready to run. `say` is told about the file of --table-in, when the run starts. @throws Failure from `run()` of what it answers */
  replay(observer: ReplayObserver, say: (text: string) => void): Replay {
    return new Replay(
      this.capture,
      this.firewall,
      {
        ...observer,
        onStart: (start) => {
          for (const text of this.start(start)) say(text)
          return observer.onStart?.(start) ?? []
        },
      },
      this.#stationOptions(),
    )
  }

  /** For packets that another run's capture brings; `start` comes ahead of the first. */
  station(): Station {
    return new Station(this.firewall, this.#stationOptions())
  }

  /** Fills the table from the file of --table-in, at the time of the first packet; answers what is to be told about it. @throws Failure */
  start({ seconds, nanoseconds }: Instant): string[] {
    const { tableIn } = this.#options
    this.tracker.setTime(seconds, nanoseconds)
    return tableIn === null ? [] : loadTable(tableIn, this.tracker)
  }

  #stationOptions(): StationOptions {
    const { consequences, standpoint } = this
    return { ...(consequences !== null && { consequences }), ...(standpoint !== null && { standpoint }) }
  }

  recordOf(packet: Packet, outcome: Outcome, number: number): PacketRecord {
    const { names, interfaces } = this.capture
    return recordOf(
      { names, interfaces, tracker: this.tracker, firewall: this.firewall },
      packet,
      outcome,
      number,
    )
  }

  /** What was taken for granted, behind the run. */
  assumptionsOf(replay: Replay): Assumption[] {
    const { prepared, way, standpoint, unevaluated, consequences } = this
    return runAssumptions({ replay, prepared, way, standpoint, unevaluated, consequences })
  }

  /** Is there a file of which nothing could be read? */
  get isUnreadable(): boolean {
    return this.capture.problems.some((problem) => problem.fatal && problem.frame === 0)
  }

  /** A pipe is among the inputs: what is known is shown before more is waited for. */
  get isLive(): boolean {
    return this.prepared.inputs.some(({ size }) => size === null)
  }

  /** Bytes of all inputs; null where one does not tell. */
  get size(): number | null {
    return this.prepared.inputs.reduce<number | null>(
      (sum, { size }) => (sum === null || size === null ? null : sum + size),
      0,
    )
  }
}

/** What is told by options that Linux 2.4 had no use for. */
function refuseLater({ linux, zone, timeouts }: RunOptions): void {
  if (linux !== '2.4') return
  if (zone !== 0) throw wrongUse(`--zone ${zone}: Linux 2.4 had no zones (--linux 2.4)`)
  if (timeouts !== null)
    throw wrongUse('--timeouts: Linux 2.4 had no target CT, its timeouts are fixed (--linux 2.4)')
}

/** @throws Failure where the Linux in question had no such thing. */
function trackerOf(options: RunOptions, settings: Settings, fillRandom?: FillRandom): Tracker {
  const { hz, zone, checksum } = options
  refuseLater(options)
  const tracker = new Tracker({ settings, hz, zone, checksums: checksum, ...(fillRandom && { fillRandom }) })
  loadTimeoutPolicies(options, tracker)
  for (const { helper, protocol, port } of options.helper) {
    tracker.helpers.assignments.push({
      helper: findHelper(helper)!,
      protocol: protocol === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP,
      port,
    })
  }
  return tracker
}
