import type { EntryView } from '../conntrack/view.ts'
import { formatConntrack } from './conntrack.ts'
import { formatIpConntrack, formatIpConntrack24 } from './ip-conntrack.ts'
import { formatJson } from './json.ts'
import { formatProc } from './proc.ts'
import { formatSave } from './save.ts'
import { formatXml, XML_FOOTER, XML_HEADER } from './xml.ts'

/** A way to print the state table. */
export interface TableFormat {
  /** Lines ahead of and behind the entries. */
  readonly header: readonly string[]
  readonly footer: readonly string[]
  /** A line without its end; null for an entry that this form cannot hold. */
  readonly line: (entry: EntryView) => string | null
}

function format(
  line: (entry: EntryView) => string | null,
  header: readonly string[] = [],
  footer: readonly string[] = [],
): TableFormat {
  return { header, footer, line }
}

/** Every form of the state table by the name it is chosen with; `tableLines` prints in it. */
export const tableFormats = {
  conntrack: format((entry) => formatConntrack(entry)),
  extended: format((entry) => formatConntrack(entry, { extended: true })),
  proc: format(formatProc),
  ip_conntrack: format(formatIpConntrack),
  'ip_conntrack-2.4': format(formatIpConntrack24),
  save: format(formatSave),
  xml: format((entry) => formatXml(entry), XML_HEADER, XML_FOOTER),
  json: format(formatJson),
} as const satisfies Record<string, TableFormat>

/** How a state table is printed: `conntrack -L`, with `-o extended`, /proc new, old, and of 2.4, `-o save`, XML, or JSON. */
export type TableFormatName = keyof typeof tableFormats

/**
 * The table line by line, each without its end; entries are asked for one at a time. An entry that the form cannot hold
 * is left out.
 *
 * ```ts
 * import { parseTable, tableLines } from 'sallyport'
 *
 * const line = 'udp 17 29 src=10.0.0.2 dst=192.0.2.9 sport=40000 dport=53 [UNREPLIED] ' +
 *   'src=192.0.2.9 dst=10.0.0.2 sport=53 dport=40000 mark=0 use=1'
 * for (const text of tableLines('xml', parseTable(line, 'saved').entries)) console.log(text)
 * ```
 */
export function* tableLines(name: TableFormatName, entries: Iterable<EntryView>): Generator<string> {
  const { header, footer, line }: TableFormat = tableFormats[name]
  yield* header
  for (const entry of entries) {
    const text = line(entry)
    if (text !== null) yield text
  }
  yield* footer
}
