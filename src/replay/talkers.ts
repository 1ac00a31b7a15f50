/**
 * Who begins connections, and with what success; and which services they are begun with. Bounded: whoever began few makes room
 * for others.
 */
import { SKETCH_WORDS, sketchAdd, sketchCount } from './bit-sketch.ts'

/** A power of two. */
const PLACES = 1024
/** Neighbours that are looked at for one key; what they are known by lies in one cache line. */
const PROBES = 4
/** Whoever began that many stays. */
const SETTLED = 20
/** From so many on, what it began is told apart: most never come that far. */
const NOTED = 4

const KEY_WORDS = 5
const COUNT_WORDS = 5
const BEGUN = 0
const ANSWERED = 1
const REFUSED = 2
const BLOCKED = 3
const FIRST = 4

export interface Talker {
  /** Address words; IPv4 uses the first. */
  readonly words: readonly [number, number, number, number]
  readonly ipv6: boolean
  /** Of a service: port << 8 | protocol. */
  readonly extra: number
  readonly begun: number
  /** Answered, and not by a reset or an error. */
  readonly answered: number
  readonly refused: number
  readonly blocked: number
  readonly first: number
  readonly hosts: number
  readonly ports: number
}

export class Talkers {
  /** By place: a hash of the key, 0 for nobody. */
  readonly #tags = new Int32Array(PLACES)
  readonly #keys = new Int32Array(PLACES * KEY_WORDS)
  readonly #isIPv6 = new Uint8Array(PLACES)
  readonly #counts = new Int32Array(PLACES * COUNT_WORDS)
  readonly #hosts = new Int32Array(PLACES * SKETCH_WORDS)
  readonly #ports = new Int32Array(PLACES * SKETCH_WORDS)

  /** A place for the key, which is made if `make`; -1 for none. `extra` tells services of one address apart. */
  place(addresses: Int32Array, from: number, ipv6: boolean, extra: number, make: boolean): number {
    let mixed = Math.imul(addresses[from]! ^ Math.imul(extra, 0x85ebca6b), 0x9e3779b1)
    if (ipv6) {
      for (let i = 1; i < 4; i++) mixed = Math.imul(mixed ^ addresses[from + i]!, 0x9e3779b1) ^ (mixed >>> 15)
    }
    const tag = mixed === 0 ? 1 : mixed
    const base = (mixed >>> 20) & (PLACES - PROBES)
    let least = base
    for (let place = base; place < base + PROBES; place++) {
      const known = this.#tags[place]
      if (known === tag && this.#isKey(place, addresses, from, ipv6, extra)) return place
      if (known === 0) {
        if (!make) return -1
        this.#take(place, tag, addresses, from, ipv6, extra)
        return place
      }
      if (this.#counts[place * COUNT_WORDS]! < this.#counts[least * COUNT_WORDS]!) least = place
    }
    if (!make || this.#counts[least * COUNT_WORDS]! >= SETTLED) return -1
    this.#take(least, tag, addresses, from, ipv6, extra)
    return least
  }

  #isKey(place: number, addresses: Int32Array, from: number, ipv6: boolean, extra: number): boolean {
    const at = place * KEY_WORDS
    if (this.#keys[at] !== addresses[from] || this.#keys[at + 4] !== extra) return false
    for (let i = 1; ipv6 && i < 4; i++) if (this.#keys[at + i] !== addresses[from + i]) return false
    return (this.#isIPv6[place] === 1) === ipv6
  }

  #take(place: number, tag: number, addresses: Int32Array, from: number, ipv6: boolean, extra: number): void {
    this.#tags[place] = tag
    const at = place * KEY_WORDS
    this.#keys[at] = addresses[from]!
    for (let i = 1; i < 4; i++) this.#keys[at + i] = ipv6 ? addresses[from + i]! : 0
    this.#keys[at + 4] = extra
    this.#isIPv6[place] = ipv6 ? 1 : 0
    const counts = place * COUNT_WORDS
    for (let i = 0; i < COUNT_WORDS; i++) this.#counts[counts + i] = 0
  }

  /** An attempt, with a word of the other end's address and its port. */
  begin(place: number, host: number, port: number, isBlocked: boolean, number: number): void {
    const counts = this.#counts
    const at = place * COUNT_WORDS
    const begun = counts[at + BEGUN]! + 1
    if (begun === 1) counts[at + FIRST] = number
    counts[at + BEGUN] = begun
    if (isBlocked) counts[at + BLOCKED] = counts[at + BLOCKED]! + 1
    if (begun < NOTED) return
    const sketch = place * SKETCH_WORDS
    if (begun === NOTED) {
      this.#hosts.fill(0, sketch, sketch + SKETCH_WORDS)
      this.#ports.fill(0, sketch, sketch + SKETCH_WORDS)
    }
    sketchAdd(this.#hosts, sketch, host)
    sketchAdd(this.#ports, sketch, port)
  }

  answer(place: number): void {
    const at = place * COUNT_WORDS + ANSWERED
    this.#counts[at] = this.#counts[at]! + 1
  }

  refuse(place: number): void {
    const at = place * COUNT_WORDS + REFUSED
    this.#counts[at] = this.#counts[at]! + 1
  }

  /** Those that began so many (more than three), most first. */
  atLeast(begun: number): Talker[] {
    const found: Talker[] = []
    for (let place = 0; place < PLACES; place++) {
      const counts = place * COUNT_WORDS
      if (this.#counts[counts + BEGUN]! < begun) continue
      const key = place * KEY_WORDS
      const [a = 0, b = 0, c = 0, d = 0, extra = 0] = this.#keys.subarray(key, key + KEY_WORDS)
      found.push({
        words: [a, b, c, d],
        ipv6: this.#isIPv6[place] === 1,
        extra,
        begun: this.#counts[counts + BEGUN]!,
        answered: this.#counts[counts + ANSWERED]!,
        refused: this.#counts[counts + REFUSED]!,
        blocked: this.#counts[counts + BLOCKED]!,
        first: this.#counts[counts + FIRST]! >>> 0,
        hosts: sketchCount(this.#hosts, place * SKETCH_WORDS),
        ports: sketchCount(this.#ports, place * SKETCH_WORDS),
      })
    }
    return found.sort((a, b) => b.begun - a.begun)
  }
}
