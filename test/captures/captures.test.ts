/**
 * What the command shows of each capture, against approved outputs: `approved/NAME.txt` holds the calls and their
 * output, standard error marked with `!`. To approve a change, run `npx vitest run --project unit test/captures -u`,
 * and read the difference.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, transcript } from '../command/command.ts'
import { CAPTURES } from './gallery.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-captures-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(Object.entries(CAPTURES))(
  '%s: what each call shows is what was approved',
  async (name, capture) => {
    for (const [file, bytes] of Object.entries(capture.files())) writeFileSync(join(folder, file), bytes)
    const shown = await Promise.all(
      capture.calls.map(async (line) => {
        const words = ['replay', ...line]
        return transcript(words, await call(folder, words))
      }),
    )
    await expect(shown.join('\n')).toMatchFileSnapshot(join(import.meta.dirname, 'approved', `${name}.txt`))
  },
)
