import { describe, expect, test } from 'vitest'
import { matches } from '../match/index.ts'
import { targets } from '../target/index.ts'
import { notedNames, refusalOf, renderExtensionsPage } from './extensions-page.ts'

const pages = [
  ['match', matches, '../../docs/reference/matches.md'],
  ['target', targets, '../../docs/reference/targets.md'],
] as const

describe.each(pages)('the reference page of each %s', (type, all, file) => {
  test('is what the option tables render', async () => {
    await expect(renderExtensionsPage(type)).toMatchFileSnapshot(file)
  })

  test('names every option', () => {
    const page = renderExtensionsPage(type)
    const names = all.flatMap(({ options, shorthands }) =>
      Object.values({ ...options, ...shorthands }).flatMap((option) => option.names),
    )
    expect(names.length).toBeGreaterThan(100)
    expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([])
  })

  test('has notes only about what is evaluated', () => {
    const evaluated = all.filter((extension) => refusalOf(extension) === null).map(({ name }) => name)
    expect(notedNames[type].filter((name) => !evaluated.includes(name))).toEqual([])
  })
})
