/** What documents show of the command: each `console` block, with what its commands print now. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** A folder with `sallyport` in it, for a shell's PATH. */
function commandFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/cli.js')}' "$@"\n`
  writeFileSync(join(folder, 'sallyport'), script, { mode: 0o755 })
  return folder
}

/** What a shell in examples/ shows of a command line: both streams, and the exit code where it is not 0. */
function shown(line: string, folder: string): string {
  const script = `{ ${line}\n} 2>&1 || echo "(exit code $?)"`
  return execFileSync('/bin/sh', ['-c', script], {
    cwd: join(root, 'examples'),
    encoding: 'utf8',
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  })
}

/**
 * The text with the output in each `console` block made anew. A line of a command begins with `$ `; if it ends with a
 * backslash, it goes on in the next one.
 */
export function withOutputs(markdown: string): string {
  const folder = commandFolder()
  try {
    return markdown.replace(/```console\n(.*?)```/gs, (_, block: string) => {
      const commands = [...block.matchAll(/^\$ ((?:.*\\\n)*.*)$/gm)].map(([, line]) => line!)
      const parts = commands.map((line) => `$ ${line}\n${shown(line, folder)}`)
      return `\`\`\`console\n${parts.join('\n')}\`\`\``
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
