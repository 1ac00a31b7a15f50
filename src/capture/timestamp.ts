/**
 * pcapng time stamps: a count of 64 bits in units that its interface states (if_tsresol), into whole
 * seconds and nanoseconds, exactly.
 */

const WORD = 4294967296

/** Seconds that a JavaScript Date can still print; a stamp beyond is a lie and saturates. */
export const MAX_SECONDS = 8_640_000_000_000

export class TimeScale {
  /** Result of the last `convert`. */
  seconds = 0
  nanoseconds = 0
  /** Decimal digits of a second that the stamps have, 0–9. */
  readonly digits: number

  /** Units a second, or 0 where doubles are not exact and BigInt does it. */
  readonly #perSecond: number
  /** Nanoseconds a unit, or 0 where a unit is not a whole number of them. */
  readonly #nanoseconds: number
  readonly #exact: bigint
  readonly #offset: number
  /** The stamp, in 32-bit halves, at which the second of the last `#divide` began. */
  #startHigh = 0
  #startLow = 0
  /** How many units of that second may be looked up; 0 before there is one. */
  #span = 0

  /** `resolution` is the option's byte: a negative power of 10, or of 2 with the top bit set. `offset` in seconds. */
  constructor(resolution: number, offset: number) {
    const exponent = resolution & 0x7f
    const binary = (resolution & 0x80) !== 0
    this.digits = binary ? 9 : Math.min(exponent, 9)
    this.#exact = (binary ? 2n : 10n) ** BigInt(exponent)
    // 2^23 units: the product with 10^9 stays below 2^53.
    const simple = exponent <= (binary ? 23 : 9)
    this.#perSecond = simple ? Number(this.#exact) : 0
    this.#nanoseconds = simple && !binary ? 10 ** (9 - exponent) : 0
    this.#offset = offset
  }

  /**
   * Both halves as int32 with the bits of the stamp. Leaves `seconds` and `nanoseconds`; false where the
   * seconds saturated.
   */
  convert(high: number, low: number): boolean {
    // Most packets lie in the second of the one before: a subtraction instead of three divisions.
    const units = (low - this.#startLow) >>> 0
    const borrow = low >>> 0 < this.#startLow >>> 0 ? 1 : 0
    if (units < this.#span && ((high - borrow) | 0) === this.#startHigh) {
      this.nanoseconds = Math.imul(units, this.#nanoseconds)
      return true
    }
    return this.#perSecond === 0
      ? this.#convertExactly(high >>> 0, low >>> 0)
      : this.#divide(high >>> 0, low >>> 0)
  }

  /** Schoolbook division by 16-bit digits: every product stays below 2^53. */
  #divide(high: number, low: number): boolean {
    const divisor = this.#perSecond
    const upper = Math.floor(high / divisor)
    const middle = (high - upper * divisor) * 65536 + (low >>> 16)
    const middleQuotient = Math.floor(middle / divisor)
    const lower = (middle - middleQuotient * divisor) * 65536 + (low & 0xffff)
    const lowerQuotient = Math.floor(lower / divisor)
    const fraction = lower - lowerQuotient * divisor
    const factor = this.#nanoseconds
    this.seconds = clamp(upper * WORD + middleQuotient * 65536 + lowerQuotient + this.#offset)
    this.nanoseconds = (factor !== 0 ? fraction * factor : Math.floor((fraction * 1e9) / divisor)) | 0
    const inRange = isInRange(this.seconds)
    this.#startLow = (low - fraction) | 0
    this.#startHigh = (low < fraction ? high - 1 : high) | 0
    // The last seconds of 64 bits are not looked up: the stamp after them is 0.
    this.#span = inRange && factor !== 0 && high !== 0xffffffff ? divisor : 0
    return inRange
  }

  #convertExactly(high: number, low: number): boolean {
    const stamp = (BigInt(high) << 32n) | BigInt(low)
    this.seconds = clamp(Number(stamp / this.#exact) + this.#offset)
    this.nanoseconds = Number(((stamp % this.#exact) * 1_000_000_000n) / this.#exact)
    return isInRange(this.seconds)
  }
}

function clamp(seconds: number): number {
  return smallInteger(Math.max(-MAX_SECONDS, Math.min(MAX_SECONDS, seconds)))
}

function isInRange(seconds: number): boolean {
  return seconds > -MAX_SECONDS && seconds < MAX_SECONDS
}

/**
 * The same number, as an int32 where it is one: V8 would keep the result of a division as a double, and so
 * turn the field that it is stored in, on every record, into one.
 */
export function smallInteger(value: number): number {
  const integer = value | 0
  return integer === value ? integer : value
}

/** Writes seconds and nanoseconds as an unsigned count of nanoseconds, which ends in the year 2554; outside it saturates. */
export function writeNanosecondStamp(view: DataView, at: number, seconds: number, nanoseconds: number): void {
  let high = 0
  let low = 0
  if (seconds >= 18_446_744_073) {
    high = low = 0xffffffff
  } else if (seconds >= 0) {
    // seconds = upper * 2^16 + lower; both products are below 2^53.
    const upper = Math.floor(seconds / 65536) * 1e9
    const rest = (upper % 65536) * 65536 + (seconds % 65536) * 1e9 + nanoseconds
    high = Math.floor(upper / 65536) + Math.floor(rest / WORD)
    low = rest % WORD
  }
  view.setUint32(at, high, true)
  view.setUint32(at + 4, low, true)
}
