/** The options of `sallyport replay`, and what a call of it asks for. */
import type { Filter } from '../filter/filter.ts'
import type { TableFormatName } from '../format/table-format.ts'
import { type Options, ValueError, type Values } from './command.ts'
import { hostOptions } from './host-options.ts'
import { parseMoment } from './moment.ts'
import { parseZone } from './zone.ts'

/** Every format of the state table; the formats themselves are loaded when one is printed. */
const formats: Readonly<Record<TableFormatName, true>> = {
  conntrack: true,
  extended: true,
  proc: true,
  ip_conntrack: true,
  save: true,
  xml: true,
  json: true,
}

const shown = 'What is shown'
const rules = 'Rules'
const table = 'The state table'
const tracker = 'The tracker'
const inOut = 'Input and output'

export const replayOptions = {
  all: {
    kind: 'flag',
    group: shown,
    sentence: 'every packet, not only those out of the ordinary',
  },
  json: {
    kind: 'flag',
    group: shown,
    sentence: 'one line of JSON (NDJSON) for each packet, and nothing else',
  },
  events: {
    kind: 'flag',
    group: shown,
    sentence: 'NEW, UPDATE and DESTROY, as conntrack -E -o timestamp prints them',
  },
  stats: {
    kind: 'flag',
    group: shown,
    sentence: 'the counters at the end, as conntrack -S prints them',
  },
  tz: {
    kind: 'parsed',
    parse: parseZone,
    valueName: 'ZONE',
    group: shown,
    sentence: 'read and print times in this zone: UTC, +02:00, Europe/Berlin (default UTC)',
  },
  rules: {
    kind: 'text',
    short: 'r',
    valueName: 'FILE',
    completes: 'files',
    group: rules,
    sentence:
      'evaluate these rules: what iptables-save prints, a file for iptables-restore, or a script of iptables commands',
  },
  rules6: {
    kind: 'text',
    short: '6',
    valueName: 'FILE',
    completes: 'files',
    group: rules,
    sentence: 'the same for IPv6, of ip6tables',
  },
  ipset: {
    kind: 'list',
    parse: (text) => text,
    valueName: 'FILE',
    completes: 'files',
    group: rules,
    sentence: 'the sets that -m set and -j SET name: what ipset save prints',
  },
  timeouts: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group: rules,
    sentence: 'the policies that -j CT --timeout names, a line each as in nfct timeout add',
  },
  trace: {
    kind: 'enum',
    valueName: 'FORM',
    values: ['rules', 'kernel'],
    implied: 'rules',
    group: rules,
    sentence:
      'with --all or --json, every rule that each packet met, and the condition that failed first; kernel: only the lines of -j TRACE, for all packets where no rule has it',
  },
  counters: {
    kind: 'flag',
    group: rules,
    sentence: 'the rules with their counters at the end, as iptables-save -c prints them, and nothing else',
  },
  unknown: {
    kind: 'enum',
    valueName: 'HOW',
    values: ['refuse', 'ignore'],
    default: 'refuse',
    group: rules,
    sentence: 'what becomes of rules that cannot be evaluated; ignore: they match no packet, and are told',
  },
  asRecorded: {
    kind: 'flag',
    group: rules,
    sentence:
      'evaluate every packet as it was recorded; else what follows a dropped opening packet counts as not sent',
  },
  conntrack: {
    kind: 'enum',
    valueName: 'WHEN',
    values: ['always', 'auto'],
    default: 'always',
    group: rules,
    sentence: 'auto: track only where a rule needs it, for each family, as Linux does',
  },
  seed: {
    kind: 'number',
    minimum: 1,
    maximum: 2 ** 31 - 1,
    default: 1,
    valueName: 'N',
    group: rules,
    sentence: 'of the random numbers of -m statistic and of ports that NAT chooses',
  },
  ...hostOptions,
  table: {
    kind: 'enum',
    valueName: 'FORMAT',
    values: Object.keys(formats) as TableFormatName[],
    implied: 'conntrack',
    group: table,
    sentence: 'the state table at the end, or at each --at',
  },
  at: {
    kind: 'list',
    parse: parseMoment,
    valueName: 'MOMENT',
    group: table,
    sentence:
      "show the table at this moment: 12:34:56.7, 2026-11-24T12:34:56, +3.5s after the first packet, '#120' right after packet 120",
  },
  expect: {
    kind: 'flag',
    group: table,
    sentence: 'the expectations, as conntrack -L expect prints them',
  },
  tableIn: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group: table,
    sentence: 'begin with this table instead of an empty one: what conntrack -L -o extended printed',
  },
  sysctl: {
    kind: 'list',
    parse: parseSysctl,
    valueName: 'NAME=VALUE',
    group: tracker,
    sentence: 'a setting by its own name, e.g. net.netfilter.nf_conntrack_tcp_loose=0',
  },
  sysctlFile: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group: tracker,
    sentence: 'settings as sysctl -a prints them; what --sysctl says counts more',
  },
  hz: {
    kind: 'number',
    minimum: 24,
    maximum: 1200,
    default: 250,
    valueName: 'N',
    completes: ['100', '250', '300', '1000'],
    group: tracker,
    sentence: 'clock ticks a second, CONFIG_HZ of the kernel',
  },
  helper: {
    kind: 'list',
    parse: parseHelper,
    valueName: 'NAME=PROTO/PORT',
    completes: ['ftp=tcp/21', 'tftp=udp/69'],
    group: tracker,
    sentence: 'assign a helper to a port, e.g. ftp=tcp/21',
  },
  zone: {
    kind: 'number',
    minimum: 0,
    maximum: 65_535,
    default: 0,
    valueName: 'N',
    group: tracker,
    sentence: 'the conntrack zone that packets are tracked in',
  },
  checksum: {
    kind: 'enum',
    valueName: 'MODE',
    values: ['auto', 'verify', 'ignore'],
    default: 'auto',
    group: tracker,
    sentence:
      'verify checksums, or ignore them; auto verifies unless the capture shows that they were offloaded',
  },
  write: {
    kind: 'text',
    short: 'w',
    valueName: 'FILE',
    completes: 'files',
    group: inOut,
    sentence:
      'write every packet, whatever the selection, as pcapng with ctstate, reason and entry in its comment; - is standard output, and the report goes to standard error',
  },
} as const satisfies Options

