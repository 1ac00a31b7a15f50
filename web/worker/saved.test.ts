import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseScenario } from '../../src/scenario/parser.ts'
import { ScenarioRun } from '../../src/scenario/run.ts'
import { type Load, usualSettings } from '../protocol.ts'
import { Session } from './session.ts'

const examples = join(import.meta.dirname, '../../examples')
const read = (name: string) => readFileSync(join(examples, name))

function load(capture: string, rules: string | null, more: Partial<Load> = {}): Load {
  return {
    captures: [{ name: capture, blob: new Blob([new Uint8Array(read(capture))]) }],
    rules: rules === null ? null : { name: rules, text: read(rules).toString('utf8') },
    rules6: null,
    settings: usualSettings,
    scenario: null,
    ...more,
  }
}

async function loaded(given: Load) {
  const session = new Session()
  const overview = await session.answer('load', given)
  return { session, overview }
}

const all = { filter: '', rule: null, span: null, sort: 'first', descending: false } as const

/** Verdict and class of each packet of a connection. */
async function fates(session: Session, flow: number): Promise<string[]> {
  const { arrows } = await session.answer('arrows', { flow, from: 0, count: 1000 })
  return arrows.map(({ ctstate, verdict, decidedBy }) => `${ctstate} ${verdict} ${decidedBy}`)
}

/** Of the router: its addresses, its routes, its sets. */
const router = {
  ...usualSettings,
  host: 'local wan0=203.0.113.5/24\nlocal lan0=192.168.1.1/24\nroute default=wan0',
  ipset: read('router.ipset').toString('utf8'),
}

const runs: readonly (readonly [string, string | null, Partial<Load>])[] = [
  ['first-look.pcapng', 'first-look.v4', {}],
  ['first-look.pcapng', null, {}],
  ['router.pcapng', 'router.v4', { settings: router }],
]

describe.each(runs)('%s through %s', (capture, rules, more) => {
  test('each connection as a scenario passes, and says where it is otherwise on its own', async () => {
    const given = load(capture, rules, more)
    const { session, overview } = await loaded(given)
    let same = 0
    for (let flow = 1; flow <= overview.flows; flow++) {
      const saved = await session.answer('saveScenario', { flow }).catch((error: Error) => error.message)
      if (typeof saved === 'string') {
        // The router was captured on both sides.
        expect(saved).toMatch(/second-copy/)
        same++
        continue
      }
      const { name, blob } = saved
      const text = await blob.text()
      const { file, problems } = parseScenario(text, name)
      expect(problems, text).toEqual([])
      const result = await new ScenarioRun(file!).test(file!.tests[0]!)
      expect(result.failures, text).toEqual([])
      expect(result.problem, text).toBe(null)
      expect(text).not.toMatch(/^ +\?$/m)
      const { total } = await session.answer('arrows', { flow, from: 0, count: 0 })
      expect(text.match(/^(?:\+|# packet )/gm)).toHaveLength(total)
      if (!text.includes('# In the capture:')) same++
    }
    // Nearly all are the same on their own.
    expect(same / overview.flows).toBeGreaterThan(0.7)
  })

  test('all connections as pcapng come to the same', async () => {
    const given = load(capture, rules, more)
    const { session, overview } = await loaded(given)
    const { blob, packets } = await session.answer('savePcapng', all)
    expect(packets).toBe(overview.packets - overview.outside)
    const again = await loaded({ ...given, captures: [{ name: 'saved.pcapng', blob }] })
    expect(again.overview.flows).toBe(overview.flows)
    for (let flow = 1; flow <= overview.flows; flow++)
      expect(await fates(again.session, flow)).toEqual(await fates(session, flow))
  })
})

test('one connection, and a selection of them, as pcapng', async () => {
  const { session } = await loaded(load('first-look.pcapng', 'first-look.v4'))
  const one = await session.answer('savePcapng', { flow: 2 })
  const { row } = await session.answer('arrows', { flow: 2, from: 0, count: 1 })
  expect([one.name, one.packets]).toEqual(['connection-2.pcapng', row.packets[0] + row.packets[1]])
  const selection = await session.answer('savePcapng', { ...all, filter: 'verdict REJECT' })
  expect(selection.name).toBe('selection.pcapng')
  const text = new TextDecoder('latin1').decode(await selection.blob.arrayBuffer())
  expect(text).toContain('verdict=REJECT by="')
})

test('settings and a hostile name go with a scenario', async () => {
  const settings = { ...usualSettings, sysctls: 'net.netfilter.nf_conntrack_tcp_loose = 0', zone: 3 }
  const given = load('first-look.pcapng', 'first-look.v4', { settings })
  const name = 'x\n+0 a > b S\u001b[31m.pcapng'
  const { session } = await loaded({ ...given, captures: [{ name, blob: given.captures[0]!.blob }] })
  const text = await (await session.answer('saveScenario', { flow: 1 })).blob.text()
  expect(text).toContain('sysctl net.netfilter.nf_conntrack_tcp_loose=0\nzone 3\n')
  expect(
    text
      .split('\n')
      .slice(0, 2)
      .every((line) => line.startsWith('#')),
  ).toBe(true)
  expect(text).not.toContain('\u001b')
})

test('a scenario’s packets are a capture, and no scenario again', async () => {
  const text = readFileSync(join(examples, '../scenarios/timeouts.scenario'), 'utf8')
  const scenario = { name: 'x.scenario', text, files: [], test: 0 }
  const { session, overview } = await loaded(load('first-look.pcapng', null, { scenario }))
  const { blob, packets } = await session.answer('savePcapng', all)
  expect(packets).toBe(overview.packets)
  const again = await loaded(load('first-look.pcapng', null, { captures: [{ name: 'x.pcapng', blob }] }))
  expect(again.overview.flows).toBe(overview.flows)
  expect(again.overview.ctstates).toEqual(overview.ctstates)
  await expect(session.answer('saveScenario', { flow: 1 })).rejects.toThrow('a scenario already')
})
