/** What rules had to do with a packet, from its trace: who logged it, who did not take it, where another rule would stand. */
import { printable } from '../diagnostic/printable.ts'
import type { PacketRecord } from '../replay/record.ts'
import type { TraceStep } from '../replay/trace.ts'

/** A rule or policy that was met. */
export function stepPlace({
  table,
  chain,
  kind,
  number,
}: Pick<TraceStep, 'table' | 'chain' | 'kind' | 'number'>): string {
  const place = printable(table === 'filter' ? chain : `${table} ${chain}`)
  return kind === 'rule' ? `${place} ${number}` : `${place} policy`
}

/** The rules that logged the packet. */
export function loggers({ trace, log }: PacketRecord): readonly TraceStep[] {
  if (log === undefined) return []
  return (trace ?? []).filter(
    ({ kind, matched, text }) => kind === 'rule' && matched && / -j LOG\b/.test(` ${text}`),
  )
}

/** The rules for packets of known connections that did not take it, because of its ctstate. */
export function passedEstablished({ trace }: PacketRecord): readonly TraceStep[] {
  return (trace ?? []).filter(
    ({ kind, matched, failed }) => kind === 'rule' && !matched && /state \S*ESTABLISHED/.test(failed),
  )
}

/** The rule of a built-in chain through which the packet came to this one: itself, or the jump to its chain. */
export function baseOf(trace: readonly TraceStep[], step: TraceStep): TraceStep {
  const builtIn = /^(?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/
  let base = step
  for (const one of trace) {
    if (one.kind === 'rule' && one.matched && builtIn.test(one.chain)) base = one
    if (one === step) return base
  }
  return step
}

/** The command that puts a rule in front of another one. */
export function insertCommand(
  record: PacketRecord,
  { table, chain, number }: TraceStep,
  rule: string,
): string {
  const tool = record.family === 'ipv6' ? 'ip6tables' : 'iptables'
  const where = table === 'filter' ? '' : `-t ${table} `
  return printable(`${tool} ${where}-I ${chain} ${number} ${rule}`)
}
