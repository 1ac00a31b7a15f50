import type { StatisticsView } from '../conntrack/view.ts'

/** A line of `conntrack -S`, without its end of line; the blank at its end is the tool's. */
export function formatStatistics(statistics: StatisticsView, cpu = 0): string {
  const s = statistics
  return (
    `cpu=${cpu}   \tfound=${s.found} invalid=${s.invalid} insert=${s.insert} insert_failed=${s.insertFailed} ` +
    `drop=${s.drop} early_drop=${s.earlyDrop} error=${s.error} search_restart=${s.searchRestart} ` +
    `clash_resolve=${s.clashResolve} chaintoolong=${s.chainTooLong} `
  )
}

const PROC_HEADER =
  'entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop ' +
  'icmp_error  expect_new expect_create expect_delete search_restart'

function column(value: number): string {
  return value.toString(16).padStart(8, '0')
}

/**
 * The two lines of `/proc/net/stat/nf_conntrack` for one processor (kernel: ct_cpu_seq_show).
 * `entries` is the number of entries of the whole table; new, ignore and delete are always 0 there.
 */
export function formatProcStatistics(statistics: StatisticsView, entries: number): string[] {
  const s = statistics
  const first = [s.clashResolve, s.found, 0, s.invalid, 0, 0, s.chainTooLong, s.insert, s.insertFailed]
  const last = [s.expectNew, s.expectCreate, s.expectDelete, s.searchRestart]
  const middle = [...first, s.drop, s.earlyDrop, s.error].map(column).join(' ')
  return [PROC_HEADER, `${column(entries)}  ${middle}  ${last.map(column).join(' ')}`]
}
