/** Bytes in a packet that `-m string` finds. */
import type { Pattern } from '../../match/string.ts'
import type { RuleNode } from '../chain-node.ts'
import type { Case } from './case.ts'

const IPV4_HEADER = 20
const IPV6_HEADER = 40
const TCP_HEADER = 20
const UDP_HEADER = 8
const LONGEST = 9_000

/** The case with a payload that has what these rules look for; null where that is nothing, or takes too long a packet. */
export function withStrings(one: Case, rules: readonly RuleNode[], isIpv6: boolean): Case | null {
  const { tcp, udp } = one.plan
  if (tcp === undefined && udp === undefined) return null
  const headers = (isIpv6 ? IPV6_HEADER : IPV4_HEADER) + (tcp === undefined ? UDP_HEADER : TCP_HEADER)
  const payload: number[] = []
  const texts: string[] = []
  for (const { name, options } of rules.flatMap(({ rule }) => rule.matches)) {
    if (name !== 'string') continue
    const pattern = options['pattern']!.value as Pattern
    // Counted from the IP header on.
    const from = Number(options['from']?.value ?? 0) - headers
    if (from + pattern.length > LONGEST) return null
    while (payload.length < from) payload.push(0)
    payload.push(...pattern)
    texts.push(JSON.stringify(String.fromCharCode(...pattern)))
  }
  if (texts.length === 0) return null
  const bytes = Uint8Array.from(payload)
  const plan = tcp === undefined ? { udp: { ...udp!, payload: bytes } } : { tcp: { ...tcp, payload: bytes } }
  return { ...one, plan: { ...one.plan, ...plan }, text: `${one.text} with ${texts.join(' and ')}` }
}
