/** Scenarios against the Linux kernel of this machine: a router in a network namespace, emptied for each test. */
import { SettingError, SYSCTLS } from '../conntrack/settings.ts'
import type { Ctstate } from '../conntrack/status.ts'
import type { EntryView } from '../conntrack/view.ts'
import { decodeNetwork } from '../packet/decode.ts'
import { FAMILY_IPV4, Packet, PROTOCOL_UDP, PROTOCOL_UDPLITE } from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { formatTcpFlags } from '../packet/tcp-flags.ts'
import type { DecidedBy, PacketRecord, RecordAnswer, RecordEgress } from '../replay/record.ts'
import { addressingOf, plainRecord, recordEntry } from '../replay/record-of.ts'
import type { Family } from '../ruleset/model.ts'
import { printRuleset } from '../ruleset/printer.ts'
import type { Executor, Observation, RuleCount, SentPacket } from '../scenario/executor.ts'
import type { LoadedRules, LoadedSetup } from '../scenario/load.ts'
import type { RuleWords } from '../scenario/model.ts'
import { Refusal } from '../scenario/problem.ts'
import { commentOf } from '../scenario/rule-comment.ts'
import { type CapturedPacket, capturePackets } from './capture-packets.ts'
import { dumpEntries, flushEntries, type KernelEntry, viewOf } from './conntrack-netlink.ts'
import { type Journey, Journeys, type TraceLine } from './journey.ts'
import { RulesInForce } from './loaded-rules.ts'
import { invertTuple, packetTuple, quotedTuple, type RawTuple, tupleKey } from './packet-tuple.ts'
import { Refused, Router } from './router.ts'
import { ruleClock, ruleKey } from './rule-clock.ts'
import { readCounts } from './rule-counts.ts'
import { Topology, untold } from './topology.ts'
import { TooLong, VirtualTime } from './virtual-time.ts'

const families = ['ipv4', 'ipv6'] as const
const programs: Readonly<Record<Family, string>> = { ipv4: 'iptables-legacy', ipv6: 'ip6tables-legacy' }

/** Who decided is no rule and no policy: more the kernel does not tell. */
export const decidedByStack: DecidedBy = Object.freeze({ kind: 'unknown' })

/** The routers that tests run through: one is kept, for tests that follow with the same devices and routes. */
export class Routers {
  #kept: { readonly key: string; readonly router: Router } | null = null
  /** Sysctls by their dotted names as they were. */
  #former = new Map<string, string>()

  /** A router without rules, sets and connections. @throws Refused */
  of({ plan }: Topology): Router {
    const key = JSON.stringify(plan)
    if (this.#kept?.key === key) {
      const { router } = this.#kept
      this.#reset(router)
      return router
    }
    this.close()
    const router = new Router(plan)
    this.#kept = { key, router }
    return router
  }

  #reset(router: Router): void {
    for (const [name, value] of this.#former) router.namespace.set(name, value)
    this.#former.clear()
    const restore = families.map((family) => `${programs[family]}-restore -w <nothing`)
    router.run(`${restore.join(' && ')} && { ipset -q flush; ipset -q destroy; true; }`)
    flushEntries(router.netlink)
    router.drain(() => {})
  }

  /** @throws Error of the file system */
  set(router: Router, name: string, value: string): void {
    const former = router.namespace.get(name)
    router.namespace.set(name, value)
    if (!this.#former.has(name)) this.#former.set(name, former)
  }

  close(): void {
    this.#kept?.router.close()
    this.#kept = null
    this.#former.clear()
  }
}

export class KernelExecutor implements Executor {
  readonly #routers: Routers
  readonly #topology: Topology
  readonly #router: Router
  readonly #rules = new RulesInForce()
  readonly #time: VirtualTime
  readonly #packet = new Packet()
  #packets = 0
  #rulesSpan: Refusal['span'] = { start: 0, end: 0 }
  /** Of iptables-save, until the next packet. */
  #counts: ReadonlyMap<string, RuleCount> | null = null

