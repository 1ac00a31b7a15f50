import { type Environment, NotEvaluated, type Test } from '../hook/environment.ts'
import type { Passage } from '../hook/passage.ts'
import type { Host } from '../host/host.ts'
import { FAMILY_IPV6 } from '../packet/packet.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const rpfilter = defineMatch({
  name: 'rpfilter',
  summary: 'the way back to the sender leads through the device that the packet came in by',
  tables: ['raw', 'mangle'],
  hooks: ['PREROUTING'],
  options: {
    loose: option(flag, { names: ['--loose'], summary: 'through any device' }),
    mark: option(flag, { names: ['--validmark'], summary: "the packet's mark chooses the routes" }),
    local: option(flag, { names: ['--accept-local'], summary: 'the sender may be this host' }),
    invert: option(flag, { names: ['--invert'], summary: 'matches what does not pass' }),
  },
  /** rpfilter_mt of ipt_rpfilter.c and ip6t_rpfilter.c. Marks choose no routes here: there is one table of them. */
  isOfFlow: () => true,
  compile({ loose, local, invert }, { family, host }: Environment): Test {
    if (!host.knowsRoutes(family === 'ipv6')) {
      throw new NotEvaluated('asks for the route back to the sender, and no routes are told')
    }
    const isLoose = loose !== undefined
    const isLocalGood = local !== undefined
    const inverted = invert !== undefined
    return (passage) => passes(passage, host, isLoose, isLocalGood) !== inverted
  },
})

function passes({ packet, inInterface }: Passage, host: Host, loose: boolean, localIsGood: boolean): boolean {
  if (inInterface === host.loopback) return true
  const { source0, source1, source2, source3, destination0 } = packet
  const isSix = packet.family === FAMILY_IPV6
  if ((source0 | source1 | source2 | source3) === 0) {
    if (isSix) return true
    // To all, and to the groups of a link: 224.0.0.0/24.
    if (destination0 === -1 || destination0 >>> 8 === 0xe00000) return true
  }
  const isLink = isSix && source0 >>> 22 === 0x3fa
  const route = host.route(isSix, source0, source1, source2, source3, isLink ? inInterface : 0)
  if (route === null) return false
  const { type, interface: device } = route
  if (type === 'local' && localIsGood) {
    return isSix || loose || host.addressType(false, source0, 0, 0, 0, inInterface) === 'local'
  }
  // A group as the sender has the route of any address in IPv4.
  if (type !== 'unicast' && (isSix || type !== 'multicast' || device === 0)) return false
  return (loose && !isLink) || device === inInterface || route.alternatives.includes(inInterface)
}
