/**
 * Expectations: connections that a helper announced (Linux nf_conntrack_expect.c).
 *
 * An expectation names destination and protocol exactly, the source under a mask. Two that could match the
 * same packet never stand side by side, so a packet matches one at most.
 */
import type { Packet } from '../packet/packet.ts'

/** An address of either family; IPv4 is the first word. */
export type AddressWords = readonly [number, number, number, number]

/** One direction of a flow as plain data. Address words are int32, ports 0–65535. */
export interface FlowTuple {
  /** FAMILY_* of packet/packet.ts. */
  readonly family: number
  readonly protocol: number
  readonly source: AddressWords
  readonly destination: AddressWords
  readonly sourcePort: number
  readonly destinationPort: number
}

/** Which bits of the source count. The destination counts in full. */
export interface SourceMask {
  readonly source: AddressWords
  readonly sourcePort: number
}

/** Flags of an expectation (Linux `NF_CT_EXPECT_*`). */
export const EXPECT_PERMANENT = 0x1
export const EXPECT_INACTIVE = 0x2
export const EXPECT_USERSPACE = 0x4

export interface Expectation {
  /** Source address and port already cut to the mask. */
  readonly tuple: FlowTuple
  readonly mask: SourceMask
  /** The entry that expects, and its id word: entry numbers are used again. */
  readonly master: number
  readonly masterId: number
  /** Zone of the master. */
  readonly zone: number
  /** The master's helper, and the class in it. */
  readonly helper: string
  readonly class: number
  readonly flags: number
  /** Tick at which it vanishes, modulo 2^32; null for one that does not expire. */
  readonly deadline: number | null
  /** Helper that the expected connection gets, or null. */
  readonly childHelper: string | null
  /** Its master is translated, and so the connection will be. */
  readonly follow?: Follow
}

/** How an expected connection is translated (nf_nat_follow_master): it looks like the master's packets do. */
export interface Follow {
  /** Of the master: the one whose tuple has, as source, where the connection goes, and, as destination, whence it comes. */
  readonly direction: number
  /** Where the connection goes, as its destination knows it: 0–65535. */
  readonly port: number
}

export interface ExpectationLimits {
  /** Of the master and class: the oldest gives way. 0 means no limit. */
  readonly classMaximum: number
  /** nf_conntrack_expect_max: the add fails. */
  readonly tableMaximum: number
}

/** Whether an entry is confirmed and not dying, and still the one with that id. */
export type IsMasterReady = (master: number, masterId: number) => boolean

/** What `find` reads of the packet that is about to make an entry. */
export type PacketTuple = Pick<
  Packet,
  | 'family'
  | 'protocol'
  | 'source0'
  | 'source1'
  | 'source2'
  | 'source3'
  | 'destination0'
  | 'destination1'
  | 'destination2'
  | 'destination3'
  | 'sourcePort'
  | 'destinationPort'
>

const isDue = (deadline: number, now: number) => ((now - deadline) | 0) >= 0

/** Not keyed: a bucket holds no more than the table's maximum, whoever chooses the addresses. */
function bucketOf(protocol: number, port: number, a: number, b: number, c: number, d: number): number {
  let mixed = (protocol << 16) | port
  mixed = Math.imul(mixed ^ a, 0x9e3779b1)
  mixed = Math.imul(mixed ^ b ^ (mixed >>> 15), 0x85ebca77)
  mixed = Math.imul(mixed ^ c ^ (mixed >>> 15), 0xc2b2ae3d)
  return mixed ^ d ^ (mixed >>> 15)
}

function bucketOfTuple({ protocol, destinationPort, destination }: FlowTuple): number {
  const [a, b, c, d] = destination
  return bucketOf(protocol, destinationPort, a, b, c, d)
}

function sameWords(a: AddressWords, b: AddressWords): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]
}

function sameDestination(a: FlowTuple, b: FlowTuple): boolean {
  return (
    a.family === b.family &&
    a.protocol === b.protocol &&
    a.destinationPort === b.destinationPort &&
    sameWords(a.destination, b.destination)
  )
}

function isIdentical(a: Expectation, b: Expectation): boolean {
  return (
    a.zone === b.zone &&
    sameDestination(a.tuple, b.tuple) &&
    a.tuple.sourcePort === b.tuple.sourcePort &&
    sameWords(a.tuple.source, b.tuple.source) &&
    a.mask.sourcePort === b.mask.sourcePort &&
    sameWords(a.mask.source, b.mask.source)
  )
}

/** Whether some packet could match both: their sources agree where both look. */
function overlaps(a: Expectation, b: Expectation): boolean {
  if (a.zone !== b.zone || !sameDestination(a.tuple, b.tuple)) return false
  const ports = a.mask.sourcePort & b.mask.sourcePort
  if (((a.tuple.sourcePort ^ b.tuple.sourcePort) & ports) !== 0) return false
  return [0, 1, 2, 3].every(
    (i) => ((a.tuple.source[i]! ^ b.tuple.source[i]!) & a.mask.source[i]! & b.mask.source[i]!) === 0,
  )
}

