/** The SYN+ACK came ahead of its SYN. */
import type { PacketFacts, Told } from './explanation.ts'
import { count } from './number-words.ts'
import { packetWord } from './packet-words.ts'
import { article } from './protocol-words.ts'

export function handshakeOrder(facts: PacketFacts): Told | null {
  const { record, misordered, before, later, laterInvalid } = facts
  if (misordered === null || record.packet === misordered.syn) return null
  const { synAck, syn } = misordered
  const isEarly = record.packet === synAck
  const hasNoPlace = before?.state === 'SYN_SENT' && record.reasons.some(({ code }) => code === 'tcp-state')
  if (!isEarly && !hasNoPlace) return null
  const follow = later.client + later.server + later.other
  const order = `The handshake is out of order: ${isEarly ? 'this SYN+ACK' : `its SYN+ACK (packet ${synAck})`} came ahead of the SYN that it answers (packet ${syn}), on the way or in the capture.`
  return {
    situation: 'handshake-order',
    weight: 'trouble',
    sentences: [
      order,
      isEarly
        ? `So it answers nothing that is known yet, and is INVALID.`
        : `So the SYN+ACK was INVALID, and the connection is still SYN_SENT here, where ${article(packetWord(record))} from this side has no place: INVALID.`,
      isEarly && laterInvalid > 0
        ? `The entry that the SYN opens waits for it in vain: ${laterInvalid} of the ${count(follow, 'packet')} that follow are INVALID, too. A rule that drops INVALID breaks this connection.`
        : '',
    ].filter((text) => text !== ''),
    changes: [
      {
        sentence:
          'if only the capture has this order, one from a single interface or queue: the host itself saw the SYN first then',
      },
      { sentence: 'if the packets come like this, an end to what reorders them on the way' },
    ],
  }
}
