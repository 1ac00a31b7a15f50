import { expect, test } from 'vitest'
import { SITUATIONS } from '../explain/situations.ts'
import { call } from './command.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

test('--findings: a line of JSON for each, the most telling first, with the sentence of the report', async () => {
  const { files, calls } = SITUATIONS['strays']!
  for (const [name, content] of Object.entries(files)) folder.write(name, content)
  const words = calls.find(([command]) => command === 'replay')!
  const { code, out } = await call(folder.path, [...words, '--findings'])
  const findings = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(code).toBe(0)
  expect(findings.map((finding) => finding.code)).toEqual([
    'mid-stream',
    'refused',
    'no-connection',
    'after-close',
  ])
  expect(findings[0]).toMatchObject({ packets: 1, blocked: 1, flows: 1, first: 1, decidedBy: { number: 2 } })
  expect(findings[3].latest).toBeCloseTo(4.932, 3)
  const report = (await call(folder.path, words)).out.replace(/\s+/g, ' ')
  for (const { text } of findings) expect(report).toContain(text)
})

test('--findings is a stream of its own; of a run without any it is empty', async () => {
  const { files } = SITUATIONS['repeats']!
  for (const [name, content] of Object.entries(files)) folder.write(name, content)
  expect(await call(folder.path, ['replay', 'repeats.pcapng', '--findings'])).toMatchObject({
    code: 0,
    out: '',
  })
  const mixed = await call(folder.path, ['replay', 'repeats.pcapng', '--findings', '--json'])
  expect(mixed.code).toBe(2)
  expect(mixed.error).toContain('--json and --findings go to standard output both')
})
