/**
 * The keyed hash of a flow: equal for both directions, different in every run.
 *
 * Multiply-shift over 16-bit pieces (Dietzfelbinger, "Universal hashing and k-wise independent random variables via
 * integer arithmetic without primes", 1996): each 16-bit half of the result is pairwise independent over the secret, so
 * tuples chosen beforehand collide no more often than random ones. The zone is left out: rules may decide it later.
 *
 * Pairs are not all: under one secret in a hundred a scan of neighbouring addresses lies in a few long runs of slots
 * (up to 230 of them walked in the mean, 1.8 with `spread`). A bijection behind the hash leaves its pairs what they are.
 */

/** Source of randomness: fills the array. The engine knows no clock and no generator of its own. */
export type FillRandom = (words: Uint32Array) => void

const PIECES = 19

export class FlowHash {
  /** Two rows of multipliers and addends. */
  readonly #high: Int32Array
  readonly #low: Int32Array

  constructor(fillRandom: FillRandom) {
    const secret = new Uint32Array(2 * (PIECES + 1))
    fillRandom(secret)
    this.#high = Int32Array.from(secret.subarray(0, PIECES + 1))
    this.#low = Int32Array.from(secret.subarray(PIECES + 1))
  }

  /**
   * IPv4, protocols with ports: the same whichever end is the source. `ports` are source << 16 | destination. No branch for the
   * order of the ends: none can predict it.
   */
  flow4(source: number, destination: number, ports: number, protocol: number): number {
    let order = ((source >>> 1) - (destination >>> 1)) | 0
    if (order === 0) order = (source & 1) - (destination & 1) || (ports >>> 16) - (ports & 0xffff)
    /** All bits set where the ends change places. */
    const turned = -order >> 31
    const addressTurn = (source ^ destination) & turned
    const portTurn = (ports ^ ((ports << 16) | (ports >>> 16))) & turned
    return this.hash4(source ^ addressTurn, destination ^ addressTurn, ports ^ portTurn, protocol)
  }

  /**
   * IPv4. `first` and `last` are the two ends, each an address and its part of the ports, in an order that does not
   * depend on the direction.
   */
  hash4(firstAddress: number, lastAddress: number, ports: number, protocol: number): number {
    const high = row4(this.#high, firstAddress, lastAddress, ports, protocol)
    const low = row4(this.#low, firstAddress, lastAddress, ports, protocol)
    return spread((high & 0xffff0000) | (low >>> 16))
  }

  /** IPv6: the ends' addresses stand as four words each at `first` and `last` of `words`. */
  hash6(words: Int32Array, first: number, last: number, ports: number, protocol: number): number {
    const h = this.#high
    const l = this.#low
    let high = Math.imul(h[16]!, ports & 0xffff) + Math.imul(h[17]!, ports >>> 16) + h[PIECES]!
    let low = Math.imul(l[16]!, ports & 0xffff) + Math.imul(l[17]!, ports >>> 16) + l[PIECES]!
    high = (high + Math.imul(h[18]!, protocol)) | 0
    low = (low + Math.imul(l[18]!, protocol)) | 0
    for (let i = 0; i < 4; i++) {
      const a = words[first + i]!
      const b = words[last + i]!
      const k = i * 4
      high =
        (high +
          Math.imul(h[k]!, a & 0xffff) +
          Math.imul(h[k + 1]!, a >>> 16) +
          Math.imul(h[k + 2]!, b & 0xffff) +
          Math.imul(h[k + 3]!, b >>> 16)) |
        0
      low =
        (low +
          Math.imul(l[k]!, a & 0xffff) +
          Math.imul(l[k + 1]!, a >>> 16) +
          Math.imul(l[k + 2]!, b & 0xffff) +
          Math.imul(l[k + 3]!, b >>> 16)) |
        0
    }
    return spread((high & 0xffff0000) | (low >>> 16))
  }
}

/** One row of `hash4`: small enough to be inlined. `| 0` keeps the sum in 32-bit integers. */
function row4(row: Int32Array, first: number, last: number, ports: number, protocol: number): number {
  return (
    (Math.imul(row[0]!, first & 0xffff) +
      Math.imul(row[1]!, first >>> 16) +
      Math.imul(row[2]!, last & 0xffff) +
      Math.imul(row[3]!, last >>> 16) +
      Math.imul(row[4]!, ports & 0xffff) +
      Math.imul(row[5]!, ports >>> 16) +
      Math.imul(row[6]!, protocol) +
      row[PIECES]!) |
    0
  )
}

/** One round of an integer hash (after Wellons' "hash prospector"): breaks up what is left of arithmetic progressions. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  return mixed ^ (mixed >>> 15)
}
