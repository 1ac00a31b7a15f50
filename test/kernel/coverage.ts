import { REASONS } from '../../src/conntrack/reason.ts'
import type { KernelEntry } from '../../src/live/conntrack-netlink.ts'
import { type RawTuple, tupleKey } from '../../src/live/packet-tuple.ts'
import type { Judgement } from './engine.ts'
import type { Observation } from './kernel.ts'
import { transportOf } from './trace.ts'

const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
]
const TCP_KINDS = ['syn', 'synack', 'fin', 'ack', 'rst', 'none']
const SCTP_STATES = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
]
const SCTP_CHUNKS = [1, 2, 6, 7, 8, 9, 10, 11, 14, 4, 5]
const DIRECTIONS = ['ORIGINAL', 'REPLY']

/** Header checks that come before the table is looked at. */
const BEFORE_TABLE =
  /^(truncated packet|bad checksum|invalid tcp flag|nf_ct_sctp|do_basic_checks|verification tag)/

/** What the comparison leaves out on purpose, and why. */
const LEFT_OUT: readonly { readonly name: string; readonly why: string }[] = [
  {
    name: 'IPv4 total length 0',
    why: 'the kernel drops it before any hook, but a capture has it where segmentation was offloaded, so the engine takes the length from the frame',
  },
  {
    name: 'UDP entries older than two seconds, by ageing',
    why: 'the kernel counts the two seconds by its own clock; compared with real pauses in the case udp-streams',
  },
  {
    name: 'expiry of incomplete datagrams and of expectations',
    why: 'neither can be aged through netlink; no virtual time passes in those cases',
  },
  {
    name: 'table full, early drop',
    why: 'nf_conntrack_max is one number for the whole machine and read-only in a namespace',
  },
  {
    name: 'malformed hop-by-hop headers that the host itself sends',
    why: 'the stack reads them on input only; no program but a test sends them',
  },
  { name: 'clashes', why: 'a single packet at a time meets none without NAT' },
  {
    name: 'cells of packet kind none',
    why: 'the check of TCP flags comes before the table and refuses every such packet',
  },
  {
    name: 'cells of state NONE in direction REPLY',
    why: 'an entry in that state has not seen its first packet',
  },
]

/** Reasons besides INVALID and passed ones that the traffic is to reach. */
const ALSO_DUE = new Set<string>([
  'tcp-response-timeout',
  'tcp-reopened',
  'tcp-resynchronised',
  'related-expected',
  'helper-partial',
  'icmp-related',
  'fragment-duplicate',
  'fragment-overlap',
  'fragment-bad-end',
  'fragment-empty',
  'fragment-oversize',
  'fragment-ecn',
])

/** Of the tracker of Linux 2.4, which this kernel is not. */
const isOfLinux24 = (code: string): boolean => /^[a-z]+24-/.test(code)

/** Counts which cells of the transition tables and which reasons the traffic has reached. */
export class Coverage {
  packets = 0
  readonly #cells = new Map<string, number>()
  readonly #reasons = new Map<string, number>()
  readonly #logs = new Map<string, number>()
  readonly #classes = new Map<string, number>()
  #entries = new Map<string, KernelEntry>()

  /** What the table holds: at the start of a case, and after a wait. */
  setEntries(entries: readonly KernelEntry[]): void {
    this.#entries = new Map(entries.map((entry) => [tupleKey(entry.key), entry]))
  }

