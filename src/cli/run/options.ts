/** The options that say how packets are judged: rules, the host that they are for, the tracker. Shared by the commands that run captures. */
import { type Options, ValueError, type Values } from '../command.ts'
import { hostOptions } from './host-options.ts'

const rules = 'Rules'
const table = 'The state table'
const tracker = 'The tracker'

export const runOptions = {
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
  tableIn: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group: table,
    sentence: 'begin with this table instead of an empty one: what conntrack -L -o extended printed',
  },
  linux: {
    kind: 'enum',
    valueName: 'VERSION',
    values: ['6.18', '2.4'],
    default: '6.18',
    group: tracker,
    sentence:
      'whose connection tracking it is: that of today, or that of 2.4, which the old articles describe',
  },
  sysctl: {
    kind: 'list',
    parse: parseSysctl,
    valueName: 'NAME=VALUE',
    group: tracker,
    sentence:
      'a setting by its own name, e.g. net.netfilter.nf_conntrack_tcp_loose=0; with rules also net.ipv4.conf.IFACE.rp_filter',
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
} as const satisfies Options

export type RunOptions = Values<typeof runOptions>

/** @throws ValueError */
export function parseSysctl(text: string): { readonly name: string; readonly value: string } {
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
