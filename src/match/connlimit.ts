import { STATUS } from '../conntrack/entry.ts'
import { ORIGINAL, STATUS_ASSURED, STATUS_CONFIRMED } from '../conntrack/status.ts'
import { Tuple } from '../conntrack/tuple.ts'
import type { Environment, Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { ISSUE_NONE } from '../packet/packet.ts'
import { bitsOf, parseFullHost, prefixLength, prefixMask } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, neverOmitted, option, Refusal, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { parseNumber } from '../ruleset/number.ts'
import { isTracked } from './connection.ts'
import { ConnectionCount, KNOWN_ASSURED, KNOWN_CONFIRMED, KNOWN_NOT } from './connection-count.ts'

/** A prefix length or, in IPv4, a mask. iptables takes 33 to 128 for 32 there. */
const mask: Kind<number> = {
  usage: 'PREFIX',
  expected: 'a prefix length from 0 to 32 (128 in IPv6), or a mask',
  examples: (family) => (family === 'ipv4' ? ['0', '24', '32', '255.255.0.0'] : ['0', '64', '128']),
  words: 1,
  read([text], { family }) {
    const length = parseNumber(text!)
    if (length !== null && length <= 128) return Math.min(length, bitsOf(family))
    const words = parseFullHost(text!, family)
    const prefix = words && prefixLength(words)
    return prefix ?? new Refusal(`${shown(text!)} is no prefix length`)
  },
  print: String,
}

const count = number({ unit: 'connections' })

export const connlimit = defineMatch({
  name: 'connlimit',
  summary: 'counts the open connections of an address or network',
  oneOf: [['above', 'upto']],
  options: {
    above: option(count, {
      names: ['--connlimit-above'],
      summary: 'there are more, this one included',
      invertible: true,
      opposite: 'upto',
      excludes: ['upto'],
    }),
    upto: option(count, {
      names: ['--connlimit-upto'],
      summary: 'there are no more, this one included',
      invertible: true,
      opposite: 'above',
    }),
    mask: option(mask, {
      names: ['--connlimit-mask'],
      summary: 'addresses that share this prefix count together; 0: all of them',
      initial: bitsOf,
      omit: neverOmitted,
    }),
    saddr: option(flag, {
      names: ['--connlimit-saddr'],
      summary: 'source addresses count (so it is unless told)',
      initial: true,
      excludes: ['daddr'],
      omit: neverOmitted,
    }),
    daddr: option(flag, { names: ['--connlimit-daddr'], summary: 'destination addresses count' }),
  },
  normalise: (options) => (options['daddr'] ? without(options, 'saddr') : options),
  compile({ above, upto, mask, daddr }, environment: Environment): Test {
    const { tracker, family } = environment
    const counted = new PacketConnection(environment)
    const count = new ConnectionCount(tracker, new Tuple())
    const key = new Int32Array(5)
    const words = prefixMask(family, mask.value)
    const destination = daddr !== undefined
    const limit = (above ?? upto)!.value
    const isAbove = above !== undefined
    return (passage) => {
      if (!counted.read(passage)) return false
      const { packet } = passage
      key[0] = (destination ? packet.destination0 : packet.source0) & words[0]!
      if (words.length === 4) {
        key[1] = (destination ? packet.destination1 : packet.source1) & words[1]!
        key[2] = (destination ? packet.destination2 : packet.source2) & words[2]!
        key[3] = (destination ? packet.destination3 : packet.source3) & words[3]!
      }
      key[4] = counted.zone
      const connections = count.count(key, counted.tuple, counted.known)
      if (connections === 0) {
        passage.stop = STOP_HOTDROP
        return false
      }
      return connections > limit === isAbove
    }
  },
})

/** The connection that a packet counts as (get_ct_or_tuple_from_skb). */
class PacketConnection {
  /** Its original direction. */
  readonly tuple = new Tuple()
  zone = 0
  /** KNOWN_*. */
  known = KNOWN_NOT
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** False where there is none: `passage.stop` is set then. */
  read(passage: Passage): boolean {
    const { outcome, packet, tuple } = passage
    const { table, clock } = this.#environment.tracker
    if (isTracked(outcome.ctinfo) && outcome.entry >= 0) {
      const { entry } = outcome
      table.readTuple(entry, ORIGINAL, this.tuple)
      this.tuple.computeHash(table.flowHash)
      this.known = this.#knownAs(entry)
      this.zone = this.tuple.zones >>> 16
      return true
    }
    // Without an entry the packet's own headers tell, in its own direction; so they do of an entry that it ended.
    if (!tuple.usable) {
      const isCut = packet.issue === ISSUE_NONE && packet.transportCaptured < packet.transportLength
      passage.stop = isCut ? STOP_UNKNOWN : STOP_HOTDROP
      return false
    }
    this.zone = isTracked(outcome.ctinfo) ? tuple.zones >>> 16 : 0
    const found = table.lookup(tuple)
    const isFound = found >= 0 && table.isAlive(found >> 1, clock.now)
    this.known = isFound ? this.#knownAs(found >> 1) : KNOWN_NOT
    const own = this.tuple
    own.addresses.set(tuple.addresses)
    own.ports = tuple.ports
    own.inversePorts = tuple.inversePorts
    own.protocol = tuple.protocol
    own.zones = tuple.zones
    own.invertible = tuple.invertible
    own.hash = tuple.hash
    return true
  }

  #knownAs(entry: number): number {
    const { table } = this.#environment.tracker
    const status = table.words(entry)[table.at(entry) + STATUS]!
    if ((status & STATUS_CONFIRMED) === 0) return KNOWN_NOT
    return (status & STATUS_ASSURED) === 0 ? KNOWN_CONFIRMED : KNOWN_ASSURED
  }
}
