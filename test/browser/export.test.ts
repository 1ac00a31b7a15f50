/** What the page saves, read back by the command line. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { example, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'

const command = join(import.meta.dirname, '../../dist/cli.js')

let browser: Browser
let folder: string

function sallyport(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...words], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Of one connection nobody can tell whose capture it is. */
const host = 'eth0=192.0.2.9/24'

/** Verdict, class and who decided of each packet. */
function fates(file: string, ...words: string[]): string[] {
  const { stdout } = sallyport(
    'replay',
    file,
    ...words,
    '-r',
    example('first-look.v4'),
    '--json',
    '--local',
    host,
  )
  return stdout
    .trim()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          ctstate: string
          verdict: string
          decidedBy: { chain: string; number: number }
        },
    )
    .map(({ ctstate, verdict, decidedBy }) => `${ctstate} ${verdict} ${decidedBy.chain} ${decidedBy.number}`)
}

describe.skipIf(isMissing)('saving', () => {
  beforeAll(async () => {
    browser = await launch()
    folder = mkdtempSync(join(tmpdir(), 'sallyport-export-'))
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  async function open() {
    const visited = await visit(browser, `${pageUrl}#show=first-look`)
    onTestFinished(() => visited.page.close())
    await shown(visited.page)
    return visited
  }

  async function saved(page: Page, press: () => Promise<void>): Promise<string> {
    const waiting = page.waitForEvent('download')
    await press()
    const download = await waiting
    const path = join(folder, download.suggestedFilename())
    await download.saveAs(path)
    return path
  }

  async function fromMenu(page: Page, name: string): Promise<string> {
    await page.locator('.save-menu summary').click()
    return saved(page, () =>
      page
        .locator('.save-menu button', { hasText: new RegExp(`^${name}`) })
        .first()
        .click(),
    )
  }

  test('all connections as pcapng are replayed to the same verdicts', async () => {
    const { page, requests, complaints } = await open()
    const path = await saved(page, () => page.getByRole('button', { name: 'Save pcapng' }).click())
    expect(fates(path)).toEqual(fates(example('first-look.pcapng')))
    expect(requests.filter((url) => !/^(?:blob|data):/.test(url) && !url.startsWith('file:'))).toEqual([])
    expect(complaints).toEqual([])
  })

  test('a selection as pcapng has its connections, with what became of each packet', async () => {
    const { page } = await open()
    await page.fill('input[name=filter]', 'port 873')
    await page.keyboard.press('Enter')
    await page.locator('.flows .pane-head', { hasText: '1 connection' }).waitFor()
    const path = await saved(page, () => page.getByRole('button', { name: 'Save pcapng' }).click())
    expect(fates(path)).toEqual(fates(example('first-look.pcapng'), 'port 873'))
    expect(readFileSync(path, 'latin1')).toContain(
      'ctstate=INVALID verdict=DROP by="INPUT 4" reason=tcp-ack-high',
    )
  })

  test('a connection as a scenario passes', async () => {
    const { page } = await open()
    const path = await fromMenu(page, 'Scenario')
    const { status, stdout } = sallyport('test', path)
    expect(stdout).toMatch(/1 passed/)
    expect(status).toBe(0)
  })

  test('the picture as SVG is XML that a parser takes, without a script', async () => {
    const { page } = await open()
    const text = readFileSync(await fromMenu(page, 'SVG'), 'utf8')
    expect(
      await page.evaluate(`(() => {
        const read = new DOMParser().parseFromString(${JSON.stringify(text)}, 'image/svg+xml')
        const names = [...new Set([...read.querySelectorAll('*')].map(({ localName }) => localName))].sort()
        return [read.documentElement.localName, names.join(' ')]
      })()`),
    ).toEqual(['svg', 'line path rect svg text title'])
    expect(text).toContain('! INVALID')
    expect(text).not.toMatch(/\son\w+=|href|style=/)
  })

  test('and as PNG, twice as large', async () => {
    const { page, complaints } = await open()
    const bytes = readFileSync(await fromMenu(page, 'PNG'))
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(bytes.readUInt32BE(16)).toBe(1920)
    // It is not all of one colour.
    expect(bytes.length).toBeGreaterThan(20_000)
    expect(complaints).toEqual([])
  })

  test('by keys alone; Escape closes the menu', async () => {
    const { page } = await open()
    const menu = page.locator('.save-menu')
    await menu.locator('summary').focus()
    await page.keyboard.press('Enter')
    await menu.locator('button').first().waitFor()
    await page.keyboard.press('Escape')
    expect(await menu.getAttribute('open')).toBe(null)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    const path = await saved(page, () => page.keyboard.press('Enter'))
    expect(path).toMatch(/connection-\d+\.pcapng$/)
  })
})
