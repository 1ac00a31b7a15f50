import type { Test } from '../hook/environment.ts'
import { LinkHeader } from '../packet/link-header.ts'
import { defineMatch } from '../ruleset/extension.ts'

export const eui64 = defineMatch({
  name: 'eui64',
  summary: 'the source address was made from the Ethernet address of the sender',
  family: 'ipv6',
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  options: {},
  /** eui64_mt6 (RFC 4291, appendix A). */
  compile(): Test {
    const link = new LinkHeader()
    return ({ packet, received }) => {
      link.read(received)
      if (!link.isEthernet) return false
      const { sourceHigh, sourceLow } = link
      return (
        packet.source2 === (((sourceHigh ^ 0x0200) << 16) | ((sourceLow >>> 24) << 8) | 0xff | 0) &&
        packet.source3 === ((0xfe << 24) | (sourceLow & 0xffffff))
      )
    }
  },
})
