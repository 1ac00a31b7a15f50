/** The counters behind `conntrack -S`. */
import type { StatisticsView } from './view.ts'

export class Statistics implements StatisticsView {
  found = 0
  invalid = 0
  insert = 0
  insertFailed = 0
  drop = 0
  earlyDrop = 0
  error = 0
  searchRestart = 0
  clashResolve = 0
  chainTooLong = 0
  expectNew = 0
  expectCreate = 0
  expectDelete = 0
}
