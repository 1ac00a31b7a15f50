import { expect, test } from 'vitest'
import { ORIGINAL, REPLY } from '../status.ts'
import { sctpNextState, sctpStateNames } from './table.ts'

const letters = ['NO', 'CL', 'CW', 'CE', 'ES', 'SS', 'SR', 'SA', 'HS', 'IV']

/** A direction's transitions as text: rows are the chunk types that change a state or are refused in one. */
function matrix(direction: number): string {
  const row = (type: number) =>
    Array.from({ length: 9 }, (_, state) => letters.at(sctpNextState(direction, type, state))).join(' ')
  const unchanged = letters.slice(0, 9).join(' ')
  const rows = Array.from({ length: 256 }, (_, type) => type).filter((type) => row(type) !== unchanged)
  return rows.map((type) => `${String(type).padStart(2)} ${row(type)}`).join('\n')
}

test('original direction, every chunk in every state, goes where Linux goes', () => {
  expect(matrix(ORIGINAL)).toBe(
    [
      ' 1 CL CL CW CE ES CL CL SA CW',
      ' 2 CL CL CW CE ES SS SR SA CL',
      ' 4 HS CL CW CE ES SS SR SA HS',
      ' 5 CL CL CW CE ES SS SR SA HS',
      ' 6 CL CL CL CL CL CL CL CL CL',
      ' 7 CL CL CW CE SS SS SR SA CL',
      ' 8 SA CL CW CE ES SA SA SA SA',
      ' 9 CL CL CW CE ES SS SR SA CL',
      '10 CL CL CE CE ES SS SR SA CL',
      '11 CL CL CW ES ES SS SR SA CL',
      '14 CL CL CW CE ES SS SR CL CL',
    ].join('\n'),
  )
})

test('reply direction, every chunk in every state, goes where Linux goes', () => {
  expect(matrix(REPLY)).toBe(
    [
      ' 1 IV CL CW CE ES SS SR SA IV',
      ' 2 IV CW CW CE ES SS SR SA IV',
      ' 4 IV CL CW CE ES SS SR SA HS',
      ' 5 IV CL CW CE ES SS SR SA ES',
      ' 6 IV CL CL CL CL CL CL CL IV',
      ' 7 IV CL CW CE SR SS SR SA IV',
      ' 8 IV CL CW CE ES SA SA SA IV',
      ' 9 IV CL CW CL ES SS SR SA IV',
      '10 IV CL CE CE ES SS SR SA IV',
      '11 IV CL CW ES ES SS SR SA IV',
      '14 IV CL CW CE ES SS SR CL IV',
    ].join('\n'),
  )
})

test('state names stand at their numbers', () => {
  expect(sctpStateNames.indexOf('ESTABLISHED')).toBe(4)
  expect(sctpStateNames).toHaveLength(9)
})
