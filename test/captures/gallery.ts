/** Each capture by name, and the calls whose output is approved. */
import * as capturePoint from './capture-point.ts'
import * as damaged from './damaged.ts'
import * as datagrams from './datagrams.ts'
import * as fragments from './fragments.ts'
import * as helpers from './helpers.ts'
import * as icmp from './icmp.ts'
import * as limits from './limits.ts'
import * as links from './links.ts'
import * as linux24 from './linux-24.ts'
import type { Story } from './story.ts'
import * as tcp from './tcp.ts'

export interface Capture {
  /** Files by name. */
  readonly files: () => Readonly<Record<string, Uint8Array>>
  /** Words behind `sallyport replay`. */
  readonly calls: readonly (readonly string[])[]
}

/** One file of the capture's name, and what is asked about it. */
function told(name: string, story: () => Story, ...calls: readonly (readonly string[])[]): Capture {
  const file = `${name}.pcapng`
  return { files: () => ({ [file]: story().file() }), calls: calls.map((words) => [file, ...words]) }
}

/** Files as they are. */
function raw(
  files: () => Readonly<Record<string, Uint8Array>>,
  ...calls: readonly (readonly string[])[]
): Capture {
  return { files, calls }
}

const all = ['--all']
const events = ['--events']
const formats = ['conntrack', 'extended', 'proc', 'ip_conntrack', 'save', 'xml', 'json'] as const
const ftp = ['--helper', 'ftp=tcp/21']
const of24 = ['--linux', '2.4']

