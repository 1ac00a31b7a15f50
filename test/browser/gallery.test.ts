/** The gallery: scenarios that are shown, edited, and run again as one types. */
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { isMissing, launch, pageUrl, shown, typeInstead, visit } from './chromium.ts'

let browser: Browser

const field = '#scenario-text'
const foot = '.scenario .editor-foot'

const textOf = (page: Page) => page.locator(field).inputValue()

describe.skipIf(isMissing)('the gallery', () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  async function open(url = pageUrl, options: Parameters<typeof visit>[2] = {}) {
    const visited = await visit(browser, url, options)
    onTestFinished(() => visited.page.close())
    await shown(visited.page)
    return visited
  }

  test('on first opening a scenario is shown, with its text, its packets, and what its tests come to', async () => {
    const { page, requests, complaints } = await open()
    expect(await page.locator('.scenario h2').textContent()).toBe(
      "Why the browser's FIN+ACK is logged and dropped",
    )
    expect(await textOf(page)).toMatch(/^# Why the browser's FIN\+ACK/)
    await page.locator(foot, { hasText: '✓ 4 tests passed' }).waitFor()
    await page.locator('.explanation', { hasText: 'Packet 8: FIN+ACK' }).waitFor()
    expect(await page.locator('#arrow-list .arrow-row.blocked').count()).toBe(1)
    expect(await page.locator('.editor-line .sign.passed').count()).toBeGreaterThan(3)
    expect(requests.filter((url) => !/^(?:blob|data):/.test(url))).toEqual([pageUrl])
    expect(complaints).toEqual([])
  })

  test('another one is chosen with keys alone, and its address leads back to it', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Scenarios' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toContain(
      'FIN+ACK is logged and dropped',
    )
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.locator('.scenario h2', { hasText: 'A reset: CLOSE, and ten seconds' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    await shown(page)
    await expect.poll(() => page.url()).toContain('#show=rst-close&')
    const again = await open(await page.evaluate<string>('location.href'))
    expect(await again.page.locator('.scenario h2').textContent()).toBe('A reset: CLOSE, and ten seconds')
  })

  test('Escape closes the gallery, and the example capture is in it', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Scenarios' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Scenarios' }).click()
    await page.getByRole('button', { name: 'A capture, and rules for it' }).click()
    await page.locator('.loaded', { hasText: 'first-look.pcapng through first-look.v4' }).waitFor()
    await shown(page)
    expect(await page.locator('.scenario').count()).toBe(0)
  })

  test('another test of a scenario is another run', async () => {
    const { page } = await open()
    await page.getByLabel('Test').selectOption({ index: 1 })
    await expect.poll(() => page.url()).toContain('test=2')
    await shown(page)
    await page.locator('.explanation', { hasText: 'ESTABLISHED' }).waitFor()
    expect(await textOf(page)).toMatch(/^# Why the browser's FIN\+ACK/)
  })

  test('a step in the packets marks its line, and a click on a line goes to its packet', async () => {
    const { page } = await open()
    await page.locator('#arrow-list-1').click()
    await page.locator('.editor-line.current', { hasText: 'server > browser' }).waitFor()
    const line = await page.evaluate<number>(
      `[...document.querySelectorAll('.editor-line')].find((line) => line.textContent.includes('R.')).dataset.line`,
    )
    await page.locator(`.editor-line[data-line="${line}"]`).scrollIntoViewIfNeeded()
    const box = (await page.locator(`.editor-line[data-line="${line}"]`).boundingBox())!
    await page.mouse.click(box.x + 120, box.y + 8)
    await page.locator('.explanation', { hasText: 'Packet 7: RST+ACK' }).waitFor()
  })

  test('a scenario is changed, and its result changes as one types', async () => {
    const { page, complaints } = await open()
    await page.locator(foot, { hasText: '4 tests passed' }).waitFor()
    // Five seconds behind the reset the entry is still there.
    await typeInstead(page, field, '+13.2  browser > server', '+5  browser > server')
    await page.locator(foot, { hasText: '✗ 1 test of 4 failed' }).waitFor()
    await page.locator('.explanation', { hasText: 'Packet 8' }).waitFor()
    expect(await page.locator('#arrow-list .arrow-row.blocked').count()).toBe(0)
    await page.locator('.told.failed', { hasText: 'got ESTABLISHED' }).waitFor()
    expect(await page.locator('.editor-line .under.failed').count()).toBeGreaterThan(0)
    // What came is what is expected from now on.
    while ((await page.locator('.told.failed').count()) > 0) {
      await page.locator('.told.failed button', { hasText: 'Expect this' }).first().click()
      await page.locator(foot, { hasText: /tests? (?:passed|of)/ }).waitFor()
      await page.waitForTimeout(600)
    }
    await page.locator(foot, { hasText: '✓ 4 tests passed' }).waitFor()
    await page.locator(foot).getByRole('button', { name: 'Revert' }).click()
    await page.locator('#arrow-list .arrow-row.blocked').waitFor()
    expect(complaints).toEqual([])
  })

  test('a mistake is told at its word, what ran last stays, and the correction is a click', async () => {
    const { page } = await open()
    await typeInstead(page, field, 'browser:40000 > server:443', 'browser:40000 > servr:443')
    await page.locator('.told.error', { hasText: 'did you mean server?' }).waitFor()
    expect(await page.locator('.editor-line .under.error').textContent()).toBe('servr')
    expect(await page.locator(field).getAttribute('aria-invalid')).toBe('true')
    expect(await page.locator(foot).textContent()).toContain('the last run that could is shown')
    expect(await page.locator('#arrow-list .arrow-row').count()).toBe(8)
    await page.locator('.told.error').getByRole('button', { name: 'Correct' }).click()
    await page.locator(foot, { hasText: '✓ 4 tests passed' }).waitFor()
    expect(await textOf(page)).toContain('browser:40000 > server:443')
  })

  test('rules of a scenario are edited in its text', async () => {
    const { page } = await open()
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.getByRole('button', { name: 'Edit in the scenario' }).click()
    expect(await page.evaluate('document.activeElement.id')).toBe('scenario-text')
    await typeInstead(page, field, '--comment "rest" -j DROP', '--comment "rest" -j ACCEPT')
    await page.locator(foot, { hasText: '✗ 1 test of 4 failed' }).waitFor()
    await page.getByRole('tab', { name: 'Why' }).click()
    await page.locator('.explanation', { hasText: 'INVALID, ACCEPT' }).waitFor()
  })

  test('a text from outside stays text', async () => {
    const { page, complaints } = await open()
    const text =
      '# <img src=x onerror=window.ran=1>\n#\n# <b>bold</b>\nhost a 10.0.0.2\n+0 a:1 > 192.0.2.9:2 S\n  NEW\n'
    await page.setInputFiles('input[type=file]', {
      name: 'x.scenario',
      mimeType: '',
      buffer: Buffer.from(text),
    })
    await page.locator('.scenario h2', { hasText: '<img src=x' }).waitFor()
    await page.locator(foot, { hasText: '✓ 1 test passed' }).waitFor()
    expect(
      await page.evaluate('[window.ran, document.querySelectorAll("main img, .editor b").length]'),
    ).toEqual([undefined, 0])
    expect(complaints).toEqual([])
  })

  test.each([
    ['light', 1440, 900],
    ['dark', 900, 800],
    ['light', 360, 740],
  ] as const)('axe finds nothing wrong: %s, %d pixels wide', async (colorScheme, width, height) => {
    const { page } = await open(pageUrl, { colorScheme, width, height })
    await page.locator(foot, { hasText: '4 tests passed' }).waitFor()
    await page.evaluate(axe.source)
    const wrong = () =>
      page.evaluate<string[]>(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' ')))`,
      )
    expect(await wrong()).toEqual([])
    await typeInstead(page, field, 'browser:40000 > server:443', 'browser:40000 > servr:443')
    await page.locator('.told.error').waitFor()
    expect(await wrong()).toEqual([])
    await page.getByRole('button', { name: 'Scenarios' }).click()
    await page.getByRole('dialog').waitFor()
    expect(await wrong()).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})
