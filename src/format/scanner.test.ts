import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Word } from './scanner.ts'
import { Scanner } from './scanner.ts'

function words(text: string): Word[] {
  const scanner = new Scanner(text)
  const list: Word[] = []
  for (; scanner.word; scanner.advance()) list.push(scanner.word)
  return list
}

test('words have the line and the column they stand at', () => {
  expect(words('a  bc\r\n\u00a0d\u3000\t\n')).toEqual([
    { text: 'a', line: 1, column: 1 },
    { text: 'bc', line: 1, column: 4 },
    { text: 'd', line: 2, column: 2 },
  ])
})

test('the word behind is in sight, the last one stays known at the end', () => {
  const scanner = new Scanner('a b')
  expect(scanner.following?.text).toBe('b')
  scanner.advance()
  expect(scanner.following).toBe(null)
  scanner.advance()
  expect([scanner.word, scanner.last.text]).toEqual([null, 'b'])
})

test('any text: each word stands where it says', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '=', ' ', '\n', '\u00a0', '\ufeff', 'é') }),
      (text) => {
        const lines = text.split('\n')
        for (const { text: word, line, column } of words(text)) {
          expect(lines[line - 1]!.slice(column - 1, column - 1 + word.length)).toBe(word)
        }
        expect(
          words(text)
            .map(({ text: word }) => word)
            .join(''),
        ).toBe(text.replace(/[ \n\u00a0\ufeff]/g, ''))
      },
    ),
  )
})
