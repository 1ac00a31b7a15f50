/**
 * One decoded packet: the fields connection tracking and rules look at, as small integers.
 *
 * Packets are reused: a decoder overwrites the same object again and again, so that the hot path
 * allocates nothing. Addresses and sequence numbers are signed 32-bit integers with the bits of the
 * unsigned value (`>>> 0` gives the latter); every other field is non-negative.
 */

/** `Packet.family`: Linux's numbers, as the `l3proto` column prints them. 0 means "not IP". */
export const FAMILY_NONE = 0
export const FAMILY_IPV4 = 2
export const FAMILY_IPV6 = 10

/** `Packet.direction`: what the capture says about the side of the machine. */
export const DIRECTION_UNKNOWN = 0
export const DIRECTION_INCOMING = 1
export const DIRECTION_OUTGOING = 2

export const PROTOCOL_ICMP = 1
export const PROTOCOL_TCP = 6
export const PROTOCOL_UDP = 17
export const PROTOCOL_GRE = 47
export const PROTOCOL_ICMPV6 = 58
export const PROTOCOL_SCTP = 132
export const PROTOCOL_UDPLITE = 136

/** `Packet.tcpFlags`: the bits of byte 13 of the TCP header (RFC 9293, 3.1). */
export const TCP_FIN = 0x01
export const TCP_SYN = 0x02
export const TCP_RST = 0x04
export const TCP_PSH = 0x08
export const TCP_ACK = 0x10
export const TCP_URG = 0x20
export const TCP_ECE = 0x40
export const TCP_CWR = 0x80

/**
 * `Packet.issue`: why the packet could not be decoded as far as its transport ports.
 * What the packet itself does wrong and what the capture merely did not record are kept apart.
 */
export const ISSUE_NONE = 0
/** The frame carries something else than IP; `etherType` says what. */
export const ISSUE_NOT_IP = 1
/** Nobody here knows the capture's link type; `linkType` says which. */
export const ISSUE_LINK_TYPE = 2
/** The frame ends inside its link-layer header. */
export const ISSUE_LINK_SHORT = 3
/** The snap length cut the frame inside its IP header (or an IPv6 extension header). */
export const ISSUE_NETWORK_CUT = 4
/** Bad IPv4 or IPv6 header: the stack drops the packet before any hook (`issueDetail`: BAD_*). */
export const ISSUE_NETWORK_BAD = 5
/** IPv6 header chain that ends in "no next header" or in a truncated extension header: INVALID. */
export const ISSUE_CHAIN = 6
/** A fragment, not reassembled yet: see `fragmentOffset`, `moreFragments`, `identification`. */
export const ISSUE_FRAGMENT = 7
/** IPv6 fragment with an offset that reassembly refuses and lets pass on: INVALID. */
export const ISSUE_FRAGMENT_REFUSED = 8

/** `Packet.issueDetail` with ISSUE_NETWORK_BAD; with ISSUE_FRAGMENT 0, or BAD_HEADER_LENGTH for half a header. */
export const BAD_VERSION = 1
export const BAD_HEADER_LENGTH = 2
export const BAD_TOTAL_LENGTH = 3
export const BAD_HEADER_CHECKSUM = 4
export const BAD_HOP_BY_HOP = 5

/** `Packet.checksum`: the transport checksum (for ICMP the ICMP one), as far as it can be told. */
export const CHECKSUM_UNKNOWN = 0 // not all of the bytes were captured, or nobody looked
export const CHECKSUM_GOOD = 1
export const CHECKSUM_BAD = 2
export const CHECKSUM_ABSENT = 3 // the field is 0 where 0 means "none" (UDP, UDP-Lite)
/** Not complete: left to the network card (offload), which leaves the pseudo header's sum, or 0, in the field. */
export const CHECKSUM_PARTIAL = 4

const noBytes = new Uint8Array(0)
const noView = new DataView(noBytes.buffer)

