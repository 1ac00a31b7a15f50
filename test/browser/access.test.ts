/** The whole page by keys alone, and by its address. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { exampleUrl, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'

let browser: Browser

describe.skipIf(isMissing)('access', () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  async function open(url = exampleUrl) {
    const visited = await visit(browser, url)
    onTestFinished(() => visited.page.close())
    await shown(visited.page)
    return visited
  }

  test('Tab comes by every pane, and back to the beginning', async () => {
    const { page } = await open()
    const met = new Set<string>()
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab')
      met.add(
        await page.evaluate<string>(`(() => {
          const at = document.activeElement
          return at.closest('.page-head, .timeline, .flows, .sequence, .side')?.className ?? ''
        })()`),
      )
      const focus = await page.evaluate<string>(
        'getComputedStyle(document.activeElement).outlineStyle + document.activeElement.tagName',
      )
      // Whoever looks sees where the focus is.
      if (!focus.endsWith('BODY')) expect(focus).not.toMatch(/^none/)
    }
    expect([...met].filter((name) => name !== '').sort()).toEqual([
      'page-head',
      'pane flows',
      'pane sequence',
      'pane side',
      'timeline',
    ])
  })

  test('the arrow keys go through all tabs', async () => {
    const { page } = await open()
    await page.locator('#tab-why').focus()
    for (const name of ['table', 'rules', 'compare', 'why']) {
      await page.keyboard.press('ArrowRight')
      await page.locator(`#tab-${name}[aria-selected=true]`).waitFor()
      expect(await page.evaluate('document.activeElement.id')).toBe(`tab-${name}`)
    }
  })

  test('tab, selection and order are in the address, and come back by it', async () => {
    const { page } = await open()
    await page.getByRole('tab', { name: 'State table' }).click()
    await page.fill('input[name=filter]', 'ctstate INVALID')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Findings' }).click()
    await expect.poll(() => page.evaluate('location.hash')).toContain('sort=-odd')
    const hash = await page.evaluate<string>('location.hash')
    const again = await visit(browser, `${pageUrl}${hash}`)
    onTestFinished(() => again.page.close())
    await again.page.locator('#tab-table[aria-selected=true]').waitFor()
    await again.page.locator('.flows .pane-head', { hasText: '3 connections' }).waitFor()
    expect(await again.page.inputValue('input[name=filter]')).toBe('ctstate INVALID')
    await again.page.locator('[aria-sort=descending]', { hasText: 'Findings' }).waitFor()
  })
})
