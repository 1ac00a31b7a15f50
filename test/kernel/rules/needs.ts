import { execFileSync } from 'node:child_process'
import { whyNot } from '../needs.ts'

/** Why this machine cannot judge rules, or null when it can. */
export function whyNoRules(): string | null {
  const reason = whyNot()
  if (reason !== null) return reason
  for (const tool of ['iptables-legacy', 'ip6tables-legacy', 'ipset']) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' })
    } catch {
      return `no ${tool}`
    }
  }
  return null
}
