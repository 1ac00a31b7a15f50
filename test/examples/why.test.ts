/** The guide to `explain` shows what the command prints, and names options that there are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { explainOptions } from '../../src/cli/explain.ts'
import { withOutputs } from './documented.ts'

const guide = readFileSync(join(import.meta.dirname, '../../docs/why-was-this-packet-dropped.md'), 'utf8')

test('what the guide shows of the command is what it prints', async () => {
  expect(guide.match(/```console\n\$ /g)).toHaveLength(2)
  await expect(withOutputs(guide)).toMatchFileSnapshot('../../docs/why-was-this-packet-dropped.md')
})

test('every long option that it names exists', () => {
  const dashed = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const known = new Set(Object.keys(explainOptions).map(dashed))
  const named = [...guide.matchAll(/`(--[a-z0-9-]+)/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(2)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})
