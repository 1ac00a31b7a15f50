/** The buckets of hashlimit, one for each key (xt_hashlimit). Times are in ticks. */
import type { Clock } from '../conntrack/clock.ts'

const UINT32 = 2 ** 32
const UINT64 = 2n ** 64n
/** XT_HASHLIMIT_SCALE_v2. */
const SCALE = 1_000_000
const DAY_SECONDS = 86_400
const KEY_WORDS = 9
const NONE = -1

/** Packets are paid with credits of 64 bits, bytes with credits of 32, and windows are counted. */
export type BucketKind = 'packets' | 'bytes' | 'window'

export interface BucketSettings {
  readonly kind: BucketKind
  /** Of a packet in microseconds; of 16 bytes, in parts of 2^32 a second. */
  readonly amount: number
  /** Packets at once; bytes: refills of a second's rate. */
  readonly burst: number
  /** Windows: what a window may have, and what the first one may have in all; its length in seconds. */
  readonly rate: number
  readonly most: number
  readonly interval: number
  /** Buckets at most. */
  readonly max: number
  /** Milliseconds. */
  readonly gcInterval: number
  readonly expire: number
}

/** CREDITS_PER_JIFFY: a power of two, and a multiple of 2^32 up to 49,000 ticks a second. */
function creditsPerTick(hz: number): bigint {
  let credits = 2n ** 63n
  while (credits > (UINT64 - 1n) / BigInt(hz * DAY_SECONDS)) credits /= 2n
  return credits
}

/** user2credits, 64 bits that wrap around. */
function packetCredits(interval: bigint, hz: number): bigint {
  return BigInt.asUintN(64, interval * ((BigInt(hz) * creditsPerTick(hz)) / BigInt(SCALE)))
}

/** hashlimit_mt_check_common: the kernel takes a burst whose credits are not less than those of a packet. */
export function packetBurstFits(interval: number, burst: number, hz: number): boolean {
  const full = packetCredits(BigInt.asUintN(64, BigInt(interval) * BigInt(burst)), hz)
  return full >= packetCredits(BigInt(interval), hz)
}

/** msecs_to_jiffies. */
function ticksOfMilliseconds(milliseconds: number, hz: number): number {
  return Math.ceil((milliseconds * hz) / 1000)
}

export class BucketTable {
  readonly settings: BucketSettings
  /** Set by the caller: source words 0–3, destination words 4–7, ports. */
  readonly key: Int32Array = new Int32Array(KEY_WORDS)
  #count = 0
  readonly #clock: Clock
  /** Packets: what a tick gives, in units of 2^32; what a packet costs, and the most: high and low word. */
  readonly #perTick: number
  readonly #costHigh: number
  readonly #costLow: number
  readonly #capHigh: number
  readonly #capLow: number
  /** Bytes: what a tick gives, the most, and what 16 bytes cost. */
  readonly #bytesPerTick: number
  readonly #bytesCap: number
  readonly #bytesCost: number
  readonly #windowTicks: number
  readonly #expireTicks: number
  readonly #gcTicks: number
  #nextGc = -1
  #keys = new Int32Array(64 * KEY_WORDS)
  #next = new Int32Array(64)
  #previous = new Float64Array(64)
  #expires = new Float64Array(64)
  /** Packets: high and low word of the credit. Bytes: credit, refills left. Windows: count, whether the last was over. */
  #first = new Float64Array(64)
  #second = new Float64Array(64)
  #free = NONE
  #fresh = 0
  #heads = new Int32Array(64).fill(NONE)

  constructor(settings: BucketSettings, clock: Clock) {
    const { hz } = clock
    this.settings = settings
    this.#clock = clock
    this.#perTick = Number(creditsPerTick(hz) >> 32n)
    const cost = packetCredits(BigInt(settings.amount), hz)
    const cap = packetCredits(BigInt.asUintN(64, BigInt(settings.amount) * BigInt(settings.burst)), hz)
    this.#costHigh = Number(cost >> 32n)
    this.#costLow = Number(cost & 0xffff_ffffn)
    this.#capHigh = Number(cap >> 32n)
    this.#capLow = Number(cap & 0xffff_ffffn)
    this.#bytesPerTick = 2 ** Math.floor(Math.log2(Math.floor((UINT32 - 1) / hz)))
    this.#bytesCap = this.#bytesPerTick * hz
    this.#bytesCost = Math.floor((settings.amount * this.#bytesCap) / UINT32)
    this.#windowTicks = settings.interval * hz
    this.#expireTicks = ticksOfMilliseconds(settings.expire, hz)
    this.#gcTicks = ticksOfMilliseconds(settings.gcInterval, hz)
  }

  /** The bucket of `key`, made full if there is none; -1 where there are too many. What it gained is added. */
  take(): number {
    const { ticks } = this.#clock
    this.#collect(ticks)
    const bucket = this.#find()
    if (bucket === NONE) return this.#begin(ticks)
    this.#expires[bucket] = ticks + this.#expireTicks
    const passed = ticks - this.#previous[bucket]!
    if (passed > 0) this.#gain(bucket, passed, ticks)
    return bucket
  }

