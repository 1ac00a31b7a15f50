/** Networks: the address in front of a prefix, as `net` reads them, and whether an address is in one. */
import { type Address, formatAddress, parseAddress, parseIPv4, parseIPv6 } from '../packet/address.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'

/** The bits of word 0–3 of an address that a prefix of this length fixes. */
function prefixMask(prefix: number, index: number): number {
  const bits = Math.max(0, Math.min(32, prefix - 32 * index))
  return bits === 0 ? 0 : -1 << (32 - bits)
}

export function addressBits(address: Address): 32 | 128 {
  return address.family === FAMILY_IPV4 ? 32 : 128
}

export function addressText({ family, words }: Address): string {
  return formatAddress(family, words[0]!, words[1]!, words[2]!, words[3]!)
}

/** The address with every bit behind the prefix cleared. */
export function networkOf(address: Address, prefix: number): Address {
  return {
    family: address.family,
    words: address.words.map((word, index) => word & prefixMask(prefix, index)),
  }
}

/** The length of the prefix that a mask (`255.255.0.0`) stands for, or null where its bits have gaps. */
export function maskPrefix(mask: number): number | null {
  const prefix = Math.clz32(~mask)
  return prefixMask(prefix, 0) === mask ? prefix : null
}

/** An address, or the first one to three parts of an IPv4 one; `bits` is how many bits of it were written. */
export function parseNetwork(text: string): { address: Address; bits: number } | null {
  const whole = parseAddress(text)
  if (whole !== null) return { address: whole, bits: addressBits(whole) }
  const parts = text.split('.', 4).length
  const word = parts > 3 ? null : parseIPv4(text + '.0'.repeat(4 - parts))
  if (word === null) return null
  return { address: { family: FAMILY_IPV4, words: Int32Array.of(word, 0, 0, 0) }, bits: parts * 8 }
}

const scratch = new Int32Array(4)

/** Whether the address of the text, as `formatAddress` prints it, is in the network. */
export function contains({ family, words }: Address, prefix: number, text: string): boolean {
  if (family === FAMILY_IPV4) {
    const word = parseIPv4(text)
    return word !== null && ((word ^ words[0]!) & prefixMask(prefix, 0)) === 0
  }
  if (!parseIPv6(text, scratch)) return false
  for (let i = 0; i < 4; i++) {
    if (((scratch[i]! ^ words[i]!) & prefixMask(prefix, i)) !== 0) return false
  }
  return true
}
