/**
 * What the link layer told of a packet, read again from its frame: who sent it, and to whom, as the receiving device
 * would have noted it (eth_type_trans). Read only where somebody asks: decoding has no use for it.
 */
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_NFLOG } from './link-type.ts'
import { findAttribute } from './nflog.ts'
import type { Packet } from './packet.ts'

/** `PACKET_*` of the kernel: to this host. */
export const SENT_TO_HOST = 0
export const SENT_TO_ALL = 1
export const SENT_TO_GROUP = 2
export const SENT_TO_OTHER = 3

const ARPHRD_ETHER = 1
// Attribute numbers of linux/netfilter/nfnetlink_log.h.
const HARDWARE_ADDRESS = 8
const HARDWARE_TYPE = 15
const HARDWARE_HEADER = 16

/** The link header of one packet; reused. */
export class LinkHeader {
  /** The device is an Ethernet one, and the sender's address known. */
  isEthernet = false
  /** The sender's address: its first 16 bits, and the 32 behind them as a signed word. */
  sourceHigh = 0
  sourceLow = 0
  /** SENT_TO_*. A frame to any one address counts as sent to this host: Linux hands no other to IP. */
  sentTo = SENT_TO_HOST

  /** Reads the frame that the packet came in. Packets without one, and link layers without addresses, tell nothing. */
  read(packet: Packet): void {
    this.isEthernet = false
    this.sourceHigh = 0
    this.sourceLow = 0
    this.sentTo = SENT_TO_HOST
    const { frameBytes: bytes, frameStart: start, frameEnd: end } = packet
    switch (packet.linkType) {
      case LINKTYPE_ETHERNET:
        if (end - start < 14) return
        this.#readDestination(bytes, start)
        this.#readSource(bytes, start + 6)
        break
      case LINKTYPE_LINUX_SLL:
        if (end - start < 16) return
        this.#readCooked(word16(bytes, start), word16(bytes, start + 2), word16(bytes, start + 4))
        if (this.isEthernet) this.#readSource(bytes, start + 6)
        break
      case LINKTYPE_LINUX_SLL2:
        if (end - start < 20) return
        this.#readCooked(bytes[start + 10]!, word16(bytes, start + 8), bytes[start + 11]!)
        if (this.isEthernet) this.#readSource(bytes, start + 12)
        break
      case LINKTYPE_NFLOG:
        this.#readLog(bytes, start, end)
        break
    }
  }

  #readCooked(type: number, device: number, addressLength: number): void {
    if (type <= SENT_TO_OTHER) this.sentTo = type
    this.isEthernet = device === ARPHRD_ETHER && addressLength === 6
  }

  #readLog(bytes: Uint8Array, start: number, end: number): void {
    const type = findAttribute(bytes, start, end, HARDWARE_TYPE)
    if (type < 0 || end - type < 2 || word16(bytes, type) !== ARPHRD_ETHER) return
    const header = findAttribute(bytes, start, end, HARDWARE_HEADER)
    if (header >= 0 && end - header >= 14) this.#readDestination(bytes, header)
    // Length (16 bits), two bytes of padding, the address.
    const address = findAttribute(bytes, start, end, HARDWARE_ADDRESS)
    if (address >= 0 && end - address >= 10 && word16(bytes, address) === 6)
      this.#readSource(bytes, address + 4)
    else if (header >= 0 && end - header >= 14) this.#readSource(bytes, header + 6)
  }

  #readDestination(bytes: Uint8Array, at: number): void {
    if ((bytes[at]! & 1) === 0) return
    let all = 0xff
    for (let i = 0; i < 6; i++) all &= bytes[at + i]!
    this.sentTo = all === 0xff ? SENT_TO_ALL : SENT_TO_GROUP
  }

  #readSource(bytes: Uint8Array, at: number): void {
    this.isEthernet = true
    this.sourceHigh = word16(bytes, at)
    this.sourceLow = (word16(bytes, at + 2) << 16) | word16(bytes, at + 4)
  }
}

function word16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
