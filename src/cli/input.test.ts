import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Failure } from './failure.ts'
import { openInput } from './input.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-input-'))
afterAll(() => rmSync(folder, { recursive: true }))

function refusal(path: string): string {
  try {
    openInput(path)
  } catch (error) {
    if (error instanceof Failure) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'opened'
}

test('a file of several chunks: each is right until the one after the next is asked for', async () => {
  const path = join(folder, 'long')
  const data = Buffer.alloc(3_500_000)
  for (let at = 0; at < data.length; at += 4) data.writeUInt32LE(at, at)
  writeFileSync(path, data)
  const { size, chunks } = openInput(path)
  expect(size).toBe(data.length)
  let position = 0
  let before: { chunk: Uint8Array; position: number } | null = null
  for await (const chunk of chunks) {
    for (const one of [before, { chunk, position }]) {
      if (one !== null) expect(data.subarray(one.position).indexOf(one.chunk)).toBe(0)
    }
    before = { chunk, position }
    position += chunk.length
  }
  expect(position).toBe(data.length)
})

test('an empty file has no chunk', async () => {
  writeFileSync(join(folder, 'empty'), '')
  for await (const chunk of openInput(join(folder, 'empty')).chunks) expect(chunk).toBeUndefined()
})

test('what cannot be read is told in words', () => {
  const long = join(folder, 'n'.repeat(300))
  expect(refusal(join(folder, 'none'))).toBe(`3 ${join(folder, 'none')}: no such file`)
  expect(refusal(folder)).toBe(`3 ${folder}: is a directory, not a capture`)
  expect(refusal(long)).toBe(`3 ${long}: the name is too long`)
})

test.skipIf(process.getuid?.() === 0)('a file without permission (root may read everything)', () => {
  const path = join(folder, 'locked')
  writeFileSync(path, '')
  chmodSync(path, 0)
  expect(refusal(path)).toBe(`3 ${path}: permission denied`)
})
