import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'

/** Why this machine cannot judge, or null when it can: Linux, root, TUN, netfilter, the tools. */
export function whyNot(): string | null {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`
  if (process.getuid?.() !== 0) return 'not root'
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    return 'no access to /dev/net/tun'
  }
  if (!existsSync('/proc/sys/net/netfilter/nf_conntrack_max'))
    return 'this kernel tracks no connections (nf_conntrack)'
  for (const [tool, argument] of [
    ['ip', '-V'],
    ['nft', '--version'],
  ] as const) {
    try {
      execFileSync(tool, [argument], { stdio: 'ignore' })
    } catch {
      return `no ${tool}`
    }
  }
  return null
}
