import { defineMatch, option } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'

/** PACKET_* of the link layer. */
const type = choice({
  usage: 'TYPE',
  names: ['unicast', 'broadcast', 'multicast', 'otherhost'],
  caseless: true,
  aliases: { unicast: ['host'], broadcast: ['bcast'], multicast: ['mcast'] },
})

export const pkttype = defineMatch({
  name: 'pkttype',
  summary: 'asks to whom the frame was sent',
  options: {
    type: option(type, {
      names: ['--pkt-type'],
      summary: 'to this host, to all, to a group, or to another host',
      invertible: true,
      required: true,
    }),
  },
})
