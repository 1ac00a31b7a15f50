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

/** Why the real tools cannot be asked for listings, or null when they can: the forms are those of one version. */
export function whyNoTool(): string | null {
  if (!existsSync('/proc/net/nf_conntrack')) return 'no netfilter with /proc/net/nf_conntrack'
  try {
    const version = execFileSync('conntrack', ['--version'], { encoding: 'utf8' })
    return version.includes('v1.4.7')
      ? null
      : `the forms are those of conntrack 1.4.7, here is ${version.trim()}`
  } catch {
    return 'no conntrack tool'
  }
}
