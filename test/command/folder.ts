/** A folder of a test file's own, with captures in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Called, type CallOptions, call } from './command.ts'

export interface Folder {
  readonly path: string
  /** `sallyport replay WORDS` in it. */
  replay(...words: string[]): Promise<Called>
  replayWith(options: CallOptions, ...words: string[]): Promise<Called>
  write(name: string, content: Uint8Array | string): string
}

export function testFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-command-'))
  afterAll(() => rmSync(path, { recursive: true, force: true }))
  return {
    path,
    replay: (...words) => call(path, ['replay', ...words]),
    replayWith: (options, ...words) => call(path, ['replay', ...words], options),
    write: (name, content) => {
      writeFileSync(join(path, name), content)
      return join(path, name)
    },
  }
}

export function linesOf(text: string): string[] {
  return text === '' ? [] : text.trimEnd().split('\n')
}
