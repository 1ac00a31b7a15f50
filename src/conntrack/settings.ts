/**
 * The sysctls of connection tracking, by their own names (Documentation/networking/nf_conntrack-sysctl).
 * Times are whole seconds, as the files under /proc/sys hold them.
 */
import { smallInteger } from '../capture/timestamp.ts'
import { suggest } from '../diagnostic/suggest.ts'

/** Whose connection tracking it is: that of Linux 6.18, or that of 2.4 (2.4.20–2.4.37), of which the old articles tell. */
export type LinuxEra = '6.18' | '2.4'

export interface Sysctl {
  /** Without the directory: `nf_conntrack_tcp_loose`. */
  readonly name: string
  /** Where under /proc/sys it is. */
  readonly directory: 'net.netfilter' | 'net.ipv4'
  /** Its value on a machine where nobody set it. */
  readonly default: number
  /** Least value that it takes. */
  readonly minimum: number
  /** Greatest value that it takes. */
  readonly maximum: number
}

/** Largest time in seconds: INT_MAX clock ticks at 250 Hz (proc_dointvec_jiffies). */
const LONGEST = 8_589_934
const UINT32 = 4_294_967_295

const netfilter = (name: string, initial: number, minimum: number, maximum: number): Sysctl => ({
  name: `nf_conntrack_${name}`,
  directory: 'net.netfilter',
  default: initial,
  minimum,
  maximum,
})
const seconds = (name: string, initial: number): Sysctl => netfilter(name, initial, 0, LONGEST)
const flag = (name: string, initial: number): Sysctl => netfilter(name, initial, 0, 1)

/** Every sysctl that changes what the tracker does, with default and range; times are whole seconds. */
export const SYSCTLS = [
  netfilter('max', 262_144, 0, 2_147_483_647),
  netfilter('buckets', 262_144, 1, 2_147_483_647),
  netfilter('expect_max', 4_096, 1, 2_147_483_647),
  flag('checksum', 1),
  flag('acct', 0),
  flag('timestamp', 0),
  netfilter('events', 2, 0, 2),
  seconds('generic_timeout', 600),
  seconds('icmp_timeout', 30),
  seconds('icmpv6_timeout', 30),
  seconds('udp_timeout', 30),
  seconds('udp_timeout_stream', 120),
  seconds('gre_timeout', 30),
  seconds('gre_timeout_stream', 180),
  seconds('tcp_timeout_syn_sent', 120),
  seconds('tcp_timeout_syn_recv', 60),
  seconds('tcp_timeout_established', 432_000),
  seconds('tcp_timeout_fin_wait', 120),
  seconds('tcp_timeout_close_wait', 60),
  seconds('tcp_timeout_last_ack', 30),
  seconds('tcp_timeout_time_wait', 120),
  seconds('tcp_timeout_close', 10),
  seconds('tcp_timeout_max_retrans', 300),
  seconds('tcp_timeout_unacknowledged', 300),
  flag('tcp_loose', 1),
  flag('tcp_be_liberal', 0),
  flag('tcp_ignore_invalid_rst', 0),
  netfilter('tcp_max_retrans', 3, 0, 255),
  seconds('sctp_timeout_closed', 10),
  seconds('sctp_timeout_cookie_wait', 3),
  seconds('sctp_timeout_cookie_echoed', 3),
  seconds('sctp_timeout_established', 210),
  seconds('sctp_timeout_shutdown_sent', 3),
  seconds('sctp_timeout_shutdown_recd', 3),
  seconds('sctp_timeout_shutdown_ack_sent', 3),
  seconds('sctp_timeout_heartbeat_sent', 30),
  netfilter('frag6_high_thresh', 4_194_304, 0, UINT32),
  netfilter('frag6_timeout', 60, 0, LONGEST),
  { name: 'ipfrag_high_thresh', directory: 'net.ipv4', default: 4_194_304, minimum: 0, maximum: UINT32 },
  { name: 'ipfrag_time', directory: 'net.ipv4', default: 30, minimum: 0, maximum: LONGEST },
  { name: 'ipfrag_max_dist', directory: 'net.ipv4', default: 64, minimum: 0, maximum: 2_147_483_647 },
] as const satisfies readonly Sysctl[]

const byName = new Map<string, number>(SYSCTLS.map((sysctl, index) => [sysctl.name, index]))
const defaults = Float64Array.from(SYSCTLS, (sysctl) => sysctl.default)

