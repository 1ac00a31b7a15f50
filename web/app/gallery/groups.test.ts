import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXAMPLE, FIRST, groups, headOf } from './groups.ts'

const folder = join(import.meta.dirname, '../../../scenarios')
const files = readdirSync(folder).filter((name) => name.endsWith('.scenario'))

test('every scenario stands in the gallery once, and nothing else does', () => {
  const names = groups.flatMap((group) => group.names)
  expect(names.filter((name) => name !== EXAMPLE).sort()).toEqual(
    files.map((file) => file.replace('.scenario', '')).sort(),
  )
  expect(names).toContain(FIRST)
})

test.each(files)('%s: its title and its first sentence can stand in a list', (file) => {
  const { title, summary } = headOf(readFileSync(join(folder, file), 'utf8'))
  expect(title).toMatch(/^[^#`]{8,110}$/)
  expect(summary).toMatch(/^[^#`].{20,260}[.:?]$/)
})
