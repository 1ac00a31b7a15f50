/** Places in rules as sentences have them. */
import { printable } from '../diagnostic/printable.ts'
import type { DecidedBy } from '../replay/record.ts'

/** `FORWARD 3`, `FORWARD policy`, `raw PREROUTING 1`: table filter needs no name. */
export function placeText({ kind, table, chain, number }: DecidedBy): string {
  const place = printable(table === 'filter' ? `${chain}` : `${table} ${chain}`)
  return `${place} ${number ?? 'policy'}${kind === 'hotdrop' ? ' (unreadable)' : ''}`
}
