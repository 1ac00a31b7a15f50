import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeFrame } from './code-frame.ts'

test('one line: the carets stand under the meant part', () => {
  expect(codeFrame({ text: 'host 10.0.0.1 and prot 80', position: 18, length: 4 })).toBe(
    ['  host 10.0.0.1 and prot 80', '                    ^^^^'].join('\n'),
  )
})

test('several lines and a margin: only the line that is meant is shown', () => {
  const text = '*filter\n-A INPUT --cstate NEW\nCOMMIT\n'
  expect(codeFrame({ text, position: text.indexOf('--cstate'), length: 8, margin: '2' })).toBe(
    ['  2 | -A INPUT --cstate NEW', '    |          ^^^^^^^^'].join('\n'),
  )
})

test('the end of the text is meant: one caret stands behind it', () => {
  expect(codeFrame({ text: 'port', position: 4, length: 0 })).toBe('  port\n      ^')
})

test('tabs and escapes are shown as spaces', () => {
  expect(codeFrame({ text: '\tport \u001b[31m', position: 1, length: 4 })).toBe('   port  [31m\n   ^^^^')
})

test('any text, position and width: two lines, the caret under the right character, within the width', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300 }),
      fc.nat(320),
      fc.nat(40),
      fc.integer({ min: 24, max: 120 }),
      (text, position, length, width) => {
        const [shown, carets, ...rest] = codeFrame({ text, position, length, width }).split('\n')
        expect(rest).toEqual([])
        expect(shown!.length).toBeLessThanOrEqual(width)
        expect(carets).toMatch(/^ *\^+$/)
        const meant = text[position]
        if (meant !== undefined && /^[!-~]$/.test(meant)) expect(shown![carets!.indexOf('^')]).toBe(meant)
      },
    ),
  )
})
