/** What a rule of the nat table allows in place of an address and a port (`struct nf_nat_range2`). */

/** Address words are signed, IPv4 in the first; ports 0–65535. */
export interface NatRange {
  /** Both ends belong to it; null: the address stays. An end that lies ahead of the start is allowed and matches nothing. */
  readonly addresses: { readonly from: Int32Array; readonly to: Int32Array } | null
  /** Both ends belong to it, `from` not above `to`; null: the port stays as far as it can. */
  readonly ports: { readonly from: number; readonly to: number } | null
  /** `--to :5000-5010/80`: the new port is as far from `ports.from` as the old one is from this; -1: it is not. */
  readonly base: number
  /** `--random`, `--random-fully`: the port is searched from a random one, and not kept where it could be. */
  readonly random: boolean
  /** `--persistent`: the choice among several addresses leaves the other end out of account. */
  readonly persistent: boolean
}

/** A single address, with what else a range has. The words may be changed between two uses: NAT does not keep them. */
export function rangeOfAddress(
  address: Int32Array,
  { ports, random }: Pick<NatRange, 'ports' | 'random'> = { ports: null, random: false },
): NatRange {
  return { addresses: { from: address, to: address }, ports, base: -1, random, persistent: false }
}

/** Does the address at `at` of `words` (4 words, compared unsigned from the first on) lie in the range? */
export function holdsAddress(
  { from, to }: NonNullable<NatRange['addresses']>,
  words: Int32Array,
  at: number,
): boolean {
  return order(words, at, from) >= 0 && order(words, at, to) <= 0
}

function order(words: Int32Array, at: number, other: Int32Array): number {
  for (let i = 0; i < 4; i++) {
    const a = words[at + i]! >>> 0
    const b = other[i]! >>> 0
    if (a !== b) return a < b ? -1 : 1
  }
  return 0
}
