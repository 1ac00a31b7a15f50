/** The state table that a run begins with, where it is not empty. */
import { loadEntry } from '../conntrack/load.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { EntryView } from '../conntrack/view.ts'
import { count } from '../explain/number-words.ts'

export interface SavedTable {
  /** Of its file. */
  readonly name: string
  readonly entries: readonly EntryView[]
  /** What is to be told of its text. */
  readonly notes: readonly string[]
}

/** Fills the tracker's table at the tracker's time; answers what is to be told. */
export function enterTable({ name, entries, notes }: SavedTable, tracker: Tracker): string[] {
  const told = [...notes]
  const refused = new Map<string, number>()
  for (const entry of entries) {
    const result = loadEntry(tracker, entry)
    if (result !== 'loaded') refused.set(result, (refused.get(result) ?? 0) + 1)
  }
  for (const [result, number] of refused)
    told.push(`${name}: ${count(number, 'entry', 'entries')} left out: ${refusals[result]}`)
  return told
}

const refusals: Readonly<Record<string, string>> = {
  duplicate: 'the same as an earlier one',
  impossible: 'no entry of its protocol can look like this',
  expired: 'no time left',
}
