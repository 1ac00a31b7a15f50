import type { Unevaluated } from '../firewall/program.ts'

/** `rules.v4:12: filter FORWARD 3: socket is read and printed, but not evaluated yet`. */
export function unevaluatedText({ place, table, chain, number, extension, message }: Unevaluated): string {
  return `${place.file}:${place.line}: ${table} ${chain} ${number}: ${extension}: ${message}`
}