const dccpTimeouts = ['request', 'respond', 'partopen', 'open', 'closereq', 'closing', 'timewait']

/** Sysctls of 6.18 and of kernels before it that change nothing here; a file of settings from a real machine has them. */
const INERT: ReadonlySet<string> = new Set([
  'nf_conntrack_count',
  'nf_conntrack_log_invalid',
  'nf_conntrack_frag6_low_thresh',
  'ipfrag_low_thresh',
  'ipfrag_secret_interval',
  // Of older kernels. DESTROY events that could not be delivered; helpers by port; a state without a sysctl; UDP-Lite apart
  // from UDP; a state of SCTP that is no more; a protocol that is no more.
  'nf_conntrack_events_retry_timeout',
  'nf_conntrack_helper',
  'nf_conntrack_tcp_timeout_syn_sent2',
  'nf_conntrack_udplite_timeout',
  'nf_conntrack_udplite_timeout_stream',
  'nf_conntrack_sctp_timeout_heartbeat_acked',
  'nf_conntrack_dccp_loose',
  ...dccpTimeouts.map((state) => `nf_conntrack_dccp_timeout_${state}`),
])

/** In Linux 2.4: 8,192 buckets on a machine with more than 1 GiB, and eight times as many entries. */
const defaults24: readonly (readonly [string, number])[] = [
  ['nf_conntrack_max', 65_536],
  ['nf_conntrack_buckets', 8_192],
]
/** The one sysctl of connection tracking in Linux 2.4.20. */
const MAX_24 = 'net.ipv4.ip_conntrack_max'

/** SYN_SENT2 has no sysctl of its own. */
const SYN_SENT2_SECONDS = 120

/** A setting that cannot be: the message says what was expected. */
export class SettingError extends Error {
  /** Tells it from other errors, also across realms. */
  override readonly name = 'SettingError'
}

/**
 * The sysctls in force. Read the fields, which are what the trackers read; change them through `set`, by sysctl name.
 * A changed timeout affects the next refresh, not timers that run.
 *
 * ```ts
 * import { Settings, Tracker } from 'sallyport'
 *
 * const settings = new Settings()
 * settings.set('net.netfilter.nf_conntrack_tcp_loose', 0)
 * const tracker = new Tracker({ settings })
 * console.log(tracker.settings.tcpLoose, settings.changed())
 * ```
 */
