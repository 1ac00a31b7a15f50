/**
 * The numbers in a packet's fields. On their own because esbuild puts constants in place, instead of loading them each
 * time they are used, only from modules that begin with them: a fifth of the decoding.
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
