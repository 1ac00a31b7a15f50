/** --table-in: the state table that a run begins with. */
import { readFileSync } from 'node:fs'
import { loadEntry } from '../../conntrack/load.ts'
import type { Tracker } from '../../conntrack/tracker.ts'
import { printable } from '../../diagnostic/printable.ts'
import { count } from '../../explain/number-words.ts'
import { parseTable } from '../../format/parse.ts'
import { EXIT_UNREADABLE } from '../exit-codes.ts'
import { Failure, unreadable } from '../failure.ts'

/** Fills the tracker's table; answers what is to be told about the file. @throws Failure where there is no entry in it. */
export function loadTable(file: string, tracker: Tracker): string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
  const { entries, diagnostics } = parseTable(text, file)
  const told = diagnostics.map(
    ({ severity, file, line, column, message }) => `${file}:${line}:${column}: ${severity}: ${message}`,
  )
  if (entries.length === 0 && diagnostics.length > 0) {
    throw new Failure(
      [...told, `${printable(file)}: no entry of a state table in it`].join('\n'),
      EXIT_UNREADABLE,
    )
  }
  const refused = new Map<string, number>()
  for (const entry of entries) {
    const result = loadEntry(tracker, entry)
    if (result !== 'loaded') refused.set(result, (refused.get(result) ?? 0) + 1)
  }
  for (const [result, number] of refused)
    told.push(`${file}: ${count(number, 'entry', 'entries')} left out: ${refusals[result]}`)
  return told
}

const refusals: Readonly<Record<string, string>> = {
  duplicate: 'the same as an earlier one',
  impossible: 'no entry of its protocol can look like this',
  expired: 'no time left',
}
