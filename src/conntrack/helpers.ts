/**
 * Helpers at work: which new entry gets one, what they announce, and whose expectation a new entry fulfils.
 */
import { FAMILY_IPV4, FAMILY_IPV6, type Packet } from '../packet/packet.ts'
import { replacePayload } from '../packet/replace-payload.ts'
import type { Attachment } from './attachment.ts'
import type { Clock } from './clock.ts'
import { ID, PROTOCOL_IPV6_BIT, STATUS, ZONES } from './entry.ts'
import { type Expectation, ExpectationTable, type FlowTuple, type Follow } from './expectation.ts'
import { ftpText } from './helper/ftp-text.ts'
import {
  type ExpectationRequest,
  HELPER_ACCEPT,
  type Helper,
  type HelperTranslation,
  type Rewritable,
} from './helper/helper.ts'
import type { Outcome } from './outcome.ts'
import { reasonNumber } from './reason.ts'
import type { Settings } from './settings.ts'
import {
  CTINFO_ESTABLISHED_REPLY,
  CTINFO_RELATED_REPLY,
  ORIGINAL,
  REPLY,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DYING,
  STATUS_EXPECTED,
  STATUS_HELPER,
  STATUS_SEQ_ADJUST,
  STATUS_SRC_NAT,
} from './status.ts'
import type { StateTable } from './table.ts'
import { SequenceAdjustment } from './tcp/sequence.ts'
import { Tuple } from './tuple.ts'

const relatedExpected = reasonNumber['related-expected']
const NAT_BITS = STATUS_SRC_NAT | STATUS_DST_NAT
/** Ports tried for an expected connection. */
const MOST_PORTS = 128

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
  /** Set by NAT where there is one: what translated connections expect is translated with them. */
  translation: HelperTranslation | null = null
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
        adjustment: null,
        master: -1,
        masterId: 0,
        masterHelper: null,
        children: 0,
        startSeconds: 0,
        startNanoseconds: 0,
        stamped: false,
        events: 0,
        policy: null,
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
        const { follow } = expectation
        if (follow !== undefined) this.translation?.follow(number, expectation.master, follow)
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

  /** Lets the packet's helper look at it; false if it drops the packet. Without `rewritable` NAT cannot change its text. */
  help(packet: Packet, outcome: Outcome, rewritable: Rewritable | null): boolean {
    const number = outcome.entry
    const attachment = this.attachments.get(number)
    if (attachment === undefined || attachment.helper === null || attachment.session === null) return true
    if (outcome.ctinfo === CTINFO_RELATED_REPLY) return true
    const { helper, session } = attachment
    const tuples = [this.#tuple(number, ORIGINAL), this.#tuple(number, REPLY)] as const
    const direction = outcome.ctinfo >= CTINFO_ESTABLISHED_REPLY ? REPLY : ORIGINAL
    const isTranslated = this.translation !== null && (this.#status(number) & NAT_BITS) !== 0
    const answer = session.help({
      packet,
      direction,
      ctinfo: outcome.ctinfo,
      tuples,
      reasons: outcome.reasons,
      expect: (request) =>
        isTranslated
          ? this.#expectTranslated(number, helper, request, tuples, direction, packet, rewritable)
          : this.#expect(number, helper, request) !== null,
    })
    return answer === HELPER_ACCEPT
  }

  /** Writes the numbers of a segment as its receiver knows them; false: it cannot be, and is dropped. */
  adjustSequence(packet: Packet, { entry, ctinfo }: Outcome): boolean {
    const adjustment = this.attachments.get(entry)?.adjustment
    return adjustment?.adjust(packet, ctinfo >= CTINFO_ESTABLISHED_REPLY ? REPLY : ORIGINAL) ?? true
  }

  /**
   * The expected connection will be translated as this one is, and the address in the packet's text becomes that by which
   * the other side knows the speaker (nf_nat_ftp, nf_nat_tftp).
   */
  #expectTranslated(
    number: number,
    helper: Helper,
    request: ExpectationRequest,
    tuples: readonly [FlowTuple, FlowTuple],
    direction: number,
    packet: Packet,
    rewritable: Rewritable | null,
  ): boolean {
    const { text, tuple } = request
    if (text === null) {
      const follow = { direction: ORIGINAL, port: tuples[ORIGINAL].sourcePort }
      return this.#expect(number, helper, request, follow) !== null
    }
    const expectation = this.#expectPort(number, helper, request, { direction, port: tuple.destinationPort })
    if (expectation === null) return false
    const { family, destination } = tuples[direction === ORIGINAL ? REPLY : ORIGINAL]
    const written = ftpText(text.kind, family, destination, expectation.tuple.destinationPort)
    const { sequence, networkOffset } = packet
    const length = text.end - text.start
    if (written !== null && rewritable !== null) {
      const own = rewritable.writable(Math.max(written.length - length, 0))
      const start = text.start - networkOffset + own.networkOffset
      const bytes = Uint8Array.from(written, (letter) => letter.charCodeAt(0))
      if (replacePayload(own, start, start + length, bytes)) {
        this.#noteChange(number, direction, sequence, bytes.length - length)
        return true
      }
    }
    this.expectations.remove(expectation)
    return false
  }

  /** The same port if it is free, else another above it (nf_nat_exp_find_port). */
  #expectPort(
    number: number,
    helper: Helper,
    request: ExpectationRequest,
    follow: Follow,
  ): Expectation | null {
    const { tuple } = request
    const above = 0xffff - follow.port
    let port = follow.port
    for (let left = Math.min(above, MOST_PORTS); ; left--) {
      const expectation = this.#expect(
        number,
        helper,
        { ...request, tuple: { ...tuple, destinationPort: port } },
        follow,
      )
      if (expectation !== null || left <= 0) return expectation
      port = this.translation!.firstPort(follow.port, above)
    }
  }

  #noteChange(number: number, direction: number, sequence: number, change: number): void {
    if (change === 0) return
    const words = this.#table.words(number)
    const at = this.#table.at(number)
    words[at + STATUS] = words[at + STATUS]! | STATUS_SEQ_ADJUST
    const attachment = this.attach(number)
    attachment.adjustment ??= new SequenceAdjustment()
    attachment.adjustment.note(direction, sequence, change)
  }

  #status(number: number): number {
    return this.#table.words(number)[this.#table.at(number) + STATUS]!
  }

  /** Null if it cannot be. */
  #expect(number: number, helper: Helper, request: ExpectationRequest, follow?: Follow): Expectation | null {
    const words = this.#table.words(number)
    const at = this.#table.at(number)
    const helperClass = helper.classes[request.class]!
    const expectation: Expectation = {
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
      ...(follow === undefined ? {} : { follow }),
    }
    const limits = { classMaximum: helperClass.maxExpected, tableMaximum: this.#settings.expectMax }
    return this.expectations.add(expectation, limits, this.#clock.now) ? expectation : null
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
