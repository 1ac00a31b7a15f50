/** What happened to a packet: the same words for the kernel and for the engine, so that they can be compared. */
import type { EntryView } from '../../../src/conntrack/view.ts'
import type { KernelEntry } from '../../../src/live/conntrack-netlink.ts'
import type { RawTuple } from '../../../src/live/packet-tuple.ts'

/** A packet at the end of its way: behind INPUT's last rule, or behind POSTROUTING's. */
export interface Exit {
  readonly hook: 'INPUT' | 'POSTROUTING'
  /** The device it came in by (INPUT) or leaves by. */
  readonly device: string
  readonly bytes: Uint8Array
  readonly mark: number
  /** One of the lab's classes, as CLASSIFY sets them; else 0. */
  readonly priority: number
}

/** A packet on its way through the tables. */
export interface Journey {
  /** Null when it never got past raw. */
  readonly ctstate: string | null
  readonly exit: Exit | null
  /** The queue that it ended in, or null. */
  readonly queue: number | null
}

/** @param balanced a hash chooses, so that any queue will do */
export function queueShown(queue: number, balanced: boolean): number {
  return balanced ? -1 : queue
}

/** A rule said something: NFLOG. */
export interface Said {
  readonly group: number
  readonly prefix: string
}

export interface Observed {
  readonly journey: Journey
  /** What the machine sent because of it: REJECT's answers. */
  readonly answers: readonly Journey[]
  readonly said: readonly Said[]
  /** TRACE's lines, as far as the number of the rule; null where nobody asked. */
  readonly traces: readonly string[] | null
  /** By which the kernel is asked for an entry afterwards; null where the packet has none. */
  readonly tuple: RawTuple | null
  /** The entry: of that tuple in the kernel, the packet's own in the engine. */
  readonly entry: KernelEntry | EntryView | null
}
