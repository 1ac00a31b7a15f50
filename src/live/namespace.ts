import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { close, enterNetwork, open } from './libc.ts'

const NAME = /^sallyport-(\d+)-(\d+)$/
const living = new Set<Namespace>()
let number = 0

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`
}

/** Removes namespaces whose process is gone (a run that was killed). */
export function removeLeftovers(): void {
  const folder = '/run/netns'
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const match = NAME.exec(name)
    if (match && !existsSync(`/proc/${match[1]}`)) run('ip', 'netns', 'delete', name)
  }
}

function removeAll(): void {
  for (const namespace of [...living]) namespace.remove()
}

let watching = false

// Whatever ends the process, the namespaces go with it; only SIGKILL leaves some, for the next start.
function watchExit(): void {
  if (watching) return
  watching = true
  process.on('exit', removeAll)
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
}

/** A network namespace of our own, named after the process. */
export class Namespace {
  readonly name: string
  readonly #home: number
  readonly #inside: number

  constructor() {
    if (number === 0) removeLeftovers()
    watchExit()
    this.name = `sallyport-${process.pid}-${number++}`
    run('ip', 'netns', 'add', this.name)
    living.add(this)
    this.#home = open('/proc/thread-self/ns/net', 'read')
    this.#inside = open(`/run/netns/${this.name}`, 'read')
  }

  /** Runs `action` with the calling thread inside. Sockets and devices opened there stay there. */
  inside<T>(action: () => T): T {
    enterNetwork(this.#inside)
    try {
      return action()
    } finally {
      enterNetwork(this.#home)
    }
  }

  /** Runs a program inside; throws with its standard error. */
  run(command: string, ...args: string[]): string {
    return run('ip', 'netns', 'exec', this.name, command, ...args)
  }

  /** Writes a sysctl by its dotted name, as far as this namespace has it. */
  set(name: string, value: string | number): void {
    this.inside(() => writeFileSync(sysctlPath(name), String(value)))
  }

  get(name: string): string {
    return this.inside(() => readFileSync(sysctlPath(name), 'utf8')).trim()
  }

  remove(): void {
    if (!living.delete(this)) return
    close(this.#inside)
    close(this.#home)
    run('ip', 'netns', 'delete', this.name)
  }
}
