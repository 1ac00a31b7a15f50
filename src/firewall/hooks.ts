/**
 * The hooks in Linux's order, with the tables in each by their priorities: raw, connection tracking, mangle, nat, then
 * routing, and so on to the helpers and confirm at the very end.
 */
import { DROPPED_BY_CONNTRACK, DROPPED_BY_NOBODY, DROPPED_BY_RULES } from '../conntrack/outcome.ts'
import { CTINFO_NONE } from '../conntrack/status.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import {
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
import { FAMILY_IPV4 } from '../packet/packet.ts'
import type { Family } from '../ruleset/model.ts'
import type { CompiledChain } from './compiled-chain.ts'
import {
  DECIDED_BY_CONNTRACK,
  DECIDED_BY_HELPER,
  DECIDED_BY_HOTDROP,
  DECIDED_BY_IP,
  DECIDED_BY_NAT,
  DECIDED_BY_NONE,
  DECIDED_BY_POLICY,
  DECIDED_BY_RULE,
  DECIDED_BY_UNKNOWN,
  type Decision,
} from './decision.ts'
import type { Program } from './program.ts'
import { Walk } from './walk.ts'
import { BEGINS_NOWHERE, BEGINS_SENT, ROUTE_ENDED, type Way } from './way.ts'

/** Sends passages through the hooks of one machine. */
export class Hooks {
  readonly walk = new Walk()
  readonly #tracker: Tracker
  readonly #nat: Nat
  readonly #way: Way
  // By family: fields of the object are read quicker than keys.
  readonly #program4: Program | null
  readonly #program6: Program | null
  readonly #tracks4: boolean
  readonly #tracks6: boolean
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
    this.#tracks4 = tracks.ipv4
    this.#tracks6 = tracks.ipv6
    this.#tracker = tracker
    this.#nat = nat
    this.#way = way
    this.#program4 = programs.ipv4
    this.#program6 = programs.ipv6
  }

  /** The packet's whole way; `decision` says where it ended. */
  run(passage: Passage, decision: Decision): void {
    const begin = this.#way.begin(passage)
    if (begin === BEGINS_NOWHERE) return
    const program = this.#programOf(passage)
    // Where no table stands in the way, the packet is accepted by nobody.
    decision.set(VERDICT_ACCEPT, DECIDED_BY_NONE)
    this.#rerouted = -1
    if (begin === BEGINS_SENT) {
      decision.way = HOOK_OUTPUT
      if (!this.#early(passage, decision, program, HOOK_OUTPUT)) return
    } else {
      decision.way = HOOK_PREROUTING
      if (!this.#early(passage, decision, program, HOOK_PREROUTING)) return
      const next = this.#way.route(passage)
      if (next === ROUTE_ENDED) {
        this.#end(passage, decision, VERDICT_DROP, DECIDED_BY_IP)
        return
      }
      decision.way = next
      if (next === HOOK_INPUT) passage.outInterface = 0
      else passage.hop()
      if (!this.#tables(passage, decision, program, next)) return
      if (next === HOOK_INPUT) {
        this.#confirm(passage, decision)
        return
      }
    }
    if (!this.#leave(passage, decision, program)) return
    const { loopback } = this.#way
    if (loopback !== 0 && passage.outInterface === loopback) this.#comeBack(passage, decision, program)
  }

  /** What the machine sends to itself: received again, with the entry that it has already. */
  #comeBack(passage: Passage, decision: Decision, program: Program | null): void {
    passage.inInterface = passage.outInterface
    passage.outInterface = 0
    decision.way = HOOK_INPUT
    if (!this.#early(passage, decision, program, HOOK_PREROUTING)) return
    if (this.#tables(passage, decision, program, HOOK_INPUT)) this.#confirm(passage, decision)
  }

  /** The way of a packet that this machine sends because of another, `cause`. */
  answer(passage: Passage, decision: Decision, cause: Passage): void {
    const program = this.#programOf(passage)
    this.#shared = cause.outcome.entry
    decision.way = HOOK_OUTPUT
    decision.set(VERDICT_ACCEPT, DECIDED_BY_NONE)
    if (!this.#way.answer(passage, cause)) this.#end(passage, decision, VERDICT_DROP, DECIDED_BY_IP)
    else if (this.#early(passage, decision, program, HOOK_OUTPUT)) this.#leave(passage, decision, program)
  }

  #programOf(passage: Passage): Program | null {
    return passage.packet.family === FAMILY_IPV4 ? this.#program4 : this.#program6
  }

  /** True when it left. */
  #leave(passage: Passage, decision: Decision, program: Program | null): boolean {
    if (this.#rerouted >= 0) passage.outInterface = this.#rerouted
    this.#rerouted = -1
    // What is forwarded keeps the device it came in by (ip_output, ip6_output): chains of the user's can ask for it.
    if (!this.#tables(passage, decision, program, HOOK_POSTROUTING)) return false
    this.#confirm(passage, decision)
    return passage.outcome.droppedBy === DROPPED_BY_NOBODY
  }

  /** The hook that a packet meets first: raw, the tracker, then the other tables. */
  #early(passage: Passage, decision: Decision, program: Program | null, hook: number): boolean {
    passage.hook = hook
    const raw = program === null ? null : program.raw[hook]!
    if (raw !== null && !this.#table(passage, decision, raw)) return false
    const { outcome } = passage
    // An answer has the entry of the packet that it answers.
    const isTracked = passage.packet.family === FAMILY_IPV4 ? this.#tracks4 : this.#tracks6
    if (isTracked && outcome.ctinfo === CTINFO_NONE) {
      const { template } = passage
      template.mark = passage.mark
      this.#tracker.track(passage.packet, passage.tuple, outcome, template.given ? template : null)
      if (outcome.droppedBy !== DROPPED_BY_NOBODY) {
        decision.set(VERDICT_DROP, DECIDED_BY_CONNTRACK)
        return false
      }
    }
    return this.#tables(passage, decision, program, hook)
  }

  /** All tables of a hook but raw. */
  #tables(passage: Passage, decision: Decision, program: Program | null, hook: number): boolean {
    passage.hook = hook
    if (program === null) return true
    const chains = program.behindRaw[hook]!
    for (let i = 0; i < chains.length; i++) {
      const chain = chains[i]!
      const goesOn =
        chain.table === 'nat'
          ? this.#natTable(passage, decision, chain)
          : this.#table(passage, decision, chain)
      if (!goesOn) return false
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
    if (verdict === VERDICT_ACCEPT) {
      if (start.table === 'filter')
        decision.set(verdict, walk.rule === null ? DECIDED_BY_POLICY : DECIDED_BY_RULE, walk.chain, walk.rule)
      return true
    }
    if (passage.stop === STOP_NO)
      this.#end(passage, decision, verdict, walk.rule === null ? DECIDED_BY_POLICY : DECIDED_BY_RULE)
    else if (passage.stop === STOP_HOTDROP) this.#end(passage, decision, verdict, DECIDED_BY_HOTDROP)
    else this.#end(passage, decision, -1, DECIDED_BY_UNKNOWN)
    decision.chain = walk.chain
    decision.rule = walk.rule
    return false
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
