/** What of this machine is needed to ask its kernel. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian package by program. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  'iptables-legacy': 'iptables',
  'ip6tables-legacy': 'iptables',
  ipset: 'ipset',
}

/** Where system programs are; the PATH of users often lacks these. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']

/** Why this machine cannot judge, or null when it can: Linux, root, TUN, netfilter, the programs. */
export function whyNoKernel(programs: readonly string[]): string | null {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`
  if (process.getuid?.() !== 0) return 'not root: network namespaces and devices are made'
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    return 'no access to /dev/net/tun (a container gets it by --device /dev/net/tun)'
  }
  if (!isTracking()) return 'this kernel tracks no connections (module nf_conntrack)'
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))))
  if (missing.length === 0) return null
  const wanted = [...new Set(missing.map((program) => packages[program] ?? program))]
  return `no ${missing.join(', ')} (Debian: apt-get install ${wanted.join(' ')})`
}

/** Why scenarios cannot be sent through this machine's kernel, or null. */
export async function whyNoRouter(): Promise<string | null> {
  const reason = whyNoKernel(['ip', 'nft', 'iptables-legacy', 'ip6tables-legacy', 'ipset'])
  if (reason !== null) return reason
  try {
    await import('koffi')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
      ? 'the package koffi is missing, by which system calls are made: npm install koffi, beside sallyport'
      : `the package koffi does not load: ${message}`
  }
  return whyNoNamespace()
}

/** Why no network namespace can be made; null: one can. */
function whyNoNamespace(): string | null {
  const name = `sallyport-try-${process.pid}`
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    execFileSync('ip', ['netns', 'delete', name], { stdio: 'ignore' })
    return null
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() ?? ''
    return `network namespaces are refused here: ${said || String(error)} (a container gets them by --privileged)`
  }
}

function isTracking(): boolean {
  const path = '/proc/sys/net/netfilter/nf_conntrack_max'
  if (existsSync(path)) return true
  try {
    execFileSync('modprobe', ['nf_conntrack'], { stdio: 'ignore' })
  } catch {
    return false
  }
  return existsSync(path)
}
