/** Timeouts of its own for some connections: what `nfct timeout add` makes, and `-j CT --timeout NAME` gives them. */
import { Settings } from './settings.ts'
import { SYN_SENT2 } from './tcp/state.ts'

/** SYN_SENT2 has no sysctl. */
const NO_SYSCTL = ''

/** Names of the states, as nfct has them, and the sysctls whose place they take. */
const protocols: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  tcp: {
    syn_sent: 'tcp_timeout_syn_sent',
    syn_recv: 'tcp_timeout_syn_recv',
    established: 'tcp_timeout_established',
    fin_wait: 'tcp_timeout_fin_wait',
    close_wait: 'tcp_timeout_close_wait',
    last_ack: 'tcp_timeout_last_ack',
    time_wait: 'tcp_timeout_time_wait',
    close: 'tcp_timeout_close',
    syn_sent2: NO_SYSCTL,
    retrans: 'tcp_timeout_max_retrans',
    unacknowledged: 'tcp_timeout_unacknowledged',
  },
  udp: { unreplied: 'udp_timeout', replied: 'udp_timeout_stream' },
  gre: { unreplied: 'gre_timeout', replied: 'gre_timeout_stream' },
  icmp: { timeout: 'icmp_timeout' },
  icmpv6: { timeout: 'icmpv6_timeout' },
  generic: { timeout: 'generic_timeout' },
  sctp: {
    closed: 'sctp_timeout_closed',
    cookie_wait: 'sctp_timeout_cookie_wait',
    cookie_echoed: 'sctp_timeout_cookie_echoed',
    established: 'sctp_timeout_established',
    shutdown_sent: 'sctp_timeout_shutdown_sent',
    shutdown_recd: 'sctp_timeout_shutdown_recd',
    shutdown_ack_sent: 'sctp_timeout_shutdown_ack_sent',
    heartbeat_sent: 'sctp_timeout_heartbeat_sent',
  },
}

export interface TimeoutPolicy {
  readonly name: string
  /** The sysctls as they were when it was made, with its own timeouts in their places. */
  readonly settings: Settings
}

/** A line that is none: the message says which and why. */
export class TimeoutPolicyError extends Error {
  override readonly name = 'TimeoutPolicyError'
  /** From 1. */
  readonly line: number

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`)
    this.line = line
  }
}

/**
 * Reads policies, one a line: `NAME inet|inet6 PROTOCOL STATE SECONDS [STATE SECONDS]…`, with or without
 * `nfct timeout add` in front; `#` begins a comment. States that are not told keep the timeouts of `base`, which is
 * not changed, as they are now.
 *
 * @throws TimeoutPolicyError for a line that cannot be read
 */
export function readTimeoutPolicies(text: string, base: Settings): Map<string, TimeoutPolicy> {
  const policies = new Map<string, TimeoutPolicy>()
  text.split('\n').forEach((line, index) => {
    const words = line.replace(/#.*/, '').trim().split(/\s+/)
    if (words[0] === '') return
    const fail = (message: string): never => {
      throw new TimeoutPolicyError(index + 1, message)
    }
    const policy = readPolicy(words[0] === 'nfct' ? withoutCommand(words) : words, base, fail)
    if (policies.has(policy.name)) fail(`${policy.name} is there already`)
    policies.set(policy.name, policy)
  })
  return policies
}

/** `nfct timeout add …`, or in the old order `nfct add timeout …`. */
function withoutCommand(words: readonly string[]): readonly string[] {
  const command = words.slice(1, 3).sort().join(' ')
  return command === 'add timeout' ? words.slice(3) : words
}

function readPolicy(
  words: readonly string[],
  base: Settings,
  fail: (message: string) => never,
): TimeoutPolicy {
  const [name, family, protocolName, ...pairs] = words
  if (name === undefined || family === undefined || protocolName === undefined || pairs.length % 2 !== 0)
    return fail('a policy is NAME inet|inet6 PROTOCOL STATE SECONDS …')
  if (family !== 'inet' && family !== 'inet6') return fail(`${family} is neither inet nor inet6`)
  const states = Object.hasOwn(protocols, protocolName) ? protocols[protocolName]! : null
  if (states === null)
    return fail(`${protocolName} has no timeouts here: ${Object.keys(protocols).join(', ')} have`)
  const settings = new Settings(base.linux)
  for (const { name: sysctl, value } of base.changed()) settings.set(sysctl, value)
  const own: [string, number][] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const state = pairs[i]!.toLowerCase()
    const seconds = Number(pairs[i + 1])
    if (!Object.hasOwn(states, state))
      return fail(`${protocolName} has no ${pairs[i]}: ${Object.keys(states).join(', ')}`)
    if (!/^\d{1,7}$/.test(pairs[i + 1]!)) return fail(`${pairs[i + 1]} is no number of seconds`)
    own.push([states[state]!, seconds])
  }
  for (const [sysctl, seconds] of own)
    if (sysctl !== NO_SYSCTL) settings.set(`nf_conntrack_${sysctl}`, seconds)
  // Behind the others: whatever sets a sysctl sets this one back.
  for (const [sysctl, seconds] of own) if (sysctl === NO_SYSCTL) settings.tcp[SYN_SENT2] = seconds
  return { name, settings }
}
