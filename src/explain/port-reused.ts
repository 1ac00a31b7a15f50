/** A SYN for addresses and ports that are taken still. */
import type { PacketRecord } from '../replay/record.ts'
import type { PacketFacts, Told } from './explanation.ts'
import { duration } from './number-words.ts'
import { tcpState } from './protocol-words.ts'

const KIND_SYN = 0

export function portReused({ record, before, closedBy, seconds, lastTimeout }: PacketFacts): Told | null {
  const reason = reusing(record)
  if (reason === null) return null
  if (reason.code === 'tcp-reopened') {
    const since =
      closedBy === null
        ? ''
        : ` ${duration(seconds - closedBy.seconds)} after packet ${closedBy.packet} closed the connection`
    const timeout = lastTimeout === null ? '' : ` of ${duration(lastTimeout.seconds)}`
    return {
      situation: 'port-reused',
      weight: 'ordinary',
      sentences: [
        `The port is used again${since}, within the timeout${timeout} of ${tcpState(Number(reason['state']))}: the old entry is deleted, and a new connection begins, NEW.`,
      ],
      changes: [],
    }
  }
  const state = before?.state ?? tcpState(Number(reason['state']))
  const isRefused = reason.code === 'tcp-state'
  return {
    situation: 'port-reused',
    weight: isRefused ? 'trouble' : 'harmless',
    sentences: [
      `A SYN comes for a connection that is still ${state} here: its sender has lost it, or uses the port too early.`,
      isRefused
        ? 'From the side that did not open it a SYN has no place in this state: INVALID.'
        : 'It passes and changes nothing: if the other side answers with a SYN+ACK, the connection begins anew; with an ACK (a challenge), the sender resets the old one and tries again.',
    ],
    changes: [
      {
        sentence:
          'a wider range of ports at the client (net.ipv4.ip_local_port_range), or connections that are kept open',
      },
    ],
  }
}

/** The reason of a SYN that met another connection's entry. */
export function reusing({ reasons }: PacketRecord): PacketRecord['reasons'][number] | null {
  const found = reasons.find(
    ({ code, index }) =>
      code === 'tcp-reopened' || ((code === 'tcp-ignored' || code === 'tcp-state') && index === KIND_SYN),
  )
  if (found === undefined) return null
  // A SYN that is sent again, unanswered or answered by a SYN+ACK that got lost, is no other connection.
  const state = tcpState(Number(found['state']))
  return state === 'SYN_SENT' || state === 'SYN_RECV' || state === 'SYN_SENT2' ? null : found
}
