/** Reasons of any protocol: tuples, the table's limit, clashes, expectations and helpers. */
import { ftpPatterns } from '../conntrack/helper/ftp-parse.ts'
import type { Catalogue } from './entry.ts'
import { bytes, count, grouped } from './number-words.ts'

export const tableReasons = {
  'tuple-short': {
    sentence: ({ length, needed }) =>
      `only ${bytes(length)} behind the IP header, and ${needed === 4 ? 'the ports take' : 'Linux 2.4 asks for'} ${grouped(needed)}`,
    meaning:
      'By its IP length the packet ends before its ports, so it cannot belong to any connection. It is INVALID; the kernel logs nothing.',
    causes: ['A crafted or damaged packet.'],
    remedy: 'No sysctl lets it pass. Look for the sender.',
    example: { values: { length: 3, needed: 4 } },
  },
  'wrong-family': {
    sentence: (_values, { family }) =>
      family === 'ipv6'
        ? 'ICMP (protocol 1) over IPv6, where only ICMPv6 belongs'
        : family === 'ipv4'
          ? 'ICMPv6 (protocol 58) over IPv4, where only ICMP belongs'
          : 'ICMP over IPv6, or ICMPv6 over IPv4: neither belongs there',
    meaning: 'Each IP version has an ICMP of its own. The packet is INVALID; the kernel logs nothing.',
    causes: ['A crafted packet, or a broken translator between IPv4 and IPv6.'],
    remedy: 'No sysctl lets it pass.',
    example: { values: {}, context: { family: 'ipv6' } },
  },
  'table-full': {
    sentence: ({ entries, limit }) =>
      `the table is full: ${count(entries, 'entry', 'entries')}, the limit is ${grouped(limit)}, and none could be evicted`,
    meaning:
      'A new entry is needed, nf_conntrack_max is reached, and no entry near by is un-ASSURED so that it could make room. The packet is dropped by the tracker itself, before any further rule. The kernel logs that the table is full.',
    causes: [
      'More connections at a time than the limit allows.',
      'Entries that live on long after their connection: closed without FIN or RST, five days in ESTABLISHED.',
      'A flood of connections, or a scan from inside.',
    ],
    remedy:
      'Raise net.netfilter.nf_conntrack_max (and nf_conntrack_buckets), shorten net.netfilter.nf_conntrack_tcp_timeout_established, or exempt traffic from tracking (CT --notrack in the raw table).',
    example: { values: { entries: 262_144, limit: 262_144 } },
  },
  'early-drop': {
    sentence: ({ evicted, limit }) =>
      `the table is full (limit ${grouped(limit)}): ${count(evicted, 'entry', 'entries')} without ASSURED ${evicted === 1 ? 'was' : 'were'} evicted to make room`,
    meaning:
      'The packet gets its entry at the expense of others. Which ones the kernel picks hangs on its secret hash; here it is another one of the same kind. Packets of an evicted connection will look NEW or INVALID.',
    causes: [
      'More connections at a time than the limit allows.',
      'A flood of connections that are never answered, or a scan.',
    ],
    remedy: 'Raise net.netfilter.nf_conntrack_max (and nf_conntrack_buckets).',
    example: { values: { evicted: 1, limit: 262_144 } },
  },
  clash: {
    sentence: () =>
      "its addresses and ports equal another entry's by now, so it cannot be confirmed: dropped",
    meaning:
      'At the end of its way, after NAT, the tuple of the new entry in one direction equals that of an entry already in the table. The packet is dropped (insert_failed).',
    causes: [
      'Source NAT that has run out of ports for one destination.',
      'Two hosts behind NAT use a protocol without ports (ESP, GRE) to the same peer.',
    ],
    remedy: 'Give source NAT more addresses or ports. No sysctl changes it.',
    example: { values: {} },
  },
  'clash-resolved': {
    sentence: () => "its addresses and ports equal another entry's by now: it joins that one and passes",
    meaning:
      'Two first packets of one flow were under way at once, or NAT gave two flows the same tuple. For UDP, UDP-Lite and GRE the kernel settles it in place of dropping the packet (clash_resolve).',
    causes: ['A resolver that sends the A and AAAA query from one socket at once.'],
    remedy: 'Nothing.',
    example: { values: {} },
  },
  'related-expected': {
    sentence: ({ masterId }) =>
      `expected: a helper announced this connection, on behalf of entry ${masterId}`,
    meaning:
      'The first packet fits an expectation, so its ctstate is RELATED instead of NEW until a reply is seen. The mark is copied from the entry that asked for it.',
    causes: ['A data connection of FTP, a transfer of TFTP.'],
    remedy: 'Nothing: accept RELATED for it, best with -m helper --helper NAME.',
    example: { values: { masterId: 3141592653 } },
  },
  'helper-partial': {
    sentence: ({ pattern }) =>
      `the FTP helper drops it: looks like ${JSON.stringify(ftpPatterns[pattern] ?? `pattern ${pattern}`)}, but is incomplete or malformed`,
    meaning:
      'The line begins like one that announces a data connection, but address and port cannot be read. The helper drops the packet, hoping that it is sent again in one piece. The kernel logs "partial matching".',
    causes: [
      'The command came split over two segments.',
      'A client that sends a malformed address or port, or no CR at its end.',
    ],
    remedy: 'Use passive mode or EPSV, or take the helper off this connection (-j CT --helper).',
    example: { values: { pattern: 0 } },
  },
  'helper-cannot-expect': {
    sentence: () => 'the helper drops it: the connection it announces cannot be added to the expectations',
    meaning:
      'Another connection already expects the same, or an overlapping, connection. The kernel logs "cannot add expectation".',
    causes: ['Two control connections announce the same address and port within five minutes.'],
    remedy:
      'Usually nothing: the client tries another port. net.netfilter.nf_conntrack_expect_max limits all expectations.',
    example: { values: {} },
  },
  expectation: {
    sentence: ({ port }) =>
      `announces a connection to port ${port}, which is expected from now on and will be RELATED`,
    meaning:
      'A helper read address and port in this packet and added an expectation, which lasts for 300 s or until it is used.',
    causes: ['PORT, EPRT, 227 or 229 on an FTP control connection; a read or write request of TFTP.'],
    remedy: 'Nothing: it is what the helper is for.',
    example: { values: { port: 50_123 } },
  },
} as const satisfies Partial<Catalogue>
