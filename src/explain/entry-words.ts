/** An entry of the state table in a few words. */
import type { RecordEntry } from '../replay/record.ts'
import { flowWord } from './packet-words.ts'

/** `tcp 10.0.0.2:40000 > 192.0.2.9:80 (ESTABLISHED)`. */
export function entryWord({ protocol, state, original }: RecordEntry): string {
  return `${flowWord({ protocol, ...original })}${state === null ? '' : ` (${state})`}`
}
