/** For tests: packets in words through rules in words. */
import { Outcome } from '../../src/conntrack/outcome.ts'
import { reasonData } from '../../src/conntrack/reason.ts'
import { Settings } from '../../src/conntrack/settings.ts'
import { type Ctstate, ctstateOf } from '../../src/conntrack/status.ts'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { DECIDED_BY_POLICY, DECIDED_BY_RULE } from '../../src/firewall/decision.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { Firewall, type FirewallOptions } from '../../src/firewall/firewall.ts'
import { FixedWay, type Way } from '../../src/firewall/way.ts'
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT } from '../../src/hook/hook.ts'
import { Host } from '../../src/host/host.ts'
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { decodeNetwork } from '../../src/packet/decode.ts'
import { Packet } from '../../src/packet/packet.ts'
import type { Family } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'

const hooks = { INPUT: HOOK_INPUT, FORWARD: HOOK_FORWARD, OUTPUT: HOOK_OUTPUT } as const
const verdicts = ['CONTINUE', 'ACCEPT', 'DROP', 'RETURN', 'QUEUE', 'REJECT'] as const

export interface RuleBenchOptions extends Omit<FirewallOptions, 'rulesets' | 'way'> {
  /** Text of a restore file, or only rules for table filter (`-A FORWARD …`), whose policies are ACCEPT then. */
  readonly rules: string
  readonly family?: Family
  /** Which way all packets take, FORWARD unless told; in by in0, out by out0. */
  readonly hook?: keyof typeof hooks
  readonly way?: Way
  readonly sysctls?: Readonly<Record<string, number>>
}

export interface Verdict {
  /** ACCEPT, DROP, QUEUE, REJECT, or null: nobody can tell. */
  readonly verdict: string | null
  /** `filter FORWARD 2` for a rule, `filter FORWARD policy`, or null. */
  readonly decidedBy: string | null
  readonly ctstate: Ctstate | null
  readonly reasons: readonly string[]
  /** As it left the last hook. */
  readonly packet: Packet
  readonly mark: number
}

/** A firewall with rules, and a clock that only `wait` moves. */
export class RuleBench {
  readonly tracker: Tracker
  readonly firewall: Firewall
  #seconds = 1_700_000_000

  constructor({ rules, family = 'ipv4', hook = 'FORWARD', way, sysctls = {}, ...options }: RuleBenchOptions) {
    const settings = new Settings()
    for (const [name, value] of Object.entries(sysctls)) settings.set(name, value)
    this.tracker = new Tracker({ checksums: 'verify', settings })
    const plain = rules.replace(/^[ \t]+/gm, '').trim()
    const text = plain.startsWith('*') ? plain : `*filter\n${plain}\nCOMMIT\n`
    const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
    const { host = new Host() } = options
    const { interfaces } = host
    this.firewall = new Firewall(this.tracker, {
      ...options,
      host,
      rulesets: [ruleset],
      way: way ?? new FixedWay(hooks[hook], interfaces.numberOf('in0'), interfaces.numberOf('out0')),
    })
    const { unevaluated } = this.firewall.programs[family]!
    if (unevaluated.length > 0)
      throw new Error(unevaluated.map(({ extension, message }) => `${extension} ${message}`).join('\n'))
  }

  wait(seconds: number): void {
    this.#seconds += seconds
  }

  send(plan: PacketPlan): Verdict {
    return this.sendBytes(buildPacket(plan))
  }

  /** `captured`: so many of the bytes are in the capture. */
  sendBytes(bytes: Uint8Array, captured = bytes.length): Verdict {
    const packet = new Packet()
    packet.seconds = Math.floor(this.#seconds)
    packet.nanoseconds = Math.round((this.#seconds % 1) * 1e9)
    packet.frameBytes = bytes
    packet.frameEnd = captured
    packet.frameLength = bytes.length
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(packet, view, bytes, 0, captured, bytes.length)
    const tuple = new Tuple()
    const outcome = new Outcome()
    const { firewall } = this
    firewall.prepare(packet, tuple)
    firewall.process(packet, tuple, outcome)
    const { decision, passage } = firewall
    const decided = decision.by === DECIDED_BY_RULE || decision.by === DECIDED_BY_POLICY
    const { chain, rule } = decision
    return {
      verdict: verdicts[decision.verdict] ?? null,
      decidedBy: decided ? `${chain!.table} ${chain!.name} ${rule?.number ?? 'policy'}` : null,
      ctstate: ctstateOf(outcome.ctinfo),
      reasons: reasonData(outcome.reasons).map(({ code }) => code),
      packet: passage.packet,
      mark: passage.mark,
    }
  }

  /** Packets that each rule of a chain took, and last those of its policy. */
  counts(table: string, chain: string, family: Family = 'ipv4'): number[] {
    const found = [...this.firewall.programs[family]!.tables.values()].find(({ name }) => name === table)
    const compiled = found!.chains.get(chain)!
    const counts = compiled.rules.map(({ packets }) => packets)
    return compiled.policyDrops === null ? counts : [...counts, compiled.packets]
  }
}
