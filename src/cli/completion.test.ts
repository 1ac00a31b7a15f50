import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { commands } from './commands.ts'
import { bashCompletion } from './completion-bash.ts'
import { fishCompletion } from './completion-fish.ts'
import { zshCompletion } from './completion-zsh.ts'

const loaded = await Promise.all(commands.map((command) => command.load()))
const installed = (shell: string) => spawnSync(shell, ['--version']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'sallyport-completion-'))
writeFileSync(join(folder, 'trouble one.pcap'), '')
writeFileSync(join(folder, 'table.txt'), '')
afterAll(() => rmSync(folder, { recursive: true }))

/** Splits as readline does ("=" is a word of its own), completes the last word, and gives the candidates. */
function complete(line: string): string[] {
  const words = line
    .split(' ')
    .flatMap((word) => word.split(/(=)/).filter((part, at) => part !== '' || at === 0))
  const script = `${bashCompletion(loaded)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_sallyport
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8', cwd: folder })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((word) => word !== '')
}

test.skipIf(!installed('bash')).each([
  ['sallyport re', ['replay']],
  ['sallyport --', ['--help', '--version']],
  ['sallyport help c', ['completion']],
  ['sallyport completion z', ['zsh']],
  ['sallyport replay --sys', ['--sysctl', '--sysctl-file']],
  ['sallyport replay --checksum ', ['auto', 'verify', 'ignore']],
  ['sallyport replay --checksum=v', ['verify']],
  ['sallyport replay --checksum=', ['auto', 'verify', 'ignore']],
  ['sallyport replay --table=ex', ['extended']],
  ['sallyport replay --table tr', ['trouble one.pcap']],
  ['sallyport replay --table-in ta', ['table.txt']],
  ['sallyport replay -w ta', ['table.txt']],
  ['sallyport replay --helper t', ['tftp=udp/69']],
  ['sallyport replay --at ', []],
  ['sallyport replay tr', ['trouble one.pcap']],
  ['sallyport replay a.pcap ctst', ['ctstate']],
  ['sallyport replay a.pcap ctstate I', ['INVALID']],
  [
    'sallyport replay a.pcap reason tcp-s',
    ['tcp-short', 'tcp-state', 'tcp-seq-high', 'tcp-seq-low', 'tcp-simultaneous-open'],
  ],
  ['sallyport replay a.pcap port', ['port', 'portrange']],
])('bash: %s', (line, candidates) => {
  expect(complete(line)).toEqual(candidates)
})

test.each([
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
] as const)(
  '%s: the script is as approved, and has no syntax error where the shell is installed',
  (shell, script) => {
    const text = script(loaded)
    if (installed(shell)) {
      const path = join(folder, shell)
      writeFileSync(path, text)
      expect(spawnSync(shell, ['-n', path], { encoding: 'utf8' }).stderr).toBe('')
    }
    expect(text).toMatchSnapshot()
  },
)
