/** Looks for an IPv6 extension header as the kernel's ipv6_find_hdr does: each rule anew, from the IPv6 header on. */
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { extensionLength, HEADER_FRAGMENT, HEADER_NONE, HEADER_ROUTING, isExtension } from '../packet/ipv6.ts'

const FIXED_HEADER = 40

/** One header of one packet; reused. */
export class ExtensionHeader {
  readonly #protocol: number
  /** Where it begins in `packet.bytes`. */
  at = 0
  /** Bytes that it has by its own account. */
  length = 0

  /** @param protocol which header: one of those that isExtension knows */
  constructor(protocol: number) {
    this.#protocol = protocol
  }

  /**
   * The first of its kind, with `at` and `length`. Behind the Fragment header of a later piece nothing is looked for. A
   * chain that the packet cuts short drops the packet; one that the capture cuts leaves the answer open.
   */
  find(passage: Passage): boolean {
    const { view, networkOffset } = passage.packet
    let next = view.getUint8(networkOffset + 6)
    this.at = networkOffset + FIXED_HEADER
    for (;;) {
      if (!isExtension(next) || next === HEADER_NONE) return false
      const isFragment = next === HEADER_FRAGMENT
      if (!this.has(passage, isFragment || next === HEADER_ROUTING ? 4 : 2)) return false
      this.length = extensionLength(next, view.getUint8(this.at + 1))
      if (next === this.#protocol) return true
      if (isFragment && (view.getUint16(this.at + 2) & 0xfff8) !== 0) return false
      next = view.getUint8(this.at)
      this.at += this.length
    }
  }

  /** Whether its first `bytes` are there; see `find` for what happens if not. */
  has(passage: Passage, bytes: number): boolean {
    const end = this.at + bytes
    if (end <= passage.packet.capturedEnd) return true
    passage.stop = this.room(passage) < bytes ? STOP_HOTDROP : STOP_UNKNOWN
    return false
  }

  /** Whether the packet has room for all of it; one that is smaller is dropped. */
  isWhole(passage: Passage): boolean {
    if (this.room(passage) >= this.length) return true
    passage.stop = STOP_HOTDROP
    return false
  }

  /** Bytes from its beginning to the end of the packet, captured or not. */
  room({ packet }: Passage): number {
    return packet.networkOffset + packet.length - this.at
  }
}
