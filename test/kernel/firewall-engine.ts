import { findHelper } from '../../src/conntrack/helper/registry.ts'
import { Outcome } from '../../src/conntrack/outcome.ts'
import { reasonData } from '../../src/conntrack/reason.ts'
import { Settings } from '../../src/conntrack/settings.ts'
import { ctstateOf } from '../../src/conntrack/status.ts'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import type { EntryView } from '../../src/conntrack/view.ts'
import { livingEntries, viewEntry } from '../../src/conntrack/view-entry.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { decodeNetwork } from '../../src/packet/decode.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING, Packet } from '../../src/packet/packet.ts'
import type { Engine, Judgement } from './engine.ts'
import type { Side } from './kernel.ts'

/** A moment far from any edge of the clock. */
const START = 1_700_000_000

/** Beyond every timeout, so that what is left of one case is gone before the next. */
const LONGER_THAN_ANYTHING = 10_000_000
/** As in the harness's namespace. */
const OWN_SETTINGS = { nf_conntrack_acct: 1 }
const defaults = new Settings()

/** Our firewall without rules, fed as the replay feeds it, with accounting on as in the harness's namespace. */
export class FirewallEngine implements Engine {
  readonly #packet = new Packet()
  readonly #tuple = new Tuple()
  readonly #outcome = new Outcome()
  readonly #firewall = newFirewall()
  #seconds = START

  get tracker(): Tracker {
    return this.#firewall.tracker
  }

  send(bytes: Uint8Array, side: Side): Judgement {
    const packet = this.#packet
    const tuple = this.#tuple
    const outcome = this.#outcome
    const firewall = this.#firewall
    packet.direction = side === 'host' ? DIRECTION_OUTGOING : DIRECTION_INCOMING
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    decodeNetwork(packet, view, bytes, 0, bytes.length, bytes.length)
    packet.seconds = this.#seconds
    firewall.prepare(packet, tuple)
    firewall.process(packet, tuple, outcome)
    const { tracker } = firewall
    const ctstate = ctstateOf(outcome.ctinfo)
    return {
      ctstate,
      ctinfo: ctstate === null ? null : outcome.ctinfo,
      entry: outcome.entry < 0 ? null : viewEntry(tracker, outcome.entry, tracker.clock.now),
      reasons: reasonData(outcome.reasons),
    }
  }

  entries(): EntryView[] {
    const { tracker } = this.#firewall
    tracker.settle()
    return [...livingEntries(tracker)].map((number) => viewEntry(tracker, number, tracker.clock.now))
  }

  advance(seconds: number): void {
    this.#seconds += seconds
    this.#firewall.tracker.setTime(this.#seconds, 0)
  }

  restart(settings: Readonly<Record<string, number>>): void {
    const { tracker } = this.#firewall
    this.advance(LONGER_THAN_ANYTHING)
    tracker.settle()
    for (const { name } of tracker.settings.changed()) tracker.settings.set(name, defaults.get(name)!)
    for (const [name, value] of Object.entries({ ...OWN_SETTINGS, ...settings }))
      tracker.settings.set(name, value)
  }
}

function newFirewall(): Firewall {
  const tracker = new Tracker({ checksums: 'verify' })
  tracker.helpers.assignments.push(
    { helper: findHelper('ftp')!, protocol: 6, port: 21 },
    { helper: findHelper('tftp')!, protocol: 17, port: 69 },
  )
  return new Firewall(tracker)
}
