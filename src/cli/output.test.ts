import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Output } from './output.ts'

test('any pieces, short and longer than the buffer, ASCII or not, come out in order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-output-'))
  const path = join(folder, 'out')
  const piece = fc
    .tuple(
      fc.constantFrom('a', 'ß', '→', '😀', '\n'),
      fc.constantFrom(1, 3, 1000, 43_000, 44_000, 131_072, 200_000),
    )
    .map(([unit, count]) => unit.repeat(count))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const descriptor = openSync(path, 'w')
      const output = new Output(descriptor)
      for (const text of pieces) output.write(text)
      output.line('end')
      output.flush()
      closeSync(descriptor)
      expect(readFileSync(path, 'utf8') === `${pieces.join('')}end\n`).toBe(true)
    }),
    { numRuns: 50 },
  )
  rmSync(folder, { recursive: true })
})
