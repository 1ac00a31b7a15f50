import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Load, usualSettings } from '../protocol.ts'
import { Session } from './session.ts'

const examples = join(import.meta.dirname, '../../examples')
const read = (name: string) => readFileSync(join(examples, name))
const rules = (name: string) => ({ name, text: read(name).toString('utf8') })

const old: Load = {
  captures: [{ name: 'first-look.pcapng', blob: new Blob([new Uint8Array(read('first-look.pcapng'))]) }],
  rules: rules('first-look.v4'),
  rules6: null,
  settings: usualSettings,
  scenario: null,
}

const compare = (now: Partial<Load>, before: Load = old) =>
  new Session().answer('compare', { old: before, now: { ...before, ...now } })

test('a second ruleset: what changes, by which rule of each side, and why', async () => {
  const { headline, same, groups, rules: rows } = await compare({ rules: rules('first-look.next.v4') })
  expect(headline).toMatch(/^\d+ of \d+ flows change /)
  expect(same).toBe(false)
  const [first] = groups
  expect(first!.old.fate).not.toBe(first!.now.fate)
  expect(first!.old.line).toMatch(/^first-look\.v4:\d+$/)
  expect(first!.why.length).toBeGreaterThan(0)
  for (const { examples } of groups) for (const { packet } of examples) expect(packet).toBeGreaterThan(0)
  expect(rows.map(({ sign }) => sign)).toContain('+')
})

test('the same rules change nothing', async () => {
  const { same, groups, rules: rows } = await compare({})
  expect([same, groups, rows]).toEqual([true, [], []])
})

test('a setting of the second run alone', async () => {
  const sysctls = 'net.netfilter.nf_conntrack_tcp_be_liberal = 1'
  const { groups } = await compare({ settings: { ...usualSettings, sysctls } })
  expect(groups.map(({ title }) => title)).toContain('DROP → ACCEPT')
})

test('from no rules to rules', async () => {
  const { groups } = await compare({ rules: old.rules }, { ...old, rules: null })
  expect(groups.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['ACCEPT → DROP', 'ACCEPT → REJECT']),
  )
  expect(groups[0]!.old.line).toBe('')
})

test('mistakes of the second ruleset are told with their place, and a scenario is refused', async () => {
  await expect(compare({ rules: { name: 'new.v4', text: '*filter\n-A INPUT -p tpc\n' } })).rejects.toThrow(
    'new.v4:2:',
  )
  const scenario = { name: 'x.scenario', text: '', files: [], test: 0 }
  await expect(compare({}, { ...old, scenario })).rejects.toThrow('a scenario has its own rules')
})

test('another question gives up the one before, and so does leaving', async () => {
  const session = new Session()
  const first = session.answer('compare', { old, now: old })
  const second = session.answer('compare', { old, now: old })
  await expect(first).rejects.toThrow('cancelled')
  await session.answer('leaveCompare', null)
  await expect(second).rejects.toThrow('cancelled')
})
