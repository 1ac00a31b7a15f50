import { closeSync, fstatSync, openSync, read } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream'
import { promisify } from 'node:util'
import type { Family } from '../../ruleset/model.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { unreadable, wrongUse } from '../failure.ts'
import { Output, writeStandardError } from '../output.ts'
import { loadRuleset } from '../run/rules.ts'
import type { ServeOptions } from '../serve.ts'
import { terminalOf } from '../terminal.ts'
import { hostWord, isLoopback, LOOPBACK } from './listen-address.ts'
import { type ServedFile, servedPage } from './page-file.ts'
import { listen, type Resource } from './server.ts'

const CHUNK = 256 * 1024

const readInto = promisify(read)

/** Serves until it is told to end. Answers an exit code. @throws Failure */
export async function runServe(options: ServeOptions, files: readonly string[]): Promise<number> {
  const given = new GivenFiles()
  const { width } = terminalOf(process.stderr, process.env)
  try {
    const rulesOf = async (file: string | null, family: Family) => {
      if (file === null) return null
      // Mistakes are told here, where they can be mended, ahead of any page.
      await loadRuleset(file, family, width)
      return given.add(file)
    }
    const page = servedPage({
      captures: files.map((file) => given.add(file)),
      rules: await rulesOf(options.rules, 'ipv4'),
      rules6: await rulesOf(options.rules6, 'ipv6'),
    })
    const { address, port } = placeOf(options)
    const resources = new Map([['', pageResource(page)], ...given.resources])
    const { urls, close } = await listen(resources, port, address).catch((error: Error) => {
      throw wrongUse(`${hostWord(address, port)} cannot be listened on: ${error.message}`)
    })
    const output = new Output()
    for (const url of urls) output.line(url)
    output.flush()
    if (!isLoopback(address)) writeStandardError(`sallyport serve: ${openToOthers}\n`)
    await ended()
    await close()
    return EXIT_OK
  } finally {
    given.close()
  }
}

const openToOthers =
  'whoever has this address can read the files, and so can who listens to the network in between: it is not encrypted'

/** @throws Failure where two ports are told */
function placeOf({ listen: told, port }: ServeOptions): { address: string; port: number } {
  if (told === null) return { address: LOOPBACK, port }
  if (told.port !== null && port !== 0)
    throw wrongUse('--listen and --port both tell a port: leave one of them out')
  return { address: told.address, port: told.port ?? port }
}

/** Each is opened once, so that what is served is what was named, whatever happens to its path. */
class GivenFiles {
  readonly resources = new Map<string, Resource>()
  readonly #descriptors: number[] = []

  /** @throws Failure */
  add(file: string): ServedFile {
    if (file === '-')
      throw wrongUse('the page reads its files again and again, so standard input cannot be one')
    try {
      const descriptor = openSync(file, 'r')
      this.#descriptors.push(descriptor)
      const stat = fstatSync(descriptor)
      if (!stat.isFile()) throw Object.assign(new Error('is no file that can be read again'), { code: '' })
      const path = `given/${this.resources.size}`
      this.resources.set(path, fileResource(descriptor, stat.size))
      return { name: basename(file), path }
    } catch (error) {
      throw unreadable(file, error)
    }
  }

  close(): void {
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor)
  }
}

function pageResource(page: string): Resource {
  const bytes = Buffer.from(page)
  return {
    type: 'text/html; charset=utf-8',
    size: bytes.length,
    send: (response) => response.end(bytes),
  }
}

/** As large as it was when it was named: a capture that grows is served up to there. */
function fileResource(descriptor: number, size: number): Resource {
  return {
    type: 'application/octet-stream',
    size,
    // A browser that goes away ends it.
    send: (response) => pipeline(chunksOf(descriptor, size), response, () => {}),
  }
}

async function* chunksOf(descriptor: number, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < size; ) {
    const length = Math.min(CHUNK, size - at)
    const { bytesRead, buffer } = await readInto(descriptor, new Uint8Array(CHUNK), 0, length, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** By Ctrl-C, or by whoever started it. */
function ended(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
