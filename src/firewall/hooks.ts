/**
 * The hooks in Linux's order, with the tables in each by their priorities: raw, connection tracking, mangle, nat, then
 * routing, and so on to the helpers and confirm at the very end.
 */
import { DROPPED_BY_CONNTRACK, DROPPED_BY_NOBODY, DROPPED_BY_RULES } from '../conntrack/outcome.ts'
import { CTINFO_NONE } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import {
  HOOK_FORWARD,
  HOOK_INPUT,
  HOOK_OUTPUT,
  HOOK_POSTROUTING,
  HOOK_PREROUTING,
  VERDICT_ACCEPT,
  VERDICT_DROP,
} from '../hook/hook.ts'
import { asksRules, bindUndecided, translate } from '../hook/nat.ts'
import { type Passage, STOP_HOTDROP, STOP_NO } from '../hook/passage.ts'
import type { Nat } from '../nat/nat.ts'
import { DIRECTION_OUTGOING, FAMILY_IPV4 } from '../packet/packet.ts'
import type { Family } from '../ruleset/model.ts'
import type { CompiledChain } from './compiled-chain.ts'
import {
  DECIDED_BY_CONNTRACK,
  DECIDED_BY_HELPER,
  DECIDED_BY_HOTDROP,
  DECIDED_BY_IP,
  DECIDED_BY_NAT,
  DECIDED_BY_POLICY,
  DECIDED_BY_RULE,
  DECIDED_BY_UNKNOWN,
  type Decision,
} from './decision.ts'
import { HookTables } from './hook-tables.ts'
import type { Program } from './program.ts'
import { Walk } from './walk.ts'
import { BEGINS_NOWHERE, BEGINS_SENT, type Way } from './way.ts'

/** Sends passages through the hooks of one machine. */
export class Hooks {
  readonly walk = new Walk()
  readonly #tracker: Tracker
  readonly #nat: Nat
  readonly #way: Way
  // By family: fields of the object are read quicker than keys.
  readonly #tables4: HookTables
  readonly #tables6: HookTables
  /** The entry that an answer shares with its cause, whose it is to discard; -1: none. */
  #shared = -1
  /** Where a packet goes that OUTPUT sends elsewhere, from POSTROUTING on; -1: it goes where it went. */
  #rerouted = -1

  constructor(
    tracker: Tracker,
    nat: Nat,
    way: Way,
    programs: Readonly<Record<Family, Program | null>>,
    tracks: Readonly<Record<Family, boolean>>,
  ) {
    this.#tracker = tracker
    this.#nat = nat
    this.#way = way
    this.#tables4 = new HookTables(programs.ipv4, tracks.ipv4)
    this.#tables6 = new HookTables(programs.ipv6, tracks.ipv6)
  }

