/** `--write`: what was captured, with what became of it. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errors } from '../captures/icmp.ts'
import { links } from '../captures/links.ts'
import { windows } from '../captures/tcp.ts'
import { COMMAND } from './command.ts'
import { linesOf, testFolder } from './folder.ts'

const folder = testFolder()
folder.write('windows.pcapng', windows().file())
folder.write('errors.pcapng', errors().file())
folder.write('links.pcapng', links().file())

const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0
if (!hasTshark)
  process.stderr.write('SKIPPED: no tshark here, so Wireshark did not read what --write wrote\n')

test.each(['windows', 'errors', 'links'])(
  '%s, written and read again, replays to the same records',
  async (name) => {
    const first = await folder.replay(`${name}.pcapng`, '--json', '--write', `${name}-2.pcapng`)
    const second = await folder.replay(`${name}-2.pcapng`, '--json')
    expect(first.code).toBe(0)
    expect(linesOf(first.out).length).toBeGreaterThan(10)
    expect(second.out.replaceAll(`${name}-2.pcapng`, `${name}.pcapng`)).toBe(first.out)
  },
)

test('the selection does not choose what is written, and the report is printed as ever', async () => {
  const plain = await folder.replay('windows.pcapng', 'ctstate', 'INVALID')
  const writing = await folder.replay('windows.pcapng', '-w', 'all.pcapng', 'ctstate', 'INVALID')
  expect(writing).toEqual(plain)
  expect(linesOf((await folder.replay('all.pcapng', '--json')).out)).toHaveLength(11)
})

test.skipIf(!hasTshark)('Wireshark finds the INVALID packets by their comments', async () => {
  await folder.replay('errors.pcapng', '-w', 'commented.pcapng')
  const tshark = (...words: string[]) =>
    linesOf(
      execFileSync('tshark', ['-r', join(folder.path, 'commented.pcapng'), ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    )
  const numbers = (filter: string) => tshark('-Y', filter, '-T', 'fields', '-e', 'frame.number').map(Number)
  const { out } = await folder.replay('errors.pcapng', '--json', 'ctstate', 'INVALID')
  const invalid = linesOf(out).map((line) => JSON.parse(line).frame)
  expect(invalid).toHaveLength(5)
  expect(numbers('frame.comment contains "ctstate=INVALID"')).toEqual(invalid)
  expect(numbers('frame.comment contains "reason=icmp-unrelated"')).toEqual([5])
  expect(numbers('frame.comment contains "entry=\\"tcp SYN_RECV 60\\""')).toEqual([9])
})

test('it never writes over what it reads, nor where it cannot', async () => {
  const before = readFileSync(join(folder.path, 'windows.pcapng'))
  const over = await folder.replay('windows.pcapng', '-w', './windows.pcapng')
  expect(over.code).toBe(2)
  expect(over.error).toContain('is being read')
  expect(readFileSync(join(folder.path, 'windows.pcapng')).equals(before)).toBe(true)
  expect((await folder.replay('windows.pcapng', '-w', 'no/such/folder.pcapng')).code).toBe(2)
})

/** `sallyport replay WORDS` by a shell, for its redirections. */
function shell(words: string): { code: number | null; out: Buffer; error: string } {
  const line = `"${process.execPath}" "${COMMAND}" replay ${words}`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: folder.path })
  return { code: status, out: stdout, error: stderr.toString() }
}

test('--write -: the capture on standard output, the report on standard error', async () => {
  const { code, out, error } = shell('windows.pcapng -w -')
  expect(code).toBe(0)
  const file = await folder.replay('windows.pcapng', '-w', 'windows-3.pcapng')
  expect(out.equals(readFileSync(join(folder.path, 'windows-3.pcapng')))).toBe(true)
  expect(error).toBe(file.out)
})

test.each([['--all'], ['--json'], ['--events'], ['--table'], ['--at', '#1'], ['--expect'], ['--stats']])(
  '--write - and %s: both are standard output, wrong use',
  async (...words) => {
    const { code, out, error } = await folder.replay('windows.pcapng', '-w', '-', ...words)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain('go to standard output both')
  },
)

test.skipIf(process.platform !== 'linux').each([
  ['-w /dev/full', '/dev/full'],
  ['-w - > /dev/full', 'standard output'],
  ['> /dev/full', 'standard output'],
  ['--all > /dev/full', 'standard output'],
  ['--json > /dev/full', 'standard output'],
])('a full disk, %s: exit code 4 and one line', (words, name) => {
  const { code, out, error } = shell(`errors.pcapng ${words}`)
  expect({ code, out: out.toString(), error }).toEqual({
    code: 4,
    out: '',
    error: `sallyport replay: ${name}: no space left on device\n`,
  })
})

test('--write to a folder: exit code 4 and one line', async () => {
  const { code, out, error } = await folder.replay('errors.pcapng', '-w', '.')
  expect({ code, out, error }).toEqual({
    code: 4,
    out: '',
    error: 'sallyport replay: --write: .: is a directory\n',
  })
})

test.skipIf(process.platform !== 'linux')('standard error is full: it changes nothing', async () => {
  const plain = await folder.replay('windows.pcapng', '--table')
  const { code, out } = shell('windows.pcapng --table 2> /dev/full')
  expect({ code, out: out.toString() }).toEqual({ code: 0, out: plain.out })
})

test.skipIf(process.platform === 'win32')(
  'the reader of a named pipe goes away: quiet, exit code 0',
  async () => {
    const pipe = join(folder.path, 'pipe')
    execFileSync('mkfifo', [pipe])
    const child = spawn(process.execPath, [COMMAND, 'replay', '-', '-w', 'pipe'], { cwd: folder.path })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        said += bytes
      })
    }
    const closed = new Promise((done) => child.on('close', done))
    child.stdin.on('error', () => {})
    // Opening waits for the other end, so the command has opened it when this reader is there, and it reads one byte.
    const reader = spawn('head', ['-c', '1', pipe], { stdio: 'ignore' })
    const gone = new Promise((done) => reader.on('close', done))
    child.stdin.write(errors().file().subarray(0, 1000))
    await gone
    child.stdin.end(errors().file().subarray(1000))
    expect({ code: await closed, said }).toEqual({ code: 0, said: '' })
  },
)
