/** The guide shows what the command prints, and names options that there are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replayOptions } from '../../src/cli/replay-options.ts'
import { withOutputs } from './documented.ts'

const guide = readFileSync(join(import.meta.dirname, '../../docs/replay-through-rules.md'), 'utf8')

test('what the guide shows of the command is what it prints', async () => {
  expect(guide.match(/```console\n\$ /g)!.length).toBeGreaterThan(5)
  await expect(withOutputs(guide)).toMatchFileSnapshot('../../docs/replay-through-rules.md')
})

test('every long option of replay that it names exists', () => {
  const dashed = (key: string) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const known = new Set(Object.keys(replayOptions).map(dashed))
  const ofRules = ['--syn', '--random', '--helper', '--line-numbers']
  const named = [...guide.matchAll(/`(?:sallyport [^`]*?)?(--[a-z0-9-]+)/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !known.has(name) && !ofRules.includes(name))).toEqual([])
})
