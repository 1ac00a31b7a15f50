/**
 * How an entry of the state table lies in memory: 32 words of 32 bits, two cache lines.
 *
 * The first line holds what every packet of the flow reads (the tuple, the status, the deadline, the TCP
 * windows), the second what is kept beside it. Entries live in segments of typed arrays; every function that
 * works on an entry gets `words` (its segment) and `at` (the index of its first word).
 *
 *     0 1 2        3 4 5        6         7 … 14                  15
 *     tuple (orig) proto status deadline  TCP windows of O and R  flags, scales, state, last kind
 *     16 … 19      20 … 26      27   28         29 30   31
 *     last segment counters     addr mark       wheel   id
 */
export const ENTRY_WORDS = 32

/** Source address of the original tuple; of IPv6 the last 32 bits (the whole is in the address slab). */
export const SOURCE = 0
export const DESTINATION = 1
/** Source part << 16 | destination part: ports, GRE keys; ICMP: id << 16 | type << 8 | code; else 0. */
export const PORTS = 2
/** Transport protocol; bit 8 set for IPv6. */
export const PROTOCOL = 3
export const PROTOCOL_IPV6_BIT = 0x100
/** STATUS_* bits. */
export const STATUS = 4
/** Zone of the original direction << 16 | zone of the reply direction. */
export const ZONES = 5
/** Expiry in clock ticks, modulo 2^32; of an unconfirmed entry the lifetime in ticks. */
export const DEADLINE = 6

/** What a direction sent; the reply direction's words stand TCP_SIDE further on. */
export const TCP_END = 7
export const TCP_MAXEND = 8
export const TCP_MAXWIN = 9
export const TCP_MAXACK = 10
export const TCP_SIDE = 4

/**
 * Bits: flags of O 0–7, flags of R 8–15, scale of O 16–19, scale of R 20–23, state 24–27 (TCP and SCTP),
 * direction of the last packet 28, its kind 29–31.
 */
export const FLOW = 15
export const FLOW_SCALE_SHIFT = 16
export const FLOW_STATE_SHIFT = 24
export const FLOW_STATE_MASK = 0xf
export const FLOW_LAST_DIRECTION_SHIFT = 28
export const FLOW_LAST_INDEX_SHIFT = 29

export const TCP_LAST_SEQ = 16
export const TCP_LAST_ACK = 17
export const TCP_LAST_END = 18
/** Bits: window 0–15 (unscaled), retransmissions 16–23, window scale 24–27, flags 28–31. */
export const TCP_LAST = 19

/** SCTP: the verification tag expected in packets of O, of R, and SCTP_* flags. */
export const SCTP_VTAG = 7
export const SCTP_FLAGS = 9

/** UDP: the tick after which a reply makes it a stream. */
export const UDP_STREAM_TICK = 7

/** GRE: its two timeouts in seconds, fixed when the entry is made. */
export const GRE_TIMEOUT = 7
export const GRE_STREAM_TIMEOUT = 8

/** Linux 2.4, TCP: the ACK number that completes the handshake. TCP_END, which NAT compares, stays 0. */
export const HANDSHAKE_ACK = 8
/** Linux 2.4, ICMP: requests that are not answered yet. */
export const OPEN_REQUESTS = 7

/** Bytes counted: low and high word of O, then of R. */
export const BYTES = 20
/** Packets counted: low words of O and R, then their high halves (O << 16 | R). */
export const PACKETS = 24
export const PACKETS_HIGH = 26

/** Index of the entry's record in the address slab (IPv6, or a reply tuple that NAT changed), 0 for none. */
export const ADDRESSES = 27
/**
 * IPv4, and not translated: in place of that a number of 16 bits for each direction, O << 16 | R, that the firewall keeps
 * with the entry; 0 for none, and at first.
 */
export const WAYS = 27
/** Memory begins 16 bytes behind a cache line in most places: from here on a word is in the third line. */
export const MARK = 28
/** Neighbours in the timing wheel's list: entry number + 1, 0 for none. */
export const NEXT = 29
export const PREVIOUS = 30
/** Unique for the run (modulo 2^32). */
export const ID = 31

/** TCP and SCTP state of an entry. */
export function flowState(words: Int32Array, at: number): number {
  return (words[at + FLOW]! >>> FLOW_STATE_SHIFT) & FLOW_STATE_MASK
}

export function setFlowState(words: Int32Array, at: number, state: number): void {
  words[at + FLOW] =
    (words[at + FLOW]! & ~(FLOW_STATE_MASK << FLOW_STATE_SHIFT)) | (state << FLOW_STATE_SHIFT)
}
