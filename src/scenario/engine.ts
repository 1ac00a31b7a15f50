/** Scenarios against this engine: a tracker and a firewall for each test, in virtual time. */
import { MergedCapture } from '../capture/merge.ts'
import type { CaptureInterface } from '../capture/record.ts'
import { findHelper } from '../conntrack/helper/registry.ts'
import { Outcome } from '../conntrack/outcome.ts'
import { SettingError, Settings } from '../conntrack/settings.ts'
import { readTimeoutPolicies } from '../conntrack/timeout-policy.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { EntryView } from '../conntrack/view.ts'
import { tableOf } from '../conntrack/view-entry.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import type { CompiledChain } from '../firewall/compiled-chain.ts'
import type { CompiledRule } from '../firewall/compiled-rule.ts'
import { Firewall } from '../firewall/firewall.ts'
import { HostWay } from '../firewall/host-way.ts'
import { logLine } from '../format/log-line.ts'
import { VERDICT_ACCEPT } from '../hook/hook.ts'
import { Host } from '../host/host.ts'
import { tellLocal, tellPair, tellRoute } from '../host/host-words.ts'
import { readSets } from '../ipset/reader.ts'
import { Sets } from '../ipset/sets.ts'
import { decodeNetwork } from '../packet/decode.ts'
import {
  DIRECTION_INCOMING,
  DIRECTION_OUTGOING,
  FAMILY_IPV6,
  Packet,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../packet/packet.ts'
import type { PacketRecord } from '../replay/record.ts'
import { recordOf } from '../replay/record-of.ts'
import { Replay } from '../replay/replay.ts'
import type { TableName } from '../ruleset/tables.ts'
import type { MoreSysctl } from '../run/explainer.ts'
import { oneSecret } from '../run/secret.ts'
import type { Executor, ExecutorSource, Observation, RuleCount, SentPacket } from './executor.ts'
import type { LoadedRules, LoadedSetup } from './load.ts'
import type { RuleWords } from './model.ts'
import { Refusal } from './problem.ts'
import { commentOf } from './rule-comment.ts'

/** Tests against this engine. @throws Refusal */
export const engine: ExecutorSource = (setup) => new Engine(setup)

// A packet is through before the next one comes, of whichever test.
const packet = new Packet()
const tuple = new Tuple()
const outcome = new Outcome()

/** One secret for all tests of a process: to ask for another takes a twentieth of a test. */
const fillOnce = oneSecret()

/** Where packets come from. */
interface Captured {
  readonly names: readonly string[]
  readonly interfaces: readonly CaptureInterface[]
}

const byHand: Captured = { names: [], interfaces: [] }

/** Packets of a scenario name their interface by its number, or leave it to the routes; those of a capture by its names. */
class Place extends CapturePlace {
  captured: CapturePlace | null = null
  readonly #host: Host

  constructor(host: Host) {
    super(host)
    this.#host = host
  }

  override of(one: Packet): number {
    if (this.captured !== null) return this.captured.of(one)
    if (one.direction !== DIRECTION_OUTGOING) return one.inInterface
    const { family, destination0, destination1, destination2, destination3 } = one
    const isIPv6 = family === FAMILY_IPV6
    const isToItself = this.#host.isLocal(isIPv6, destination0, destination1, destination2, destination3)
    return one.outInterface !== 0 || isToItself ? one.outInterface : this.#host.only
  }
}

/** Who looks on while packets go through. */
export interface EngineWatch {
  /** Settings beside those of the test, which stand ahead of its first packet. */
  readonly more?: readonly MoreSysctl[]
  /** `number` counts over the test, from 1. */
  readonly onPacket?: (packet: Packet, outcome: Outcome, number: number) => void
  /** Other rules are in force. */
  readonly onRules?: () => void
}

/** The machine of one test. */
export class Engine implements Executor {
  readonly #setup: LoadedSetup
  readonly #settings: Settings
  readonly #tracker: Tracker
  readonly #host = new Host()
  readonly #place: Place
  readonly #way: HostWay
  readonly #sets = new Sets()
  #firewall: Firewall
  #packets = 0
  #log: string[] = []
  #captured: Captured = byHand
  readonly #watch: EngineWatch

  /** @throws Refusal, and SettingError for what `watch` sets */
  constructor(setup: LoadedSetup, watch: EngineWatch = {}) {
    this.#setup = setup
    this.#watch = watch
    const { words, rules, ipsets, timeouts } = setup
    this.#settings = new Settings(words.era ?? undefined)
    for (const { name, value, span } of words.sysctls) {
      try {
        this.#settings.set(name, value)
      } catch (error) {
        if (error instanceof SettingError) throw new Refusal(span, error.message)
        throw error
      }
    }
    for (const { name, value } of watch.more ?? []) this.#settings.set(name, value)
    for (const local of words.local) tellLocal(this.#host, local)
    for (const route of words.routes) tellRoute(this.#host, route)
    if (words.pair !== null) tellPair(this.#host, words.pair)
    for (const { text, file } of ipsets) readSets(text, file, this.#sets)
    this.#tracker = new Tracker({
      settings: this.#settings,
      checksums: 'verify',
      fillRandom: fillOnce,
      zone: words.zone?.number ?? 0,
    })
    for (const { text } of timeouts) {
      const policies = readTimeoutPolicies(text, this.#settings)
      this.#tracker.timeoutPolicies = new Map([...this.#tracker.timeoutPolicies, ...policies])
    }
    for (const { helper, protocol, port } of words.helpers) {
      this.#tracker.helpers.assignments.push({
        helper: findHelper(helper)!,
        protocol: protocol === 'tcp' ? PROTOCOL_TCP : PROTOCOL_UDP,
        port,
      })
    }
    this.#place = new Place(this.#host)
    this.#way = new HostWay(this.#host, this.#place)
    this.#firewall = this.#newFirewall(rules)
    refuseUnevaluated(this.#firewall, rules)
  }

  get tracker(): Tracker {
    return this.#tracker
  }

  /** The one that the next packet meets: it is another one behind the first rules of a test that began without. */
  get firewall(): Firewall {
    return this.#firewall
  }

  send({ bytes, time, interface: device, isLocal, isQuoted }: SentPacket): Observation {
    packet.seconds = Math.floor(time / 1e6)
    packet.nanoseconds = (time - packet.seconds * 1e6) * 1000
    packet.frame = ++this.#packets
    packet.direction = isLocal ? DIRECTION_OUTGOING : DIRECTION_INCOMING
    const index = device === null ? 0 : this.#host.interfaces.numberOf(device)
    packet.inInterface = isLocal ? 0 : index
    packet.outInterface = isLocal ? index : 0
    packet.frameBytes = bytes
    packet.frameEnd = bytes.length
    packet.frameLength = bytes.length
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(packet, view, bytes, 0, bytes.length, bytes.length)
    const firewall = this.#firewall
    firewall.prepare(packet, tuple)
    firewall.process(packet, tuple, outcome)
    this.#watch.onPacket?.(packet, outcome, this.#packets)
    const observation = this.#observation(this.recordOf(packet, outcome, this.#packets))
    if (!isQuoted) return observation
    const { decision, passage, hasRules } = firewall
    if (!hasRules) return { ...observation, left: observation.record.verdict === 'ACCEPT' ? bytes : null }
    if (decision.verdict !== VERDICT_ACCEPT) return observation
    const left = passage.settled()
    return { ...observation, left: left.bytes.slice(left.networkOffset, left.capturedEnd) }
  }

  /** Of the packet that went through last. */
  recordOf(one: Packet, its: Outcome, number: number): PacketRecord {
    const source = { ...this.#captured, tracker: this.#tracker, firewall: this.#firewall }
    return recordOf(source, one, its, number)
  }

  #observation(record: PacketRecord): Observation {
    if (this.#log.length > 0) {
      record.log = this.#log
      this.#log = []
    }
    const { rule } = this.#firewall.decision
    return { record, comment: rule === null ? null : commentOf(rule.rule), left: null }
  }

  entries(time: number): readonly EntryView[] {
    const seconds = Math.floor(time / 1e6)
    this.#tracker.setTime(seconds, (time - seconds * 1e6) * 1000)
    this.#tracker.settle()
    return [...tableOf(this.#tracker)]
  }

  count(words: RuleWords): RuleCount | null {
    for (const chain of this.#chains(words)) {
      if (words.kind === 'policy') {
        if (chain.policyDrops !== null) return { packets: chain.packets, bytes: chain.bytes }
        continue
      }
      const isIt = (rule: CompiledRule) =>
        words.kind === 'comment' ? commentOf(rule.rule) === words.text : rule.number === words.number
      const found = chain.rules.find(isIt)
      if (found !== undefined) return { packets: found.packets, bytes: found.bytes }
    }
    return null
  }

  *#chains(words: RuleWords): Generator<CompiledChain> {
    for (const program of Object.values(this.#firewall.programs)) {
      if (program === null) continue
      const names: readonly TableName[] = ['filter', 'nat', 'mangle', 'raw', 'security']
      for (const name of names) {
        if (words.kind !== 'comment' && words.table !== null && words.table !== name) continue
        const chains = program.tables.get(name)?.chains
        if (words.kind === 'comment') yield* chains?.values() ?? []
        else {
          const chain = chains?.get(words.chain)
          if (chain !== undefined) yield chain
        }
      }
    }
  }

  /** @throws Refusal where a rule that packets can come to cannot be evaluated. */
  setRules(rules: LoadedRules, time: number): void {
    const seconds = Math.floor(time / 1e6)
    this.#tracker.setTime(seconds, (time - seconds * 1e6) * 1000)
    if (this.#firewall.hasRules) this.#firewall.restore([rules.ruleset])
    else this.#firewall = this.#newFirewall([rules])
    refuseUnevaluated(this.#firewall, [rules])
    this.#watch.onRules?.()
  }

  setSysctl(name: string, value: string): void {
    this.#settings.set(name, value)
  }

  async replay(name: string, bytes: Uint8Array, observe: (observation: Observation) => void): Promise<void> {
    const capture = new MergedCapture([{ name, chunks: [bytes] }])
    const firewall = this.#firewall
    const { names, interfaces } = capture
    const replay = new Replay(capture, firewall, {
      onPacket: (one, its) => {
        const number = ++this.#packets
        this.#watch.onPacket?.(one, its, number)
        observe(this.#observation(this.recordOf(one, its, number)))
      },
    })
    this.#place.captured = new CapturePlace(this.#host, { interfaces })
    this.#captured = { names, interfaces }
    await replay.run()
    this.#place.captured = null
    this.#captured = byHand
    const fatal = capture.problems.find((problem) => problem.fatal)
    if (fatal !== undefined) throw new Error(`${name}: ${fatal.message}`)
  }

  close(): void {
    this.#tracker.dispose()
  }

  #newFirewall(rules: readonly LoadedRules[]): Firewall {
    const firewall = new Firewall(this.#tracker, {
      rulesets: rules.map(({ ruleset }) => ruleset),
      host: this.#host,
      way: this.#way,
      sets: this.#sets,
      seed: this.#setup.words.seed,
    })
    firewall.onNote = (passage, note) => {
      if (note.kind === 'log') this.#log.push(logLine(note, passage, this.#host.interfaces))
    }
    return firewall
  }
}

const MOST_DETAILS = 20

/** @throws Refusal where a rule that packets can come to cannot be evaluated. */
function refuseUnevaluated({ programs }: Firewall, rules: readonly LoadedRules[]): void {
  for (const { family, span } of rules) {
    const unevaluated = programs[family]?.unevaluated ?? []
    if (unevaluated.length === 0) continue
    const details = unevaluated
      .slice(0, MOST_DETAILS)
      .map(({ place, extension, message }) => `  ${place.file}:${place.line}: ${extension}: ${message}`)
    throw new Refusal(span, 'these rules cannot be evaluated', null, details)
  }
}
