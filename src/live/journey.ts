/** What the kernel told of one packet, put together: its own way, and those of the packets sent because of it. */
import { HOOK_INPUT, HOOK_OUTPUT, type RouterEvent } from './router.ts'

/** A packet on its way through the hooks. */
export interface Journey {
  /** Null when it never got past table raw. */
  ctstate: string | null
  /** INPUT, FORWARD or OUTPUT; PREROUTING where it came no further; null for one that entered no hook. */
  hook: string | null
  /** Every rule that took it, in order. */
  readonly traces: TraceLine[]
  /** How it left, or was delivered. */
  exit: { readonly device: string; readonly bytes: Uint8Array; readonly mark: number } | null
}

/** `filter:FORWARD:rule:2`. */
export interface TraceLine {
  readonly table: string
  readonly chain: string
  readonly kind: string
  /** From 1. */
  readonly number: number
}

export class Journeys {
  readonly own: Journey = newJourney()
  readonly answers: Journey[] = []
  /** Of which the kernel tells at the moment. */
  #current = this.own
  readonly #isLocal: boolean

  /** @param isLocal the machine itself sends the packet */
  constructor(isLocal: boolean) {
    this.#isLocal = isLocal
  }

  add(event: RouterEvent): void {
    const current = this.#current
    switch (event.kind) {
      case 'begin':
        this.#begin(event.hook)
        return
      case 'way':
        current.hook = event.hook === HOOK_INPUT ? 'INPUT' : 'FORWARD'
        return
      case 'state':
        // What comes in again by lo shows the state that it had.
        current.ctstate ??= event.ctstate
        return
      case 'trace':
        current.traces.push(traceLine(event.line))
        return
      case 'exit':
        current.exit = { device: event.device, bytes: event.bytes, mark: event.mark }
    }
  }

  #begin(hook: number): void {
    const isSent = hook === HOOK_OUTPUT
    const isOwn = this.own.hook === null && isSent === this.#isLocal
    // A packet that comes in while another is under way is that one again, by lo.
    if (!isOwn && isSent) {
      const answer = newJourney()
      this.answers.push(answer)
      this.#current = answer
    }
    this.#current.hook ??= isSent ? 'OUTPUT' : 'PREROUTING'
  }
}

function newJourney(): Journey {
  return { ctstate: null, hook: null, traces: [], exit: null }
}

/** Names of chains may have colons. */
function traceLine(text: string): TraceLine {
  const [, table = '', chain = '', kind = '', number = ''] = /^([^:]*):(.*):([^:]*):(\d+)$/.exec(text) ?? []
  return { table, chain, kind, number: Number(number) }
}