function matches(
  { tuple, mask, flags, zone }: Expectation,
  packet: PacketTuple,
  packetZone: number,
): boolean {
  const { source, destination } = tuple
  return (
    zone === packetZone &&
    (flags & EXPECT_INACTIVE) === 0 &&
    tuple.family === packet.family &&
    tuple.protocol === packet.protocol &&
    tuple.destinationPort === packet.destinationPort &&
    destination[0] === packet.destination0 &&
    destination[1] === packet.destination1 &&
    destination[2] === packet.destination2 &&
    destination[3] === packet.destination3 &&
    ((tuple.sourcePort ^ packet.sourcePort) & mask.sourcePort) === 0 &&
    ((source[0] ^ packet.source0) & mask.source[0]) === 0 &&
    ((source[1] ^ packet.source1) & mask.source[1]) === 0 &&
    ((source[2] ^ packet.source2) & mask.source[2]) === 0 &&
    ((source[3] ^ packet.source3) & mask.source[3]) === 0
  )
}

const masterKey = (master: number, masterId: number) => `${master} ${masterId}`

function without<Key>(lists: Map<Key, Expectation[]>, key: Key, expectation: Expectation): void {
  const list = lists.get(key)
  const index = list?.indexOf(expectation) ?? -1
  if (list === undefined || index < 0) return
  if (list.length === 1) lists.delete(key)
  else list.splice(index, 1)
}

function within<Key>(lists: Map<Key, Expectation[]>, key: Key, expectation: Expectation): void {
  const list = lists.get(key)
  if (list) list.push(expectation)
  else lists.set(key, [expectation])
}

export class ExpectationTable {
  readonly #isMasterReady: IsMasterReady
  /** Oldest first, and so the lists below. */
  readonly #all = new Set<Expectation>()
  readonly #byDestination = new Map<number, Expectation[]>()
  readonly #byMaster = new Map<string, Expectation[]>()
  /** No deadline comes before this tick; null if there is none. */
  #nextDeadline: number | null = null

  /** Counted for `conntrack -S`: packets that were expected, expectations made, and gone for whatever reason. */
  matched = 0
  created = 0
  deleted = 0

  constructor(isMasterReady: IsMasterReady) {
    this.#isMasterReady = isMasterReady
  }

  get size(): number {
    return this.#all.size
  }

  /** All of them, oldest first. */
  values(): IterableIterator<Expectation> {
    return this.#all.values()
  }

  /** Those of one entry, oldest first. */
  ofMaster(master: number, masterId: number): readonly Expectation[] {
    return this.#byMaster.get(masterKey(master, masterId)) ?? []
  }

  /**
   * Adds an expectation at tick `now`. One that is the same for the same master and class is replaced. False if it overlaps
   * another one or the table is full; the oldest of its class may be gone even then.
   */
  add(expectation: Expectation, limits: ExpectationLimits, now: number): boolean {
    this.expire(now)
    for (const other of this.#byDestination.get(bucketOfTuple(expectation.tuple)) ?? []) {
      if (!overlaps(other, expectation)) continue
      const sameOwner =
        other.master === expectation.master &&
        other.masterId === expectation.masterId &&
        other.class === expectation.class
      if (!sameOwner || !isIdentical(other, expectation)) return false
      this.remove(other)
      break
    }
    const { master, masterId } = expectation
    const ofClass = this.ofMaster(master, masterId).filter((other) => other.class === expectation.class)
    if (limits.classMaximum > 0 && ofClass.length >= limits.classMaximum) this.remove(ofClass[0]!)
    if (this.size >= limits.tableMaximum) return false

    this.#all.add(expectation)
    within(this.#byDestination, bucketOfTuple(expectation.tuple), expectation)
    within(this.#byMaster, masterKey(master, masterId), expectation)
    this.created++
    const { deadline } = expectation
    if (deadline !== null && (this.#nextDeadline === null || isDue(deadline, this.#nextDeadline))) {
      this.#nextDeadline = deadline
    }
    return true
  }

  /**
   * The expectation that a packet without an entry fulfils at tick `now`, or null. It is used up by this unless it is
   * PERMANENT. Not for ICMP errors, and only for the packet that makes an entry.
   */
  find(packet: PacketTuple, zone: number, now: number): Expectation | null {
    if (this.#all.size === 0) return null
    this.expire(now)
    const bucket = bucketOf(
      packet.protocol,
      packet.destinationPort,
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
    )
    const list = this.#byDestination.get(bucket)
    if (list === undefined) return null
    for (const expectation of list) {
      if (!matches(expectation, packet, zone)) continue
      // A master that never left the machine cannot have told anybody to connect.
      if (!this.#isMasterReady(expectation.master, expectation.masterId)) return null
      if ((expectation.flags & EXPECT_PERMANENT) === 0) this.remove(expectation)
      this.matched++
      return expectation
    }
    return null
  }

  /** Nothing happens if it is gone already. */
  remove(expectation: Expectation): void {
    if (!this.#all.delete(expectation)) return
    without(this.#byDestination, bucketOfTuple(expectation.tuple), expectation)
    without(this.#byMaster, masterKey(expectation.master, expectation.masterId), expectation)
    this.deleted++
    if (this.#all.size === 0) this.#nextDeadline = null
  }

  /** To be called when an entry goes that has a helper. */
  removeOfMaster(master: number, masterId: number): void {
    for (const expectation of [...this.ofMaster(master, masterId)]) this.remove(expectation)
  }

  /** Removes what is due at tick `now`. Costs nothing while nothing is. */
  expire(now: number): void {
    if (this.#nextDeadline === null || !isDue(this.#nextDeadline, now)) return
    let next: number | null = null
    for (const expectation of [...this.#all]) {
      const { deadline } = expectation
      if (deadline === null) continue
      if (isDue(deadline, now)) this.remove(expectation)
      else if (next === null || isDue(deadline, next)) next = deadline
    }
    this.#nextDeadline = next
  }
}
