/** A run of captures through rules, put together; what is made of its packets is the caller's. */
import { MergedCapture } from '../capture/merge.ts'
import type { Decompressor } from '../capture/source.ts'
import type { FillRandom } from '../conntrack/hash.ts'
import { findHelper } from '../conntrack/helper/registry.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import type { Settings } from '../conntrack/settings.ts'
import type { TimeoutPolicy } from '../conntrack/timeout-policy.ts'
import { type ChecksumPolicy, Tracker } from '../conntrack/tracker.ts'
import type { Assumption } from '../explain/assumption.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import { Firewall } from '../firewall/firewall.ts'
import { HostWay } from '../firewall/host-way.ts'
import type { Unevaluated } from '../firewall/program.ts'
import type { ReversePath } from '../host/reverse-path.ts'
import type { Sets } from '../ipset/sets.ts'
import { type Packet, PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import { Consequences } from '../replay/consequences.ts'
import type { PacketRecord } from '../replay/record.ts'
import { recordOf } from '../replay/record-of.ts'
import { type Instant, Replay, type ReplayObserver } from '../replay/replay.ts'
import { needsOf } from '../replay/rule-needs.ts'
import { Standpoint } from '../replay/standpoint.ts'
import { Station, type StationOptions } from '../replay/station.ts'
import type { Ruleset } from '../ruleset/model.ts'
import { runAssumptions } from './assumptions.ts'
import type { PreparedHost } from './prepared-host.ts'
import { enterTable, type SavedTable } from './saved-table.ts'

/** How packets are judged, beside the rules. */
export interface RunChoices {
  /** Clock ticks a second: 24–1200. */
  readonly hz: number
  /** Of all packets: 0–65535. */
  readonly zone: number
  readonly checksum: ChecksumPolicy
  readonly helper: readonly {
    readonly helper: 'ftp' | 'tftp'
    readonly protocol: 'tcp' | 'udp'
    readonly port: number
  }[]
  /** As in `FirewallOptions`. */
  readonly conntrack: 'always' | 'auto'
  readonly seed: number
  /** Every packet is evaluated as it was recorded; else what follows a dropped opening packet counts as not sent. */
  readonly asRecorded: boolean
}

/** What a run is made of. */
export interface RunParts {
  readonly choices: RunChoices
  readonly settings: Settings
  /** Made with the interfaces of the host. */
  readonly reversePath: ReversePath
  readonly prepared: PreparedHost
  /** One a family at most. */
  readonly rulesets: readonly Ruleset[]
  readonly sets: Sets
  /** What `-j CT --timeout` may name. */
  readonly timeoutPolicies?: ReadonlyMap<string, TimeoutPolicy>
  /** Null: the table is empty at the start. */
  readonly saved: SavedTable | null
  readonly gunzip: Decompressor
  /** The secret of the hash table, for runs that have to evict the same entries; each has its own unless given. */
  readonly fillRandom?: FillRandom
  /** That of another run, which reads it for both. */
  readonly capture?: MergedCapture
}

/** Runs once. */
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
  /** Rules that are left out, because nobody here can evaluate them. */
  readonly unevaluated: readonly Unevaluated[]
  readonly #saved: SavedTable | null

  /** @throws TypeError for rules whose text had mistakes */
  constructor(parts: RunParts) {
    const { choices, prepared, reversePath, rulesets, saved, sets } = parts
    this.#saved = saved
    this.prepared = prepared
    this.tracker = trackerOf(parts)
    this.capture = parts.capture ?? new MergedCapture(prepared.inputs, { gunzip: parts.gunzip })
    const { host, names, ofFile, strict, captured } = prepared
    const place = new CapturePlace(host, { interfaces: this.capture.interfaces, names, ofFile })
    this.way = new HostWay(host, place, { strict, reversePath })
    const { seed, conntrack } = choices
    this.firewall = new Firewall(this.tracker, { rulesets, sets, host, way: this.way, seed, conntrack })
    const { programs } = this.firewall
    this.unevaluated = [programs.ipv4, programs.ipv6].flatMap((program) => program?.unevaluated ?? [])
    this.consequences = this.firewall.hasRules && !choices.asRecorded ? new Consequences(this.firewall) : null
    // Each packet once, as the host had it, and nothing translated: as it stands.
    const { translatesSource, translatesDestination } = needsOf(rulesets)
    const isPlain = captured === 'wire' && !translatesSource && !translatesDestination
    this.standpoint = isPlain ? null : new Standpoint(captured, host, this.way, this.tracker)
  }

  /** Ready to run. `say` is told about the saved table, when the run starts. */
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

  /** All packets, up to the end or to what the observer throws; then the captures are closed. */
  async each(observer: ReplayObserver): Promise<Replay> {
    const replay = this.replay(observer, () => {})
    try {
      await replay.run()
    } finally {
      await this.capture.close()
    }
    return replay
  }

  /** For packets that another run's capture brings; `start` comes ahead of the first. */
  station(): Station {
    return new Station(this.firewall, this.#stationOptions())
  }

  /** Fills the table from the saved one, at the time of the first packet; answers what is to be told about it. */
  start({ seconds, nanoseconds }: Instant): string[] {
    this.tracker.setTime(seconds, nanoseconds)
    return this.#saved === null ? [] : enterTable(this.#saved, this.tracker)
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

function trackerOf({ choices, settings, timeoutPolicies, fillRandom }: RunParts): Tracker {
  const { hz, zone, checksum, helper: helpers } = choices
  const tracker = new Tracker({ settings, hz, zone, checksums: checksum, ...(fillRandom && { fillRandom }) })
  if (timeoutPolicies !== undefined) tracker.timeoutPolicies = timeoutPolicies
  for (const { helper, protocol, port } of helpers) {
    tracker.helpers.assignments.push({
      helper: findHelper(helper)!,
      protocol: protocol === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP,
      port,
    })
  }
  return tracker
}