  /** Pays for a packet of so many bytes (from the IP header on); false where the limit is passed. */
  pay(bucket: number, length: number): boolean {
    const { kind, most } = this.settings
    const first = this.#first
    const second = this.#second
    if (kind === 'window') {
      // Counted in what the rate is told in.
      first[bucket] = first[bucket]! + length
      return second[bucket] === 0 && first[bucket]! <= most
    }
    if (kind === 'bytes') {
      const cost = Math.min(this.#bytesCap, ((length >>> 4) + 1) * this.#bytesCost)
      if (first[bucket]! < cost && second[bucket]! > 0) {
        second[bucket] = second[bucket]! - 1
        first[bucket] = this.#bytesCap
      }
      if (first[bucket]! < cost) return false
      first[bucket] = first[bucket]! - cost
      return true
    }
    const high = first[bucket]!
    const low = second[bucket]!
    if (high < this.#costHigh || (high === this.#costHigh && low < this.#costLow)) return false
    const left = low - this.#costLow
    second[bucket] = left < 0 ? left + UINT32 : left
    first[bucket] = high - this.#costHigh - (left < 0 ? 1 : 0)
    return true
  }

  /** rateinfo_recalc. */
  #gain(bucket: number, passed: number, ticks: number): void {
    const { kind, rate } = this.settings
    const first = this.#first
    if (kind === 'window') {
      if (passed < this.#windowTicks) return
      this.#previous[bucket] = ticks
      this.#second[bucket] = first[bucket]! * this.#windowTicks > passed * rate ? 1 : 0
      first[bucket] = 0
      return
    }
    this.#previous[bucket] = ticks
    if (kind === 'bytes') {
      first[bucket] = Math.min(this.#bytesCap, first[bucket]! + passed * this.#bytesPerTick)
      return
    }
    // Wraps around at 64 bits.
    const high = (first[bucket]! + Math.imul(passed, this.#perTick)) >>> 0
    const isFull = high > this.#capHigh || (high === this.#capHigh && this.#second[bucket]! > this.#capLow)
    first[bucket] = isFull ? this.#capHigh : high
    if (isFull) this.#second[bucket] = this.#capLow
  }

  /** rateinfo_init. */
  #begin(ticks: number): number {
    if (this.#count >= this.settings.max) return NONE
    let bucket = this.#free
    if (bucket === NONE) {
      bucket = this.#fresh++
      if (bucket >= this.#next.length) this.#grow()
    } else this.#free = this.#next[bucket]!
    this.#keys.set(this.key, bucket * KEY_WORDS)
    const head = this.#slot(0, this.key)
    this.#next[bucket] = this.#heads[head]!
    this.#heads[head] = bucket
    this.#count++
    const { kind, burst } = this.settings
    this.#previous[bucket] = ticks
    this.#expires[bucket] = ticks + this.#expireTicks
    this.#first[bucket] = kind === 'packets' ? this.#capHigh : kind === 'bytes' ? this.#bytesCap : 0
    this.#second[bucket] = kind === 'packets' ? this.#capLow : kind === 'bytes' ? burst : 0
    return bucket
  }

  #find(): number {
    const { key } = this
    const keys = this.#keys
    for (let bucket = this.#heads[this.#slot(0, key)]!; bucket !== NONE; bucket = this.#next[bucket]!) {
      const at = bucket * KEY_WORDS
      let i = 0
      while (i < KEY_WORDS && keys[at + i] === key[i]) i++
      if (i === KEY_WORDS) return bucket
    }
    return NONE
  }

  /** What has expired goes when the collector comes by (htable_gc); the table begins with its first packet. */
  #collect(ticks: number): void {
    if (ticks < this.#nextGc) return
    if (this.#nextGc < 0) {
      this.#nextGc = ticks + this.#gcTicks
      return
    }
    const last = ticks - ((ticks - this.#nextGc) % this.#gcTicks)
    this.#nextGc = last + this.#gcTicks
    for (let head = 0; this.#count > 0 && head < this.#heads.length; head++) {
      let before = NONE
      for (let bucket = this.#heads[head]!; bucket !== NONE; ) {
        const next = this.#next[bucket]!
        if (this.#expires[bucket]! > last) before = bucket
        else {
          if (before === NONE) this.#heads[head] = next
          else this.#next[before] = next
          this.#next[bucket] = this.#free
          this.#free = bucket
          this.#count--
        }
        bucket = next
      }
    }
  }

  #grow(): void {
    const size = this.#next.length * 2
    const grown = <T extends Int32Array | Float64Array>(to: T, from: T): T => {
      to.set(from)
      return to
    }
    this.#keys = grown(new Int32Array(size * KEY_WORDS), this.#keys)
    this.#next = grown(new Int32Array(size), this.#next)
    this.#previous = grown(new Float64Array(size), this.#previous)
    this.#expires = grown(new Float64Array(size), this.#expires)
    this.#first = grown(new Float64Array(size), this.#first)
    this.#second = grown(new Float64Array(size), this.#second)
    // All places were taken: every one of them is in a chain.
    this.#heads = new Int32Array(size).fill(NONE)
    for (let bucket = 0; bucket < size / 2; bucket++) {
      const head = this.#slot(bucket * KEY_WORDS, this.#keys)
      this.#next[bucket] = this.#heads[head]!
      this.#heads[head] = bucket
    }
  }

  #slot(at: number, words: Int32Array): number {
    let mixed = words[at]!
    for (let i = 1; i < KEY_WORDS; i++)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) ^ words[at + i]!
    mixed = Math.imul(mixed, 0x9e37_79b1)
    return (mixed ^ (mixed >>> 16)) & (this.#heads.length - 1)
  }
}
