import { expect, test } from 'vitest'
import { REASONS } from '../conntrack/reason.ts'
import { FINDINGS } from '../replay/finding.ts'
import { renderReasonsPage } from './reasons-page.ts'
import { SITUATIONS, situations } from './situation.ts'

test('the committed reference page is what the catalogue renders', async () => {
  await expect(renderReasonsPage()).toMatchFileSnapshot('../../docs/reference/reasons.md')
})

test('the page has each code of the engine as a heading once, and no other', () => {
  const headings = [...renderReasonsPage().matchAll(/^### (\S+)$/gm)].map((match) => match[1])
  expect(headings.sort()).toEqual(REASONS.map((shape) => shape.code as string).sort())
})

test('the page has each situation once, and the findings of a run are among them', () => {
  const headings = [...renderReasonsPage().matchAll(/^### (\S+) \(situation\)$/gm)].map((match) => match[1])
  expect(headings).toEqual([...SITUATIONS])
  expect(Object.keys(situations)).toEqual([...SITUATIONS])
  expect(FINDINGS.filter((code) => !headings.includes(code))).toEqual([])
})
