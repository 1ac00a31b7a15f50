/** Every packet of a run in columns: what the panes draw, and what the table at any packet is made of. Index 0 is packet 1. */
import { bytes, doubles, shorts, unsigned, words } from './growing.ts'

/** `PacketColumns.side`. */
export const SIDE_ORIGINAL = 0
export const SIDE_REPLY = 1
/** A router's ICMP error, most often: it is about the connection, and from neither end. */
export const SIDE_NEITHER = 2

export class PacketColumns {
  count = 0
  /** Seconds since 1970 UTC, and nanoseconds. */
  readonly seconds = doubles()
  readonly nanoseconds = words()
  /** The clock, in ticks. */
  readonly ticks = doubles()
  /** Which of the files. */
  readonly file = bytes()
  readonly frame = words()
  /** Connection + 1; 0 for none. */
  readonly flow = words()
  /** SIDE_*. */
  readonly side = bytes()
  /** CTINFO_*. */
  readonly ctinfo = bytes()
  /** A place of `verdictNames`. */
  readonly verdict = bytes()
  /** Row of the ruleset that decided + 1; 0 for none. */
  readonly decider = words()
  /** Number of the most telling reason + 1; 0 for none. */
  readonly reason = shorts()
  /** Entries in the table behind the packet. */
  readonly tableSize = words()
  readonly protocol = bytes()
  /** TCP. */
  readonly tcpFlags = bytes()
  /** TCP; of ICMP type << 8 | code. */
  readonly sequence = unsigned()
  readonly acknowledgment = unsigned()
  readonly window = shorts()
  /** Bytes of IP, and of payload behind the transport header. */
  readonly length = unsigned()
  readonly payload = unsigned()
  /** STATUS_* of Linux, of its entry behind the packet; 0 for none in the table. */
  readonly status = shorts()
  /** Its state + 1; 0 for a protocol without. */
  readonly state = bytes()
  /** Ticks that it has. */
  readonly remaining = words()
  readonly mark = unsigned()
}
