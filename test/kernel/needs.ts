import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { whyNoKernel } from '../../src/live/needs.ts'

/** Why this machine cannot judge, or null when it can. */
export function whyNot(): string | null {
  return whyNoKernel(['ip', 'nft'])
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
