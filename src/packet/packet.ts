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
/** `direction`: the machine that captured the packet received it. */
export const DIRECTION_INCOMING = 1
/** `direction`: the machine that captured the packet sent it; its checksums are not verified. */
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

/**
 * One decoded packet, filled by `decodeFrame` or `decodeNetwork` and reused. Addresses, sequence numbers and marks are
 * signed 32-bit integers with the bits of the unsigned value (`>>> 0` gives it); others are not negative unless said.
 */
export class Packet {
  /** Capture time: whole seconds since 1970 UTC, ±8.64e12. */
  seconds = 0
  /** Nanoseconds behind `seconds`, 0–999,999,999. */
  nanoseconds = 0
  /** Which of the files given, from 0. */
  file = 0
  /** The number of the frame in its file, from 1 as Wireshark counts. */
  frame = 0
  /** Index into the capture's list of interfaces, or -1. */
  interfaceIndex = -1
  /** `DIRECTION_INCOMING`, `DIRECTION_OUTGOING`, or 0: unknown. */
  direction = DIRECTION_UNKNOWN
  /** Where the frame as captured is, which `bytes` is not any more once fragments were put together. */
  frameBytes: Uint8Array = noBytes
  /** Where the frame begins in `frameBytes`. */
  frameStart = 0
  /** Where what was captured of it ends in `frameBytes`, exclusive. */
  frameEnd = 0
  /** Bytes that it had on the wire. */
  frameLength = 0

  /** What the capture file calls the link layer (LINKTYPE_*). */
  linkType = 0
  /** EtherType behind all tags, or 0 where the link layer has none. */
  etherType = 0
  /** Netfilter hook 0–4 that an NFLOG capture names, or -1. */
  hook = -1
  /** The packet's mark, where an NFLOG capture names it, else 0; 32 bits, signed. */
  mark = 0
  /** Index of the interface that it came in on, where an NFLOG or Linux cooked v2 capture names it, or 0. */
  inInterface = 0
  /** Index of the interface that it leaves on, likewise, or 0. */
  outInterface = 0

  /** What an NFLOG capture's rule was told to say (`--nflog-prefix`), else empty. */
  nflogPrefix = ''

  /**
   * Why it could not be decoded as far as its ports: 0 it could; 1 not IP; 2 unknown link type; 3 link header short; 4 cut
   * in the IP header; 5 bad IP header; 6 IPv6 header chain; 7 fragment; 8 fragment that reassembly refuses.
   */
  issue = ISSUE_NONE
  /** With issue 5: 1 version, 2 header length, 3 total length, 4 header checksum, 5 hop-by-hop options. */
  issueDetail = 0
  /**
   * With ISSUE_NETWORK_BAD, the value found and what it was measured against: BAD_VERSION the version and 4, 6 or 0
   * (either); BAD_HEADER_LENGTH header length and the bytes available (at least 20 are due); BAD_TOTAL_LENGTH total
   * length and the bytes available, or the header length if it is below that; BAD_HEADER_CHECKSUM found and expected.
   * With ISSUE_NETWORK_CUT and ISSUE_LINK_SHORT the bytes captured from the header's start. Left alone otherwise.
   */
  issueFound = 0
  /** See `issueFound`. */
  issueExpected = 0

  /** Where the bytes are: a view on the chunk they were read in (or on a reassembled datagram). */
  bytes: Uint8Array = noBytes
  /** The same memory as `bytes`. */
  view: DataView = noView
  /** Where the IP header begins in `bytes`. */
  networkOffset = 0
  /** Where the transport header begins in `bytes`. */
  transportOffset = 0
  /** Where what was captured of the IP packet ends in `bytes`, exclusive. */
  capturedEnd = 0

  /** 2 IPv4, 10 IPv6, 0 neither: Linux's numbers, as `l3proto` in /proc. */
  family = FAMILY_NONE
  /** Source address: the IPv4 address, or the first word of the IPv6 one. */
  source0 = 0
  /** IPv6: second word of the source address. */
  source1 = 0
  /** IPv6: third word of the source address. */
  source2 = 0
  /** IPv6: last word of the source address. */
  source3 = 0
  /** Destination address: the IPv4 address, or the first word of the IPv6 one. */
  destination0 = 0
  /** IPv6: second word of the destination address. */
  destination1 = 0
  /** IPv6: third word of the destination address. */
  destination2 = 0
  /** IPv6: last word of the destination address. */
  destination3 = 0
  /** Transport protocol number, 0–255, behind IPv6 extension headers. */
  protocol = 0
  /** IP total length in bytes, header included, link padding excluded: what accounting counts. */
  length = 0
  /** TTL or hop limit, 0–255. */
  ttl = 0
  /** TOS byte or IPv6 traffic class, 0–255. */
  tos = 0
  /** IPv4 identification, 0–65535, or that of an IPv6 fragment header (32 bits). */
  identification = 0
  /** Of a fragment, in bytes: a multiple of 8, 0–65528. */
  fragmentOffset = 0
  /** The MF bit, or M of an IPv6 fragment header. */
  moreFragments = false
  /** IPv4: the DF bit. */
  dontFragment = false
  /** Reassembled by us: IP length of the largest piece, else 0. */
  largestFragment = 0
  /** Bytes of the transport header and payload by the IP length. */
  transportLength = 0
  /** How many of them were captured. */
  transportCaptured = 0

  /** TCP, UDP, UDP-Lite, SCTP: 0–65535; 0 elsewhere. */
  sourcePort = 0
  /** TCP, UDP, UDP-Lite, SCTP: 0–65535; 0 elsewhere. */
  destinationPort = 0
  /** ICMP and ICMPv6: type, 0–255. */
  icmpType = 0
  /** ICMP and ICMPv6: code, 0–255. */
  icmpCode = 0
  /** ICMP and ICMPv6: bytes 4–5, 0–65535 ("identifier", whatever the type). */
  icmpId = 0

  /** Byte 13 of the TCP header (RFC 9293, 3.1): 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG, 64 ECE, 128 CWR. */
  tcpFlags = 0
  /** TCP sequence number. */
  sequence = 0
  /** TCP acknowledgment number, whether ACK is set or not. */
  acknowledgment = 0
  /** As in the header: not scaled, 0–65535. */
  window = 0
  /** Data offset in bytes, 0–60, whatever the packet's length. */
  tcpHeaderLength = 0
  /** UDP's length field, or UDP-Lite's coverage field, in bytes, 0–65535. */
  udpLength = 0

  /** Transport checksum, as the tracker found it: 0 unknown, 1 good, 2 bad, 3 absent, 4 left to the network card. */
  checksum = CHECKSUM_UNKNOWN
  /** With `checksum` 2 or 4: the value in the packet. */
  checksumFound = 0
  /** With `checksum` 2 or 4: the value that it should have. */
  checksumExpected = 0
}
