/** Rules and settings that are changed in the page. */
import { readFileSync } from 'node:fs'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { example, exampleUrl, isMissing, launch, pageUrl, shown, typeInstead, visit } from './chromium.ts'

let browser: Browser

const field = '#rules-text'
const foot = '.rules-editor .editor-foot'
const picker = 'input[type=file]'

const edit = async (page: Page) => {
  await page.getByRole('tab', { name: 'Rules' }).click()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
}
/** What the header says of verdicts and classes. */
const totals = (page: Page) => page.locator('.loaded').textContent()
const countOf = async (page: Page, word: string) =>
  Number(new RegExp(`(\\d+) ${word}`).exec((await totals(page)) ?? '')?.[1] ?? 0)

describe.skipIf(isMissing)('editing', () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  async function open(options: Parameters<typeof visit>[2] = {}) {
    const visited = await visit(browser, exampleUrl, options)
    onTestFinished(() => visited.page.close())
    await shown(visited.page)
    return visited
  }

  test('a rule is changed, and verdicts change as one types; Revert brings back both', async () => {
    const { page, complaints } = await open()
    const before = await totals(page)
    const dropped = await countOf(page, 'DROP')
    await edit(page)
    expect(await page.locator(field).inputValue()).toBe(readFileSync(example('first-look.v4'), 'utf8'))
    await typeInstead(page, field, '--ctstate INVALID -j DROP', '--ctstate INVALID -j ACCEPT')
    await expect.poll(() => countOf(page, 'DROP')).toBeLessThan(dropped)
    await page.locator(foot, { hasText: '✓ What is shown went through these rules.' }).waitFor()
    await page.locator(foot).getByRole('button', { name: 'Revert' }).click()
    await expect.poll(() => totals(page)).toBe(before)
    await page.getByRole('button', { name: 'Done' }).click()
    await page.locator('.rules').waitFor()
    expect(complaints).toEqual([])
  })

  test('a mistake is told at its place while the last run stays, and is corrected', async () => {
    const { page } = await open()
    const before = await totals(page)
    await edit(page)
    await typeInstead(page, field, '--ctstate INVALID -j DROP', '--cstate INVALID -j DROP')
    await page.locator('.told.error', { hasText: 'did you mean --ctstate?' }).waitFor()
    expect(await page.locator('.editor-line .under.error').allTextContents()).toContain('--cstate')
    expect(await page.locator(field).getAttribute('aria-invalid')).toBe('true')
    expect(await totals(page)).toBe(before)
    await page.getByRole('tab', { name: 'Why' }).click()
    await page.getByRole('tab', { name: 'Rules' }).click()
    // Half-typed, it is still there.
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    expect(await page.locator(field).inputValue()).toContain('--cstate INVALID')
    await page.locator('.told.error').getByRole('button', { name: 'Correct' }).first().click()
    await page.locator(foot, { hasText: '✓ What is shown went through these rules.' }).waitFor()
    expect(await page.locator(field).inputValue()).toBe(readFileSync(example('first-look.v4'), 'utf8'))
  })

  test('findings of lint stand at their rules', async () => {
    const { page } = await open()
    await edit(page)
    await typeInstead(
      page,
      field,
      '-A INPUT -i lo -j ACCEPT',
      '-A INPUT -i lo -j ACCEPT\n-A INPUT -i lo -j ACCEPT',
    )
    await page.locator('.editor-line .sign.warning').first().waitFor()
    await page.locator(foot, { hasText: '✓ What is shown went through these rules.' }).waitFor()
  })

  test('where no rules are, some are added', async () => {
    const { page } = await open()
    await page.setInputFiles(picker, example('first-look.pcapng'))
    await page.locator('.loaded', { hasText: 'without rules' }).waitFor()
    await shown(page)
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.getByRole('button', { name: 'Add rules' }).click()
    await typeInstead(page, field, ':INPUT ACCEPT', ':INPUT DROP')
    await page.locator('.loaded', { hasText: 'through rules.v4' }).waitFor()
    expect(await countOf(page, 'DROP')).toBeGreaterThan(0)
    await page.locator(foot).getByRole('button', { name: 'Revert' }).click()
    await page.locator('.loaded', { hasText: 'without rules' }).waitFor()
  })

  test('a rule shows its packets, one after another, with keys alone', async () => {
    const { page } = await open()
    await page.getByRole('tab', { name: 'Rules' }).click()
    const rule = page.locator('button.rule', { hasText: '--ctstate INVALID -j DROP' })
    await rule.focus()
    await page.keyboard.press('Enter')
    await page.locator('.hits', { hasText: /1 of \d+ packets? that met INPUT \d/ }).waitFor()
    await page.locator('.chip', { hasText: 'of INPUT' }).waitFor()
    const count = Number(await page.locator('tr:has([aria-pressed=true]) td').first().textContent())
    expect(await page.locator('.hits output').textContent()).toContain(`of ${count} packet`)
    await page.locator('.rules .matched', { hasText: '--ctstate INVALID -j DROP' }).waitFor()
    await page.getByRole('button', { name: 'The next packet of this rule' }).focus()
    await page.keyboard.press('Enter')
    await page.locator('.hits', { hasText: `2 of ${count}` }).waitFor()
    const some = await page.locator('#flow-list .flow-row[aria-selected]').count()
    await page.locator('.chip').focus()
    await page.keyboard.press('Enter')
    await page.locator('.chip').waitFor({ state: 'detached' })
    await expect.poll(() => page.locator('#flow-list .flow-row[aria-selected]').count()).toBeGreaterThan(some)
  })

  test('settings change the result, and are counted where they are changed', async () => {
    const { page, complaints } = await open()
    const invalid = await countOf(page, 'INVALID')
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('textbox', { name: 'Sysctls' }).fill('net.netfilter.nf_conntrack_tcp_loose = 0')
    await page.getByRole('button', { name: 'Run with these' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Settings (1)' }).waitFor()
    expect(await countOf(page, 'INVALID')).toBeGreaterThan(invalid)
    expect(complaints).toEqual([])
  })

  test('mistakes in settings are told at their places, and nothing is run with them', async () => {
    const { page } = await open()
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('textbox', { name: 'Sysctls' }).fill('net.netfilter.nf_conntrack_tcp_lose = 0')
    await page.locator('.told.error', { hasText: 'did you mean nf_conntrack_tcp_loose?' }).waitFor()
    expect(await page.getByRole('button', { name: 'Run with these' }).isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: 'The host' }).fill('local eth0=192.0.2.9')
    await page.locator('.told.error', { hasText: 'length of the network is missing' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Settings', exact: true }).waitFor()
  })

  test('a router’s rules, sets and host are dropped with its capture', async () => {
    const { page } = await open()
    const host = JSON.stringify([
      { ifname: 'lan0', addr_info: [{ family: 'inet', local: '192.168.1.1', prefixlen: 24 }] },
      { ifname: 'wan0', addr_info: [{ family: 'inet', local: '203.0.113.5', prefixlen: 24 }] },
    ])
    const route = JSON.stringify([{ dst: 'default', dev: 'wan0', gateway: '203.0.113.1' }])
    await page.setInputFiles(picker, [
      ...['router.pcapng', 'router.v4', 'router.ipset'].map((name) => ({
        name,
        mimeType: '',
        buffer: readFileSync(example(name)),
      })),
      { name: 'host.json', mimeType: '', buffer: Buffer.from(`${host}\n${route}\n`) },
      { name: 'sysctls', mimeType: '', buffer: Buffer.from('net.netfilter.nf_conntrack_max = 1000\n') },
    ])
    await page.locator('.loaded', { hasText: 'router.pcapng through router.v4' }).waitFor()
    await page.getByRole('button', { name: 'Settings (3)' }).click()
    expect(await page.getByRole('textbox', { name: 'IP sets' }).inputValue()).toMatch(/^create /)
    expect(await page.getByRole('textbox', { name: 'The host' }).inputValue()).toContain('wan0')
  })

  test('what needs to be told of the host is told in the settings, and opened then', async () => {
    const { page } = await open()
    await page.setInputFiles(picker, [example('router.pcapng'), example('router.v4')])
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('In the page: Settings')
    await page.getByRole('button', { name: 'Settings' }).click()
    await page
      .getByRole('textbox', { name: 'The host' })
      .fill('local lan0=192.168.1.1/24\nlocal wan0=203.0.113.5/24\nroute default=wan0\n')
    await page.getByRole('button', { name: 'Run with these' }).click()
    await page.locator('.loaded', { hasText: 'router.pcapng through router.v4' }).waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test('rules alone go with the example’s capture', async () => {
    const visited = await visit(browser, pageUrl)
    onTestFinished(() => visited.page.close())
    await shown(visited.page)
    await visited.page.setInputFiles(picker, example('first-look.next.v4'))
    await visited.page
      .locator('.loaded', { hasText: 'first-look.pcapng through first-look.next.v4' })
      .waitFor()
  })

  test.each([
    ['light', 1440, 900],
    ['dark', 360, 740],
  ] as const)('axe finds nothing wrong: %s, %d pixels wide', async (colorScheme, width, height) => {
    const { page } = await open({ colorScheme, width, height })
    await page.evaluate(axe.source)
    const wrong = () =>
      page.evaluate<string[]>(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' ')))`,
      )
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.locator('button.rule').nth(2).click()
    await page.locator('.hits').waitFor()
    expect(await wrong()).toEqual([])
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await typeInstead(page, field, '--ctstate INVALID -j DROP', '--cstate INVALID -j DROP')
    await page.locator('.told.error').first().waitFor()
    expect(await wrong()).toEqual([])
    await page.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('textbox', { name: 'Sysctls' }).fill('nonsense')
    await page.locator('dialog .told.error').waitFor()
    expect(await wrong()).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})
