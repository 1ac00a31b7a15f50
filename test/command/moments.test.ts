/** `--at` in all its forms, and `--tz`. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gaps } from '../captures/limits.ts'
import { linesOf, testFolder } from './folder.ts'

const folder = testFolder()
// The first packet comes on 14 November 2023 at 22:13:20 UTC.
folder.write('gaps.pcapng', gaps().file())

/** When tables were shown, in the order shown, and how many entries they had. */
async function moments(...words: string[]): Promise<string[]> {
  const { code, out, error } = await folder.replay('gaps.pcapng', '--table', ...words)
  expect(code).toBe(0)
  const shown = [...error.matchAll(/table at (.*), after (\d+) packets?: (\d+) entr/g)]
  const entries = linesOf(out).filter((line) => !line.startsWith('# '))
  expect(entries).toHaveLength(shown.reduce((sum, [, , , entries]) => sum + Number(entries), 0))
  return shown.map(([, at, packets, entries]) => `${at} #${packets} ${entries}`)
}

test.each([
  [['#1'], ['22:13:20.000000 #1 1']],
  [['#5'], ['22:13:20.040000 #5 3']],
  [['+0s'], ['22:13:20.000000 #1 1']],
  [['+25ms'], ['22:13:20.025000 #3 3']],
  [['+1m30s'], ['22:14:50.000000 #5 2']],
  [['22:13:20.01'], ['22:13:20.010000 #2 2']],
  // Already over on the first day: the next one.
  [['22:13'], ['2023-11-15 22:13:00.000000 #7 1']],
  [['2023-11-14T22:15'], ['22:15:00.000000 #5 2']],
  [['2023-11-14T23:15:00+01:00'], ['22:15:00.000000 #5 2']],
  [['2023-11-16 00:00:00Z'], ['2023-11-16 00:00:00.000000 #7 1']],
  // Behind the last packet, when all has expired.
  [['2024-01-01T00:00'], ['2024-01-01 00:00:00.000000 #8 0']],
  // In the order of time, not of the call.
  [
    ['#5', '+25ms', '#1'],
    ['22:13:20.000000 #1 1', '22:13:20.025000 #3 3', '22:13:20.040000 #5 3'],
  ],
])('--at %j', async (at, expected) => {
  expect(await moments(...at.flatMap((moment) => ['--at', moment]))).toEqual(expected)
})

test.each([['conntrack'], ['save'], ['proc'], ['ip_conntrack']])(
  'several moments, --table=%s: each table begins with its moment; one alone is as ever',
  async (format) => {
    const table = `--table=${format}`
    const { out } = await folder.replay('gaps.pcapng', table, '--at=#1', '--at=#5')
    const alone = await Promise.all(
      ['#1', '#5'].map((at) => folder.replay('gaps.pcapng', table, `--at=${at}`)),
    )
    expect(alone.map((one) => one.out).join('')).not.toContain('#')
    expect(out).toBe(
      `# 22:13:20.000000, after 1 packet\n${alone[0]?.out}# 22:13:20.040000, after 5 packets\n${alone[1]?.out}`,
    )
  },
)

test('several moments: the expectations have their moments too', async () => {
  const { out } = await folder.replay('gaps.pcapng', '--expect', '--at=#1', '--at=#5')
  expect(out).toBe('# 22:13:20.000000, after 1 packet\n# 22:13:20.040000, after 5 packets\n')
})

test.each(['xml', 'json'])('--table=%s holds the table of one moment', async (format) => {
  const { code, out, error } = await folder.replay('gaps.pcapng', `--table=${format}`, '--at=#1', '--at=#5')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error).toContain(`--table=${format} is the table of one moment`)
})

test('--tz: times are read and printed in the zone', async () => {
  expect(await moments('--tz', 'Europe/Berlin', '--at', '23:14:50')).toEqual(['23:14:50.000000 #5 2'])
  expect(await moments('--tz', '+05:30', '--at', '03:44:50')).toEqual(['03:44:50.000000 #5 2'])
  expect(await moments('--tz', 'America/New_York', '--at', '2023-11-14T17:14:50')).toEqual([
    '17:14:50.000000 #5 2',
  ])
  const { out } = await folder.replay('gaps.pcapng', '--tz=Asia/Tokyo', '--all')
  expect(out).toMatch(/^ {3}1 {2}07:13:20\.000000 /)
  expect(out).toContain('from 2023-11-15 07:13:20 Asia/Tokyo on')
  expect(out).toContain('\n-- 2023-11-20\n')
})

test('a packet that the capture does not have is said, and shows nothing', async () => {
  const { code, out, error } = await folder.replay('gaps.pcapng', '--at', '#99')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error).toContain("sallyport replay: --at '#99': there is no such packet, the capture has ")
})

test('two captures of one base name: told apart in --all and in --at', async () => {
  const story = gaps()
  for (const day of ['d1', 'd2']) mkdirSync(join(folder.path, day), { recursive: true })
  folder.write('d1/x.pcapng', story.file(1, 3))
  folder.write('d2/x.pcapng', story.file(4))
  const { out } = await folder.replay('d1/x.pcapng', 'd2/x.pcapng', '--all')
  const labels = [...out.matchAll(/^ *(\S+\.pcapng:\d+) /gm)].map(([, label]) => label)
  expect(labels.slice(0, 5)).toEqual(
    [1, 2, 3].map((frame) => `d1/x.pcapng:${frame}`).concat(['d2/x.pcapng:1', 'd2/x.pcapng:2']),
  )
  const at = (moment: string) => folder.replay('d1/x.pcapng', 'd2/x.pcapng', '--at', moment)
  expect((await at('#d2/x.pcapng:1')).error).toContain('after 4 packets')
  const unclear = await at('#x.pcapng:1')
  expect({ code: unclear.code, out: unclear.out }).toEqual({ code: 2, out: '' })
  expect(unclear.error).toContain('several captures are called x.pcapng: d1/x.pcapng, d2/x.pcapng')
  const missed = await at('#d1/x.pcapng:4')
  expect(missed.code).toBe(2)
  expect(missed.error).toContain("--at '#d1/x.pcapng:4': there is no such packet, the captures have ")
})

test.each(['noon', '120', '+3', '25:00', '2023-02-30T00:00', '#0', ''])(
  '--at %j is wrong use',
  async (at) => {
    const { code, out, error } = await folder.replay('gaps.pcapng', `--at=${at}`)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain('--at')
  },
)
