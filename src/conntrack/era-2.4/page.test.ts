/** The reference page has the tables of the engine: every cell. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ORIGINAL, REPLY } from '../status.ts'
import { INVALID, TCP_STATE_NAMES } from '../tcp/state.ts'
import { LISTEN, nextState } from './state.ts'
import { TCP_SECONDS } from './timeouts.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/linux-2.4.md'), 'utf8')

/** The rows of each table of the page, by the first words of its head. */
function tables(first: string): string[][][] {
  return page
    .split('\n\n')
    .filter((block) => block.startsWith(`| ${first} `))
    .map((block) =>
      block
        .trim()
        .split('\n')
        .map((row) =>
          row
            .split('|')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ),
    )
}

const numberOf = (name: string): number =>
  name === '-' ? INVALID : name === 'LISTEN' ? LISTEN : (TCP_STATE_NAMES as readonly string[]).indexOf(name)

test.each([
  ['original', ORIGINAL],
  ['reply', REPLY],
])('next states in the %s direction', (_, direction) => {
  const [head, , ...rows] = tables('kind')[direction]!
  expect(head).toHaveLength(11)
  expect(rows.map(([kind]) => kind)).toEqual(['syn', 'fin', 'ack', 'rst', 'none'])
  for (const [kind, row] of rows.entries()) {
    for (const [column, cell] of row.slice(1).entries()) {
      const state = head![column + 1]!
      expect(nextState(direction, kind, numberOf(state)), `${row[0]} in ${state}`).toBe(numberOf(cell))
    }
  }
})

test('timeouts of TCP', () => {
  const [, , ...rows] = tables('state')[0]!
  expect(rows).toHaveLength(TCP_SECONDS.length)
  for (const [state, seconds] of rows) expect(TCP_SECONDS[numberOf(state!)], state).toBe(Number(seconds))
})
