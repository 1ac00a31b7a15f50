/** Reasons of TCP's window check: which of its four bounds a segment overstepped. */
import type { Catalogue } from './entry.ts'
import { bytes, sequenceAbove, sequencePlus } from './number-words.ts'

const LIBERAL =
  'net.netfilter.nf_conntrack_tcp_be_liberal=1 lets every segment that is out of window pass (RSTs are still checked).'

// Bounds are exclusive as the tracker compares them, and as the kernel's log prints them; the sentences name the last
// number that is allowed.
export const tcpWindowReasons = {
  'tcp-seq-high': {
    sentence: ({ sequence, end, upper }) => {
      const edge = sequencePlus(upper, -1)
      const to = end === sequence ? '' : ` (to ${end})`
      return `SEQ ${sequence}${to} starts ${bytes(sequenceAbove(sequence, edge))} beyond ${edge}, where the receiver's window ends`
    },
    meaning:
      "The segment begins beyond what the receiver has allowed, by its highest ACK and the window it advertised, as seen here. The packet is INVALID. The kernel's log prints the bound as one more.",
    causes: [
      'The ACK that opened the window further took another way, or the capture lost it.',
      'A window scale was removed or changed between here and one end, or its SYN was not seen.',
      'A box between here and one end shifts sequence numbers in one direction only.',
      'An old connection with the same ports: a difference of many millions tells it.',
      'A forged segment.',
    ],
    remedy: `${LIBERAL} Better find where the other direction's packets or the window scale get lost.`,
    example: { values: { sequence: 13_605, end: 15_065, upper: 12_405 } },
  },
  'tcp-ack-high': {
    sentence: ({ acknowledgment, upper }, context) => {
      const edge = sequencePlus(upper, -1)
      const own = context.acknowledgment
      const what =
        own === undefined || own === acknowledgment
          ? `ACK ${acknowledgment}`
          : `SACK to ${acknowledgment} (ACK ${own})`
      return `${what} acknowledges ${bytes(sequenceAbove(acknowledgment, edge))} never seen: the other side sent up to ${edge}`
    },
    meaning:
      "The segment acknowledges data that the tracker never saw from the other side. The packet is INVALID. SACK blocks count too. The kernel's log prints the bound as one more.",
    causes: [
      'Data in the other direction took another way, or the capture lost it.',
      'The other direction was itself INVALID and therefore not taken into account: look for an earlier reason of this connection.',
      'A firewall on the way that randomises sequence numbers but leaves SACK blocks alone.',
      'A late packet of an older connection with the same ports: a difference of many millions tells it.',
      'A forged segment.',
    ],
    remedy: `${LIBERAL} Better find where the other direction's packets get lost.`,
    example: { values: { acknowledgment: 9001, upper: 8761 } },
  },
  'tcp-seq-low': {
    sentence: ({ end, lower }) => {
      const edge = sequencePlus(lower, 1)
      return `segment ends at ${end}, ${bytes(sequenceAbove(edge, end))} before ${edge}, the oldest its receiver can still want: let through`
    },
    meaning:
      "All of the segment lies further back than one window of the receiver: old data, acknowledged long ago. The packet passes and keeps its ctstate, but changes nothing, nor does it refresh the timeout. The kernel's log prints the bound as one less.",
    causes: [
      'A retransmission that was not needed, or a packet that took long on its way.',
      'A keep-alive of a peer whose later data was seen here but never arrived.',
      'A late packet of an older connection with the same ports.',
    ],
    remedy:
      'Usually nothing: its receiver discards it. net.netfilter.nf_conntrack_tcp_be_liberal=1 lets it refresh the timeout too.',
    example: { values: { end: 5000, lower: 6199 } },
  },
  'tcp-ack-low': {
    sentence: ({ acknowledgment, lower }) => {
      const edge = sequencePlus(lower, 1)
      return `ACK ${acknowledgment} is ${bytes(sequenceAbove(edge, acknowledgment))} below ${edge}, the oldest still plausible: let through`
    },
    meaning:
      "The ACK lags behind what the other side sent by more than 66,000 bytes, and by more than the sender's largest window. The packet passes and keeps its ctstate, but changes nothing, nor does it refresh the timeout. The kernel's log prints the bound as one less.",
    causes: [
      'An ACK that took very long on its way.',
      'A late packet of an older connection with the same ports.',
      'A window scale that was not seen, so that the tracker takes the window for smaller than it is.',
    ],
    remedy: 'Usually nothing. net.netfilter.nf_conntrack_tcp_be_liberal=1 lets it refresh the timeout too.',
    example: { values: { acknowledgment: 1000, lower: 66_000 } },
  },
  'tcp-overshoot': {
    sentence: ({ over, sequence, upper }) => {
      const edge = sequencePlus(upper, -1)
      return `SEQ ${sequence} is past ${edge}, where the receiver's window ends, and runs ${bytes(sequencePlus(over, -1))} over: let through`
    },
    meaning:
      "The segment begins beyond what the receiver has allowed, but by no more than one further window, and all else fits: an ACK was probably missed here. The packet passes and its end is remembered, but the timeout is not refreshed. The kernel's log counts one byte more.",
    causes: [
      'The ACK that opened the window took another way, or the capture lost it.',
      'A sender that probes or overruns a small window.',
    ],
    remedy:
      "Nothing, unless it comes often: then find where the other direction's ACKs get lost. net.netfilter.nf_conntrack_tcp_be_liberal=1 lets it refresh the timeout too.",
    example: { values: { over: 1001, sequence: 12_500, upper: 12_001 } },
  },
} as const satisfies Partial<Catalogue>
