/** --table-in: the state table that a run begins with. */
import { readFileSync } from 'node:fs'
import { printable } from '../../diagnostic/printable.ts'
import { parseTable } from '../../format/parse.ts'
import type { SavedTable } from '../../run/saved-table.ts'
import { EXIT_UNREADABLE } from '../exit-codes.ts'
import { Failure, unreadable } from '../failure.ts'

/** @throws Failure where it cannot be read, or there is no entry in it. */
export function readTable(file: string): SavedTable {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
  const { entries, diagnostics } = parseTable(text, file)
  const notes = diagnostics.map(
    ({ severity, file, line, column, message }) => `${file}:${line}:${column}: ${severity}: ${message}`,
  )
  if (entries.length === 0 && diagnostics.length > 0) {
    throw new Failure(
      [...notes, `${printable(file)}: no entry of a state table in it`].join('\n'),
      EXIT_UNREADABLE,
    )
  }
  return { name: file, entries, notes }
}
