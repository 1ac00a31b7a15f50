import { whyNoKernel } from '../../../src/live/needs.ts'

/** Why this machine cannot judge rules, or null when it can. */
export function whyNoRules(): string | null {
  return whyNoKernel(['ip', 'nft', 'iptables-legacy', 'ip6tables-legacy', 'ipset'])
}
