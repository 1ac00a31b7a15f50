/** What must hold of a packet that went through rules, and of the rules that it went through. */

import type { CompiledChain } from '../../src/firewall/compiled-chain.ts'
import type { CompiledRule } from '../../src/firewall/compiled-rule.ts'
import { countedRuleset } from '../../src/firewall/counted.ts'
import {
  DECIDED_BY_HOTDROP,
  DECIDED_BY_POLICY,
  DECIDED_BY_RULE,
  DECIDED_BY_UNKNOWN,
  type Decision,
} from '../../src/firewall/decision.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import type { Firewall } from '../../src/firewall/firewall.ts'
import type { CompiledTable, Program } from '../../src/firewall/program.ts'
import type { Way } from '../../src/firewall/way.ts'
import { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_QUEUE, VERDICT_REJECT } from '../../src/hook/hook.ts'
import type { Passage } from '../../src/hook/passage.ts'
import { decodeNetwork } from '../../src/packet/decode.ts'
import { CHECKSUM_BAD, CHECKSUM_GOOD, ISSUE_NONE, Packet } from '../../src/packet/packet.ts'
import { verifyChecksum } from '../../src/packet/verify.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { printRuleset } from '../../src/ruleset/printer.ts'
import { hold } from './hold.ts'

/** What the tracker finds out about a packet on its way. */
const found: ReadonlySet<string> = new Set(['checksum', 'checksumFound', 'checksumExpected'])
const fields = Object.keys(new Packet()).filter(
  (name) => !found.has(name) && !['bytes', 'view', 'record'].includes(name),
) as (keyof Packet)[]

/** Of what a packet's bytes say, all but what reassembly and the capture add. */
const decoded = [
  ...['family', 'source0', 'source1', 'source2', 'source3'],
  ...['destination0', 'destination1', 'destination2', 'destination3', 'protocol', 'length', 'ttl', 'tos'],
  ...['transportLength', 'sourcePort', 'destinationPort', 'icmpType', 'icmpCode', 'icmpId'],
  ...['tcpFlags', 'sequence', 'acknowledgment', 'window', 'tcpHeaderLength', 'udpLength'],
] as (keyof Packet)[]

/** Targets that end the walk through a table for each packet that they get. */
const ending: ReadonlySet<string> = new Set([
  ...['ACCEPT', 'DROP', 'REJECT', 'QUEUE', 'NFQUEUE'],
  ...['DNAT', 'SNAT', 'MASQUERADE', 'REDIRECT', 'NETMAP'],
])

/** A way that keeps what a packet is when it enters the first hook. */
export class WatchedWay implements Way {
  readonly #way: Way
  #packet: Packet | null = null
  #fields: readonly unknown[] = []
  #bytes = new Uint8Array()
  #frame = new Uint8Array()

  constructor(way: Way) {
    this.#way = way
  }

  get loopback(): number {
    return this.#way.loopback
  }

  begin(passage: Passage): number {
    const { received } = passage
    this.#packet = received
    this.#fields = fields.map((name) => received[name])
    this.#bytes = received.bytes.slice(received.networkOffset, received.capturedEnd)
    this.#frame = received.frameBytes.slice(received.frameStart, received.frameEnd)
    return this.#way.begin(passage)
  }

  route(passage: Passage): number {
    return this.#way.route(passage)
  }

  reroute(passage: Passage): boolean {
    return this.#way.reroute(passage)
  }

  answer(passage: Passage, cause: Passage): boolean {
    return this.#way.answer(passage, cause)
  }