  /**
   * The packet's whole way; `decision`, which is reset, says where it ended. What a hook without rules does not cost is
   * why empty hooks are passed over right here.
   */
  run(passage: Passage, decision: Decision): void {
    this.walk.trail.begin()
    const begin = this.#way.begin(passage)
    if (begin === BEGINS_NOWHERE) return
    // Where no table stands in the way, the packet is accepted by nobody.
    decision.verdict = VERDICT_ACCEPT
    if (begin === BEGINS_SENT) {
      if (!this.#send(passage, decision)) return
    } else {
      const tables = this.#tablesOf(passage)
      decision.way = HOOK_PREROUTING
      if (!this.#arrive(passage, decision, tables)) return
      const next = this.#way.route(passage)
      if (next === HOOK_FORWARD) {
        decision.way = HOOK_FORWARD
        passage.hop()
        passage.hook = HOOK_FORWARD
        const { forward } = tables
        if (forward !== null && !this.#walk(passage, decision, forward)) return
        if (!this.#leave(passage, decision, tables)) return
      } else if (next === HOOK_INPUT) {
        passage.outInterface = 0
        this.#input(passage, decision, tables)
        return
      } else {
        this.#end(passage, decision, VERDICT_DROP, DECIDED_BY_IP)
        return
      }
    }
    const { outInterface } = passage
    if (outInterface !== 0 && outInterface === this.#way.loopback) this.#comeBack(passage, decision)
  }

  /** What the machine sends to itself: received again, with the entry that it has already. */
  #comeBack(passage: Passage, decision: Decision): void {
    const tables = this.#tablesOf(passage)
    passage.inInterface = passage.outInterface
    passage.outInterface = 0
    decision.way = HOOK_INPUT
    if (this.#arrive(passage, decision, tables)) this.#input(passage, decision, tables)
  }

  /** The way of a packet that this machine sends because of another, `cause`. */
  answer(passage: Passage, decision: Decision, cause: Passage): void {
    this.#shared = cause.outcome.entry
    decision.way = HOOK_OUTPUT
    decision.verdict = VERDICT_ACCEPT
    if (this.#way.answer(passage, cause)) this.#send(passage, decision)
    else this.#end(passage, decision, VERDICT_DROP, DECIDED_BY_IP)
  }

  #tablesOf(passage: Passage): HookTables {
    return passage.packet.family === FAMILY_IPV4 ? this.#tables4 : this.#tables6
  }

  /** PREROUTING; true when the packet goes on. */
  #arrive(passage: Passage, decision: Decision, tables: HookTables): boolean {
    const { rawPrerouting, prerouting } = tables
    passage.hook = HOOK_PREROUTING
    if (rawPrerouting !== null && !this.#table(passage, decision, rawPrerouting)) return false
    if (tables.tracks && !this.#track(passage, decision)) return false
    return prerouting === null || this.#walk(passage, decision, prerouting)
  }

  /** INPUT, and the end of the packet's way. */
  #input(passage: Passage, decision: Decision, { input }: HookTables): void {
    decision.way = HOOK_INPUT
    passage.hook = HOOK_INPUT
    if (input === null || this.#walk(passage, decision, input)) this.#confirm(passage, decision)
  }

  /** OUTPUT and POSTROUTING; true when the packet left. */
  #send(passage: Passage, decision: Decision): boolean {
    const tables = this.#tablesOf(passage)
    const { rawOutput, output } = tables
    decision.way = HOOK_OUTPUT
    passage.hook = HOOK_OUTPUT
    this.#rerouted = -1
    if (rawOutput !== null && !this.#table(passage, decision, rawOutput)) return false
    if (tables.tracks && !this.#track(passage, decision)) return false
    if (output !== null && !this.#walk(passage, decision, output)) return false
    if (this.#rerouted >= 0) passage.outInterface = this.#rerouted
    return this.#leave(passage, decision, tables)
  }

  /** POSTROUTING; true when the packet left. */
  #leave(passage: Passage, decision: Decision, { postrouting }: HookTables): boolean {
    // What is forwarded keeps the device it came in by (ip_output, ip6_output): chains of the user's can ask for it.
    passage.hook = HOOK_POSTROUTING
    if (postrouting !== null && !this.#walk(passage, decision, postrouting)) return false
    this.#confirm(passage, decision)
    return passage.outcome.droppedBy === DROPPED_BY_NOBODY
  }

  /** Connection tracking; true when the packet goes on. */
  #track(passage: Passage, decision: Decision): boolean {
    const { outcome, template } = passage
    // An answer has the entry of the packet that it answers; what comes back by lo has its own.
    if (outcome.ctinfo !== CTINFO_NONE) return true
    template.mark = passage.mark
    const { packet } = passage
    // What was only seen to leave may be unfinished too, whoever made it.
    const isSent = passage.hook === HOOK_OUTPUT || packet.direction === DIRECTION_OUTGOING
    this.#tracker.track(packet, passage.tuple, outcome, template.given ? template : null, isSent)
    if (outcome.droppedBy === DROPPED_BY_NOBODY) return true
    decision.set(VERDICT_DROP, DECIDED_BY_CONNTRACK)
    return false
  }

  /** The tables of a hook in turn; true when the packet goes on. */
  #walk(passage: Passage, decision: Decision, chains: readonly CompiledChain[]): boolean {
    for (let i = 0; i < chains.length; i++) {
      const chain = chains[i]!
      if (chain.table === 'nat') {
        if (!this.#natTable(passage, decision, chain)) return false
      } else if (!this.#table(passage, decision, chain)) return false
    }
    return true
  }

  /** Rules are asked once a connection; what they decided happens to all of its packets. */
  #natTable(passage: Passage, decision: Decision, start: CompiledChain): boolean {
    const nat = this.#nat
    if (asksRules(nat, passage)) {
      if (!this.#table(passage, decision, start)) return false
      bindUndecided(nat, passage)
    }
    const { destination0, destination1, destination2, destination3 } = passage.packet
    if (!translate(nat, passage)) {
      this.#end(passage, decision, VERDICT_DROP, DECIDED_BY_NAT)
      return false
    }
    if (passage.hook !== HOOK_OUTPUT) return true
    const { packet } = passage
    const isSame =
      packet.destination0 === destination0 &&
      packet.destination1 === destination1 &&
      packet.destination2 === destination2 &&
      packet.destination3 === destination3
    if (isSame) return true
    // OUTPUT keeps its device to its end (nf_hook_state.out): the other one shows in POSTROUTING.
    const { outInterface } = passage
    const isRouted = this.#way.reroute(passage)
    this.#rerouted = passage.outInterface
    passage.outInterface = outInterface
    if (isRouted) return true
    this.#end(passage, decision, VERDICT_DROP, DECIDED_BY_IP)
    return false
  }

  /** True when the packet goes on. */
  #table(passage: Passage, decision: Decision, start: CompiledChain): boolean {
    const { walk } = this
    const verdict = walk.run(passage, start)
    if (verdict !== VERDICT_ACCEPT) {
      this.#stop(passage, decision, verdict)
      return false
    }
    if (start.table === 'filter') {
      const { chain, rule } = walk
      decision.by = rule === null ? DECIDED_BY_POLICY : DECIDED_BY_RULE
      decision.chain = chain
      decision.rule = rule
    }
    return true
  }

  /** The walk that ended the packet says who did. */
  #stop(passage: Passage, decision: Decision, verdict: number): void {
    const { chain, rule } = this.walk
    if (passage.stop === STOP_NO)
      this.#end(passage, decision, verdict, rule === null ? DECIDED_BY_POLICY : DECIDED_BY_RULE)
    else if (passage.stop === STOP_HOTDROP) this.#end(passage, decision, verdict, DECIDED_BY_HOTDROP)
    else this.#end(passage, decision, -1, DECIDED_BY_UNKNOWN)
    decision.chain = chain
    decision.rule = rule
  }

  #end(passage: Passage, decision: Decision, verdict: number, by: number): void {
    decision.set(verdict, by)
    if (verdict >= 0 && by !== DECIDED_BY_IP) passage.outcome.droppedBy = DROPPED_BY_RULES
    const { entry } = passage.outcome
    if (entry < 0 || entry !== this.#shared) this.#tracker.discard(passage.outcome)
  }

  #confirm(passage: Passage, decision: Decision): void {
    const { outcome } = passage
    this.#tracker.confirm(passage.packet, passage.tuple, outcome, passage)
    const { droppedBy } = outcome
    if (droppedBy === DROPPED_BY_NOBODY) return
    decision.set(VERDICT_DROP, droppedBy === DROPPED_BY_CONNTRACK ? DECIDED_BY_CONNTRACK : DECIDED_BY_HELPER)
  }
}
