/**
 * Helpers at work: which new entry gets one, what they announce, and whose expectation a new entry fulfils.
 */
import { FAMILY_IPV4, FAMILY_IPV6, type Packet } from '../packet/packet.ts'
import type { Attachment } from './attachment.ts'
import type { Clock } from './clock.ts'
import { ID, PROTOCOL_IPV6_BIT, STATUS, ZONES } from './entry.ts'
import { ExpectationTable, type FlowTuple } from './expectation.ts'
import { type ExpectationRequest, HELPER_ACCEPT, type Helper } from './helper/helper.ts'
import type { Outcome } from './outcome.ts'
import { reasonNumber } from './reason.ts'
import type { Settings } from './settings.ts'
import {
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_RELATED_REPLY,
  ORIGINAL,
  REPLY,
  STATUS_CONFIRMED,
  STATUS_DYING,
  STATUS_EXPECTED,
  STATUS_HELPER,
} from './status.ts'
import type { StateTable } from './table.ts'
import { Tuple } from './tuple.ts'

const relatedExpected = reasonNumber['related-expected']

/**
 * What `-t raw -A PREROUTING -p PROTOCOL --dport PORT -j CT --helper NAME` says: put it in
 * `tracker.helpers.assignments`.
 */
export interface HelperAssignment {
  /** Who reads the control connection; from `findHelper`. */
  readonly helper: Helper
  /** Transport protocol number, one of the helper's `protocols`. */
  readonly protocol: number
  /** Destination port of a connection's first packet, 0–65535. */
  readonly port: number
}

export class Helpers {
  readonly assignments: HelperAssignment[] = []
  readonly expectations: ExpectationTable
  readonly attachments = new Map<number, Attachment>()
  readonly #table: StateTable
  readonly #clock: Clock
  readonly #settings: Settings
  readonly #scratch = new Tuple()

  constructor(table: StateTable, clock: Clock, settings: Settings) {
    this.#table = table
    this.#clock = clock
    this.#settings = settings
    this.expectations = new ExpectationTable((master, masterId) => this.#isLiving(master, masterId))
  }

  /** The entry's attachment, made if it has none. */
  attach(number: number): Attachment {
    let attachment = this.attachments.get(number)
    if (attachment === undefined) {
      attachment = {
        helper: null,
        session: null,
        master: -1,
        masterId: 0,
        masterHelper: null,
        children: 0,
        startSeconds: 0,
        startNanoseconds: 0,
        stamped: false,
        events: 0,
      }
      this.attachments.set(number, attachment)
    }
    return attachment
  }

  /** A new entry was made for a packet: does it fulfil an expectation, or get a helper of its own, or that of a rule? */
  begin(packet: Packet, number: number, outcome: Outcome, helper: Helper | null): void {
    const words = this.#table.words(number)
    const at = this.#table.at(number)
    if (this.expectations.size > 0) {
      const expectation = this.expectations.find(packet, words[at + ZONES]! >>> 16, this.#clock.now)
      if (expectation !== null) {
        words[at + STATUS] = words[at + STATUS]! | STATUS_EXPECTED
        const attachment = this.attach(number)
        attachment.master = expectation.master
        attachment.masterId = expectation.masterId
        attachment.masterHelper = expectation.helper
        this.attach(expectation.master).children++
        outcome.reasons.add(relatedExpected, expectation.masterId)
        return
      }
    }
    const own = helper ?? this.#assigned(packet)
    if (own === null) return
    words[at + STATUS] = words[at + STATUS]! | STATUS_HELPER
    this.assign(number, own)
  }

  #assigned(packet: Packet): Helper | null {
    for (const { helper, protocol, port } of this.assignments) {
      if (packet.protocol === protocol && packet.destinationPort === port) return helper
    }
    return null
  }

  /** Gives an entry a helper. */
  assign(number: number, helper: Helper): void {
    const attachment = this.attach(number)
    attachment.helper = helper
    attachment.session = helper.attach()
  }

  /** Lets the packet's helper look at it; false if it drops the packet. */
  help(packet: Packet, outcome: Outcome): boolean {
    const number = outcome.entry
    const attachment = this.attachments.get(number)
    if (attachment === undefined || attachment.helper === null || attachment.session === null) return true
    if (outcome.ctinfo === CTINFO_RELATED_REPLY) return true
    const { helper, session } = attachment
    const tuples = [this.#tuple(number, ORIGINAL), this.#tuple(number, REPLY)] as const
    const answer = session.help({
      packet,
      direction: outcome.ctinfo >= CTINFO_ESTABLISHED_REPLY ? REPLY : ORIGINAL,
      ctinfo: outcome.ctinfo,
      tuples,
      reasons: outcome.reasons,
      expect: (request) => this.#expect(number, helper, request),
    })
    return answer === HELPER_ACCEPT
  }

  #expect(number: number, helper: Helper, request: ExpectationRequest): boolean {
    const words = this.#table.words(number)
    const at = this.#table.at(number)
    const helperClass = helper.classes[request.class]!
    return this.expectations.add(
      {
        tuple: request.tuple,
        mask: request.mask,
        master: number,
        masterId: words[at + ID]!,
        zone: words[at + ZONES]! >>> 16,
        helper: helper.name,
        class: request.class,
        flags: 0,
        deadline: (this.#clock.now + helperClass.timeout * this.#clock.hz) | 0,
        childHelper: null,
      },
      { classMaximum: helperClass.maxExpected, tableMaximum: this.#settings.expectMax },
      this.#clock.now,
    )
  }

  /** An entry goes: its expectations go with it, and its master has one child less. */
  end(number: number, id: number): void {
    const attachment = this.attachments.get(number)
    if (attachment === undefined) return
    this.expectations.removeOfMaster(number, id)
    if (attachment.master >= 0 && this.#isLiving(attachment.master, attachment.masterId)) {
      const master = this.attachments.get(attachment.master)
      if (master !== undefined) master.children--
    }
    this.attachments.delete(number)
  }

  /** One direction of an entry as plain data. */
  #tuple(number: number, direction: number): FlowTuple {
    const tuple = this.#scratch
    this.#table.readTuple(number, direction, tuple)
    const [a, b, c, d, e, f, g, h] = tuple.addresses
    return {
      family: tuple.protocol >= PROTOCOL_IPV6_BIT ? FAMILY_IPV6 : FAMILY_IPV4,
      protocol: tuple.protocol & 0xff,
      source: [a!, b!, c!, d!],
      destination: [e!, f!, g!, h!],
      sourcePort: tuple.ports >>> 16,
      destinationPort: tuple.ports & 0xffff,
    }
  }

  #isLiving(number: number, id: number): boolean {
    if (number >= this.#table.entries.limit) return false
    const words = this.#table.words(number)
    const at = this.#table.at(number)
    const status = words[at + STATUS]! & (STATUS_CONFIRMED | STATUS_DYING)
    return status === STATUS_CONFIRMED && words[at + ID] === id
  }
}
