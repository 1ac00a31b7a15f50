import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_CONTINUE, VERDICT_DROP } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import type { Host } from '../host/host.ts'
import type { Route } from '../host/route.ts'
import { FAMILY_IPV6, ISSUE_CHAIN } from '../packet/packet.ts'
import { addMss, findMss, setMss } from '../packet/rewrite.ts'
import { byFamily, defineTarget, option, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'

const SYN = 0x02

/** 65535 without the header of IP. */
const ipv4 = number({ max: 65515, unit: 'bytes' })
const ipv6 = number({ max: 65495, unit: 'bytes' })

/** What a packet without the option may be answered with at most (RFC 9293, 3.7.1). */
const INITIAL_IPV4 = 536
const INITIAL_IPV6 = 1220
/** Of devices whose MTU nobody told: Ethernet's. */
const USUAL_MTU = 1500

function mtuOf(host: Host, route: Route | null, device: number): number {
  return route?.mtu || host.device(device || (route?.interface ?? 0)).mtu || USUAL_MTU
}

/** The smaller MTU of the way on and of the way back, which counts if there is one. */
function pathMtu(passage: Passage, host: Host): number {
  const { packet, outInterface } = passage
  const ipv6 = packet.family === FAMILY_IPV6
  const on = host.route(
    ipv6,
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  )
  const back = host.route(ipv6, packet.source0, packet.source1, packet.source2, packet.source3)
  const mtu = mtuOf(host, on, outInterface)
  return back === null ? mtu : Math.min(mtu, mtuOf(host, back, 0))
}

export const tcpmss = defineTarget({
  name: 'TCPMSS',
  summary: 'lowers the greatest segment size that a SYN packet of TCP announces',
  protocols: [6],
  oneOf: [['mss', 'clamp']],
  options: {
    mss: option(byFamily<number>({ ipv4, ipv6 }), { names: ['--set-mss'], summary: 'the size' }),
    clamp: option(flag, {
      names: ['--clamp-mss-to-pmtu'],
      summary: 'the size that fits the path of the packet',
    }),
  },
  normalise(options) {
    // Both are one number to the kernel. Settings stand in the order in which they were given: the last one counts.
    const [first, second] = Object.keys(options)
    return second === undefined ? options : without(options, first!)
  },
  hooksOf: ({ clamp }) => (clamp ? ['FORWARD', 'OUTPUT', 'POSTROUTING'] : null),
  check(_, { rule }) {
    // tcpmss_tg4_check (find_syn_match): the comparison must have SYN; the mask is not asked.
    const asksForSyn = rule.matches.some(({ name, options }) => {
      const flags = options['tcpFlags'] as Setting<{ readonly comparison: number }> | undefined
      return name === 'tcp' && flags !== undefined && !flags.inverted && (flags.value.comparison & SYN) !== 0
    })
    if (asksForSyn) return []
    const message = 'TCPMSS needs a rule that takes only SYN packets'
    return [{ code: 'missing-match', message, suggestion: '--syn' }]
  },
  compile({ mss: told }, { family, host }: Environment): Action {
    const ipv6 = family === 'ipv6'
    const headers = ipv6 ? 60 : 40
    const initial = ipv6 ? INITIAL_IPV6 : INITIAL_IPV4
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return VERDICT_CONTINUE
      if (packet.transportLength < 20 || packet.issue === ISSUE_CHAIN) return VERDICT_DROP
      // A header that was not captured is left as it is: nobody sees it.
      if (packet.transportCaptured < 20) return VERDICT_CONTINUE
      const { tcpHeaderLength } = packet
      if (tcpHeaderLength < 20 || tcpHeaderLength > packet.transportLength) return VERDICT_DROP
      const mss = told === undefined ? pathMtu(passage, host) - headers : told.value
      if (mss <= 0 && told === undefined) return VERDICT_DROP
      if (tcpHeaderLength > packet.transportCaptured) return VERDICT_CONTINUE
      const at = findMss(packet)
      if (at >= 0) {
        if (packet.view.getUint16(at + 2) > mss) {
          const moved = at - packet.networkOffset
          const own = passage.writable()
          setMss(own, own.networkOffset + moved, mss)
        }
      } else if (tcpHeaderLength === packet.transportLength && tcpHeaderLength < 60)
        addMss(passage.writable(4), Math.min(mss, initial))
      return VERDICT_CONTINUE
    }
  },
})
