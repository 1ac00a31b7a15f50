/** Files of scenarios: found below folders, read, and what they name read beside them. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Files } from '../scenario/load.ts'
import { EXIT_UNREADABLE } from './exit-codes.ts'
import { Failure, unreadable, wrongUse } from './failure.ts'

export const SCENARIO_ENDING = '.scenario'

/** Rules and captures are read whole; what a scenario names may be anything. */
const LONGEST = 512 * 1024 * 1024

/** In the order given, folders sorted; each once. @throws Failure where one cannot be read, or none is found. */
export function findScenarios(paths: readonly string[]): string[] {
  const found = new Map<string, string>()
  for (const path of paths) {
    let isFolder: boolean
    try {
      isFolder = statSync(path).isDirectory()
    } catch (error) {
      throw unreadable(path, error)
    }
    if (isFolder) for (const file of below(path)) found.set(resolve(file), file)
    else found.set(resolve(path), path)
  }
  if (found.size === 0)
    throw wrongUse(`no file ends in ${SCENARIO_ENDING} below ${paths.map((path) => `"${path}"`).join(', ')}`)
  return [...found.values()]
}

function* below(folder: string): Generator<string> {
  let entries: { name: string; isDirectory(): boolean; isFile(): boolean }[]
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw unreadable(folder, error)
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && entry.name !== 'node_modules') yield* below(path)
    } else if (entry.isFile() && entry.name.endsWith(SCENARIO_ENDING)) yield path
  }
}

/** @throws Failure where it cannot be read, or is no text: of its bytes nothing is shown */
export function readScenario(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
  if (text.includes('\0')) throw new Failure(`${file}: this is no text, so no scenario`, EXIT_UNREADABLE)
  return text
}

/** What a scenario names, beside it; `read` is told each path. */
export function filesBeside(file: string, read: (path: string) => void = () => {}): Files {
  const folder = dirname(file)
  const at = (path: string): string => {
    const whole = resolve(folder, path)
    read(whole)
    return whole
  }
  const named = <Read>(path: string, open: (whole: string) => Read): Read => {
    const whole = at(path)
    try {
      const found = statSync(whole)
      // A device or a pipe may have no end.
      if (!found.isFile()) throw new Error('is no file')
      if (found.size > LONGEST) throw new Error(`is longer than ${LONGEST} bytes`)
      return open(whole)
    } catch (error) {
      throw new Error(unreadable(path, error).message)
    }
  }
  return {
    text: (path) => named(path, (whole) => readFileSync(whole, 'utf8')),
    bytes: (path) =>
      named(path, (whole) => {
        const bytes = readFileSync(whole)
        const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b
        return isGzip ? gunzipSync(bytes, { maxOutputLength: LONGEST }) : bytes
      }),
  }
}
