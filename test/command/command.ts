/** The built command, as a user calls it; several calls may run at once. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const COMMAND = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

export interface Called {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** `FORCE_COLOR` and the like of the machine that runs the tests count for nothing. */
function environment(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...extra }
}

export interface CallOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

/** `sallyport WORDS` in a folder. */
export function call(cwd: string, words: readonly string[], options: CallOptions = {}): Promise<Called> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [COMMAND, ...words], { cwd, env: environment(options.env ?? {}) })
    const out: Buffer[] = []
    const error: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => error.push(bytes))
    child.on('error', fail)
    child.on('close', (code) => {
      done({ code, out: Buffer.concat(out).toString(), error: Buffer.concat(error).toString() })
    })
    // The command may end before it has read everything.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** What a call shows, as in a terminal with what went to standard error behind it. */
export function transcript(words: readonly string[], { code, out, error }: Called): string {
  const quoted = words.map((word) => (/^[\w.,:=/+@-]+$/.test(word) ? word : `'${word}'`)).join(' ')
  const said = error === '' ? '' : `${error.replace(/^(?=.)/gm, '! ')}`
  const ended = code === 0 ? '' : `(exit code ${code})\n`
  return `$ sallyport ${quoted}\n${out}${said}${ended}`
}
