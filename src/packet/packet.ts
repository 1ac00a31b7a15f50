/**
 * One decoded packet: the fields connection tracking and rules look at, as small integers.
 *
 * Packets are reused: a decoder overwrites the same object again and again, so that the hot path
 * allocates nothing. Addresses and sequence numbers are signed 32-bit integers with the bits of the
 * unsigned value (`>>> 0` gives the latter); every other field is non-negative.
 */
import { CaptureRecord } from './capture-record.ts'
import { CHECKSUM_UNKNOWN, FAMILY_NONE, ISSUE_NONE } from './constants.ts'

export * from './constants.ts'

const noBytes = new Uint8Array(0)
const noView = new DataView(noBytes.buffer)

/**
 * One decoded packet, filled by `decodeFrame` or `decodeNetwork` and reused. Addresses, sequence numbers and marks are
 * signed 32-bit integers with the bits of the unsigned value (`>>> 0` gives it); others are not negative unless said.
 */
export class Packet {
  /**
   * The frame as it was captured. A reader fills it and `decodeRecord` reads it, so nothing is copied; what it says
   * can be had, and set, by the names below.
   */
  readonly record: CaptureRecord = new CaptureRecord()

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

  /** Capture time: whole seconds since 1970 UTC, ±8.64e12. */
  get seconds(): number {
    return this.record.seconds
  }

  set seconds(value: number) {
    this.record.seconds = value
  }

  /** Nanoseconds behind `seconds`, 0–999,999,999. */
  get nanoseconds(): number {
    return this.record.nanoseconds
  }

  set nanoseconds(value: number) {
    this.record.nanoseconds = value
  }

  /** Which of the files given, from 0. */
  get file(): number {
    return this.record.file
  }

  set file(value: number) {
    this.record.file = value
  }

  /** The number of the frame in its file, from 1 as Wireshark counts. */
  get frame(): number {
    return this.record.frame
  }

  set frame(value: number) {
    this.record.frame = value
  }

  /** Index into the capture's list of interfaces, or -1. */
  get interfaceIndex(): number {
    return this.record.interfaceIndex
  }

  set interfaceIndex(value: number) {
    this.record.interfaceIndex = value
  }

  /** `DIRECTION_INCOMING`, `DIRECTION_OUTGOING`, or 0: unknown. */
  get direction(): number {
    return this.record.direction
  }

  set direction(value: number) {
    this.record.direction = value
  }

  /** Where the frame as captured is, which `bytes` is not any more once fragments were put together. */
  get frameBytes(): Uint8Array {
    return this.record.bytes
  }

  set frameBytes(value: Uint8Array) {
    this.record.bytes = value
  }

  /** Where the frame begins in `frameBytes`. */
  get frameStart(): number {
    return this.record.start
  }

  set frameStart(value: number) {
    this.record.start = value
  }

  /** Where what was captured of it ends in `frameBytes`, exclusive. */
  get frameEnd(): number {
    return this.record.end
  }

  set frameEnd(value: number) {
    this.record.end = value
  }

  /** Bytes that it had on the wire. */
  get frameLength(): number {
    return this.record.originalLength
  }

  set frameLength(value: number) {
    this.record.originalLength = value
  }
}
