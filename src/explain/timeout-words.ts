/** Which sysctl gave an entry its timeout. */
import { type Settings, SYSCTLS } from '../conntrack/settings.ts'

const PREFIX = 'net.netfilter.nf_conntrack_'

/** Sysctls, without their prefix, that may set the timeout of an entry; the likeliest first. */
function candidates(protocol: string, state: string | null): readonly string[] {
  switch (protocol) {
    case 'tcp':
      return [
        `tcp_timeout_${(state ?? 'established').toLowerCase()}`,
        'tcp_timeout_close',
        'tcp_timeout_unacknowledged',
        'tcp_timeout_max_retrans',
      ]
    case 'udp':
    case 'udplite':
      return ['udp_timeout', 'udp_timeout_stream']
    case 'icmp':
      return ['icmp_timeout']
    case 'icmpv6':
      return ['icmpv6_timeout']
    case 'gre':
      return ['gre_timeout', 'gre_timeout_stream']
    case 'sctp':
      return [`sctp_timeout_${(state ?? 'established').toLowerCase()}`]
    default:
      return ['generic_timeout']
  }
}

/** The sysctl, by its full name, that sets a timeout of so many seconds; null where none has that value. */
export function timeoutSysctl(
  settings: Settings,
  {
    protocol,
    state,
    timeout,
  }: { readonly protocol: string; readonly state: string | null; readonly timeout: number },
): string | null {
  const known = new Set<string>(SYSCTLS.map(({ name }) => name))
  for (const name of candidates(protocol, state)) {
    const full = `nf_conntrack_${name}`
    if (known.has(full) && settings.get(full) === timeout) return `${PREFIX}${name}`
  }
  return null
}
