/** Reasons that only the tracker of Linux 2.4 gives. */
import type { Catalogue } from './entry.ts'
import { tcpFlagNames, tcpPacket, tcpState } from './protocol-words.ts'

export const linux24Reasons = {
  'tcp24-no-flags': {
    sentence: ({ flags }) =>
      `none of RST, SYN, FIN and ACK is set (${tcpFlagNames(flags)}): Linux 2.4 has no state for it`,
    meaning:
      'The only flags that Linux 2.4 refuses: with any of the four a segment has a kind, whatever else is set beside it. The packet is INVALID and changes nothing; the kernel logs nothing.',
    causes: ['A null scan, or a crafted packet.'],
    remedy: 'Drop it, as INVALID or by --tcp-flags SYN,RST,ACK,FIN NONE.',
    example: { values: { flags: 0x28 } },
  },
  'tcp24-opened': {
    sentence: ({ index, state }, context) =>
      `${tcpPacket(index, context)} opens an entry in TCP state ${tcpState(state)}: in Linux 2.4 it need not be a SYN`,
    meaning:
      'Any segment without an entry is NEW in Linux 2.4 and begins one: a SYN+ACK in SYN_SENT, an ACK in ESTABLISHED for five days, a FIN in TIME_WAIT, an RST in CLOSE, which is gone with the next clock tick. Such an entry gets ASSURED only if it is opened anew by a handshake.',
    causes: [
      'The connection is older than the capture, or than the tracker: Linux 2.4 picks it up in this way after a restart.',
      'The entry of an idle connection ran out, and the connection goes on.',
      'A stray from the end of a connection: the FIN+ACK or RST of a peer that closes late.',
      'A scan: ACK, FIN, or SYN+ACK without a SYN ahead of it.',
    ],
    remedy:
      'The rule of the old articles: -p tcp ! --syn -m state --state NEW -j DROP. Since then a SYN+ACK, FIN or RST without a connection is no longer NEW.',
    example: { values: { index: 1, state: 1 } },
  },
  'tcp24-reopened': {
    sentence: ({ state, newState }) =>
      `a SYN in TCP state ${tcpState(state)}: the same entry goes on in ${tcpState(newState)}, so it is ESTABLISHED`,
    meaning:
      'Linux 2.4 does not replace the entry of a connection that has closed. The SYN of the next one is no NEW packet: rules on NEW do not see it, and ASSURED stays from before.',
    causes: [
      'A client reuses its port within two minutes after the close.',
      'In the reply direction: the server opens a connection from the same port back to the same port.',
    ],
    remedy: 'Nothing: it is how that kernel was. Today the old entry is deleted, and the SYN is NEW.',
    example: { values: { state: 7, newState: 1 } },
  },
  'icmp24-answered': {
    sentence: () => 'every request of this entry is answered: Linux 2.4 deletes it at once',
    meaning:
      'Requests add to a counter, answers take from it, and the entry goes when nothing is left open. The next request begins another one and is NEW.',
    causes: ['An ordinary ping: one answer for each request.'],
    remedy: 'Nothing: it is ordinary. Today the entry lives on for 30 s.',
    example: { values: {} },
  },
} as const satisfies Partial<Catalogue>