  /** @throws Refusal where the machine cannot be what is asked for. */
  constructor(routers: Routers, setup: LoadedSetup) {
    const { words, rules, ipsets, timeouts } = setup
    this.#routers = routers
    this.#topology = new Topology(setup)
    const [policies] = timeouts
    if (policies !== undefined)
      throw new Refusal(policies.span, 'policies of nfct cannot be put into the kernel from here')
    try {
      this.#router = routers.of(this.#topology)
    } catch (error) {
      throw refusal({ start: 0, end: 0 }, 'Linux does not make this machine', error)
    }
    for (const { name, value, span } of words.sysctls) {
      try {
        this.setSysctl(name, value)
      } catch (error) {
        if (error instanceof SettingError) throw new Refusal(span, error.message)
        throw error
      }
    }
    for (const { text, span } of ipsets) {
      this.#router.write('sets', text)
      this.#guarded(span, 'Linux does not take these sets', () => this.#router.run('ipset restore <sets'))
    }
    this.#time = new VirtualTime(this.#router.netlink, words.start)
    for (const one of rules) this.#load(one)
    // Loading took its time.
    this.#time.begin()
  }

  #reload(): void {
    for (const family of families) {
      if (!this.#rules.hasFamily(family)) continue
      const program = programs[family]
      this.#router.run(`${program}-save -c >saved && ${program}-restore -w -c <saved`)
    }
  }

