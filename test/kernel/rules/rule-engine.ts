import { Outcome } from '../../../src/conntrack/outcome.ts'
import { Settings } from '../../../src/conntrack/settings.ts'
import { ctstateOf } from '../../../src/conntrack/status.ts'
import { Tracker } from '../../../src/conntrack/tracker.ts'
import { Tuple } from '../../../src/conntrack/tuple.ts'
import type { EntryView } from '../../../src/conntrack/view.ts'
import { livingEntries, viewEntry } from '../../../src/conntrack/view-entry.ts'
import { CapturePlace } from '../../../src/firewall/capture-place.ts'
import { extensions } from '../../../src/firewall/extensions.ts'
import { Firewall } from '../../../src/firewall/firewall.ts'
import { HostWay } from '../../../src/firewall/host-way.ts'
import { HOOK_INPUT, VERDICT_ACCEPT, VERDICT_QUEUE } from '../../../src/hook/hook.ts'
import { Host } from '../../../src/host/host.ts'
import { readIpOutput } from '../../../src/host/ip-output.ts'
import { readSets } from '../../../src/ipset/reader.ts'
import { Sets } from '../../../src/ipset/sets.ts'
import { type RawTuple, tupleText, tupleView } from '../../../src/live/packet-tuple.ts'
import type { Count } from '../../../src/live/rule-counts.ts'
import { decodeFrame, decodeNetwork } from '../../../src/packet/decode.ts'
import { LINKTYPE_ETHERNET } from '../../../src/packet/link-type.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING, Packet } from '../../../src/packet/packet.ts'
import { parseRuleset } from '../../../src/ruleset/parser.ts'
import { sets } from './lab.ts'
import { type Exit, type Journey, type Observed, queueShown, type Said } from './observed.ts'
import { balances, frameOf, type RuleCase, type RulePacketStep } from './rule-case.ts'
import { TraceLines } from './trace-lines.ts'

/** A ruleset that the engine does not take: mistakes, or what it cannot evaluate. */
export interface Unloadable {
  /** Of mistakes, their messages. */
  readonly errors: readonly string[]
  /** `extension: what is missing`. */
  readonly unevaluated: readonly string[]
}

/** As `ipset restore` makes them. */
function labSets(): Sets {
  const made = new Sets()
  const problems = readSets(`${sets.join('\n')}\n`, 'lab', made)
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'))
  return made
}

/** The lab takes what leaves, by lo as well, out of the kernel at the end of POSTROUTING: nothing comes back from there. */
class LabWay extends HostWay {
  override get loopback(): number {
    return 0
  }
}

/** Our firewall as the same router. */
export class RuleEngine {
  readonly #host: Host
  readonly #way: LabWay
  #firewall: Firewall | null = null
  #said: Said[] = []
  readonly #traces = new TraceLines()
  #start = 0
  #balanced = false
  /** For looking at rules only. */
  readonly #judge = new Tracker({ checksums: 'verify' })
  readonly #sets = labSets()

