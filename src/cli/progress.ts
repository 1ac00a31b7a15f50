/** One line on standard error about how far a long input has been read; it leaves no trace. */
import { writeStandardError } from './output.ts'
import type { Terminal } from './terminal.ts'

const FIRST_MS = 1000
const EVERY_MS = 200
const ERASE = '\r\u001b[2K'

export interface ProgressEnvironment {
  /** Of standard error: nothing is shown where it is not interactive. */
  readonly terminal: Terminal
  /** Milliseconds of a steady clock. */
  readonly now?: () => number
  readonly write?: (text: string) => void
}

export class Progress {
  readonly #terminal: Terminal
  readonly #now: () => number
  readonly #write: (text: string) => void
  readonly #total: number | null
  #due: number
  #shown = false

  /** `totalBytes`: of all inputs, or null where one has no size (standard input). */
  constructor(totalBytes: number | null, { terminal, now, write }: ProgressEnvironment) {
    this.#terminal = terminal
    this.#now = now ?? (() => performance.now())
    this.#write = write ?? writeStandardError
    this.#total = totalBytes
    this.#due = this.#now() + FIRST_MS
  }

  /** Cheap enough for once a chunk. */
  update(bytes: number, packets: number): void {
    if (!this.#terminal.interactive) return
    const now = this.#now()
    if (now < this.#due) return
    this.#due = now + EVERY_MS
    this.#shown = true
    const share = this.#total ? `${Math.min(100, Math.floor((bytes / this.#total) * 100))} % of ` : ''
    const size = formatBytes(this.#total ?? bytes)
    const line = `reading: ${share}${size}, ${packets.toLocaleString('en')} packets`
    this.#write(ERASE + this.#terminal.style('dim', line.slice(0, this.#terminal.width - 1)))
  }

  /** Removes the line: call it before anything else is written to the terminal. */
  finish(): void {
    if (!this.#shown) return
    this.#shown = false
    this.#write(ERASE)
  }
}

function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.floor(value) : value.toFixed(1)} ${units[unit]}`
}
