/** The way of a packet through the tables, a line for each rule that it met. */
import { printable } from '../diagnostic/printable.ts'
import type { TraceStep } from '../replay/trace.ts'

const INDENT = '      '

/** `filter FORWARD 2  no   -p udp`: what failed first; of a rule that took the packet, the whole of it. */
export function traceLines(steps: readonly TraceStep[]): string[] {
  const places = steps.map(({ kind, table, chain, number }) =>
    printable(kind === 'rule' ? `${table} ${chain} ${number}` : `${table} ${chain}`),
  )
  const width = Math.max(0, ...places.map((place) => place.length))
  return steps.map(
    (step, index) => `${INDENT}${places[index]!.padEnd(width)}  ${printable(outcomeText(step))}`,
  )
}

function outcomeText({ kind, matched, failed, text }: TraceStep): string {
  if (kind === 'return') return 'end   back to the chain that jumped here'
  if (kind === 'policy') return `end   policy ${text}`
  return matched ? `yes   ${text}` : `no    ${failed}`
}