  /** @param lab what `ip -j` prints of the lab */
  constructor(lab: string) {
    this.#host = new Host()
    readIpOutput(lab, this.#host)
    this.#way = new LabWay(this.#host, new CapturePlace(this.#host), { strict: true })
  }

  /** Null when it is loaded. The clock starts now. */
  load({ family, rules }: Pick<RuleCase, 'family' | 'rules'>): Unloadable | null {
    this.#balanced = balances(rules)
    const { ruleset, diagnostics } = parseRuleset(`${rules.join('\n')}\n`, { family, registry: extensions })
    const errors = diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ place, message }) => `${rules[place.line - 1]}: ${message}`)
    if (errors.length > 0) return { errors, unevaluated: [] }
    const settings = new Settings()
    settings.set('nf_conntrack_acct', 1)
    const tracker = new Tracker({ checksums: 'verify', settings })
    const firewall = new Firewall(tracker, {
      rulesets: [ruleset],
      host: this.#host,
      way: this.#way,
      sets: labSets(),
    })
    firewall.onNote = (_, note) => {
      if (note.kind === 'nflog') this.#said.push({ group: note.group, prefix: note.prefix })
    }
    // Who listens makes it walk long chains rule by rule, instead of looking them up.
    if (rules.some((line) => line.includes('-j TRACE'))) firewall.listener = this.#traces
    this.#firewall = firewall
    const unevaluated = firewall.programs[family]!.unevaluated.map(
      ({ extension, message }) => `${extension}: ${message}`,
    )
    return unevaluated.length > 0 ? { errors: [], unevaluated } : null
  }

  /** Lines (from 0) that are mistakes or cannot be evaluated; with the names of the latter. */
  faults({ family, rules }: Pick<RuleCase, 'family' | 'rules'>): {
    lines: Set<number>
    unevaluated: string[]
  } {
    const { ruleset, diagnostics } = parseRuleset(`${rules.join('\n')}\n`, { family, registry: extensions })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    if (errors.length > 0)
      return { lines: new Set(errors.map(({ place }) => place.line - 1)), unevaluated: [] }
    const firewall = new Firewall(this.#judge, {
      rulesets: [ruleset],
      host: this.#host,
      way: this.#way,
      sets: this.#sets,
    })
    const { unevaluated } = firewall.programs[family]!
    return {
      lines: new Set(unevaluated.map(({ place }) => place.line - 1)),
      unevaluated: unevaluated.map(({ extension, message }) => `${extension}: ${message}`),
    }
  }

  #loaded(): Firewall {
    if (!this.#firewall) throw new Error('no rules are loaded')
    return this.#firewall
  }

  /** The moment of loading, by the wall clock. */
  begin(): void {
    this.#start = Date.now()
  }

  /** @param elapsed milliseconds since `begin` */
  send(step: RulePacketStep, elapsed: number): Observed {
    const { entrance, frame } = step
    const firewall = this.#loaded()
    this.#said = []
    this.#traces.lines = []
    const packet = new Packet()
    const tuple = new Tuple()
    const outcome = new Outcome()
    packet.direction = entrance === 'host' ? DIRECTION_OUTGOING : DIRECTION_INCOMING
    const device = entrance === 'host' ? 0 : this.#host.interfaces.numberOf(entrance)
    packet.inInterface = this.#host.device(device).index
    const whole = frameOf(step)
    const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength)
    packet.frameBytes = whole
    packet.frameEnd = whole.length
    packet.frameLength = whole.length
    if (frame === undefined) decodeNetwork(packet, view, whole, 0, whole.length, whole.length)
    else decodeFrame(packet, view, whole, 0, whole.length, whole.length, LINKTYPE_ETHERNET)
    const now = this.#start + elapsed
    packet.seconds = Math.floor(now / 1000)
    packet.nanoseconds = Math.floor((now % 1000) * 1e6)
    firewall.prepare(packet, tuple)
    firewall.process(packet, tuple, outcome)
    const { tracker } = firewall
    return {
      journey: this.#journey(outcome, firewall),
      // What raw drops, nobody in the kernel sees.
      answers: (firewall.answers?.list ?? [])
        .filter(({ decision }) => decision.verdict === VERDICT_ACCEPT || decision.chain?.table !== 'raw')
        .map((answer) => this.#journey(answer.outcome, answer)),
      said: this.#said,
      traces: this.#traces.lines,
      tuple: null,
      entry: outcome.entry < 0 ? null : viewEntry(tracker, outcome.entry, tracker.clock.now),
    }
  }

  #journey(outcome: Outcome, way: Pick<Firewall, 'decision' | 'passage'>): Journey {
    const isQueued = way.decision.verdict === VERDICT_QUEUE
    return {
      ctstate: ctstateOf(outcome.ctinfo),
      exit: this.#exit(way),
      queue: isQueued ? queueShown(way.passage.queue, this.#balanced) : null,
    }
  }

  #exit({ decision, passage }: Pick<Firewall, 'decision' | 'passage'>): Exit | null {
    if (decision.verdict !== VERDICT_ACCEPT) return null
    const input = decision.way === HOOK_INPUT
    const { inInterface, outInterface, mark, priority } = passage
    // A hop that nobody has looked at shows in the copy only.
    const packet = passage.writable()
    return {
      hook: input ? 'INPUT' : 'POSTROUTING',
      device: this.#host.interfaces.nameOf(input ? inInterface : outInterface),
      bytes: packet.bytes.slice(packet.networkOffset, packet.capturedEnd),
      mark: mark >>> 0,
      priority: priority >>> 0,
    }
  }

  entries(): EntryView[] {
    const { tracker } = this.#loaded()
    tracker.settle()
    return [...livingEntries(tracker)].map((number) => viewEntry(tracker, number, tracker.clock.now))
  }

  /** Several where zones differ in one direction: the kernel answers with any of them. */
  entriesOfTuple(tuple: RawTuple): EntryView[] {
    const text = tupleText(tuple.protocol, tupleView(tuple))
    // The kernel is asked for zone 0.
    const isIt = ({ protocol, original, reply, zoneOriginal, zoneReply }: EntryView) =>
      (zoneOriginal === 0 && text === tupleText(protocol, original)) ||
      (zoneReply === 0 && text === tupleText(protocol, reply))
    return this.entries().filter(isIt)
  }

  counts(): Count[] {
    const counts: Count[] = []
    for (const program of Object.values(this.#loaded().programs)) {
      for (const { name: table, chains } of program?.tables.values() ?? []) {
        for (const { name: chain, policyDrops, packets, bytes, rules } of chains.values()) {
          const text = policyDrops === null ? '' : policyDrops ? 'DROP' : 'ACCEPT'
          const count = { table, chain, text }
          if (policyDrops !== null)
            counts.push({ ...count, number: 0, packets: String(packets), bytes: String(bytes) })
          for (const { number, packets, bytes } of rules)
            counts.push({ ...count, text: '', number, packets: String(packets), bytes: String(bytes) })
        }
      }
    }
    return counts
  }
}
