/** What a run with rules took for granted about the host that they are for, and about where the capture stands. */
import { printable } from '../diagnostic/printable.ts'
import type { HostWay } from '../firewall/host-way.ts'
import type { Standpoint } from '../replay/standpoint.ts'
import type { Summary } from '../replay/summary.ts'
import type { Assumption } from './assumption.ts'
import { count } from './number-words.ts'

export interface HostAssumed {
  readonly way: HostWay
  /** Null: every packet was taken as the host received or sent it. */
  readonly standpoint: Standpoint | null
  readonly summary: Summary
  /** A rule asks for an interface. */
  readonly asksInterfaces: boolean
  /** What was guessed, or left out, of the host and the capture: clauses without a full stop. */
  readonly sentences: readonly string[]
}

/** Of a replay that has run to its end. */
export function hostAssumptionsOf(assumedHost: HostAssumed): Assumption[] {
  const { way, standpoint, summary, sentences, asksInterfaces } = assumedHost
  const list: Assumption[] = sentences.map((sentence) => ({
    code: 'host',
    count: 1,
    sentence: printable(sentence),
  }))
  const add = (code: Assumption['code'], number: number, sentence: string): void => {
    const matters = code !== 'interfaces' || asksInterfaces
    if (number > 0 && matters) list.push({ code, count: number, sentence })
  }
  const { assumed } = way
  add(
    'interfaces',
    assumed.inByRoute,
    `${count(assumed.inByRoute, 'packet')} of which the capture does not say by which interface they came: taken as come by the one that leads to their source`,
  )
  add(
    'interfaces',
    assumed.inUnknown,
    `${count(assumed.inUnknown, 'packet')} of which nothing tells by which interface they came: a rule with -i took none of them (--interface, --local, --host)`,
  )
  add(
    'interfaces',
    assumed.outByDefault,
    `${count(assumed.outByDefault, 'packet')} for which no route was told: taken as forwarded by the other one of the two interfaces (--route)`,
  )
  add(
    'interfaces',
    assumed.outUnknown,
    `${count(assumed.outUnknown, 'packet')} for which no route was told: a rule with -o took none of them (--route, --host)`,
  )
  if (!way.strict) {
    const unchecked = way.knowsReversePath ? 'martians' : 'martians, rp_filter'
    const sentence = `the IP layer is taken to let every source pass (${unchecked}) and every length (MTU): only --host tells what it checks`
    add('ip-layer', summary.packets, sentence)
  } else if (!way.knowsReversePath) {
    add(
      'ip-layer',
      summary.packets,
      'rp_filter is taken to be off: ip -j addr does not tell it (--sysctl net.ipv4.conf.all.rp_filter=1)',
    )
  }
  add(
    'multicast',
    assumed.joined,
    `${count(assumed.joined, 'multicast packet')} taken as for groups that the host has joined`,
  )
  add(
    'not-ours',
    summary.notOurs,
    `${count(summary.notOurs, 'packet')} neither sent to the host nor by it: they meet no hook`,
  )
  if (standpoint === null) return list
  const { secondCopies, against, readdressed, standIns, own } = standpoint.counts
  add(
    'second-copies',
    secondCopies,
    `${count(secondCopies, 'packet')} seen a second time, as the router sent them on, and not judged again${againstText(against)}`,
  )
  add(
    'readdressed',
    readdressed,
    `${count(readdressed, 'packet')} captured behind the translation, or translated otherwise than here: judged with the addresses that they came with, by the entries of their connections`,
  )
  add(
    'readdressed',
    standIns,
    `${count(standIns, 'connection')} captured outside of the NAT: one inner address stands for all senders`,
  )
  add(
    'readdressed',
    own,
    `${count(own, 'packet')} captured outside of the NAT, of no connection that is known, with a TTL that hosts begin with (64, 128, 255) or one too low to tell: taken as the host's own`,
  )
  return list
}

function againstText(against: number): string {
  return against === 0 ? '' : `; ${against} of them ${against === 1 ? 'was' : 'were'} forwarded, and here not`
}
