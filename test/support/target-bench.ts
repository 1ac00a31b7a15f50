/** One rule's target acting on packets, without a firewall around it. */
import { Outcome } from '../../src/conntrack/outcome.ts'
import { readTimeoutPolicies } from '../../src/conntrack/timeout-policy.ts'
import { Tracker, type TrackerOptions } from '../../src/conntrack/tracker.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import type { Action, Environment } from '../../src/hook/environment.ts'
import { HOOK_FORWARD } from '../../src/hook/hook.ts'
import type { Note } from '../../src/hook/note.ts'
import { Passage } from '../../src/hook/passage.ts'
import { Random } from '../../src/hook/random.ts'
import { Host } from '../../src/host/host.ts'
import { Sets } from '../../src/ipset/sets.ts'
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { decodeNetwork } from '../../src/packet/decode.ts'
import { Packet } from '../../src/packet/packet.ts'
import { verifyChecksum } from '../../src/packet/verify.ts'
import type { AnyExtension } from '../../src/ruleset/extension.ts'
import type { Family } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import type { TableName } from '../../src/ruleset/tables.ts'
import { registry } from './registry.ts'

export interface TargetBenchOptions extends TrackerOptions {
  readonly family?: Family
  /** Of the table a built-in chain that the target may stand in. */
  readonly table?: TableName
  readonly chain?: string
  readonly host?: Host
  /** Lines of policies that CT may name. */
  readonly timeoutPolicies?: string
}

/** What stands behind `-A CHAIN`, ready to act. Whatever its matches say, the target acts. */
export class TargetBench {
  readonly passage = new Passage()
  readonly host: Host
  readonly tracker: Tracker
  /** What the target said and sent, packet after packet. */
  readonly notes: Note[] = []
  readonly answers: Uint8Array[] = []
  readonly #action: Action

  /** @throws Error if the rule is refused; NotEvaluated if its target cannot be evaluated. */
  constructor(rule: string, options: TargetBenchOptions = {}) {
    const { family = 'ipv4', table = 'mangle', chain = 'FORWARD', host = new Host() } = options
    const { ruleset, diagnostics } = parseRuleset(`*${table}\n-A ${chain} ${rule}\nCOMMIT\n`, {
      family,
      registry,
    })
    const refused = diagnostics.find(({ severity }) => severity === 'error')
    if (refused !== undefined) throw new Error(refused.message)
    this.host = host
    this.tracker = new Tracker({ checksums: 'verify', ...options })
    this.tracker.timeoutPolicies = readTimeoutPolicies(options.timeoutPolicies ?? '', this.tracker.settings)
    const environment: Environment = {
      family,
      table,
      tracker: this.tracker,
      host,
      random: new Random(1),
      shared: (_, make) => make(),
      notify: (_, note) => this.notes.push(note),
      sets: new Sets(),
      answer: (_, bytes) => this.answers.push(bytes),
    }
    const { target } = ruleset.tables[0]!.chains.find(({ name }) => name === chain)!.rules[0]!
    if (target?.kind !== 'extension') throw new Error('no target')
    const extension = registry.target(target.name, family)!.extension as AnyExtension<Environment, Action>
    if (extension.compile === undefined) throw new Error(`${target.name} is not evaluated`)
    this.#action = extension.compile(target.options, environment)
    this.passage.hook = HOOK_FORWARD
  }

  /** `captured`: so many bytes from the IP header on are in the capture. VERDICT_*. */
  act(packet: PacketPlan | Uint8Array, captured?: number): number {
    const bytes = packet instanceof Uint8Array ? packet : buildPacket(packet)
    const decoded = new Packet()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(decoded, view, bytes, 0, captured ?? bytes.length, bytes.length)
    const { hook, inInterface, outInterface } = this.passage
    this.passage.begin(decoded, new Tuple(), new Outcome())
    Object.assign(this.passage, { hook, inInterface, outInterface })
    return this.#action(this.passage)
  }

  /** The bytes of the packet as it is now, or null if nothing rewrote it. */
  get rewritten(): Uint8Array | null {
    const { passage } = this
    if (!passage.rewritten) return null
    const { bytes, networkOffset, capturedEnd } = passage.packet
    return bytes.slice(networkOffset, capturedEnd)
  }

  /** Has the packet, as it is now, the checksum that it should have? Decoded anew from its bytes. */
  isWhole(): boolean {
    const { bytes, networkOffset, capturedEnd, length } = this.passage.packet
    const packet = new Packet()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(packet, view, bytes, networkOffset, capturedEnd, networkOffset + length)
    verifyChecksum(packet)
    return packet.issue === 0 && packet.checksum < 2
  }
}
