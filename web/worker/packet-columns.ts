/** Every packet of a run in columns: what the panes draw, and what the table at any packet is made of. Index 0 is packet 1. */
import { Bytes, Doubles, Shorts, UnsignedWords, Words } from './growing.ts'

/** `PacketColumns.side`. */
export const SIDE_ORIGINAL = 0
export const SIDE_REPLY = 1
/** A router's ICMP error, most often: it is about the connection, and from neither end. */
export const SIDE_NEITHER = 2

export class PacketColumns {
  count = 0
  /** Seconds since 1970 UTC, and nanoseconds. */
  readonly seconds = new Doubles()
  readonly nanoseconds = new Words()
  /** The clock, in ticks. */
  readonly ticks = new Doubles()
  /** Which of the files. */
  readonly file = new Bytes()
  readonly frame = new Words()
  /** Connection + 1; 0 for none. */
  readonly flow = new Words()
  /** SIDE_*. */
  readonly side = new Bytes()
  /** CTINFO_*. */
  readonly ctinfo = new Bytes()
  /** A place of `verdictNames`. */
  readonly verdict = new Bytes()
  /** Row of the ruleset that decided + 1; 0 for none. */
  readonly decider = new Words()
  /** Number of the most telling reason + 1; 0 for none. */
  readonly reason = new Shorts()
  /** Entries in the table behind the packet. */
  readonly tableSize = new Words()
  readonly protocol = new Bytes()
  /** TCP. */
  readonly tcpFlags = new Bytes()
  /** TCP; of ICMP type << 8 | code. */
  readonly sequence = new UnsignedWords()
  readonly acknowledgment = new UnsignedWords()
  readonly window = new Shorts()
  /** Bytes of IP, and of payload behind the transport header. */
  readonly length = new UnsignedWords()
  readonly payload = new UnsignedWords()
  /** STATUS_* of Linux, of its entry behind the packet; 0 for none in the table. */
  readonly status = new Shorts()
  /** Its state + 1; 0 for a protocol without. */
  readonly state = new Bytes()
  /** Ticks that it has. */
  readonly remaining = new Words()
  readonly mark = new UnsignedWords()
}
