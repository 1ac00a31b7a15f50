/** Which hooks a packet meets: whether this machine received it or sent it, and where it goes from there. */
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'

/** `Way.begin`: received from the network. */
export const BEGINS_RECEIVED = 0
/** Sent by this machine itself. */
export const BEGINS_SENT = 1
/** Only seen: it enters no hook. */
export const BEGINS_NOWHERE = 2

/** `Way.route`: the stack ends it, and has added its reason to the outcome. */
export const ROUTE_ENDED = -1

/** Of an IPv4 packet, in bytes. */
const LONGEST = 0xffff

/** Which other packets take the way of the one that went last; reused. */
export class WayBounds {
  /** Their TTL is at least this, */
  leastTtl = 0
  /** and their length at most this, in bytes. */
  mostLength = LONGEST
  /** What was taken for granted about it, for `Way.assume`. */
  assumed = 0

  reset(): void {
    this.leastTtl = 0
    this.mostLength = LONGEST
    this.assumed = 0
  }
}

export interface Way {
  /**
   * Of the IPv4 packet that went last: others with its addresses, which are seen in the same place, in a frame with the same
   * header, take the same way within these bounds. Absent: nobody can tell.
   */
  readonly bounds?: WayBounds
  /** Number of the interface by which the machine sends to itself; 0: none. */
  readonly loopback: number
  /** Ahead of all hooks; sets the interface by which a received packet came, or a sent one leaves. BEGINS_*. */
  begin(passage: Passage): number
  /** Behind PREROUTING: HOOK_INPUT, or HOOK_FORWARD with `passage.outInterface` set, or ROUTE_ENDED. */
  route(passage: Passage): number
  /** OUTPUT gave the packet another destination: sets `passage.outInterface`; false: no route leads there. */
  reroute(passage: Passage): boolean
  /** Counts what was taken for granted about `times` more packets. */
  assume?(assumed: number, times: number): void
  /** For a packet that this machine sends because of another: sets `passage.outInterface`; false: no route. */
  answer(passage: Passage, cause: Passage): boolean
}

/** All packets take the same way, by interfaces that are told. */
export class FixedWay implements Way {
  readonly loopback = 0
  readonly bounds = new WayBounds()
  readonly #hook: number
  readonly #in: number
  readonly #out: number

  /** HOOK_INPUT, HOOK_FORWARD or HOOK_OUTPUT; numbers of interfaces, 0 for none. */
  constructor(hook: number, inInterface: number, outInterface: number) {
    this.#hook = hook
    this.#in = hook === HOOK_OUTPUT ? 0 : inInterface
    this.#out = hook === HOOK_INPUT ? 0 : outInterface
  }

  begin(passage: Passage): number {
    passage.inInterface = this.#in
    if (this.#hook !== HOOK_OUTPUT) return BEGINS_RECEIVED
    passage.outInterface = this.#out
    return BEGINS_SENT
  }

  route(passage: Passage): number {
    if (this.#hook === HOOK_INPUT) return HOOK_INPUT
    passage.outInterface = this.#out
    return HOOK_FORWARD
  }

  reroute(_passage: Passage): boolean {
    return true
  }

  /** Back to where the other came from. */
  answer(passage: Passage, cause: Passage): boolean {
    passage.outInterface = cause.inInterface
    return true
  }
}
