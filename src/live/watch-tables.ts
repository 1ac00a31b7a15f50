/** What looks on: nftables chains that tell of each packet's way, and take it out of the stack at its end. */

/** Log groups of netlink: what comes out at the end, and what is told on the way. */
export const EXIT_GROUP = 65_535
export const WATCH_GROUP = 65_534
/** LOG's and TRACE's, and NFLOG's default. */
export const LOG_GROUP = 0

/** In front of what is told on the way. */
export const WATCH_PREFIX = 'sallyport '

export interface WatchOptions {
  /** Further lines at the end of POSTROUTING, ahead of the packet's being taken out; chains that they go to. */
  readonly leaving?: string
  readonly chains?: string
  /** What the machine sends to itself comes in again. */
  readonly loops?: boolean
  /** Each packet's begin is told, its hook, and every rule that takes it (TRACE). */
  readonly traced?: boolean
  /** Of every packet, ahead of all rules; 0 for none. */
  readonly zone?: number
  /** Given to connections by their port. */
  readonly helpers?: readonly { readonly helper: string; readonly protocol: string; readonly port: number }[]
}

const log = (prefix: string) => `log prefix "${WATCH_PREFIX}${prefix}" group ${WATCH_GROUP}`

/**
 * Both ends of the way. To be loaded ahead of everything else: of hooks with one priority the one registered last runs
 * first, so that the tracker's confirm (which has the last priority too) stands in front of them.
 */
export function endTables({ leaving = '', chains = '', loops = false }: WatchOptions): string {
  return `
table inet sallyport_ends {
  ${chains}
  chain input {
    type filter hook input priority 2147483647; policy accept;
    log prefix "INPUT" group ${EXIT_GROUP}
    drop
  }
  chain postrouting {
    type filter hook postrouting priority 2147483647; policy accept;
    ${loops ? 'oifname "lo" accept' : ''}
    log prefix "POSTROUTING" group ${EXIT_GROUP}
    ${leaving}
    drop
  }
}
`
}

/**
 * The states, right behind the tracker. What the stack has to say by itself (TTL exceeded, neighbours, multicast reports)
 * is dropped ahead of everything; what is sent from here has a socket, REJECT's answers are of other types.
 */
export function watchTables(options: WatchOptions): string {
  return `
table inet sallyport_watch {
  chain own {
    type filter hook output priority -500; policy accept;
    meta skuid 0 accept
    icmp type { time-exceeded, parameter-problem, redirect } drop
    icmp type destination-unreachable icmp code frag-needed drop
    icmpv6 type { packet-too-big, time-exceeded, parameter-problem } drop
    icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect, mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } drop
  }
  ${options.traced === true ? traceChains : ''}
  ${zoneChains(options.zone ?? 0)}
  ${helperChains(options.helpers ?? [])}
  chain states {
    ct state vmap { new : goto new, established : goto established, related : goto related, invalid : goto invalid, untracked : goto untracked }
  }
  chain new {
    ${log('NEW')}
  }
  chain established {
    ${log('ESTABLISHED')}
  }
  chain related {
    ${log('RELATED')}
  }
  chain invalid {
    ${log('INVALID')}
  }
  chain untracked {
    ${log('UNTRACKED')}
  }
  chain prerouting {
    type filter hook prerouting priority -199; policy accept;
    jump states
  }
  chain output {
    type filter hook output priority -199; policy accept;
    jump states
  }
}
`
}

/** The mark that nftables sets for its own tracing is the one by which iptables-legacy traces. */
const traceChains = `
  chain begin {
    meta nftrace set 1
    ${log('begin')}
  }
  chain begin_received {
    type filter hook prerouting priority -490; policy accept;
    jump begin
  }
  chain begin_sent {
    type filter hook output priority -490; policy accept;
    jump begin
  }
  chain way_input {
    type filter hook input priority -490; policy accept;
    ${log('way')}
  }
  chain way_forward {
    type filter hook forward priority -490; policy accept;
    ${log('way')}
  }
`

/** A base chain of one rule at each end where packets begin. */
function atBegins(name: string, priority: number, rule: string): string {
  const chain = (hook: string) => `chain ${name}_${hook} {
    type filter hook ${hook} priority ${priority}; policy accept;
    ${rule}
  }`
  return ['prerouting', 'output'].map(chain).join('\n  ')
}

function zoneChains(zone: number): string {
  return zone === 0 ? '' : atBegins('zone', -310, `ct zone set ${zone}`)
}

function helperChains(helpers: NonNullable<WatchOptions['helpers']>): string {
  if (helpers.length === 0) return ''
  const kinds = new Map(helpers.map((one) => [`${one.helper}_${one.protocol}`, one]))
  const objects = [...kinds].map(
    ([name, { helper, protocol }]) => `ct helper ${name} {
    type "${helper}" protocol ${protocol}
  }`,
  )
  const rules = helpers.map(
    ({ helper, protocol, port }) => `${protocol} dport ${port} ct helper set "${helper}_${protocol}"`,
  )
  return [
    ...objects,
    `chain helpers {\n    ${rules.join('\n    ')}\n  }`,
    atBegins('helpers', -198, 'ct state new jump helpers'),
  ].join('\n  ')
}
