/** What rules and policies have counted, as iptables-save -c tells it. */

/** Counters of a rule or of a policy. */
export interface Count {
  readonly table: string
  readonly chain: string
  /** From 1; 0 is the policy. */
  readonly number: number
  readonly packets: string
  readonly bytes: string
  /** The rule as it is printed, or the policy. */
  readonly text: string
}

/** The counters of iptables-save -c. */
export function readCounts(saved: string): Count[] {
  const counts: Count[] = []
  const numbers = new Map<string, number>()
  let table = ''
  for (const line of saved.split('\n')) {
    const policy = /^:(\S+) (\S+) \[(\d+):(\d+)\]/.exec(line)
    const rule = /^\[(\d+):(\d+)\] -A (\S+) ?(.*)$/.exec(line)
    if (line.startsWith('*')) {
      table = line.slice(1)
      numbers.clear()
    } else if (policy && policy[2] !== '-') {
      const [, chain = '', text = '', packets = '', bytes = ''] = policy
      counts.push({ table, chain, number: 0, packets, bytes, text })
    } else if (rule) {
      const [, packets = '', bytes = '', chain = '', text = ''] = rule
      const number = (numbers.get(chain) ?? 0) + 1
      numbers.set(chain, number)
      counts.push({ table, chain, number, packets, bytes, text })
    }
  }
  return counts
}