export type ReplayOptions = Values<typeof replayOptions>

/** What a call of `sallyport replay` asks for. */
export interface ReplayRequest {
  readonly options: ReplayOptions
  /** At least one; `-` is standard input. */
  readonly files: readonly string[]
  /** What is shown; null for everything. */
  readonly filter: Filter | null
}

/** @throws ValueError */
function parseSysctl(text: string): { readonly name: string; readonly value: string } {
  const [, name, value] = /^\s*([\w./-]+?)\s*=\s*(\S+)\s*$/.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new ValueError('expected NAME=VALUE such as net.netfilter.nf_conntrack_tcp_loose=0')
  }
  return { name, value }
}

export interface HelperAssignment {
  readonly helper: 'ftp' | 'tftp'
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

/** @throws ValueError */
function parseHelper(text: string): HelperAssignment {
  const [, helper, protocol, digits] = /^(\w+)=(\w+)\/(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (helper === undefined || protocol === undefined || port < 1 || port > 65_535) {
    throw new ValueError('expected NAME=PROTO/PORT such as ftp=tcp/21')
  }
  if (helper === 'ftp' && protocol === 'tcp') return { helper, protocol, port }
  if (helper === 'tftp' && protocol === 'udp') return { helper, protocol, port }
  throw new ValueError('expected one of the helpers ftp=tcp/PORT and tftp=udp/PORT')
}
