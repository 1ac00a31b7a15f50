/** The timeline: its brush, its cursor, play and steps. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { example, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'

let browser: Browser

describe.skipIf(isMissing)('the timeline', () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  /** first-look.pcapng: 33 packets, without rules. */
  async function open(): Promise<Page> {
    const { page } = await visit(browser, pageUrl)
    onTestFinished(() => page.close())
    await shown(page)
    await page.setInputFiles('input[type=file]', example('first-look.pcapng'))
    await page.locator('.loaded', { hasText: 'first-look.pcapng' }).waitFor()
    await shown(page)
    return page
  }

  const packetOf = async (page: Page) => Number(await page.locator('.now b').textContent())

  test('a span that is drawn is what list and chart show, until it is left', async () => {
    const page = await open()
    const heads = page.locator('.flows .pane-head')
    const all = Number(/(\d+) connections/.exec((await heads.textContent())!)![1])
    const box = (await page.locator('.brush').boundingBox())!
    await page.mouse.move(box.x + 4, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.1, box.y + 8, { steps: 4 })
    await page.mouse.up()
    await heads.getByText('in the span').waitFor()
    expect(Number(/(\d+) connection/.exec((await heads.textContent())!)![1])).toBeLessThan(all)
    expect(await page.locator('.span-note').textContent()).toMatch(/, \d+ packets?/)
    await page.getByRole('button', { name: 'Whole capture' }).click()
    await heads.getByText(`${all} connections`).waitFor()
    expect(await page.locator('.span-note').count()).toBe(0)
  })

  test('the span is set with keys alone', async () => {
    const page = await open()
    await page.getByRole('slider', { name: 'Start of the span of time' }).focus()
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowRight')
    await page.locator('.flows .pane-head', { hasText: 'in the span' }).waitFor()
    expect(
      await page.getByRole('slider', { name: 'Start of the span of time' }).getAttribute('aria-valuenow'),
    ).toBe('30')
    await page.keyboard.press('Escape')
    await page.locator('.span-note').waitFor({ state: 'detached' })
  })

  test('the cursor is dragged along the chart, and all panes go with it', async () => {
    const page = await open()
    const box = (await page.locator('.chart .u-over').boundingBox())!
    await page.mouse.move(box.x + 1, box.y + 20)
    await page.mouse.down()
    await expect.poll(() => packetOf(page)).toBeLessThan(20)
    await page.mouse.move(box.x + box.width + 8, box.y + 20, { steps: 10 })
    await page.mouse.up()
    await page.locator('.explanation', { hasText: 'Packet 33:' }).waitFor()
    await expect.poll(() => page.url()).toContain('packet=33')
    const line = (await page.locator('.cursor-line').boundingBox())!
    expect(Math.abs(line.x - (box.x + box.width))).toBeLessThan(4)
  })

  test('steps: a packet on and back, and to what is odd', async () => {
    const page = await open()
    await page.locator('input[type=range]').fill('1')
    await page.getByRole('button', { name: 'One packet on' }).click()
    expect(await packetOf(page)).toBe(2)
    await page.getByRole('button', { name: 'One packet back' }).click()
    expect(await packetOf(page)).toBe(1)
    await page.getByRole('button', { name: 'To the next odd packet' }).click()
    await expect.poll(() => packetOf(page)).toBeGreaterThan(2)
    const odd = await packetOf(page)
    await page.getByRole('button', { name: 'To the odd packet before' }).click()
    await page.getByText('nothing odd before it').waitFor()
    expect(await packetOf(page)).toBe(odd)
  })

  test('played packet by packet, it goes on until it is stopped', async () => {
    const page = await open()
    await page.locator('input[type=range]').fill('1')
    await page.getByRole('button', { name: 'Play' }).click()
    await expect.poll(() => packetOf(page), { timeout: 5000 }).toBeGreaterThanOrEqual(4)
    await page.getByRole('button', { name: 'Pause' }).click()
    const there = await packetOf(page)
    await page.waitForTimeout(600)
    expect(await packetOf(page)).toBe(there)
  })

  test('played in its own time, gaps are stepped over, and it ends with the capture', async () => {
    const page = await open()
    await page.locator('input[type=range]').fill('1')
    await page.getByLabel('Speed').selectOption({ label: '100 × real time' })
    await page.getByRole('button', { name: 'Play' }).click()
    await page.locator('.explanation', { hasText: 'Packet 33:' }).waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Play' }).waitFor()
    expect(await packetOf(page)).toBe(33)
  })
})
