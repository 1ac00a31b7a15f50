/** A capture that is still being written: what is known is shown before more comes, and an interrupt ends it well. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { close } from '../captures/tcp.ts'
import { COMMAND } from './command.ts'
import { linesOf, testFolder } from './folder.ts'

/** Far longer than any of it takes: a command that never answers fails the test, not the machine's patience. */
const PATIENCE_MS = 20_000

const folder = testFolder()
const story = close()
const whole = story.file()
/** The first four packets, in a capture that goes on: the handshake and more. */
const begun = story.file(1, 4)

/** Waits, for a while, until it is so; answers whether it is. */
async function becomes(isSo: () => boolean): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS
  while (!isSo() && performance.now() < until) await new Promise((done) => setTimeout(done, 20))
  return isSo()
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

class Live {
  readonly child: ChildProcessWithoutNullStreams
  readonly closed: Promise<number | null>
  out = ''
  error = ''

  constructor(...words: string[]) {
    this.child = spawn(process.execPath, [COMMAND, 'replay', '-', ...words])
    this.child.stdout.on('data', (bytes) => {
      this.out += bytes
    })
    this.child.stderr.on('data', (bytes) => {
      this.error += bytes
    })
    this.child.stdin.on('error', () => {})
    this.closed = new Promise((done) => this.child.on('close', (code) => done(code)))
  }

  /** Waits, for a while, until standard output holds so many lines; answers whether it does. */
  shows(lines: number): Promise<boolean> {
    return becomes(() => linesOf(this.out).length >= lines)
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }
}

const running: Live[] = []
function start(...words: string[]): Live {
  const live = new Live(...words)
  running.push(live)
  return live
}
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL')
})

test.each([
  // A line a packet at least: --all has sentences below them.
  ['--json', 4],
  ['--all', 4],
  // NEW, and two changes of state.
  ['--events', 3],
])('%s: what came is shown while the writer has not ended', async (option, lines) => {
  const live = start(option)
  live.child.stdin.write(begun)
  expect(await live.shows(lines)).toBe(true)
  expect(live.hasEnded).toBe(false)
  const early = live.out
  live.child.stdin.end(whole.subarray(begun.length))
  expect(await live.closed).toBe(0)
  expect(live.out.startsWith(early)).toBe(true)
  expect(live.out.length).toBeGreaterThan(early.length)
})

test('the last byte of a packet comes late: the packet is shown once it is there', async () => {
  const live = start('--json')
  live.child.stdin.write(begun.subarray(0, begun.length - 1))
  expect(await live.shows(3)).toBe(true)
  expect(linesOf(live.out)).toHaveLength(3)
  live.child.stdin.write(begun.subarray(begun.length - 1))
  expect(await live.shows(4)).toBe(true)
  live.child.stdin.end()
  expect(await live.closed).toBe(0)
})

test.skipIf(process.platform === 'win32')(
  'interrupted, --all: the totals of what came, exit code 0',
  async () => {
    const live = start('--all')
    live.child.stdin.write(begun)
    expect(await live.shows(4)).toBe(true)
    live.child.kill('SIGINT')
    expect(await live.closed).toBe(0)
    expect(live.out).toMatch(/^ {2}packets +4, /m)
    expect(live.error).toBe('')
  },
)

test.skipIf(process.platform === 'win32')('interrupted: the report of what came, exit code 0', async () => {
  const copy = join(folder.path, 'copy.pcapng')
  const live = start('--write', copy)
  live.child.stdin.write(begun)
  // The report comes at the end only; the copy tells that the packets have been read.
  expect(await becomes(() => sizeOf(copy) > begun.length)).toBe(true)
  expect({ out: live.out, hasEnded: live.hasEnded }).toEqual({ out: '', hasEnded: false })
  live.child.kill('SIGINT')
  expect(await live.closed).toBe(0)
  expect(live.out).toMatch(/^ {2}packets +4, /m)
  expect(live.error).toBe('')
})

test.skipIf(process.platform === 'win32')('interrupted, --table: the table as it is then', async () => {
  const live = start('--events', '--table')
  live.child.stdin.write(begun)
  expect(await live.shows(3)).toBe(true)
  live.child.kill('SIGINT')
  expect(await live.closed).toBe(0)
  expect(live.out).toMatch(/^tcp .*\[ASSURED\] mark=0 use=1$/m)
})

test('--write -: the packets that came are written before more comes', async () => {
  const live = start('--write', '-')
  let written = 0
  live.child.stdout.on('data', (bytes: Buffer) => {
    written += bytes.length
  })
  live.child.stdin.write(begun)
  expect(await becomes(() => written > begun.length)).toBe(true)
  expect(live.hasEnded).toBe(false)
  live.child.stdin.end()
  expect(await live.closed).toBe(0)
})
