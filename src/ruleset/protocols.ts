/** Names of IP protocols. */
import { inRange } from './number.ts'

/** What iptables knows by itself; tried first (xtables_chain_protos), and printed by the first name. */
const fixed: readonly (readonly [string, number])[] = [
  ['tcp', 6],
  ['sctp', 132],
  ['udp', 17],
  ['udplite', 136],
  ['icmp', 1],
  ['ipv6-icmp', 58],
  ['icmpv6', 58],
  ['esp', 50],
  ['ah', 51],
  ['mobility-header', 135],
  ['ipv6-mh', 135],
  ['mh', 135],
  ['dccp', 33],
  ['ipcomp', 108],
  ['all', 0],
]

/** The system's list (Debian's /etc/protocols, after IANA's registry). */
const listed =
  'icmp 1 igmp 2 ggp 3 ipencap 4 st 5 tcp 6 egp 8 igp 9 pup 12 udp 17 hmp 20 xns-idp 22 rdp 27 iso-tp4 29 ' +
  'dccp 33 xtp 36 ddp 37 idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 esp 50 ah 51 ' +
  'skip 57 ipv6-icmp 58 ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81 eigrp 88 ospf 89 ax.25 93 ipip 94 ' +
  'etherip 97 encap 98 pim 103 ipcomp 108 vrrp 112 l2tp 115 isis 124 sctp 132 fc 133 mobility-header 135 ' +
  'udplite 136 mpls-in-ip 137 manet 138 hip 139 shim6 140 wesp 141 rohc 142 hopopt 0 ip 0'

const byName = new Map<string, number>()
const byNumber = new Map<number, string>()
const words = listed.split(' ')
for (let i = 0; i < words.length; i += 2) {
  byName.set(words[i]!, Number(words[i + 1]))
  byNumber.set(Number(words[i + 1]), words[i]!)
}
for (const [name, number] of [...fixed].reverse()) {
  byName.set(name, number)
  byNumber.set(number, name)
}

export const protocolNames: readonly string[] = [...byName.keys()]

/** A name (case does not count) or a number 0–255; null if it is neither. */
export function parseProtocol(text: string): number | null {
  return byName.get(text) ?? inRange(text, 0, 255) ?? byName.get(text.toLowerCase()) ?? null
}

/** The name, or the number where there is none. */
export function formatProtocol(number: number): string {
  return byNumber.get(number) ?? String(number)
}