  /** Behind all hooks: the packet as received has not changed. True if it met any. */
  checkReceived(packet: Packet): boolean {
    if (this.#packet !== packet) return false
    this.#packet = null
    fields.forEach((name, index) => {
      hold(
        packet[name] === this.#fields[index],
        () => `${name} of the packet as received was ${this.#fields[index]} and is ${packet[name]}`,
      )
    })
    const { bytes, frameBytes } = packet
    hold(
      sameBytes(this.#bytes, bytes.subarray(packet.networkOffset, packet.capturedEnd)),
      () => 'bytes of the packet as received have changed',
    )
    hold(
      sameBytes(this.#frame, frameBytes.subarray(packet.frameStart, packet.frameEnd)),
      () => 'bytes of the frame have changed',
    )
    return true
  }
}

/** Follows a firewall with rules packet by packet. */
export class RuleChecks {
  readonly #firewall: Firewall
  readonly #way: WatchedWay
  /** By table: walks that neither a policy nor a rule whose target always ends them has ended. */
  readonly #ended = new Map<CompiledTable, number>()
  /** The same where a rule of the latter kind may have counted the packet or not. */
  readonly #perhaps = new Map<CompiledTable, number>()
  readonly #verdicts = new Float64Array(6)
  #decided = 0

  constructor(firewall: Firewall, way: WatchedWay) {
    this.#firewall = firewall
    this.#way = way
  }

  /** Behind each packet and the making of its record. */
  onPacket(packet: Packet): void {
    if (!this.#way.checkReceived(packet)) return
    const { decision, passage, answers } = this.#firewall
    this.#count(decision)
    if (decision.verdict >= 0) this.#verdicts[decision.verdict]!++
    if (decision.chain !== null) this.#decided++
    this.#checkRewritten(passage, decision)
    for (const answer of answers!.list) {
      this.#count(answer.decision)
      const { bytes } = answer
      const sent = decode(bytes, 0, bytes.length, bytes.length)
      hold(sent.issue === ISSUE_NONE, () => `an answer with issue ${sent.issue}: ${hex(bytes)}`)
      verifyChecksum(sent)
      hold(sent.checksum === CHECKSUM_GOOD, () => `an answer with a bad checksum: ${hex(bytes)}`)
      this.#checkRewritten(answer.passage, answer.decision)
    }
  }

  #count({ by, verdict, chain, rule }: Decision): void {
    if (chain === null) return
    if (by === DECIDED_BY_POLICY) return
    const table = this.#tableOf(chain)
    const always = rule !== null && endsAlways(rule)
    if (by === DECIDED_BY_HOTDROP) add(always ? this.#perhaps : this.#ended, table)
    else if (by === DECIDED_BY_UNKNOWN) add(this.#ended, table)
    else if (by === DECIDED_BY_RULE && verdict !== VERDICT_ACCEPT && !always) add(this.#ended, table)
  }

  #tableOf(chain: CompiledChain): CompiledTable {
    for (const program of this.#programs)
      for (const table of program.tables.values()) if (table.chains.get(chain.name) === chain) return table
    throw new Error(`chain ${chain.name} of no table decided`)
  }

  get #programs(): Program[] {
    const { ipv4, ipv6 } = this.#firewall.programs
    return [ipv4, ipv6].filter((program) => program !== null)
  }

  /** What leaves: its fields are what its bytes say, and a checksum that was good still is. */
  #checkRewritten(passage: Passage, { verdict }: Decision): void {
    const { received, rewritten } = passage
    if (!rewritten) return
    const now = passage.writable()
    const { networkOffset: start, length } = received
    const before = decode(received.bytes, start, received.capturedEnd, start + length)
    // What nobody can read, and what went on as a piece.
    if (received.issue !== ISSUE_NONE || before.issue !== ISSUE_NONE) return
    const { bytes, networkOffset, capturedEnd } = now
    const again = decode(bytes, networkOffset, capturedEnd, networkOffset + now.length)
    const tell = () =>
      `${hex(received.bytes.subarray(received.networkOffset, received.capturedEnd))} became ${hex(bytes.subarray(networkOffset, capturedEnd))}`
    // A header that is longer than the packet claims has room for is not rewritten.
    if (verdict === VERDICT_ACCEPT)
      hold(again.issue === ISSUE_NONE, () => `issue ${again.issue}/${again.issueDetail}: ${tell()}`)
    if (again.issue !== ISSUE_NONE) return
    for (const name of decoded)
      hold(
        now[name] === again[name],
        () => `${name} is ${now[name]}, its bytes say ${again[name]}: ${tell()}`,
      )
    verifyChecksum(before)
    if (before.checksum !== CHECKSUM_GOOD) return
    verifyChecksum(again)
    hold(again.checksum !== CHECKSUM_BAD, () => `a good checksum is bad: ${tell()}`)
  }

  /** At the end. */
  finish(): void {
    const { verdicts } = this.#firewall
    for (const verdict of [VERDICT_ACCEPT, VERDICT_DROP, VERDICT_QUEUE, VERDICT_REJECT])
      hold(
        verdicts[verdict] === this.#verdicts[verdict],
        () => `${verdicts[verdict]} packets of verdict ${verdict}, ${this.#verdicts[verdict]} seen`,
      )
    let decided = 0
    for (const program of this.#programs) {
      for (const table of program.tables.values()) {
        this.#checkTable(program, table)
        for (const chain of table.chains.values()) {
          decided += chain.decided
          for (const rule of chain.rules) decided += rule.decided
        }
      }
      const text = printRuleset(countedRuleset(program), { counters: true })
      const { diagnostics } = parseRuleset(text, { family: program.family, registry: extensions })
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      hold(errors.length === 0, () => `its own print is refused: ${errors[0]?.message}\n${text}`)
    }
    hold(decided === this.#decided, () => `${this.#decided} packets decided, ${decided} counted`)
  }

  #checkTable({ family }: Program, table: CompiledTable): void {
    const built = [...table.chains.values()].filter(({ policyDrops }) => policyDrops !== null)
    const all = [...table.chains.values()].flatMap(({ rules }) => rules)
    const where = `${family} ${table.name}`
    for (const chain of table.chains.values()) {
      // Behind a jump that a match stopped nobody comes.
      const came =
        chain.policyDrops === null ? sum(all, (rule) => rule.chain === chain) : (chain.rules[0]?.packets ?? 0)
      for (const { packets, bytes, number, rule } of chain.rules) {
        const name = `${where} ${chain.name} ${number}`
        hold(Number.isSafeInteger(packets) && Number.isSafeInteger(bytes), () => `counters of ${name}`)
        hold(
          bytes >= packets * (family === 'ipv4' ? 20 : 40),
          () => `${packets} packets, ${bytes} bytes: ${name}`,
        )
        if (chain.policyDrops === null || isBare(chain.rules[0]!))
          hold(packets <= came, () => `${packets} packets of ${came} that came: ${name} ${rule.place.line}`)
      }
      hold(chain.decided <= chain.packets, () => `${where} ${chain.name} decided more than it has seen`)
    }
    if (!built.every(({ rules }) => rules[0] !== undefined && isBare(rules[0]))) return
    const entered = built.reduce((packets, { rules }) => packets + rules[0]!.packets, 0)
    const policies = built.reduce((packets, chain) => packets + chain.packets, 0)
    const least = policies + sum(all, endsAlways) + (this.#ended.get(table) ?? 0)
    const most = least + (this.#perhaps.get(table) ?? 0)
    hold(
      entered >= least && entered <= most,
      () => `${where}: ${entered} packets came in, ${least} to ${most} went out`,
    )
  }
}

function sum(rules: readonly CompiledRule[], of: (rule: CompiledRule) => boolean): number {
  return rules.reduce((packets, rule) => packets + (of(rule) ? rule.packets : 0), 0)
}

function add(counts: Map<CompiledTable, number>, table: CompiledTable): void {
  counts.set(table, (counts.get(table) ?? 0) + 1)
}

function endsAlways({ rule: { target } }: CompiledRule): boolean {
  return target?.kind === 'extension' && ending.has(target.name)
}

/** It takes every packet, and lets it go on. */
function isBare({ rule }: CompiledRule): boolean {
  const { source, destination, inInterface, outInterface, protocol, fragment, matches, target } = rule
  const conditions = [source, destination, inInterface, outInterface, protocol, fragment, target]
  return matches.length === 0 && conditions.every((condition) => condition === null)
}

function decode(bytes: Uint8Array, start: number, end: number, wireEnd: number): Packet {
  const packet = new Packet()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  decodeNetwork(packet, view, bytes, start, end, wireEnd)
  return packet
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 400)).toString('hex')
}
