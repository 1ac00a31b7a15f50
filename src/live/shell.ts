import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Namespace } from './namespace.ts'
import { pause } from './pause.ts'

const { O_NONBLOCK, O_RDONLY, O_RDWR } = constants
const PATIENCE_MS = 60_000

/** A shell that stays, inside a namespace: starting a process from here for every command would cost more than the command. */
export class Shell {
  /** Its working folder, for files to read and write. */
  readonly folder: string
  readonly #child: ChildProcess
  readonly #commands: number
  readonly #answers: number
  readonly #buffer = new Uint8Array(4096)

  constructor(namespace: Namespace) {
    this.folder = mkdtempSync(join(tmpdir(), 'sallyport-shell-'))
    const [commands, answers] = [join(this.folder, 'commands'), join(this.folder, 'answers')]
    execFileSync('mkfifo', [commands, answers])
    this.#commands = openSync(commands, O_RDWR)
    this.#answers = openSync(answers, O_RDWR | O_NONBLOCK)
    const input = openSync(commands, O_RDONLY)
    this.#child = namespace.inside(() =>
      spawn('sh', [], { cwd: this.folder, stdio: [input, 'ignore', 'ignore'] }),
    )
    closeSync(input)
    this.#child.unref()
  }

  /** Runs commands, and waits; the exit code of the last one. */
  run(commands: string): number {
    writeSync(this.#commands, `{ ${commands}\n}; echo $? >answers\n`)
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const length = this.#read()
      if (length > 0) return Number(new TextDecoder().decode(this.#buffer.subarray(0, length)))
      if (performance.now() > deadline) throw new Error(`no answer from the shell: ${commands}`)
      pause(0.2)
    }
  }

  #read(): number {
    try {
      return readSync(this.#answers, this.#buffer)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
      throw error
    }
  }

  close(): void {
    writeSync(this.#commands, 'exit\n')
    closeSync(this.#commands)
    closeSync(this.#answers)
    rmSync(this.folder, { recursive: true, force: true })
  }
}
