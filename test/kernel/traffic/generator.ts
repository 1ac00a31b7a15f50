import type { Case, Script, Step } from './case.ts'
import {
  extensionTraffic,
  headerTraffic,
  mutatedTraffic,
  otherTraffic,
  udpliteTraffic,
  udpTraffic,
} from './datagram.ts'
import { fragmentTraffic } from './fragments.ts'
import { ftpTraffic, tftpTraffic } from './ftp.ts'
import { icmpErrors, icmpTraffic, redirects } from './icmp.ts'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { rareFragments, rareTcp } from './rare.ts'
import { sctpAssociation, sctpWalk } from './sctp.ts'
import { sctpTable, tcpTable } from './tables.ts'
import { tcpConversation } from './tcp-conversation.ts'
import { tcpWalk } from './tcp-walk.ts'

/** How time passes in a case. */
type Waits =
  /** Any number of seconds. */
  | 'free'
  /**
   * Never more than UDP's two seconds while a UDP entry can live: the kernel measures those by its own clock,
   * which ageing does not move.
   */
  | 'short-or-all'
  /** Not at all: incomplete datagrams and expectations cannot be aged. */
  | 'none'

interface Kind {
  readonly name: string
  /** How often it is drawn; 0: only when asked for by name. */
  readonly weight: number
  readonly waits: Waits
  /** Real time passes twice. */
  readonly sleeps?: boolean
  /** To the end of its scripts, with all sysctls at their defaults. */
  readonly whole?: boolean
  readonly scripts: (network: Network) => Script[]
}

const several = (network: Network, most: number, make: () => Script): Script[] =>
  Array.from({ length: network.random.range(1, most) }, make)

const KINDS: readonly Kind[] = [
  {
    name: 'tcp-conversation',
    weight: 30,
    waits: 'free',
    scripts: (network) => several(network, 4, () => tcpConversation(network)),
  },
  {
    name: 'tcp-walk',
    weight: 30,
    waits: 'free',
    scripts: (network) =>
      several(network, 3, () => tcpWalk(network, network.random.pick([0.3, 0.6, 0.8, 0.95]))),
  },
  {
    name: 'sctp',
    weight: 12,
    waits: 'free',
    scripts: (network) =>
      several(network, 2, () => (network.random.chance(0.6) ? sctpAssociation(network) : sctpWalk(network))),
  },
  {
    name: 'fragments',
    weight: 6,
    waits: 'none',
    scripts: (network) => several(network, 3, () => fragmentTraffic(network)),
  },
  {
    name: 'helpers',
    weight: 8,
    waits: 'none',
    scripts: (network) =>
      several(network, 3, () => (network.random.chance(0.8) ? ftpTraffic(network) : tftpTraffic(network))),
  },
  {
    name: 'datagrams',
    weight: 10,
    waits: 'short-or-all',
    scripts: (network) =>
      several(network, 4, () =>
        network.random.pick([
          udpTraffic,
          udpliteTraffic,
          icmpTraffic,
          otherTraffic,
          extensionTraffic,
          headerTraffic,
        ])(network),
      ),
  },
  {
    name: 'errors',
    weight: 8,
    waits: 'short-or-all',
    scripts: (network) => [
      icmpErrors(network),
      ...several(network, 3, () =>
        network.random.pick([
          udpTraffic,
          icmpTraffic,
          tcpConversation,
          sctpAssociation,
          otherTraffic,
          redirects,
        ])(network),
      ),
    ],
  },
  {
    name: 'tcp-table',
    weight: 0,
    waits: 'none',
    whole: true,
    scripts: (network) => [tcpTable(network)],
  },
  {
    name: 'sctp-table',
    weight: 0,
    waits: 'none',
    whole: true,
    scripts: (network) => [sctpTable(network)],
  },
  {
    name: 'rare-tcp',
    weight: 0,
    waits: 'none',
    whole: true,
    scripts: (network) => [rareTcp(network)],
  },
  {
    name: 'rare-fragments',
    weight: 0,
    waits: 'none',
    whole: true,
    scripts: (network) => [rareFragments(network)],
  },
  {
    name: 'udp-streams',
    weight: 0,
    waits: 'none',
    sleeps: true,
    scripts: (network) => Array.from({ length: 30 }, () => udpTraffic(network)),
  },
  {
    name: 'everything',
    weight: 6,
    waits: 'short-or-all',
    scripts: (network) => [
      tcpConversation(network),
      udpTraffic(network),
      icmpTraffic(network),
      icmpErrors(network),
      sctpAssociation(network),
      mutatedTraffic(network),
    ],
  },
]

