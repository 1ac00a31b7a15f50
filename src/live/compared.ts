/** Linux and this engine side by side: what Linux shows is held against what is expected, and where they differ, that is told. */
import type { EntryView } from '../conntrack/view.ts'
import { engine } from '../scenario/engine.ts'
import type { Executor, MachineDifference, Observation, RuleCount, SentPacket } from '../scenario/executor.ts'
import type { LoadedRules, LoadedSetup } from '../scenario/load.ts'
import type { RuleWords } from '../scenario/model.ts'
import { capturePackets } from './capture-packets.ts'
import { compareObservations, compareTables, unlike } from './compare-observations.ts'
import { KernelExecutor, type Routers } from './kernel-executor.ts'

export class Compared implements Executor {
  readonly #linux: KernelExecutor
  /** Null where NAT chose a port at random in both: from there on they cannot be the same. */
  #here: Executor | null
  #differences: MachineDifference[] = []

  /** @throws Refusal */
  constructor(routers: Routers, setup: LoadedSetup) {
    this.#here = engine(setup)
    this.#linux = new KernelExecutor(routers, setup)
  }

  send(packet: SentPacket): Observation {
    const linux = this.#linux.send(packet)
    if (this.#here === null) return linux
    const compared = compareObservations(packet, this.#here.send({ ...packet, isQuoted: true }), linux)
    this.#differences.push(...compared.differences)
    if (compared.choseAnotherPort) this.#leave()
    return compared.observation
  }

  #leave(): void {
    this.#here?.close()
    this.#here = null
  }

  entries(time: number): readonly EntryView[] {
    const linux = this.#linux.entries(time)
    if (this.#here === null) return linux
    const { entries, difference } = compareTables(this.#here.entries(time), linux)
    if (difference !== null) this.#differences.push(difference)
    return entries
  }

  count(rule: RuleWords): RuleCount | null {
    const linux = this.#linux.count(rule)
    if (this.#here === null) return linux
    const here = this.#here.count(rule)
    // A policy that no ruleset names counts in Linux alone.
    if (here === null && rule.kind === 'policy') return linux
    const difference = unlike(`counters of ${ruleText(rule)}`, countText(here), countText(linux))
    if (difference !== null) this.#differences.push(difference)
    return linux
  }

  setRules(rules: LoadedRules, time: number): void {
    this.#here?.setRules(rules, time)
    this.#linux.setRules(rules, time)
  }

  setSysctl(name: string, value: string, time: number): void {
    this.#here?.setSysctl(name, value, time)
    this.#linux.setSysctl(name, value, time)
  }

  async replay(name: string, bytes: Uint8Array, observe: (observation: Observation) => void): Promise<void> {
    for (const packet of await capturePackets(name, bytes)) observe(this.send(this.#linux.placed(packet)))
  }

  /** The whole table, and every counter. */
  finish(time: number): void {
    this.entries(time)
    for (const rule of this.#linux.everyRule()) this.count(rule)
  }

  differences(): readonly MachineDifference[] {
    const found = this.#differences
    this.#differences = []
    return found
  }

  close(): void {
    this.#leave()
    this.#linux.close()
  }
}

function countText(count: RuleCount | null): string {
  return count === null ? 'none' : `${count.packets} packets, ${count.bytes} bytes`
}

function ruleText(rule: RuleWords): string {
  if (rule.kind === 'comment') return `"${rule.text}"`
  const { table, chain } = rule
  return `${table === null ? '' : `${table} `}${chain} ${rule.kind === 'rule' ? rule.number : 'policy'}`
}
