/**
 * Blank fields, so that nothing of an earlier packet shows through where decoding stops early.
 *
 * Storing 40 fields takes longer than reading the packet, so the usual path leaves out what its predecessor left
 * blank. What it counts on, of every packet these decoders made:
 *   family IPv4        the address words 1–3 are 0
 *   protocol TCP       the ICMP and UDP fields are 0
 *   ISSUE_NONE and largestFragment 0    so are the fragment fields and `issueDetail`
 */
import { CHECKSUM_UNKNOWN, FAMILY_NONE, ISSUE_NONE, type Packet } from './packet.ts'

export function clearWideAddresses(packet: Packet): void {
  packet.source1 = 0
  packet.source2 = 0
  packet.source3 = 0
  packet.destination1 = 0
  packet.destination2 = 0
  packet.destination3 = 0
}

export function clearFragment(packet: Packet): void {
  packet.issueDetail = 0
  packet.fragmentOffset = 0
  packet.moreFragments = false
  packet.largestFragment = 0
}

/** The fields of what is not TCP. */
export function clearMessage(packet: Packet): void {
  packet.icmpType = 0
  packet.icmpCode = 0
  packet.icmpId = 0
  packet.udpLength = 0
}

export function clearTransport(packet: Packet): void {
  clearMessage(packet)
  packet.sourcePort = 0
  packet.destinationPort = 0
  packet.tcpFlags = 0
  packet.sequence = 0
  packet.acknowledgment = 0
  packet.window = 0
  packet.tcpHeaderLength = 0
}

/** Everything from the network header on, with the header at `start` and nothing known behind it. */
export function clearNetwork(
  packet: Packet,
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  place(packet, view, bytes)
  packet.issue = ISSUE_NONE
  packet.networkOffset = start
  packet.transportOffset = start
  packet.capturedEnd = end
  packet.family = FAMILY_NONE
  packet.source0 = 0
  packet.destination0 = 0
  clearWideAddresses(packet)
  packet.protocol = 0
  packet.length = 0
  packet.ttl = 0
  packet.tos = 0
  packet.identification = 0
  clearFragment(packet)
  packet.dontFragment = false
  packet.transportLength = 0
  packet.transportCaptured = 0
  packet.checksum = CHECKSUM_UNKNOWN
  clearTransport(packet)
}

/** Remembers where the bytes are. Most packets share a chunk, and a pointer store costs more than a comparison. */
export function place(packet: Packet, view: DataView, bytes: Uint8Array): void {
  if (packet.view !== view) {
    packet.view = view
    packet.bytes = bytes
  }
}
