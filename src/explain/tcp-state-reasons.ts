/** Reasons of TCP that lie in the connection's state: transitions, RSTs, reopening, timeouts. */
import type { Catalogue } from './entry.ts'
import { bytes, count, grouped, sequenceAbove, sequenceDistance } from './number-words.ts'
import { article, inDirection, tcpKind, tcpPacket, tcpState } from './protocol-words.ts'

export const tcpStateReasons = {
  'tcp-state': {
    sentence: ({ index, direction, state }, context) =>
      `${tcpPacket(index, context)} ${inDirection(direction)} cannot come in TCP state ${tcpState(state)}`,
    meaning:
      'The transition table has no place for this kind of packet in this direction and TCP state. The packet is INVALID and changes nothing.',
    causes: [
      'Only one direction passes here (asymmetric routing): an ACK in SYN_SENT means that the SYN+ACK took another way.',
      'The capture lost the packet in between.',
      'A client reused its port while the entry of its old connection still lives.',
      'A forged packet or a scan.',
    ],
    remedy:
      'Let both directions pass here. No sysctl lets this packet pass; exempt one-way traffic from tracking (CT --notrack in the raw table).',
    example: { values: { index: 3, direction: 0, state: 1 } },
  },
  'tcp-ignored': {
    sentence: ({ index, direction, state }, context) =>
      `${tcpPacket(index, context)} ${inDirection(direction)} is out of place in TCP state ${tcpState(state)}: let through, no change`,
    meaning:
      'Out of place, but the endpoints may know better. The packet passes, keeps its ctstate, and neither moves the TCP state nor refreshes the timeout. A SYN is remembered: if its SYN+ACK follows, the connection starts anew.',
    causes: [
      'A host rebooted, or reused its port, and sends a SYN into what is a live connection here.',
      'A repeated SYN or SYN+ACK, because its answer was lost behind this point.',
      'A simultaneous open.',
      'A blind attack with a forged SYN (RFC 5961).',
    ],
    remedy:
      'Usually nothing: the next packets settle it. If hosts reuse ports early, look at their port range and their timeouts.',
    example: { values: { index: 0, direction: 0, state: 3 } },
  },
  'tcp-challenge-ack': {
    sentence: () =>
      'this ACK answers a stray SYN (a challenge ACK): it is not the last ACK of the close, no change',
    meaning:
      'In TCP state LAST_ACK a SYN was let through, and the other side answers it with an ACK. It must not be taken for the last ACK of the close, which would move the entry to TIME_WAIT. It passes.',
    causes: ['A client reuses its port before the old connection is fully closed (RFC 5961, 4).'],
    remedy: 'Nothing: the client will send a RST and try again.',
    example: { values: {} },
  },
  'tcp-simultaneous-open': {
    sentence: () => 'both sides sent a SYN (simultaneous open): TCP state is now SYN_SENT2',
    meaning:
      'A SYN came in the reply direction while the first was unanswered. RFC 9293 allows it (3.5, figure 7).',
    causes: [
      'Peer-to-peer software that opens from both ends at once to pass NAT (hole punching).',
      'BGP or another protocol whose two ends both connect from a fixed port.',
    ],
    remedy: 'Nothing: it is allowed.',
    example: { values: {} },
  },
  'tcp-resynchronised': {
    sentence: ({ state }) =>
      `this SYN+ACK answers a SYN ignored before: the connection starts anew from TCP state ${tcpState(state)}`,
    meaning:
      'Both ends agree on a new connection with the addresses and ports of the old one. The entry is kept, ASSURED too, and goes to SYN_RECV with the new sequence numbers.',
    causes: [
      'One end lost its connection (crash, reboot, abort unseen here) and opened a new one from the same port.',
    ],
    remedy: 'Nothing for tracking. Look for why the old connection did not end.',
    example: { values: { state: 3 } },
  },
  'tcp-reopened': {
    sentence: ({ state }) =>
      `a SYN in TCP state ${tcpState(state)}: the old entry is deleted, a new connection begins`,
    meaning:
      'The old connection had ended in order (FIN), or this side had reset it. Its entry is replaced; the packet is NEW, and whoever sent it is the new original side.',
    causes: [
      'A busy client reuses its port within tcp_timeout_time_wait (120 s) or tcp_timeout_close (10 s).',
    ],
    remedy: 'Nothing: it is ordinary. NAT bindings are chosen anew.',
    example: { values: { state: 7 } },
  },
  'tcp-rst': {
    sentence: ({ sequence, maxAck }) =>
      `RST at SEQ ${sequence} is ${bytes(sequenceAbove(maxAck, sequence))} before ${maxAck}, its receiver's highest ACK`,
    meaning:
      'The receiver has already acknowledged what lies at this sequence number and would not accept this RST. The packet is INVALID, so that a forged or late RST cannot end the entry.',
    causes: [
      'A late RST: one that was overtaken by data and ACKs.',
      'A host, load balancer or inspection box that resets with an old sequence number.',
      'A forged RST.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_tcp_ignore_invalid_rst=1 lets such RSTs pass; rules that drop INVALID will otherwise swallow them.',
    example: { values: { sequence: 400, maxAck: 601 } },
  },
  'tcp-rst-doubted': {
    sentence: ({ sequence, maxAck, state }) =>
      `RST at SEQ ${sequence} is ${sequenceDistance(sequence, maxAck)} ${maxAck}, its receiver's highest ACK: state stays ${tcpState(state)}`,
    meaning:
      'Only an RST at exactly the next expected number ends a connection; to any other the receiver answers with a challenge ACK (RFC 5961, 3.2). If it is within window the packet passes and the TCP state stays, but the timeout drops to tcp_timeout_close (10 s) until other packets come.',
    causes: [
      'An RST that crossed data or an ACK on the way.',
      'A host that resets at the end of its own sent data, of which some was lost or is unacknowledged.',
      'A blind attack with a forged RST.',
    ],
    remedy:
      'Usually nothing. If the connection is idle for 10 s afterwards its entry is gone: net.netfilter.nf_conntrack_tcp_timeout_close is how long.',
    example: { values: { sequence: 610, maxAck: 601, state: 3 } },
  },
  'tcp-rst-deleted': {
    sentence: () =>
      'RST before any reply had been let through: the entry is deleted at once, not kept in CLOSE',
    meaning:
      'No packet in the reply direction had been accepted before this one. The RST passes with its ctstate and takes the entry with it. What comes later finds no connection.',
    causes: [
      'The port is closed: the RST is the first answer to the SYN ("connection refused").',
      'The client gave up before it was answered.',
    ],
    remedy: 'Nothing for tracking. Look at whether the service listens.',
    example: { values: {} },
  },
  'tcp-response-timeout': {
    sentence: ({ index, direction, lastIndex, ticks, seconds }) =>
      `${article(tcpKind(index))} ${inDirection(direction)} answers ${article(tcpKind(lastIndex))}: timeout now ${grouped(seconds)} s (${ticks} ticks)`,
    meaning:
      'The packet is out of window and so INVALID, but as it answers a FIN or RST of the other side the connection is taken to be ending. The entry of an ASSURED connection does not keep its days of timeout.',
    causes: [
      'A connection closes while the tracker and the endpoints disagree on the window; the other reason of this packet says by how much.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_tcp_timeout_unacknowledged is the new timeout. Mend the other reason first.',
    example: { values: { index: 4, direction: 1, lastIndex: 2, ticks: 75_000, seconds: 300 } },
  },
  'tcp-retransmitted': {
    sentence: ({ times, seconds }) =>
      `the same segment was repeated ${count(times, 'time')}: timeout is ${grouped(seconds)} s until something else comes`,
    meaning:
      'The same side repeated the same segment (sequence, ACK, length and window alike) tcp_max_retrans times or more. The timeout is the shorter tcp_timeout_max_retrans until something else comes.',
    causes: [
      'The other side is gone, or its answers take another way or are dropped.',
      'A burst of duplicate ACKs after a loss, or keep-alives: harmless.',
    ],
    remedy:
      'net.netfilter.nf_conntrack_tcp_max_retrans is how many, net.netfilter.nf_conntrack_tcp_timeout_max_retrans how long.',
    example: { values: { times: 3, seconds: 300 } },
  },
} as const satisfies Partial<Catalogue>
