import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TextMark } from '../../protocol.ts'
import { fixed, shifted } from './text-changes.ts'

const mark = (text: string, word: string): TextMark => {
  const start = text.indexOf(word)
  return {
    start,
    end: start + word.length,
    line: text.slice(0, start).split('\n').length,
    kind: 'error',
    code: null,
    message: word,
    advice: null,
    fixes: [],
  }
}

test('a mark behind a change moves with its word and its line', () => {
  const before = 'one two\nthree\n'
  const after = 'one\nand two\nthree\n'
  const [moved] = shifted([mark(before, 'three')], before, after)
  expect(after.slice(moved!.start, moved!.end)).toBe('three')
  expect(moved!.line).toBe(3)
})

test('a mark in front of a change stays, and one that is changed goes', () => {
  const before = 'one two three'
  expect(shifted([mark(before, 'one'), mark(before, 'two')], before, 'one twenty three')).toEqual([
    mark(before, 'one'),
  ])
})

test('whatever is changed, a mark that is left stands at its word', () => {
  const texts = fc.stringMatching(/^[ab\n]{0,6}$/)
  fc.assert(
    fc.property(texts, texts, texts, texts, (head, between, from, to) => {
      const before = `${head}WORD${between}${from}`
      for (const after of [
        `${head}WORD${between}${to}`,
        `${to}${before}`,
        `${head}${to}WORD${between}${from}`,
      ]) {
        for (const { start, end, line } of shifted([mark(before, 'WORD')], before, after)) {
          expect(after.slice(start, end)).toBe('WORD')
          expect(line).toBe(after.slice(0, start).split('\n').length)
        }
      }
    }),
  )
})

test('changes are made, the caret behind the last one', () => {
  const fixes = [
    { start: 4, end: 7, text: '2' },
    { start: 0, end: 3, text: '1' },
  ]
  expect(fixed('one two three', fixes)).toEqual({ text: '1 2 three', caret: 3 })
})
