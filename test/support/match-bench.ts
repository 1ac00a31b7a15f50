/** One rule's matches asked about packets, without a firewall around them. */
import { Outcome } from '../../src/conntrack/outcome.ts'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import type { Environment, Test } from '../../src/hook/environment.ts'
import { HOOK_PREROUTING } from '../../src/hook/hook.ts'
import { Passage, STOP_HOTDROP, STOP_NO } from '../../src/hook/passage.ts'
import { Random } from '../../src/hook/random.ts'
import { Host } from '../../src/host/host.ts'
import { Sets } from '../../src/ipset/sets.ts'
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { decodeFrame, decodeNetwork } from '../../src/packet/decode.ts'
import { Packet } from '../../src/packet/packet.ts'
import type { AnyExtension } from '../../src/ruleset/extension.ts'
import type { Family, Rule } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { registry } from './registry.ts'

/** `hotdrop`: a match dropped the packet; `unknown`: the capture lacks what would tell. */
export type Answer = 'yes' | 'no' | 'hotdrop' | 'unknown'

export interface MatchBenchOptions {
  readonly family?: Family
  /** A built-in chain of mangle. */
  readonly chain?: string
  readonly host?: Host
}

/** What stands behind `-A CHAIN`, ready to be asked. */
export class MatchBench {
  readonly passage = new Passage()
  readonly host: Host
  readonly #rule: Rule
  readonly #tests: readonly Test[]

  /** @throws Error if the rule is refused; NotEvaluated, or Error, if a match cannot be evaluated. */
  constructor(
    rule: string,
    { family = 'ipv4', chain = 'PREROUTING', host = new Host() }: MatchBenchOptions = {},
  ) {
    const { ruleset, diagnostics } = parseRuleset(`*mangle\n-A ${chain} ${rule}\nCOMMIT\n`, {
      family,
      registry,
    })
    const refused = diagnostics.find(({ severity }) => severity === 'error')
    if (refused !== undefined) throw new Error(refused.message)
    this.host = host
    this.#rule = ruleset.tables[0]!.chains.find(({ name }) => name === chain)!.rules[0]!
    const environment: Environment = {
      family,
      table: 'mangle',
      tracker: new Tracker(),
      host,
      random: new Random(1),
      shared: (_, make) => make(),
      notify: () => {},
      sets: new Sets(),
      answer: () => {},
    }
    this.#tests = this.#rule.matches.map(({ name, options }) => {
      const extension = registry.match(name, family)!.extension as AnyExtension<Environment, Test>
      if (extension.compile === undefined) throw new Error(`${name} is not evaluated`)
      return extension.compile(options, environment)
    })
    this.passage.hook = HOOK_PREROUTING
  }

  /** `captured`: so many bytes from the IP header on are in the capture. */
  ask(packet: PacketPlan | Uint8Array, captured?: number): Answer {
    const bytes = packet instanceof Uint8Array ? packet : buildPacket(packet)
    const decoded = new Packet()
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(decoded, view, bytes, 0, captured ?? bytes.length, bytes.length)
    return this.askPacket(decoded)
  }

  /** A frame with its link header. */
  askFrame(frame: Uint8Array, linkType: number): Answer {
    const decoded = new Packet()
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
    decodeFrame(decoded, view, frame, 0, frame.length, frame.length, linkType)
    decoded.frameBytes = frame
    decoded.frameStart = 0
    decoded.frameEnd = frame.length
    decoded.frameLength = frame.length
    return this.askPacket(decoded)
  }

  askPacket(packet: Packet): Answer {
    const { passage } = this
    const { protocol } = this.#rule
    if (protocol !== null && (packet.protocol === protocol.number) === protocol.inverted) return 'no'
    const { hook, inInterface, outInterface } = passage
    passage.begin(packet, new Tuple(), new Outcome())
    Object.assign(passage, { hook, inInterface, outInterface })
    for (const test of this.#tests) {
      if (test(passage)) continue
      if (passage.stop === STOP_NO) return 'no'
      return passage.stop === STOP_HOTDROP ? 'hotdrop' : 'unknown'
    }
    return 'yes'
  }
}
