/** Scenarios as the page shows them: played, checked, changed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Load, type ScenarioText, usualSettings } from '../protocol.ts'
import { Session } from './session.ts'
import { Refusal } from './source.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'scenarios')
const names = readdirSync(folder).filter((name) => name.endsWith('.scenario'))
const files = ['first-look.v4', 'first-look.pcapng'].map((name) => ({
  path: `../examples/${name}`,
  bytes: new Uint8Array(readFileSync(join(root, 'examples', name))),
}))

const read = (name: string): ScenarioText => ({
  name: `${name}.scenario`,
  text: readFileSync(join(folder, `${name}.scenario`), 'utf8'),
  files,
})

const load = (scenario: ScenarioText, test = 0): Load => ({
  captures: [],
  rules: null,
  rules6: null,
  settings: usualSettings,
  scenario: { ...scenario, test },
})

const changed = (name: string, from: string, to: string): ScenarioText => {
  const scenario = read(name)
  expect(scenario.text).toContain(from)
  return { ...scenario, text: scenario.text.replace(from, to) }
}

test.each(names)(
  '%s: every test is played, its packets have their lines, and all that is expected holds',
  async (name) => {
    const scenario = read(name.replace('.scenario', ''))
    const session = new Session()
    const { tests, marks } = await session.answer('checkScenario', scenario)
    expect(marks.filter(({ kind }) => kind === 'error')).toEqual([])
    for (let at = 0; at < tests.length; at++) {
      const { packets, flows, scenario: played } = await session.answer('load', load(scenario, at))
      expect(played).toMatchObject({ test: at, tests })
      expect(played!.lines).toHaveLength(packets)
      expect(Math.min(...played!.lines)).toBeGreaterThan(tests[at]!.line - 1)
      const page = await session.answer('table', { packet: packets, from: 0, count: 10 })
      expect(page.packet).toBe(packets)
      expect(flows).toBeGreaterThan(0)
      const { lines } = await session.answer('explain', { packet: packets, width: 72 })
      expect(lines[0]![0]!.text).toMatch(new RegExp(`^Packet ${packets}\\b`))
    }
    const results = await session.answer('results', scenario)
    expect(results.passed).toEqual(tests.map(() => true))
    expect(results.marks.length).toBeGreaterThan(0)
    expect(results.marks.every(({ kind }) => kind === 'passed')).toBe(true)
  },
)

test('another expectation fails at its place, and what came can be put there', async () => {
  const scenario = changed('handshake', '       NEW', '       INVALID')
  const { passed, marks } = await new Session().answer('results', scenario)
  expect(passed).toContain(false)
  const [failed] = marks.filter(({ kind }) => kind === 'failed')
  expect(scenario.text.slice(failed!.start, failed!.end)).toBe('INVALID')
  expect(failed!.message).toMatch(/^got NEW \(packet 1\)$/)
  const [fix] = failed!.fixes
  const mended = scenario.text.slice(0, fix!.start) + fix!.text + scenario.text.slice(fix!.end)
  expect((await new Session().answer('results', { ...scenario, text: mended })).passed).not.toContain(false)
})

test('a mistake in the rules of a scenario is told at its word, not at the block', async () => {
  const scenario = changed('stray-fin-ack', '-p tcp', '-p tpc')
  const { marks } = await new Session().answer('checkScenario', scenario)
  const error = marks.find(({ kind }) => kind === 'error')!
  expect(scenario.text.slice(error.start, error.end)).toBe('tpc')
  expect(error.line).toBe(scenario.text.slice(0, error.start).split('\n').length)
  expect(error.message).toContain('did you mean tcp?')
  const [fix] = error.fixes
  expect([scenario.text.slice(fix!.start, fix!.end), fix!.text]).toEqual(['tpc', 'tcp'])
})

test('a word that is none is told with the one that was meant', async () => {
  const scenario = changed('handshake', 'server > client', 'server > clinet')
  const { tests, marks } = await new Session().answer('checkScenario', scenario)
  expect(tests).toEqual([])
  expect(marks[0]).toMatchObject({ kind: 'error', message: expect.stringContaining('did you mean client?') })
  expect(marks[0]!.fixes[0]!.text).toBe('client')
  await expect(new Session().answer('load', load(scenario))).rejects.toThrow(Refusal)
})

test('a scenario reads no file that did not come along', async () => {
  const scenario = { ...read('capture'), files: [] }
  const { marks } = await new Session().answer('checkScenario', scenario)
  expect(marks).toContainEqual(
    expect.objectContaining({ kind: 'error', message: expect.stringContaining('no such file') }),
  )
})

test('rules that a scenario loads on its way stand behind those before, from their packet on', async () => {
  const session = new Session()
  await session.answer('load', load(read('ruleset-change')))
  const rows = await session.answer('rules', null)
  const since = [...new Set(rows.map((row) => row.since))]
  expect(since).toHaveLength(2)
  expect(since[0]).toBe(1)
  expect(since[1]).toBeGreaterThan(1)
  expect(rows.some((row) => row.since > 1 && row.packets > 0)).toBe(true)
})

test('a test behind the last one is the last one', async () => {
  const { scenario } = await new Session().answer('load', load(read('handshake'), 7))
  expect(scenario!.test).toBe(scenario!.tests.length - 1)
})
