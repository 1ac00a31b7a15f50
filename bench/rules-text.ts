/**
 * Rules for the benchmark. None takes a packet of traffic.ts, each for a reason of its own: a network, a port, the
 * protocol or an interface that is not the packet's. What else a rule asks, the traffic may well have: half of the other
 * networks hold its hosts. 20 % have an inverted condition, 10 % an interface; with `stateful`, 5 % have a match behind
 * their conditions that no index knows.
 */
import { randomOf } from '../test/support/rules.ts'

export interface RulesOptions {
  readonly count: number
  readonly stateful: boolean
  readonly seed?: number
}

const LENGTHS = [8, 10, 12, 14, 16, 18, 20, 22, 24, 25, 26, 28, 30, 32] as const
/** What keeps the traffic out. */
const REASONS = ['source', 'destination', 'dport', 'sport', 'range', 'udp', 'udp-dport'] as const
const STATEFUL = [
  '-m string --string "GET /" --algo bm',
  '-m limit --limit 10/second',
  '-m recent --name bench --rcheck --seconds 60',
] as const

/** Lines `-A FORWARD …`, without one that accepts. */
export function makeRules({ count, stateful, seed = 7 }: RulesOptions): string[] {
  const random = randomOf(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const some = (share: number) => random() < share
  /** A network of hosts that the traffic has, or has not. */
  const network = (has: boolean): string => {
    const bits = Math.floor(random() * 2 ** 24)
    const first = has ? 10 : 20 + Math.floor(random() * 100)
    const rest = has
      ? `0.${(bits >>> 8) & 255}.${bits & 255}`
      : `${bits >>> 16}.${(bits >>> 8) & 255}.${bits & 255}`
    return `${first}.${rest}/${pick(LENGTHS)}`
  }
  /** Below 1024, but for 80 and 443: no packet has it, whichever way it goes. */
  const port = () => 81 + Math.floor(random() * 340)

  return Array.from({ length: count }, () => {
    const reason = pick(REASONS)
    const inverted = some(0.2)
    const words: string[] = []
    if (reason === 'source') words.push(`-s ${network(false)}`)
    else if (inverted && some(0.5)) words.push(`! -s ${network(false)}`)
    else if (some(0.5)) words.push(`-s ${network(some(0.5))}`)
    if (reason === 'destination') words.push(`-d ${network(false)}`)
    else if (inverted && !words.some((word) => word.startsWith('!'))) words.push(`! -d ${network(false)}`)
    else if (some(0.5)) words.push(`-d ${network(some(0.5))}`)
    if (some(0.1)) words.push(pick(['-i eth0', '-o eth1', '-i wan+', '! -i eth3']))
    words.push(...transport(reason, port, some))
    if (stateful && some(0.05)) words.push(pick(STATEFUL))
    return `-A FORWARD ${words.join(' ')} -j DROP`
  })
}

function transport(
  reason: (typeof REASONS)[number],
  port: () => number,
  some: (share: number) => boolean,
): string[] {
  const first = port()
  switch (reason) {
    case 'dport':
      return [`-p tcp -m tcp --dport ${first}`]
    case 'sport':
      return [`-p tcp -m tcp --sport ${first}`]
    case 'range':
      return [`-p tcp -m tcp --dport ${first}:${first + 20}`]
    case 'udp':
      return ['-p udp']
    case 'udp-dport':
      return [`-p udp -m udp --dport ${first}`]
    default:
      return some(0.3) ? [`-p tcp -m tcp --dport ${some(0.5) ? 443 : 80}`] : some(0.5) ? ['-p tcp'] : []
  }
}
