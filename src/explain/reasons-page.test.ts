import { expect, test } from 'vitest'
import { REASONS } from '../conntrack/reason.ts'
import { renderReasonsPage } from './reasons-page.ts'

test('the committed reference page is what the catalogue renders', async () => {
  await expect(renderReasonsPage()).toMatchFileSnapshot('../../docs/reference/reasons.md')
})

test('the page has each code of the engine as a heading once, and no other', () => {
  const headings = [...renderReasonsPage().matchAll(/^### (.*)$/gm)].map((match) => match[1])
  expect(headings.sort()).toEqual(REASONS.map((shape) => shape.code as string).sort())
})