  add(packet: Uint8Array, observation: Observation, judgement: Judgement | null): void {
    this.packets++
    count(this.#classes, observation.ctstate ?? 'not judged')
    for (const text of observation.logs) count(this.#logs, text.replace(/\b[0-9a-f]*\d[0-9a-f.:]*\b/g, 'N'))
    for (const reason of judgement?.reasons ?? []) count(this.#reasons, reason.code)
    const { tuple, entry } = observation
    if (!tuple) return
    if (observation.ctstate !== 'RELATED') this.#cell(packet, observation, tuple)
    if (entry) this.#entries.set(tupleKey(entry.key), entry)
    else for (const key of [tupleKey(tuple), tupleKey(turned(tuple))]) this.#entries.delete(key)
  }

  #cell(packet: Uint8Array, observation: Observation, tuple: RawTuple): void {
    if (tuple.protocol !== 6 && tuple.protocol !== 132) return
    if (observation.logs.some((text) => BEFORE_TABLE.test(text)) || observation.ctstate === null) return
    const transport = transportOf(packet)
    if (!transport) return
    const before = this.#lookup(tuple)
    const direction = before && tupleKey(before.key) !== tupleKey(tuple) ? 1 : 0
    const state = before?.state ?? 'NONE'
    if (tuple.protocol === 6 && transport.length >= 20) {
      count(this.#cells, `tcp ${direction} ${tcpKind(transport[13]!)} ${state}`)
    } else if (transport.length >= 16) {
      count(this.#cells, `sctp ${direction} ${transport[12]} ${state}`)
    }
  }

  /** The entry as it was before the packet, found by either tuple. */
  #lookup(tuple: RawTuple): KernelEntry | undefined {
    return this.#entries.get(tupleKey(tuple)) ?? this.#entries.get(tupleKey(turned(tuple)))
  }

  /** Everything counted, and what is left out on purpose, as text. */
  report(): string {
    const lines = [`${this.packets} packets: ${listed(this.#classes)}`]
    for (const [protocol, kinds, states] of [
      ['tcp', TCP_KINDS, TCP_STATES],
      ['sctp', SCTP_CHUNKS.map(String), SCTP_STATES],
    ] as const) {
      for (const direction of [0, 1]) {
        lines.push('', `${protocol} ${DIRECTIONS[direction]}: packets by kind and by state before`)
        lines.push(
          row(
            '',
            states.map((state) => state.slice(0, 11)),
          ),
        )
        for (const kind of kinds) {
          const cells = states.map(
            (state) => this.#cells.get(`${protocol} ${direction} ${kind} ${state}`) ?? 0,
          )
          lines.push(
            row(
              kind,
              cells.map((value) => (value === 0 ? '.' : String(value))),
            ),
          )
        }
      }
    }
    lines.push(
      '',
      'log texts of the kernel:',
      ...sorted(this.#logs).map(([text, n]) => `${String(n).padStart(9)}  ${text}`),
    )
    lines.push('', 'reasons of the engine:')
    for (const { code, kind } of REASONS) {
      const reached = this.#reasons.get(code) ?? 0
      lines.push(`${reached === 0 ? '.'.padStart(9) : String(reached).padStart(9)}  ${code} (${kind})`)
    }
    lines.push('', 'left out on purpose:', ...LEFT_OUT.map(({ name, why }) => `  ${name}: ${why}`))
    return lines.join('\n')
  }

  /** Cells and INVALID reasons that the traffic should reach and did not. */
  missing(): string[] {
    const cells: string[] = []
    for (const direction of [0, 1]) {
      for (const kind of TCP_KINDS.slice(0, 5)) {
        for (const state of TCP_STATES) {
          if (direction === 1 && state === 'NONE') continue
          if (!this.#cells.has(`tcp ${direction} ${kind} ${state}`))
            cells.push(`tcp ${DIRECTIONS[direction]} ${kind} ${state}`)
        }
      }
      for (const chunk of SCTP_CHUNKS) {
        for (const state of SCTP_STATES) {
          if (direction === 1 && state === 'NONE') continue
          if (!this.#cells.has(`sctp ${direction} ${chunk} ${state}`))
            cells.push(`sctp ${DIRECTIONS[direction]} ${chunk} ${state}`)
        }
      }
    }
    const reasons = REASONS.filter(
      ({ code, kind }) =>
        (kind === 'invalid' || kind === 'passed' || ALSO_DUE.has(code)) &&
        !isOfLinux24(code) &&
        !this.#reasons.has(code),
    )
    return [...cells, ...reasons.map(({ code }) => `reason ${code}`)]
  }
}

/** The tuple of a packet the other way, where both have ports. */
function turned(tuple: RawTuple): RawTuple {
  return {
    ...tuple,
    source: tuple.destination,
    destination: tuple.source,
    sourcePort: tuple.destinationPort,
    destinationPort: tuple.sourcePort,
  }
}

function tcpKind(flags: number): string {
  if (flags & 4) return 'rst'
  if (flags & 2) return flags & 16 ? 'synack' : 'syn'
  if (flags & 1) return 'fin'
  return flags & 16 ? 'ack' : 'none'
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1)
}

function sorted(map: Map<string, number>): [string, number][] {
  return [...map].sort((a, b) => b[1] - a[1])
}

function listed(map: Map<string, number>): string {
  return sorted(map)
    .map(([name, n]) => `${n} ${name}`)
    .join(', ')
}

function row(head: string, cells: string[]): string {
  return head.padEnd(8) + cells.map((cell) => cell.padStart(12)).join('')
}
