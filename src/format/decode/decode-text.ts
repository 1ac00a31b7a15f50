/** Entries of the state table and lines of the kernel log, mixed as they come, in words. */
import { parseTable, type TableDiagnostic } from '../parse.ts'
import { decodeEntry } from './entry-facts.ts'
import type { Decoded } from './fact.ts'
import { decodeLog, isLogLine } from './log-facts.ts'

export interface DecodedText {
  /** In the order of the text. */
  readonly decoded: readonly Decoded[]
  /** What could not be read. */
  readonly diagnostics: readonly TableDiagnostic[]
}

/** A line that goes on with the log line ahead of it begins with one of its later fields. */
const GOES_ON = /^\s*(\[?[A-Z]{2,10}=|(SYN|ACK|FIN|RST|PSH|URG|ECE|CWR|DF|MF|CE|OPT)\b)/

/**
 * Of what `conntrack -L`, `/proc/net/nf_conntrack`, the old `ip_conntrack`, `dmesg` or syslog print, also wrapped and
 * with other blanks, as mails and web pages leave it. Never throws; memory is bounded by the text.
 */
export function decodeText(text: string, file: string): DecodedText {
  const lines = text.split('\n')
  const logs: Decoded[] = []
  for (let at = 0; at < lines.length; at++) {
    if (!isLogLine(lines[at]!)) continue
    const first = at
    const whole = [lines[at]!]
    while (at + 1 < lines.length && !isLogLine(lines[at + 1]!) && GOES_ON.test(lines[at + 1]!))
      whole.push(lines[++at]!)
    logs.push(decodeLog(whole.join(' '), first + 1))
    lines.fill('', first, at + 1)
  }
  const { entries, lines: places, texts, diagnostics } = parseTable(lines.join('\n'), file)
  const decoded = entries.map((entry, index) =>
    decodeEntry(entry, { line: places[index]!, text: texts[index]! }),
  )
  return { decoded: [...decoded, ...logs].sort((a, b) => a.line - b.line), diagnostics }
}