export class Settings {
  /**
   * `nf_conntrack_max`: most entries, 0–2,147,483,647, 0 for no limit; follows `buckets` until it is set itself
   * (262,144 by default).
   */
  max = 0
  /**
   * `nf_conntrack_buckets`: buckets of the hash table, which say how far early drop looks, 1–2,147,483,647 (262,144 by
   * default).
   */
  buckets = 0
  /** `nf_conntrack_expect_max`: most expectations, 1–2,147,483,647 (4,096 by default). */
  expectMax = 0
  /** `nf_conntrack_checksum`: 1 to verify transport checksums, 0 not to (1 by default). */
  checksum = 0
  /** `nf_conntrack_acct`: 1 to count packets and bytes of new entries, 0 not to (0 by default). */
  acct = 0
  /** `nf_conntrack_timestamp`: 1 to note when new entries began, 0 not to (0 by default). */
  timestamp = 0
  /** `nf_conntrack_events`: 0 tells no event; 1 and 2 tell all (2 by default). */
  events = 0
  /**
   * `nf_conntrack_generic_timeout`: protocols without a tracker of their own, seconds, 0–8,589,934 (600 by default).
   */
  genericTimeout = 0
  /** `nf_conntrack_icmp_timeout`: ICMP queries, seconds, 0–8,589,934 (30 by default). */
  icmpTimeout = 0
  /** `nf_conntrack_icmpv6_timeout`: ICMPv6 queries, seconds, 0–8,589,934 (30 by default). */
  icmpv6Timeout = 0
  /** `nf_conntrack_udp_timeout`: UDP and UDP-Lite that are no stream, seconds, 0–8,589,934 (30 by default). */
  udpTimeout = 0
  /**
   * `nf_conntrack_udp_timeout_stream`: UDP and UDP-Lite answered and gone on for two seconds, seconds, 0–8,589,934
   * (120 by default).
   */
  udpTimeoutStream = 0
  /** `nf_conntrack_gre_timeout`: GRE without an answer, seconds, 0–8,589,934 (30 by default). */
  greTimeout = 0
  /** `nf_conntrack_gre_timeout_stream`: GRE answered, seconds, 0–8,589,934 (180 by default). */
  greTimeoutStream = 0
  /**
   * `nf_conntrack_tcp_timeout_*`, seconds, 0–8,589,934: by TCP state (0 NONE, 1 SYN_SENT, 2 SYN_RECV, 3 ESTABLISHED,
   * 4 FIN_WAIT, 5 CLOSE_WAIT, 6 LAST_ACK, 7 TIME_WAIT, 8 CLOSE, 9 SYN_SENT2), then 10 max_retrans, 11 unacknowledged.
   */
  readonly tcp: Int32Array = new Int32Array(12)
  /** `nf_conntrack_tcp_loose`: 1 to pick up connections in mid-stream, 0 to call them INVALID (1 by default). */
  tcpLoose = 0
  /**
   * `nf_conntrack_tcp_be_liberal`: 1 to let segments outside the window pass, RST excepted, 0 not to (0 by default).
   */
  tcpBeLiberal = 0
  /**
   * `nf_conntrack_tcp_ignore_invalid_rst`: 1 to let a RST outside the window pass without effect, 0 to call it INVALID
   * (0 by default).
   */
  tcpIgnoreInvalidRst = 0
  /**
   * `nf_conntrack_tcp_max_retrans`: segments repeated without an answer before the shorter timeout holds, 0–255 (3 by
   * default).
   */
  tcpMaxRetrans = 0
  /**
   * `nf_conntrack_sctp_timeout_*`, seconds, 0–8,589,934: by SCTP state (0 NONE, 1 CLOSED, 2 COOKIE_WAIT,
   * 3 COOKIE_ECHOED, 4 ESTABLISHED, 5 SHUTDOWN_SENT, 6 SHUTDOWN_RECD, 7 SHUTDOWN_ACK_SENT, 8 HEARTBEAT_SENT).
   */
  readonly sctp: Int32Array = new Int32Array(9)
  /**
   * `nf_conntrack_frag6_high_thresh`: memory for incomplete IPv6 datagrams, bytes, 0–4,294,967,295 (4,194,304 by
   * default).
   */
  frag6HighThresh = 0
  /**
   * `nf_conntrack_frag6_timeout`: how long an incomplete IPv6 datagram is kept, seconds, 0–8,589,934 (60 by default).
   */
  frag6Timeout = 0
  /**
   * `net.ipv4.ipfrag_high_thresh`: memory for incomplete IPv4 datagrams, bytes, 0–4,294,967,295 (4,194,304 by
   * default).
   */
  ipfragHighThresh = 0
  /** `net.ipv4.ipfrag_time`: how long an incomplete IPv4 datagram is kept, seconds, 0–8,589,934 (30 by default). */
  ipfragTime = 0
  /**
   * `net.ipv4.ipfrag_max_dist`: fragments of other datagrams between two of one, 0–2,147,483,647, 0 for no check (64
   * by default).
   */
  ipfragMaxDist = 0
  /** Whose sysctls they are. In 2.4 there are `net.ipv4.ip_conntrack_max` and those of fragments, and no others. */
  readonly linux: LinuxEra
  readonly #defaults = Float64Array.from(defaults)
  /** As given; `max` follows `buckets` until it is set itself. */
  readonly #values: Float64Array
  #maxIsSet = false

  /** As on a machine where nobody set any: of Linux 6.18 unless told otherwise. */
  constructor(linux: LinuxEra = '6.18') {
    this.linux = linux
    if (linux === '2.4') for (const [name, value] of defaults24) this.#defaults[byName.get(name)!] = value
    this.#values = Float64Array.from(this.#defaults)
    this.#apply()
  }

  /** The value of a sysctl by any of the names that `set` takes; undefined for a name nobody knows. Never throws. */
  get(name: string): number | undefined {
    const place = placeOf(name, this.linux)
    const index = place !== null && isHome(place) ? byName.get(place.bare) : undefined
    return index === undefined ? undefined : this.#values[index]
  }