const FREE_WAITS = [
  1, 2, 3, 5, 9, 10, 11, 29, 30, 31, 59, 60, 61, 119, 120, 121, 299, 300, 301, 431_999, 432_000,
]

/** The same seed gives the same case. `kind` narrows the choice. */
export function generateCase(seed: number, kind?: string): Case {
  const random = new Random(seed)
  const network = new Network(random)
  const choices = KINDS.filter(({ name, weight }) => (kind === undefined ? weight > 0 : name === kind))
  const chosen = random.weighted(choices.map((choice) => [Math.max(choice.weight, 1), choice] as const))
  const settings = chosen.whole ? {} : generateSettings(random, chosen.waits)
  const scripts = chosen.scripts(network)
  const steps: Step[] = []
  const length = chosen.whole ? Number.POSITIVE_INFINITY : chosen.sleeps ? 400 : random.pick([20, 40, 80])
  const waits = new WaitPlan(random, chosen.waits, settings)
  const sleeps = chosen.sleeps ? new Set([Math.floor(length / 3), Math.floor((2 * length) / 3)]) : null
  while (steps.length < length && scripts.length > 0) {
    // Runs of several packets of one flow, so that each gets somewhere.
    const script = random.pick(scripts)
    for (let i = random.range(1, 6); i > 0; i--) {
      const { value, done } = script.next()
      if (done) {
        scripts.splice(scripts.indexOf(script), 1)
        break
      }
      steps.push(value)
    }
    if (sleeps && [...sleeps].some((at) => steps.length >= at && sleeps.delete(at))) {
      steps.push({ kind: 'sleep', seconds: 3 })
    }
    const wait = waits.next()
    if (wait > 0) steps.push({ kind: 'age', seconds: wait })
  }
  return { seed, kind: chosen.name, settings, steps }
}

class WaitPlan {
  readonly #random: Random
  readonly #waits: Waits
  readonly #choices: readonly number[]
  #shortUsed = false

  constructor(random: Random, waits: Waits, settings: Readonly<Record<string, number>>) {
    this.#random = random
    this.#waits = waits
    const timeouts = Object.entries(settings).flatMap(([name, value]) =>
      /timeout/.test(name) ? [value] : [],
    )
    this.#choices = [...FREE_WAITS, ...timeouts, ...timeouts.map((value) => value - 1)].filter(
      (value) => value > 0,
    )
  }

  next(): number {
    const random = this.#random
    if (this.#waits === 'none' || !random.chance(0.06)) return 0
    if (this.#waits === 'free') return random.pick(this.#choices)
    const short: boolean = !this.#shortUsed && random.chance(0.5)
    this.#shortUsed = short
    return short ? 1 : random.pick([31, 60, 121, 300, 601])
  }
}

function generateSettings(random: Random, waits: Waits): Record<string, number> {
  const settings: Record<string, number> = {}
  const maybe = (name: string, probability: number, value: number) => {
    if (random.chance(probability)) settings[`nf_conntrack_${name}`] = value
  }
  maybe('tcp_loose', 0.12, 0)
  maybe('tcp_be_liberal', 0.12, 1)
  maybe('tcp_ignore_invalid_rst', 0.12, 1)
  maybe('tcp_max_retrans', 0.15, random.pick([0, 1, 2, 255]))
  maybe('checksum', 0.15, 0)
  if (waits === 'free' && random.chance(0.15)) {
    for (const name of random.shuffle([...TIMEOUTS]).slice(0, random.range(1, 4))) {
      settings[`nf_conntrack_${name}`] = random.pick([0, 1, 2, 7, 50, 200, 1000])
    }
  }
  return settings
}

const TIMEOUTS = [
  'tcp_timeout_syn_sent',
  'tcp_timeout_syn_recv',
  'tcp_timeout_established',
  'tcp_timeout_fin_wait',
  'tcp_timeout_close_wait',
  'tcp_timeout_last_ack',
  'tcp_timeout_time_wait',
  'tcp_timeout_close',
  'tcp_timeout_max_retrans',
  'tcp_timeout_unacknowledged',
  'sctp_timeout_closed',
  'sctp_timeout_cookie_wait',
  'sctp_timeout_cookie_echoed',
  'sctp_timeout_established',
  'sctp_timeout_shutdown_sent',
  'sctp_timeout_shutdown_recd',
  'sctp_timeout_shutdown_ack_sent',
  'sctp_timeout_heartbeat_sent',
]

/** Every kind of case, and those that are only made when asked for by name. */
export const CASE_KINDS = KINDS.map(({ name }) => name)
export const SPECIAL_KINDS = KINDS.flatMap(({ name, weight }) => (weight === 0 ? [name] : []))
