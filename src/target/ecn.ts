import type { Action } from '../hook/environment.ts'
import { VERDICT_CONTINUE, VERDICT_DROP } from '../hook/hook.ts'
import { PROTOCOL_TCP, TCP_CWR, TCP_ECE } from '../packet/packet.ts'
import { setTcpFlags } from '../packet/rewrite.ts'
import { defineTarget, option } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

export const ecn = defineTarget({
  name: 'ECN',
  summary: 'clears the marks of explicit congestion notification',
  family: 'ipv4',
  tables: ['mangle'],
  protocols: [6],
  options: {
    remove: option(flag, {
      names: ['--ecn-tcp-remove'],
      summary: 'clears ECE and CWR of TCP',
      required: true,
    }),
  },
  compile(): Action {
    return (passage) => {
      const { packet } = passage
      if (packet.protocol !== PROTOCOL_TCP) return VERDICT_CONTINUE
      if (packet.transportLength < 20) return VERDICT_DROP
      // Of a header that was not captured nobody sees what was in it.
      if (packet.transportCaptured >= 20 && (packet.tcpFlags & (TCP_ECE | TCP_CWR)) !== 0)
        setTcpFlags(passage.writable(), packet.tcpFlags & ~(TCP_ECE | TCP_CWR))
      return VERDICT_CONTINUE
    }
  },
})
