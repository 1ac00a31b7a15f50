/**
 * Situations: what lies behind a reason or a verdict, concluded from the story of the connection. `explain` tells them of a
 * packet, `replay` of a whole run. Like reasons, each has a stable code, a meaning and a remedy; the reference page has all.
 */
export const SITUATIONS = [
  'table-full',
  'nat-skipped',
  'after-close',
  'after-expiry',
  'late-answer',
  'mid-stream',
  'out-of-window',
  'reset-refused',
  'port-reused',
  'challenge-ack',
  'repeated',
  'one-sided',
  'handshake-order',
  'out-of-state',
  'related',
  'not-sent',
  'refused',
  'scan',
  'syn-flood',
  'no-connection',
  'reason',
  'ordinary',
] as const

/** The code of a situation. */
export type SituationCode = (typeof SITUATIONS)[number]

export interface SituationEntry {
  /** What has happened. */
  readonly meaning: string
  /** What to do about it. */
  readonly remedy: string
}

export const situations: Readonly<Record<SituationCode, SituationEntry>> = {
  'table-full': {
    meaning:
      'A new connection found the table full, and nothing that could make room. It is told what fills it: states, sources, services.',
    remedy:
      'Look at what fills the table first. Then raise net.netfilter.nf_conntrack_max, shorten a timeout, or exempt traffic from tracking.',
  },
  'nat-skipped': {
    meaning:
      'The packet belongs to a connection that NAT translates, but it is INVALID, and INVALID packets are not translated. An answer from outside therefore ends at the host itself, which knows no such connection and sends a RST; that resets the connection of whoever is behind the NAT. What comes from inside leaves with its private address.',
    remedy:
      'Drop INVALID in INPUT and FORWARD, so that no RST is sent, or net.netfilter.nf_conntrack_tcp_be_liberal=1, so that it is not INVALID.',
  },
  'after-close': {
    meaning:
      'The connection was closed or reset, and its entry has ended. What comes now belongs to nothing: a FIN or data sent again, a late ACK. Browsers that close idle connections late are the usual sender.',
    remedy:
      'Nothing: it is harmless. A rule that drops INVALID ahead of the one that logs keeps it out of the log.',
  },
  'after-expiry': {
    meaning:
      'The connection was open and silent for longer than its timeout, and its entry expired. Its next packet begins anew: it is picked up in mid-stream (NEW), or INVALID. Where rules want a SYN of what is NEW, the session hangs.',
    remedy: 'TCP keep-alives below the timeout, or a longer timeout, by the sysctl that is named.',
  },
  'late-answer': {
    meaning:
      'The answer came after its entry had expired. It looks like a new connection from the other side, and is judged like one.',
    remedy: 'A longer timeout, by the sysctl that is named; or find why the answer takes so long.',
  },
  'mid-stream': {
    meaning:
      'A connection whose beginning was not seen: it was open before the capture, or its SYN took another way. Tracking picks it up with its first packet, which is NEW, and does not judge its windows until both sides were seen.',
    remedy:
      'Begin the capture earlier, or give the table of that time (--table-in). What the host itself made of it depends on its own table.',
  },
  'out-of-window': {
    meaning:
      'A segment of a known connection lies outside of the window that was seen, and is INVALID. Where rules drop it, its sender repeats it in vain: the connection stalls.',
    remedy:
      'Find what changes or hides window scales, ACKs or sequence numbers. net.netfilter.nf_conntrack_tcp_be_liberal=1 lets such segments pass.',
  },
  'reset-refused': {
    meaning:
      'A RST that its receiver would not have taken, either: late, or forged by somebody who guesses. It is INVALID and ends nothing.',
    remedy:
      'Nothing, unless it comes from the real peer: net.netfilter.nf_conntrack_tcp_ignore_invalid_rst=1.',
  },
  'port-reused': {
    meaning:
      'A SYN came for addresses and ports of which the table still has a connection. After a close that begins anew; in a living connection the SYN passes, and the other side has to settle it.',
    remedy:
      'More ports for the client (net.ipv4.ip_local_port_range), fewer connections that are opened anew for each request, or a shorter net.netfilter.nf_conntrack_tcp_timeout_time_wait.',
  },
  'challenge-ack': {
    meaning:
      'An ACK that answers a SYN which came for a connection that is still open: its receiver asks whether that SYN is meant (RFC 5961, 4). It passes; a sender that has lost the old connection answers with a RST.',
    remedy: 'Nothing: the two ends settle it.',
  },
  repeated: {
    meaning:
      'The packet carries only what its side sent before. It passes; a SYN or SYN+ACK that comes again does not renew the timeout of its entry, and neither does data that was acknowledged long ago.',
    remedy:
      'Nothing if it is rare. If it is not: packets are lost on the way, or their answers take another one.',
  },
  'one-sided': {
    meaning:
      'Packets of one direction only pass here, so the handshake is never complete: what follows the SYN is INVALID, or every packet is NEW.',
    remedy:
      'Route both directions through this host, capture where both pass, or exempt the traffic from tracking (CT --notrack in the raw table).',
  },
  'handshake-order': {
    meaning:
      'The SYN+ACK came ahead of the SYN that it answers: packets of two ways, queues or interfaces were put in the wrong order, in the network or by the capture. It answers nothing that is known, so it is INVALID; the SYN behind it opens an entry that is never answered, and what both sides send then is INVALID, too. A rule that drops INVALID breaks the connection.',
    remedy:
      'If only the capture is out of order, capture again (one interface, one queue), or put its packets in order by hand: the host saw them otherwise. If they come like this, find what reorders them.',
  },
  'out-of-state': {
    meaning:
      'Packets of a known connection have no place in its state, and are INVALID: what came between was lost, or came in another order.',
    remedy: 'Look at the story of the connection for what is missing. No sysctl lets such packets pass.',
  },
  related: {
    meaning:
      'The packet belongs to another connection: an ICMP error about it, or a connection that it announced.',
    remedy: 'Nothing: accept RELATED.',
  },
  'not-sent': {
    meaning:
      'These rules would have dropped the packet that opened the connection; this one would not have been sent then, and is not judged.',
    remedy: 'Look at the packet that is named. --as-recorded judges all packets all the same.',
  },
  refused: {
    meaning: 'Rules or a policy dropped or rejected what would have opened a connection.',
    remedy: 'If it shall be let in, a rule that accepts it has to stand ahead of the one that is named.',
  },
  scan: {
    meaning:
      'One source tried many addresses or ports, and hardly any answered: somebody looks for what is open, or a program has old addresses.',
    remedy:
      'Nothing that a default of DROP does not do already. A limit on logging keeps the log readable (-m hashlimit --hashlimit-mode srcip).',
  },
  'syn-flood': {
    meaning:
      'Many SYNs for one service, and hardly any handshake was finished. Each holds an entry for net.netfilter.nf_conntrack_tcp_timeout_syn_recv or _syn_sent.',
    remedy:
      'net.ipv4.tcp_syncookies=1 on the server. On a firewall: a rule with limit, SYNPROXY, or CT --notrack for what floods; see that the table has room.',
  },
  'no-connection': {
    meaning:
      'A packet of a connection that nobody has seen here, of a kind that cannot begin one. It may be older than the capture, a scan, or the echo of an attack elsewhere (backscatter).',
    remedy: 'Drop INVALID. Nothing is lost by it.',
  },
  reason: {
    meaning: 'What is out of the ordinary is told by the reason of the packet.',
    remedy: 'As its reason says.',
  },
  ordinary: {
    meaning: 'Nothing is out of the ordinary.',
    remedy: 'Nothing.',
  },
}
