/** The table at any packet, made of columns, is what the tracker has at that moment. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tableOf } from '../../src/conntrack/view-entry.ts'
import { conntrackText } from '../../src/format/conntrack.ts'
import { CAPTURES } from '../../test/captures/gallery.ts'
import { type Load, usualSettings } from '../protocol.ts'
import { Recorder } from './recorder.ts'
import { RunMaker } from './run-maker.ts'
import { TableAt } from './table-at.ts'

const examples = join(import.meta.dirname, '../../examples')

function example(name: string): Load {
  return {
    captures: [{ name, blob: new Blob([readFileSync(join(examples, `${name}.pcapng`))]) }],
    rules: { name: `${name}.v4`, text: readFileSync(join(examples, `${name}.v4`), 'utf8') },
    rules6: null,
    settings: usualSettings,
    scenario: null,
  }
}

function gallery(name: string): Load {
  const files = Object.entries(CAPTURES[name]!.files())
  const captures = files.map(([file, bytes]) => ({ name: file, blob: new Blob([bytes.slice()]) }))
  return { captures, rules: null, rules6: null, settings: usualSettings, scenario: null }
}

const loads: readonly (readonly [string, () => Load])[] = [
  ['first-look with its rules', () => example('first-look')],
  ...Object.keys(CAPTURES).map((name) => [name, () => gallery(name)] as const),
]

test.each(loads)('%s: the table at a packet is the tracker’s', async (_, load) => {
  const maker = await RunMaker.of(load())
  const run = maker.make()
  const recorder = new Recorder(run)
  const table = new TableAt(recorder, run.tracker.clock.hz)
  const items = { timeout: true, state: true, mark: true, use: false }
  const moments = new Map<number, string[]>()
  await run.each({
    onPacket(packet, outcome, number) {
      recorder.add(packet, outcome)
      if (!isCompared(number)) return
      const entries = [...tableOf(run.tracker)]
      moments.set(
        number,
        entries.map((entry) => conntrackText({ ...entry, helper: null }, items, {})),
      )
    },
  })
  for (const [packet, lines] of moments) {
    const page = table.page({ packet, from: 0, count: 100_000 })
    expect(
      page.rows.map(({ line }) => line),
      `after packet ${packet}`,
    ).toEqual(lines)
    expect(page.total).toBe(lines.length)
  }
})

/** Every one of a small capture; of a flood, whose tables are large, some. */
function isCompared(packet: number): boolean {
  return packet <= 200 || packet % 997 === 0
}
