/** `sallyport test --watch`: runs again what depends on a file that changed. */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { KernelTests } from '../live/kernel-tests.ts'
import { Failure } from './failure.ts'
import type { Output } from './output.ts'
import type { Reporter } from './reporters/reporter.ts'
import { findScenarios } from './scenario-files.ts'
import type { Terminal } from './terminal.ts'
import { runTests, type TestRequest } from './test-run.ts'

/** Editors write a file in several steps. */
const SETTLING_MS = 50

export interface WatchOptions {
  readonly paths: readonly string[]
  readonly pattern: RegExp | null
  readonly update: boolean
  readonly kernel: KernelTests | null
  readonly output: Output
  readonly terminal: Terminal
  readonly newReporter: () => Reporter
}

/** Runs until the process is told to end. */
export async function watchTests(options: WatchOptions): Promise<never> {
  return new Watch(options).run()
}

class Watch {
  readonly #options: WatchOptions
  /** Folders that are watched, by their path. */
  readonly #watchers = new Map<string, FSWatcher>()
  /** Scenarios by what they read. */
  readonly #readers = new Map<string, Set<string>>()
  readonly #changed = new Set<string>()
  #wake: (() => void) | null = null

  constructor(options: WatchOptions) {
    this.#options = options
  }

  async run(): Promise<never> {
    let files: readonly string[] = this.#find()
    for (;;) {
      await this.#runOnce(files)
      files = await this.#next()
      const { output, terminal } = this.#options
      // Clears what is shown, and what scrolled away.
      if (terminal.interactive) output.write('\u001b[2J\u001b[3J\u001b[H')
    }
  }

  #find(): string[] {
    const files = findScenarios(this.#options.paths)
    for (const file of files) this.#depend(file, file)
    // New files appear in folders.
    for (const path of this.#options.paths) this.#watchFolder(resolve(path))
    return files
  }

  async #runOnce(files: readonly string[]): Promise<void> {
    const { pattern, update, kernel, output, terminal, newReporter } = this.#options
    let reading = ''
    const request: TestRequest = {
      files,
      pattern,
      update,
      kernel,
      onRead: (path) => {
        if (files.includes(path)) reading = path
        this.#depend(path, reading)
      },
    }
    try {
      await runTests(request, newReporter())
    } catch (error) {
      // A file that is away for a moment, as while it is saved.
      if (!(error instanceof Failure)) throw error
      output.line(error.message)
    }
    output.line(`\n${terminal.style('dim', 'waiting for changes (Ctrl+C ends)')}`)
    output.flush()
  }

  #depend(path: string, scenario: string): void {
    const whole = resolve(path)
    const readers = this.#readers.get(whole) ?? new Set()
    readers.add(scenario)
    this.#readers.set(whole, readers)
    this.#watchFolder(dirname(whole))
  }

  /** Of a file its folder: editors put another file in its place. */
  #watchFolder(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, (_, name) => this.#onChange(resolve(folder, name ?? '')))
      watcher.on('error', () => this.#watchers.delete(folder))
      this.#watchers.set(folder, watcher)
    } catch {
      // No folder, or none that can be watched: a file that was given is watched by its own folder.
    }
  }

  #onChange(path: string): void {
    const isNew = basename(path).endsWith('.scenario') && !this.#readers.has(path)
    if (!isNew && !this.#readers.has(path)) return
    this.#changed.add(path)
    this.#wake?.()
  }

  /** Waits for a change; the scenarios that it concerns. */
  async #next(): Promise<readonly string[]> {
    for (;;) {
      if (this.#changed.size === 0) {
        await new Promise<void>((done) => {
          this.#wake = done
        })
        this.#wake = null
      }
      await new Promise((done) => setTimeout(done, SETTLING_MS))
      const changed = [...this.#changed]
      this.#changed.clear()
      let all: readonly string[]
      try {
        all = this.#find()
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        continue
      }
      const concerned = new Set(changed.flatMap((path) => [...(this.#readers.get(path) ?? [])]))
      const files = all.filter((file) => concerned.has(file))
      if (files.length > 0) return files
    }
  }
}
