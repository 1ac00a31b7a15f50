/**
 * Conversations of a scenario: which ports a line without ports means, and where each side's numbers stand. It knows
 * what was written and, of translated packets, how they left; nothing of what became of them.
 */
import type { End } from './endpoint.ts'

/** Initial numbers of the side that sent first, and of the other one. */
const FIRST_INITIAL = 1000
const SECOND_INITIAL = 5000
const DEFAULT_WINDOW = 65_535

/** One side of a conversation. */
export interface Side {
  /** Initial sequence number, 32 bits. */
  initial: number
  /** What it sends next, behind all that it sent, from its initial number on. */
  next: number
  /** As it stood in its last packet's header. */
  window: number
}

/** Seen from the sender of a packet. */
export interface Turn {
  readonly sender: Side
  readonly receiver: Side
}

/** What stands in place of ports: of ICMP queries both are the identifier. */
export interface Ports {
  readonly source: number
  readonly destination: number
}

/** The initial number that a host was given; null: that of its side. */
export type InitialNumbers = (end: End) => number | null

export class FlowBook {
  readonly #turns = new Map<string, Turn>()
  readonly #ports = new Map<string, Ports>()

  /** The ports of the last conversation between two addresses, or null: there was none. */
  lastPorts(protocol: string, source: string, destination: string): Ports | null {
    return this.#ports.get(`${protocol} ${source} ${destination}`) ?? null
  }

  /** The conversation of a packet that is sent now. */
  turn(protocol: string, source: End, destination: End, initials: InitialNumbers): Turn {
    let turn = this.#turns.get(keyOf(protocol, source, destination))
    if (turn === undefined) {
      const sender = { initial: initials(source) ?? FIRST_INITIAL, next: 0, window: DEFAULT_WINDOW }
      const receiver = { initial: initials(destination) ?? SECOND_INITIAL, next: 0, window: DEFAULT_WINDOW }
      turn = { sender, receiver }
      this.#set(protocol, source, destination, turn)
    }
    this.#remember(protocol, source, destination)
    return turn
  }

  #set(protocol: string, source: End, destination: End, turn: Turn): void {
    this.#turns.set(keyOf(protocol, source, destination), turn)
    const back = { sender: turn.receiver, receiver: turn.sender }
    this.#turns.set(keyOf(protocol, destination, source), back)
  }

  /** The same packet left with other addresses or ports: who answers it is in the same conversation. */
  translated(protocol: string, sent: readonly [End, End], left: readonly [End, End]): void {
    const turn = this.#turns.get(keyOf(protocol, sent[0], sent[1]))
    if (turn === undefined) return
    const [source, destination] = left
    if (this.#turns.has(keyOf(protocol, source, destination))) return
    this.#set(protocol, source, destination, turn)
    this.#remember(protocol, source, destination)
  }

  #remember(protocol: string, source: End, destination: End): void {
    const ports = { source: source.port ?? 0, destination: destination.port ?? 0 }
    const back = { source: ports.destination, destination: ports.source }
    this.#ports.set(`${protocol} ${source.address} ${destination.address}`, ports)
    this.#ports.set(`${protocol} ${destination.address} ${source.address}`, back)
  }
}

function keyOf(protocol: string, source: End, destination: End): string {
  return `${protocol} ${source.address} ${source.port} ${destination.address} ${destination.port}`
}