  #guarded(span: Refusal['span'], message: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      throw refusal(span, message, error)
    }
  }

  #load({ ruleset, family, span }: LoadedRules): void {
    this.#rules.load(ruleset)
    const clock = ruleClock(this.#rules.rulesets)
    if (clock.timeOfDay)
      throw new Refusal(span, '-m time asks for the time of day, which a namespace has none of its own of')
    this.#time.setRules(clock)
    this.#rulesSpan = span
    this.#router.write('rules', printRuleset(ruleset))
    this.#guarded(span, `${programs[family]}-restore does not take these rules`, () =>
      this.#router.run(`${programs[family]}-restore -w <rules`),
    )
    this.#counts = null
  }

  /** To the time of a packet, which rules may look at. */
  #advance(time: number): void {
    try {
      this.#time.advance(time)
      this.#time.setClocks(() => this.#reload())
    } catch (error) {
      if (!(error instanceof TooLong)) throw error
      throw new Refusal(this.#rulesSpan, error.message)
    }
  }

  send({ bytes, time, interface: told, isLocal }: SentPacket): Observation {
    this.#advance(time)
    const packet = this.#packet
    decode(packet, bytes)
    if (packet.protocol === PROTOCOL_UDP || packet.protocol === PROTOCOL_UDPLITE) this.#time.onDatagram()
    const router = this.#router
    const journeys = new Journeys(isLocal)
    if (isLocal) router.transmit(bytes, null)
    else {
      const device = told ?? this.#topology.arrival(packet)
      router.ensure(device)
      router.transmit(bytes, device)
    }
    router.drain((event) => journeys.add(event))
    const family = packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'
    for (const { traces } of [journeys.own, ...journeys.answers])
      for (const { table, chain, kind, number } of traces)
        if (kind === 'rule') this.#time.onRule(ruleKey(family, table, chain, number))
    this.#counts = null
    const observation = this.#observation(packet, bytes, journeys)
    this.#time.check()
    return observation
  }

  #observation(packet: Packet, bytes: Uint8Array, { own, answers }: Journeys): Observation {
    const record = plainRecord(packet, ++this.#packets)
    const family = packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'
    const decision = this.#decision(family, own)
    record.hook = own.hook
    record.ctstate = own.ctstate as Ctstate | null
    record.verdict = decision.verdict
    record.decidedBy = decision.by
    record.entry = this.#entry(bytes, own)
    record.egress = own.exit === null ? null : egressOf(own)
    const log = this.#logged(family, own)
    if (log.length > 0) record.log = log
    // What the stack itself says of a packet that it cannot route is no answer of a rule.
    if (decision.verdict === 'REJECT')
      record.answers = answers.flatMap((answer) => this.#answer(family, answer) ?? [])
    return { record, comment: decision.comment, left: own.exit?.bytes ?? null }
  }

  /** Who had the last word: the rule or the policy at the end of the way, or of table filter if the packet passed. */
  #decision(
    family: Family,
    { traces, exit }: Pick<Journey, 'traces' | 'exit'>,
  ): { verdict: PacketRecord['verdict']; by: DecidedBy; comment: string | null } {
    const rules = this.#rules
    const met = traces.filter(({ table }) => rules.has(family, table))
    if (exit !== null) {
      const last = met.filter(({ table }) => table === 'filter').at(-1)
      if (last === undefined) return { verdict: 'ACCEPT', by: { kind: 'none' }, comment: null }
      return { verdict: 'ACCEPT', ...this.#decider(family, last) }
    }
    const last = met.at(-1)
    if (last === undefined) return { verdict: 'DROP', by: decidedByStack, comment: null }
    const target = rules.rule(family, last)?.target
    const name = target?.kind === 'extension' ? target.name : ''
    if (last.kind === 'policy') {
      if (rules.policy(family, last.table, last.chain) === 'DROP')
        return { verdict: 'DROP', ...this.#decider(family, last) }
    } else if (name === 'REJECT') return { verdict: 'REJECT', ...this.#decider(family, last) }
    else if (name === 'NFQUEUE' || name === 'QUEUE')
      return { verdict: 'QUEUE', ...this.#decider(family, last) }
    else if (name === 'DROP') return { verdict: 'DROP', ...this.#decider(family, last) }
    return { verdict: 'DROP', by: decidedByStack, comment: null }
  }

  #decider(family: Family, line: TraceLine): { by: DecidedBy; comment: string | null } {
    const { table, chain, kind, number } = line
    if (kind === 'policy') return { by: { kind, table, chain }, comment: null }
    const rule = this.#rules.rule(family, line)
    if (rule === null) return { by: { kind: 'rule', table, chain, number }, comment: null }
    const { file, line: place } = rule.place
    return { by: { kind: 'rule', file, line: place, table, chain, number }, comment: commentOf(rule) }
  }

  /** Prefixes of LOG, whose lines no namespace shows: of the rules that took the packet. */
  #logged(family: Family, { traces }: Journey): string[] {
    return traces.flatMap((line) => {
      const target = this.#rules.rule(family, line)?.target
      if (target?.kind !== 'extension' || target.name !== 'LOG') return []
      return [String(target.options['prefix']?.value ?? '')]
    })
  }

  #answer(family: Family, answer: Journey): RecordAnswer | null {
    const { exit } = answer
    // It is not told of what it consists where nobody saw it at its end.
    if (exit === null) return null
    const packet = new Packet()
    decode(packet, exit.bytes)
    const { verdict, by } = this.#decision(family, answer)
    const shown: RecordAnswer = {
      protocol: protocolName(packet.protocol),
      ...addressingOf(packet),
      ctstate: answer.ctstate as Ctstate | null,
      verdict,
      decidedBy: by,
      interface: deviceOf(exit.device),
    }
    if (shown.protocol === 'tcp') shown.tcpFlags = formatTcpFlags(packet.tcpFlags)
    return shown
  }

  /** The entry that the packet belongs to, after what it did to it. */
  #entry(bytes: Uint8Array, { ctstate, exit }: Journey): PacketRecord['entry'] {
    if (ctstate === null || ctstate === 'INVALID' || ctstate === 'UNTRACKED') return null
    const tuple = packetTuple(bytes)
    const quoted = tuple === null ? quotedTuple(bytes) : null
    // What an error quotes went the other way, perhaps by other addresses.
    const sought = [tuple, quoted && invertTuple(quoted), quoted].filter((one) => one !== null)
    const found = this.#find(sought, exit !== null)
    return found === null ? null : recordEntry(viewOf(found))
  }

  #find(sought: readonly RawTuple[], isThere: boolean): KernelEntry | null {
    for (const tuple of sought) {
      const found = this.#router.entryOf(tuple)
      if (found !== null) return found
    }
    if (!isThere) return null
    // In a zone that a rule decided on.
    const keys = new Set(sought.map(tupleKey))
    const isIt = ({ key, replyKey }: KernelEntry) => keys.has(tupleKey(key)) || keys.has(tupleKey(replyKey))
    return dumpEntries(this.#router.netlink).find(isIt) ?? null
  }

  entries(time: number): readonly EntryView[] {
    this.#time.advance(time)
    const entries = dumpEntries(this.#router.netlink).map(viewOf)
    this.#time.check()
    return entries
  }

  count(words: RuleWords): RuleCount | null {
    const place = this.#rules.find(words)
    if (place === null) return null
    this.#counts ??= this.#readCounts()
    const { family, table, chain, number } = place
    return this.#counts.get(ruleKey(family, table, chain, number)) ?? null
  }

  /** Every rule and policy. */
  *everyRule(): Generator<RuleWords> {
    for (const { table, chain, number } of this.#rules.all())
      yield number === 0 ? { kind: 'policy', table, chain } : { kind: 'rule', table, chain, number }
  }

  #readCounts(): ReadonlyMap<string, RuleCount> {
    const counts = new Map<string, RuleCount>()
    for (const family of families) {
      if (!this.#rules.hasFamily(family)) continue
      this.#router.run(`${programs[family]}-save -c >saved`)
      for (const { table, chain, number, packets, bytes } of readCounts(this.#router.read('saved')))
        counts.set(ruleKey(family, table, chain, number), {
          packets: Number(packets),
          bytes: Number(bytes),
        })
    }
    return counts
  }

  setRules(rules: LoadedRules, time: number): void {
    this.#time.advance(time)
    this.#load(rules)
  }

  setSysctl(name: string, value: string, time?: number): void {
    if (time !== undefined) this.#time.advance(time)
    const bare = name.slice(name.lastIndexOf('.') + 1)
    const known = SYSCTLS.find((sysctl) => sysctl.name === bare)
    if (known === undefined) return
    const whole = `${known.directory}.${known.name}`
    try {
      this.#routers.set(this.#router, whole, value)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EINVAL') throw error
      throw new SettingError(
        code === 'EINVAL'
          ? `Linux does not take ${bare}=${value}`
          : `${bare} is one number for the whole machine, not to be set for a test: mark it "not-on-kernel: ${bare} is the whole machine's"`,
      )
    }
  }

  async replay(name: string, bytes: Uint8Array, observe: (observation: Observation) => void): Promise<void> {
    for (const packet of await capturePackets(name, bytes)) observe(this.send(this.placed(packet)))
  }

  /** A packet of a capture: sent by the machine, if it has its address. */
  placed({ bytes, time }: CapturedPacket): SentPacket {
    decode(this.#packet, bytes)
    return { bytes, time, interface: null, isLocal: this.#topology.isFromHere(this.#packet), isQuoted: true }
  }

  close(): void {
    // The router is kept for the next test.
  }
}

function refusal(span: Refusal['span'], message: string, error: unknown): unknown {
  if (!(error instanceof Refused)) return error
  return new Refusal(
    span,
    message,
    null,
    error.message.split('\n').map((line) => `  ${line}`),
  )
}

function decode(packet: Packet, bytes: Uint8Array): void {
  packet.frameBytes = bytes
  packet.frameEnd = bytes.length
  packet.frameLength = bytes.length
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  decodeNetwork(packet, view, bytes, 0, bytes.length, bytes.length)
}

const deviceOf = (name: string): string | null => (untold.has(name) ? null : name)

function egressOf({ hook, exit }: Journey): RecordEgress {
  const { bytes, device, mark } = exit!
  const packet = new Packet()
  decode(packet, bytes)
  const egress: RecordEgress = {
    interface: hook === 'INPUT' ? null : deviceOf(device),
    ...addressingOf(packet),
    ttl: packet.ttl,
    tos: packet.tos,
  }
  if (mark !== 0) egress.mark = mark
  return egress
}
