/** Imports run one way: docs/architecture.md has the reason for the order. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')

/** A folder imports only from those before it. */
const order = [
  'diagnostic',
  'packet',
  'capture',
  'conntrack',
  'host',
  'nat',
  'ipset',
  'ruleset',
  'hook',
  'match',
  'target',
  'firewall',
  'replay',
  'explain',
  'filter',
  'analysis',
  'format',
  'run',
  'scenario',
  'live',
  'cli',
]

/** Tests may look further around. */
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
)
const folderOf = (path: string) => path.split('/')[0]!

/** `importer → imported` for each import that leaves its folder. */
function crossings(path: string): string[] {
  const text = readFileSync(join(source, path), 'utf8')
  return [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)]
    .map(([, specifier]) => relative(source, join(source, dirname(path), specifier!)))
    .filter((target) => folderOf(target) !== folderOf(path))
    .map((target) => `${path} → ${target}`)
}

test('every folder of the source has its place in the order', () => {
  const folders = new Set(files.filter((path) => path.includes('/')).map(folderOf))
  expect([...folders].filter((folder) => !order.includes(folder))).toEqual([])
})

test('no folder imports from one above it', () => {
  const upwards = files
    .filter((path) => path.includes('/'))
    .flatMap(crossings)
    .filter((crossing) => {
      const [importer, imported] = crossing.split(' → ').map((path) => order.indexOf(folderOf(path)))
      return imported === -1 || imported! > importer!
    })
  expect(upwards).toEqual([])
})

test('the library does not reach the command line, nor the kernel', () => {
  // Scenarios in test runners read files, as the command does.
  const entries = files.filter((path) => !path.includes('/') && path !== 'testing.ts')
  expect(entries.flatMap(crossings).filter((crossing) => /→ (?:cli|live)\//.test(crossing))).toEqual([])
})