export const CAPTURES: Readonly<Record<string, Capture>> = {
  'tcp-handshake': told('handshake', tcp.handshake, [], all, events, ['--json', 'frame', '3']),
  'tcp-close': told('close', tcp.close, all, events, ['--table=proc', '--at', '#9', '--at', '+2m']),
  'tcp-simultaneous-open': told('simultaneous', tcp.simultaneousOpen, all),
  'tcp-resynchronise': told('resynchronise', tcp.resynchronise, all, ['--json', 'frame', '5']),
  'tcp-challenge-ack': told('challenge', tcp.challengeAck, all, events),
  'tcp-resets': told(
    'resets',
    tcp.resets,
    all,
    ['--all', '--sysctl', 'net.netfilter.nf_conntrack_tcp_ignore_invalid_rst=1', 'port', '80'],
    ['--json', 'reason', 'tcp-rst'],
  ),
  'tcp-windows': told(
    'windows',
    tcp.windows,
    all,
    ['--sysctl', 'nf_conntrack_tcp_be_liberal=1'],
    ['--json', 'ctstate', 'INVALID'],
  ),
  'tcp-zero-window': told('zero', tcp.zeroWindow, all),
  'tcp-scaling-sack': told('scaling', tcp.scalingAndSack, all),
  'tcp-picked-up': told('midstream', tcp.pickedUp, [], all, ['--sysctl', 'nf_conntrack_tcp_loose=0']),
  'tcp-malformed': told('malformed', tcp.malformed, [], ['--stats'], ['--checksum=ignore', '--all']),
  udp: told('udp', datagrams.udp, [], all, events, ['--stats']),
  udplite: told('udplite', datagrams.udplite, all, ['--sysctl', 'nf_conntrack_checksum=0', '--all']),
  sctp: told('sctp', datagrams.sctp, all, events, ['--table=proc', '--at', '#4']),
  gre: told('gre', datagrams.gre, all, ['--json', 'frame', '4'], ['--table'], ['--table=proc']),
  generic: told('generic', datagrams.generic, all, ['--table'], ['--table=proc'], ['--table=ip_conntrack']),
  'icmp-queries': told('queries', icmp.queries, [], all, ['--stats'], ['--json', 'frame', '1']),
  'icmp-errors': told('errors', icmp.errors, [], all, ['--all', 'port', '53'], ['--stats']),
  'icmp-neighbours': told('neighbours', icmp.neighbours, all),
  'fragments-ipv4': told('fragments4', fragments.fragments4, [], all, events),
  'fragments-ipv6': told('fragments6', fragments.fragments6, [], all, events),
  ftp: told(
    'ftp',
    helpers.ftp,
    [],
    ftp,
    [...ftp, '--all', 'port', '21'],
    [...ftp, '--expect', '--at', '#10', '--at', '#19', '--at', '+1m'],
    [...ftp, '--table=extended'],
    [...ftp, '--events', 'not', 'port', '21'],
    [...ftp, '--json', 'frame', '12', 'or', 'verdict', 'DROP'],
  ),
  tftp: told(
    'tftp',
    helpers.tftp,
    all,
    ['--helper', 'tftp=udp/69', '--all'],
    ['--helper=tftp=udp/69', '--expect', '--table', '--at=#1'],
  ),
  links: told('links', links.links, [], all, ['--json', 'src', 'host', '192.0.2.9', 'and', 'port', '40010']),
  interfaces: told('interfaces', links.interfaces, all, ['--json', 'tcp']),
  'table-full': told(
    'full',
    limits.tableFull,
    [],
    ['--sysctl=nf_conntrack_max=3', '--all'],
    ['--sysctl=nf_conntrack_max=3', '--stats', '--table', '--events'],
  ),
  'linux-2.4': told(
    'connections',
    linux24.connections,
    [...of24, '--all'],
    all,
    [...of24, '--at', '#7', '--at', '#20'],
    [...of24, '--events', 'port', '40000'],
  ),
  'linux-2.4-datagrams': told(
    'datagrams',
    linux24.datagrams,
    [...of24, '--all'],
    all,
    [...of24, '--table', '--at', '#9'],
    [...of24, '--table=json', '--at', '#9', 'proto', '47'],
  ),
  'linux-2.4-full': told(
    'full',
    limits.tableFull,
    [...of24, '--sysctl=net.ipv4.ip_conntrack_max=3', '--all'],
    [...of24, '--sysctl=nf_conntrack_max=3'],
    [...of24, '--stats'],
    [...of24, '--zone=1'],
  ),
  'linux-2.4-ftp': told('ftp', helpers.ftp, [...of24, ...ftp, '--table', '--at', '#10', '--at', '#19']),
  // Which entry goes is not told: it depends on the secret of the hash, as in the kernel. The limit fills the index's
  // segments so far that each search finds an entry.
  'early-drop': told(
    'half-open',
    limits.halfOpen,
    ['--sysctl=nf_conntrack_max=2300'],
    ['--sysctl=nf_conntrack_max=2300', '--stats'],
  ),
  gaps: told('gaps', limits.gaps, [], all, events, ['--table', '--at', '+60s', '--at', '+2h', '--at', '+6d']),
  tables: told(
    'mixed',
    limits.mixed,
    ...formats.map((format) => [`--table=${format}`]),
    ...formats.map((format) => [
      `--table=${format}`,
      '--zone=7',
      '--sysctl=nf_conntrack_acct=1',
      '--sysctl=nf_conntrack_timestamp=1',
    ]),
    ['--events', '--zone=7', '--sysctl=nf_conntrack_acct=1', '--sysctl=nf_conntrack_timestamp=1'],
  ),
  offload: told('offload', capturePoint.offload, [], ['--checksum=verify'], ['--checksum=ignore', '--all']),
  cuts: told('cuts', capturePoint.cuts, [], all, ['--stats']),
  headers: told('headers', capturePoint.headers, [], all, ['--stats']),
  damaged: raw(
    () => ({
      'truncated.pcap': damaged.truncatedPcap(),
      'truncated.pcapng': damaged.truncatedPcapng(),
      'header.pcap': damaged.truncatedHeader(),
      'usb.pcapng': damaged.unknownLinkType(),
      'wireless.pcapng': damaged.wireless(),
      'block.pcapng': damaged.unknownBlock(),
      'record.pcap': damaged.badRecord(),
      'empty.pcap': new Uint8Array(0),
      'text.pcap': new TextEncoder().encode('this is no capture\n'),
    }),
    ['truncated.pcap'],
    ['truncated.pcap', '--all'],
    ['truncated.pcapng'],
    ['header.pcap'],
    ['usb.pcapng'],
    ['usb.pcapng', '--all'],
    ['wireless.pcapng'],
    ['block.pcapng'],
    ['record.pcap'],
    ['empty.pcap'],
    ['text.pcap'],
    ['truncated.pcap', 'text.pcap', '--stats'],
  ),
  merged: raw(
    () => {
      const story = tcp.close()
      const half = Math.floor(story.packets.length / 2)
      return { 'day.pcap0': story.file(1, half), 'day.pcap1': story.file(half + 1) }
    },
    ['day.pcap1', 'day.pcap0', '--all'],
    ['day.pcap0', 'day.pcap1', '--at', '#day.pcap1:2', '--table=proc'],
    ['day.pcap0', 'day.pcap1', '--json', 'frame', '2'],
    ['day.pcap1'],
  ),
}
