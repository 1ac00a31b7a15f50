/** Comparing two rulesets, or two settings, in the built page. */
import { readFileSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { example, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'

let browser: Browser

const input = '.compare input[type=file]'

describe.skipIf(isMissing)('comparing', () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  async function open(options: Parameters<typeof visit>[2] = {}) {
    const visited = await visit(browser, `${pageUrl}#show=first-look`, options)
    onTestFinished(() => visited.page.close())
    await shown(visited.page)
    await visited.page.getByRole('tab', { name: 'Compare' }).click()
    return visited
  }

  const headline = (page: Page) => page.locator('.compared h3')

  test('a second ruleset is picked: what changes, why, and a click goes to its packet', async () => {
    const { page, complaints } = await open()
    await page.setInputFiles(input, example('first-look.next.v4'))
    await headline(page).waitFor()
    expect(await headline(page).textContent()).toMatch(/^\d of \d+ flows change/)
    const group = page.locator('.change-group').first()
    expect(await group.locator('h4').textContent()).toMatch(/^(?:ACCEPT|REJECT|DROP) → /)
    expect(await group.locator('dd').first().textContent()).toContain('first-look.v4:')
    expect(await group.locator('dd p').count()).toBeGreaterThan(0)
    expect(await page.locator('.hit-changes .added').count()).toBeGreaterThan(0)
    const flow = page.locator('.change-flow').first()
    const packet = /first (\d+)/.exec((await flow.textContent()) ?? '')![1]
    await flow.click()
    await expect.poll(() => page.evaluate('location.hash')).toContain(`packet=${packet}&`)
    expect(await page.evaluate('location.hash')).toContain('tab=compare')
    // What was compared is still there behind another tab.
    await page.getByRole('tab', { name: 'Why' }).click()
    await page.getByRole('tab', { name: 'Compare' }).click()
    await headline(page).waitFor()
    expect(complaints).toEqual([])
  })

  test('rules are dropped on the pane: the page keeps its own', async () => {
    const { page } = await open()
    const text = readFileSync(example('first-look.next.v4'), 'utf8')
    await page.evaluate(`(() => {
      const data = new DataTransfer()
      data.items.add(new File([${JSON.stringify(text)}], 'dropped.v4'))
      document.querySelector('.compare').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    })()`)
    await page.locator('.compared', { hasText: 'dropped.v4' }).waitFor()
    expect(await page.locator('.loaded').textContent()).toContain('through first-look.v4')
  })

  test('a setting of the second run, by keys alone', async () => {
    const { page } = await open()
    await page.locator('.compare-sysctls textarea').focus()
    await page.keyboard.type('net.netfilter.nf_conntrack_tcp_be_liberal = 1')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Compare')
    await page.keyboard.press('Enter')
    await page.locator('.change-group h4', { hasText: 'DROP → ACCEPT' }).waitFor()
  })

  test('rules that are written here, and a mistake in them', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Write them here' }).click()
    const field = page.locator('.second-rules textarea')
    await field.fill('*filter\n-A INPUT -p tpc -j DROP\nCOMMIT\n')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.locator('.compare [role=alert]', { hasText: 'first-look.v4:2:' }).waitFor()
    await field.fill('*filter\n:INPUT DROP\nCOMMIT\n')
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await headline(page).waitFor()
  })

  test('the same rules change nothing', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await headline(page).waitFor()
    expect(await headline(page).textContent()).toMatch(/^No flow changes/)
  })

  test('a hostile name and hostile rules stay text', async () => {
    const { page, complaints } = await open()
    const rules =
      '*filter\n:INPUT DROP\n-A INPUT -m comment --comment "<img src=x onerror=window.ran=1>" -j ACCEPT\nCOMMIT\n'
    await page.setInputFiles(input, { name: '<b>x</b>.v4', mimeType: '', buffer: Buffer.from(rules) })
    await page.locator('.compared', { hasText: '<img src=x onerror=window.ran=1>' }).waitFor()
    await page.locator('.compared', { hasText: '<b>x</b>.v4' }).waitFor()
    expect(await page.evaluate('[window.ran, document.querySelectorAll("img").length]')).toEqual([
      undefined,
      0,
    ])
    expect(complaints).toEqual([])
  })

  test.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['dark', 360, 740],
  ] as const)('axe finds nothing wrong: %s, %d pixels wide', async (colorScheme, width, height) => {
    const { page } = await open({ colorScheme, width, height })
    await page.setInputFiles(input, example('first-look.next.v4'))
    await headline(page).waitFor()
    await page.locator('.second-rules summary').click()
    await page.locator('.save-menu summary').click()
    await page.evaluate(axe.source)
    const found = await page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' ')))`,
    )
    expect(found).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})
