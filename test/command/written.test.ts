/** `--write`: what was captured, with what became of it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errors } from '../captures/icmp.ts'
import { links } from '../captures/links.ts'
import { windows } from '../captures/tcp.ts'
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