  /**
   * Sets a sysctl: `net.netfilter.nf_conntrack_tcp_loose`, with slashes for dots, or the bare file name; what older
   * kernels called `net.ipv4.netfilter.ip_conntrack_*` counts as its name of today. `SYSCTLS` has the ranges; a text
   * holds decimal digits. Sysctls that change nothing here (`nf_conntrack_log_invalid`) are let be.
   * @throws SettingError for an unknown name, one in another directory than its own, one that the Linux in question did
   * not have, or a value that is not a number in its range.
   */
  set(name: string, value: number | string): void {
    const place = placeOf(name, this.linux)
    if (place === null) throw new SettingError(unknownIn24(name))
    const { bare } = place
    const index = byName.get(bare)
    const isInert = INERT.has(bare)
    if (index === undefined && !isInert) throw new SettingError(unknownName(name, bare))
    if (!isHome(place)) throw new SettingError(`no sysctl ${name}: it is ${homeOf(bare)}.${bare}`)
    if (index === undefined) return
    const sysctl: Sysctl = SYSCTLS[index]!
    const number = typeof value === 'number' ? value : /^\s*\d+\s*$/.test(value) ? Number(value) : Number.NaN
    if (!Number.isInteger(number) || number < sysctl.minimum || number > sysctl.maximum) {
      throw new SettingError(
        `${this.#fullName(sysctl)} takes a whole number from ${sysctl.minimum} to ${sysctl.maximum}, not "${value}"`,
      )
    }
    this.#values[index] = number
    if (bare === 'nf_conntrack_max') this.#maxIsSet = true
    if (bare === 'nf_conntrack_buckets' && !this.#maxIsSet)
      this.#values[byName.get('nf_conntrack_max')!] = number
    this.#apply()
  }

  /** Every sysctl that differs from its default: its full name and its value. */
  changed(): { readonly name: string; readonly value: number }[] {
    return SYSCTLS.flatMap((sysctl, index) =>
      this.#values[index] === this.#defaults[index]
        ? []
        : [{ name: this.#fullName(sysctl), value: this.#values[index]! }],
    )
  }

  #fullName({ directory, name }: Sysctl): string {
    return this.linux === '2.4' && name === 'nf_conntrack_max' ? MAX_24 : `${directory}.${name}`
  }

  #apply(): void {
    // Small integers as what they are, or V8 compares the settings as doubles.
    const value = (name: string): number => smallInteger(this.#values[byName.get(name)!]!)
    const own = (name: string): number => value(`nf_conntrack_${name}`)
    this.max = own('max')
    this.buckets = own('buckets')
    this.expectMax = own('expect_max')
    this.checksum = own('checksum')
    this.acct = own('acct')
    this.timestamp = own('timestamp')
    this.events = own('events')
    this.genericTimeout = own('generic_timeout')
    this.icmpTimeout = own('icmp_timeout')
    this.icmpv6Timeout = own('icmpv6_timeout')
    this.udpTimeout = own('udp_timeout')
    this.udpTimeoutStream = own('udp_timeout_stream')
    this.greTimeout = own('gre_timeout')
    this.greTimeoutStream = own('gre_timeout_stream')
    const tcp = (name: string): number => own(`tcp_timeout_${name}`)
    this.tcp.set([
      0,
      tcp('syn_sent'),
      tcp('syn_recv'),
      tcp('established'),
      tcp('fin_wait'),
      tcp('close_wait'),
      tcp('last_ack'),
      tcp('time_wait'),
      tcp('close'),
      SYN_SENT2_SECONDS,
      tcp('max_retrans'),
      tcp('unacknowledged'),
    ])
    this.tcpLoose = own('tcp_loose')
    this.tcpBeLiberal = own('tcp_be_liberal')
    this.tcpIgnoreInvalidRst = own('tcp_ignore_invalid_rst')
    this.tcpMaxRetrans = own('tcp_max_retrans')
    const sctp = (name: string): number => own(`sctp_timeout_${name}`)
    this.sctp.set([
      0,
      sctp('closed'),
      sctp('cookie_wait'),
      sctp('cookie_echoed'),
      sctp('established'),
      sctp('shutdown_sent'),
      sctp('shutdown_recd'),
      sctp('shutdown_ack_sent'),
      sctp('heartbeat_sent'),
    ])
    this.frag6HighThresh = own('frag6_high_thresh')
    this.frag6Timeout = own('frag6_timeout')
    this.ipfragHighThresh = value('ipfrag_high_thresh')
    this.ipfragTime = value('ipfrag_time')
    this.ipfragMaxDist = value('ipfrag_max_dist')
  }
}

/** Where a name says that a sysctl is, as today; `directory` is empty where only the file was named. */
interface Place {
  readonly directory: string
  readonly bare: string
}

/** Null where the Linux in question had none of that name; those of fragments in 2.4 are taken for today's. */
function placeOf(name: string, linux: LinuxEra): Place | null {
  const words = name
    .trim()
    .replace(/^\/proc\/sys\//, '')
    .split(/[./]/)
  const bare = words.pop()!
  const directory = words.join('.')
  if (linux === '2.4') {
    if (bare.startsWith('ipfrag_')) return { directory, bare }
    const isMax = bare === 'ip_conntrack_max' && /^(?:net\.ipv4(?:\.netfilter)?)?$/.test(directory)
    return isMax ? { directory: 'net.netfilter', bare: 'nf_conntrack_max' } : null
  }
  // The one that is in two places.
  if (directory === 'net' && bare === 'nf_conntrack_max') return { directory: 'net.netfilter', bare }
  if (directory === 'net.ipv4.netfilter' && bare.startsWith('ip_conntrack_'))
    return { directory: 'net.netfilter', bare: bare.replace('ip_', 'nf_') }
  return { directory, bare }
}

function homeOf(bare: string): Sysctl['directory'] {
  return bare.startsWith('ipfrag_') ? 'net.ipv4' : 'net.netfilter'
}

function isHome({ directory, bare }: Place): boolean {
  return directory === '' || directory === homeOf(bare)
}

function unknownIn24(name: string): string {
  const why = /\bip_conntrack_\w*timeout/.test(name)
    ? 'its timeouts are constants here, as they were before 2.4.32'
    : 'its timeouts are fixed'
  return `Linux 2.4 had no sysctl ${name}: ${why}, and only ${MAX_24} can be set`
}

function unknownName(name: string, bare: string): string {
  const near = suggest(
    bare,
    SYSCTLS.map((sysctl) => sysctl.name),
  )
  return `no sysctl ${name} of connection tracking${near === null ? '' : `; did you mean ${near}?`}`
}

/** One `name = value` of a settings file, with its line for messages. */
export interface SettingLine {
  readonly line: number
  readonly name: string
  readonly value: string
}

/** In net.netfilter, and not about connection tracking. */
const besideTracking = /^net[./]netfilter[./](?:nf_log[./_]|nf_hooks_lwtunnel$|nf_flowtable_)/
/** About it, or meant to be: all else of that directory, and such a file in any other, which `Settings.set` then refuses. */
const aboutTracking = /^net[./]netfilter[./]|(?:^|[./])(?:(?:nf|ip)_conntrack|ipfrag)_[^./]*$|[./]rp_filter$/

/**
 * Reads the text of a sysctl.conf or of `sysctl -a`: `name = value` lines, `#` and `;` comments. Names outside
 * connection tracking are left out, so that a whole machine's settings can be given.
 * @throws SettingError with the line of the first one that is neither.
 */
export function parseSettings(text: string, file: string): SettingLine[] {
  const settings: SettingLine[] = []
  text.split('\n').forEach((raw, index) => {
    const setting = parseSettingLine(raw)
    if (setting === null) return
    if ('expected' in setting) throw new SettingError(`${file}:${index + 1}: ${setting.expected}`)
    if (setting.isOurs) settings.push({ line: index + 1, name: setting.name, value: setting.value })
  })
  return settings
}

/** One line of such a text: null for a comment; `isOurs` unless its name is about something else. Never throws. */
export function parseSettingLine(
  raw: string,
):
  | { readonly name: string; readonly value: string; readonly isOurs: boolean }
  | { readonly expected: string }
  | null {
  const line = raw.trim()
  if (line === '' || line.startsWith('#') || line.startsWith(';')) return null
  const equals = line.indexOf('=')
  if (equals <= 0) return { expected: `expected "name = value", found "${line.slice(0, 60)}"` }
  const name = line.slice(0, equals).trim().replace(/^-/, '')
  const isOurs = aboutTracking.test(name) && !besideTracking.test(name)
  return { name, value: line.slice(equals + 1).trim(), isOurs }
}
