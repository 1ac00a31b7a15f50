import { expect, test } from 'vitest'
import { terminalOf } from './terminal.ts'

test.each([
  ['a terminal', { isTTY: true }, {}, true],
  ['a terminal and NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
  ['a terminal and an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true],
  ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
  ['a pipe', {}, { FORCE_COLOR: '1' }, false],
])('%s: colour or none', (_name, stream, environment, colour) => {
  const terminal = terminalOf(stream, environment)
  expect(terminal.style('bad', 'x')).toBe(colour ? '\u001b[31mx\u001b[0m' : 'x')
})

test.each([
  [{ isTTY: true, columns: 132 }, 132],
  [{ isTTY: true, columns: 3 }, 40],
  [{ isTTY: true }, 80],
  [{ columns: 132 }, 80],
])('%j is %i columns wide', (stream, width) => {
  expect(terminalOf(stream, {}).width).toBe(width)
})

test('text of others: nothing steers a terminal, and elsewhere every byte stays', () => {
  const text = '-A INPUT -m comment --comment "\u001b]0;x\u0007"\n-A INPUT -m comment --comment "é"\n'
  expect(terminalOf({ isTTY: true }, {}).foreign(text)).toBe(
    '-A INPUT -m comment --comment "\\x1b]0;x\\x07"\n-A INPUT -m comment --comment "é"\n',
  )
  expect(terminalOf({}, {}).foreign(text)).toBe(text)
})
