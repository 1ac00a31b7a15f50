/**
 * What the command says of each situation, against approved outputs: `approved/NAME.txt`. To approve a change, run
 * `npx vitest run --project unit test/explain -u`, and read the difference.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, transcript } from '../command/command.ts'
import { SITUATIONS } from './situations.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-explain-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(Object.entries(SITUATIONS))(
  '%s: what is said is what was approved',
  async (name, { files, calls }) => {
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
    const shown = await Promise.all(calls.map(async (words) => transcript(words, await call(folder, words))))
    await expect(shown.join('\n')).toMatchFileSnapshot(join(import.meta.dirname, 'approved', `${name}.txt`))
  },
)
