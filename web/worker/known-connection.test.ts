/** What the columns know of a connection changes nothing of what is explained. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Explainer } from '../../src/run/explainer.ts'
import { CAPTURES } from '../../test/captures/gallery.ts'
import { type Load, usualSettings } from '../protocol.ts'
import { knownConnection } from './known-connection.ts'
import { Recorder } from './recorder.ts'
import { RunMaker } from './run-maker.ts'

const examples = join(import.meta.dirname, '../../examples')

const example = (name: string, rules: string | null): Load => ({
  captures: [{ name, blob: new Blob([readFileSync(join(examples, name))]) }],
  rules: rules === null ? null : { name: rules, text: readFileSync(join(examples, rules), 'utf8') },
  rules6: null,
  settings: usualSettings,
  scenario: null,
})

const loads: readonly (readonly [string, () => Load])[] = [
  ['first-look', () => example('first-look.pcapng', 'first-look.v4')],
  ['router', () => example('router.pcapng', null)],
  ...Object.entries(CAPTURES).map(([name, { files }]) => {
    const captures = () =>
      Object.entries(files()).map(([file, bytes]) => ({ name: file, blob: new Blob([bytes.slice()]) }))
    const load = () => ({
      captures: captures(),
      rules: null,
      rules6: null,
      settings: usualSettings,
      scenario: null,
    })
    return [name, load] as const
  }),
]

let spared = 0

test.each(loads)('%s: packets are explained alike', async (_, load) => {
  const maker = await RunMaker.of(load())
  const run = maker.make()
  const recorder = new Recorder(run)
  await run.each({ onPacket: (packet, outcome) => recorder.add(packet, outcome) })
  const explainer = new Explainer(() => Promise.resolve(maker.make()))
  const { count } = recorder.packets
  // Of a flood, some.
  const step = Math.max(1, Math.floor(count / 12))
  for (let packet = 1; packet <= count; packet += step) {
    const known = knownConnection(recorder, packet)
    if (known === null) continue
    spared++
    expect(await explainer.explain(packet, known), `packet ${packet}`).toEqual(
      await explainer.explain(packet),
    )
  }
})

test('most packets are of connections that are known', () => {
  expect(spared).toBeGreaterThan(200)
})