export class Packet {
  /** Capture time: whole seconds since 1970 UTC, and nanoseconds 0–999,999,999. */
  seconds = 0
  nanoseconds = 0
  /** Which of the files given, from 0; the number of the frame in it, from 1 as Wireshark counts. */
  file = 0
  frame = 0
  /** Index into the capture's list of interfaces, or -1. */
  interfaceIndex = -1
  /** DIRECTION_* */
  direction = DIRECTION_UNKNOWN
  /** The frame as captured, which `bytes` is not any more once fragments were put together; its length on the wire. */
  frameBytes: Uint8Array = noBytes
  frameStart = 0
  frameEnd = 0
  frameLength = 0

  /** What the capture file calls the link layer (LINKTYPE_*). */
  linkType = 0
  /** EtherType behind all tags, or 0 where the link layer has none. */
  etherType = 0
  /** Netfilter hook 0–4 that an NFLOG capture names, or -1. */
  hook = -1
  /** The packet's mark, where an NFLOG capture names it, else 0. */
  mark = 0
  /** Interface indexes that an NFLOG or Linux cooked v2 capture names, or 0. */
  inInterface = 0
  outInterface = 0

  /** What an NFLOG capture's rule was told to say (`--nflog-prefix`), else empty. */
  nflogPrefix = ''

  /** ISSUE_* and its detail. */
  issue = ISSUE_NONE
  issueDetail = 0
  /**
   * With ISSUE_NETWORK_BAD, the value found and what it was measured against: BAD_VERSION the version and 4, 6 or 0
   * (either); BAD_HEADER_LENGTH header length and the bytes available (at least 20 are due); BAD_TOTAL_LENGTH total
   * length and the bytes available, or the header length if it is below that; BAD_HEADER_CHECKSUM found and expected.
   * With ISSUE_NETWORK_CUT and ISSUE_LINK_SHORT the bytes captured from the header's start. Left alone otherwise.
   */
  issueFound = 0
  issueExpected = 0

  /** Where the bytes are: a view on the chunk they were read in (or on a reassembled datagram). */
  bytes: Uint8Array = noBytes
  view: DataView = noView
  /** Offsets into `bytes`: IP header, transport header, end of what was captured of the IP packet. */
  networkOffset = 0
  transportOffset = 0
  capturedEnd = 0

  /** FAMILY_* */
  family = FAMILY_NONE
  source0 = 0
  source1 = 0
  source2 = 0
  source3 = 0
  destination0 = 0
  destination1 = 0
  destination2 = 0
  destination3 = 0
  /** Transport protocol number, behind IPv6 extension headers. */
  protocol = 0
  /** IP total length in bytes, header included, link padding excluded: what accounting counts. */
  length = 0
  ttl = 0
  /** TOS byte or IPv6 traffic class. */
  tos = 0
  /** IPv4 identification, or that of an IPv6 fragment header (32 bits). */
  identification = 0
  /** In bytes. */
  fragmentOffset = 0
  moreFragments = false
  dontFragment = false
  /** Reassembled by us: IP length of the largest piece, else 0. */
  largestFragment = 0
  /** Bytes of the transport header and payload by the IP length, and how many of them were captured. */
  transportLength = 0
  transportCaptured = 0

  /** TCP, UDP, UDP-Lite, SCTP; 0 elsewhere. */
  sourcePort = 0
  destinationPort = 0
  /** ICMP and ICMPv6: type, code and bytes 4–5 ("identifier", whatever the type). */
  icmpType = 0
  icmpCode = 0
  icmpId = 0

  /** TCP_* bits, reserved bits left out. */
  tcpFlags = 0
  sequence = 0
  acknowledgment = 0
  /** As in the header: not scaled, 0–65535. */
  window = 0
  /** Data offset in bytes, 0–60, whatever the packet's length. */
  tcpHeaderLength = 0
  /** UDP's length field, or UDP-Lite's coverage field. */
  udpLength = 0

  /** CHECKSUM_*, set by `verifyChecksum`, and the two values where it is CHECKSUM_BAD or CHECKSUM_PARTIAL. */
  checksum = CHECKSUM_UNKNOWN
  checksumFound = 0
  checksumExpected = 0
}
