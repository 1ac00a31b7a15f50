import type { Test } from '../hook/environment.ts'
import { HOOK_OUTPUT } from '../hook/hook.ts'
import { LinkHeader, SENT_TO_ALL, SENT_TO_GROUP, SENT_TO_HOST, SENT_TO_OTHER } from '../packet/link-header.ts'
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
  /** pkttype_mt. What this host sends, and what it forwards, is to the host itself (ip_forward drops all else). */
  isOfFlow: () => true,
  compile({ type: { value, inverted } }): Test {
    const wanted = numbers[value]
    const link = new LinkHeader()
    return ({ hook, received }) => {
      if (hook >= HOOK_OUTPUT) return (wanted === SENT_TO_HOST) !== inverted
      link.read(received)
      return (link.sentTo === wanted) !== inverted
    }
  },
})

const numbers = {
  unicast: SENT_TO_HOST,
  broadcast: SENT_TO_ALL,
  multicast: SENT_TO_GROUP,
  otherhost: SENT_TO_OTHER,
} as const
