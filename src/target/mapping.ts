/** What the targets of table nat have in common. */
import type { NatRange as Mapping } from '../nat/range.ts'
import type { NatRange } from './nat-range.ts'

/** Four words, of which IPv4 has the first. */
export function addressWords(words: ArrayLike<number>): Int32Array {
  const four = new Int32Array(4)
  four.set(words)
  return four
}

/** The range of DNAT and SNAT as NAT takes it. */
export function mappingOf(
  { addresses, ports }: NatRange,
  { random, persistent }: { random: boolean; persistent: boolean },
): Mapping {
  return {
    addresses: addresses && { from: addressWords(addresses.from), to: addressWords(addresses.to) },
    ports: ports && { from: ports.from, to: ports.to },
    base: ports === null || ports.base === 0 ? -1 : ports.base,
    random,
    persistent,
  }
}
