/**
 * Where NAT stands in the hooks (nf_nat_ipv4_fn, nf_nat_inet_fn): table nat of PREROUTING and OUTPUT decides about the
 * destination, that of POSTROUTING and INPUT about the source. For each packet at each of these hooks, if table nat is loaded:
 *
 *     if (asksRules(nat, passage)) {
 *       …walk the table's chain; the packet ends if its verdict is not ACCEPT…
 *       bindUndecided(nat, passage)
 *     }
 *     if (!translate(nat, passage)) …the packet is dropped by NAT…
 */
import { Nat } from '../nat/nat.ts'
import type { PortSource } from '../nat/tuple-search.ts'
import { END_DESTINATION, END_SOURCE } from '../packet/translate.ts'
import type { Environment } from './environment.ts'
import { HOOK_OUTPUT, HOOK_POSTROUTING, HOOK_PREROUTING } from './hook.ts'
import type { Passage } from './passage.ts'
import type { Random } from './random.ts'

/** Linux draws the port where a search begins; here it comes from the seed. */
export class SeededPorts implements PortSource {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  first(from: number, size: number): number {
    return from + this.#random.below(size)
  }
}

/** What rules share under this name is the machine's `Nat`, for both families. */
export const SHARED_NAT = 'nat'

/** The machine's NAT. */
export function natOf(environment: Environment): Nat {
  return environment.shared(
    SHARED_NAT,
    () => new Nat(environment.tracker, new SeededPorts(environment.random)),
  )
}

/** END_SOURCE or END_DESTINATION: what the nat chain of a hook decides about (HOOK2MANIP). */
export function endOfHook(hook: number): number {
  return hook === HOOK_PREROUTING || hook === HOOK_OUTPUT ? END_DESTINATION : END_SOURCE
}

/**
 * Shall the chain of table nat be walked for this packet? Only for one whose connection has not decided yet: in practice the
 * first of each. All others count in no rule and no policy.
 */
export function asksRules(nat: Nat, passage: Passage): boolean {
  return nat.isOpen(passage.outcome, passage.packet, endOfHook(passage.hook))
}

/**
 * Behind a walk that ended in ACCEPT: where no target decided, the connection keeps its address, and its port if that is free
 * (nf_nat_alloc_null_binding).
 */
export function bindUndecided(nat: Nat, passage: Passage): void {
  const { outcome, packet, hook } = passage
  const end = endOfHook(hook)
  if (nat.isOpen(outcome, packet, end)) nat.bindAsIs(outcome.entry, end)
}

/**
 * Rewrites the packet as its connection's mapping says, through `passage.writable()`; nothing where there is none. True for
 * most packets. False: the packet is dropped, because it cannot be translated, is an ICMP redirect that would name the wrong
 * addresses, or leaves by another interface than the one its connection was masqueraded for, which ends the connection
 * (`outcome.ended`).
 */
export function translate(nat: Nat, passage: Passage): boolean {
  const { outcome, packet, hook } = passage
  if (outcome.entry < 0 && outcome.ended < 0) return true
  const end = endOfHook(hook)
  if (nat.isError(outcome, packet)) {
    if (!nat.mayPassError(packet, outcome)) return false
    return !nat.concerns(outcome, end) || nat.translateError(passage.writable(), outcome, end)
  }
  if (hook === HOOK_POSTROUTING && nat.leavesElsewhere(outcome, passage.outInterface)) {
    nat.end(outcome, packet)
    return false
  }
  return !nat.concerns(outcome, end) || nat.translate(passage.writable(), outcome, end)
}
