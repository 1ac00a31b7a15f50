/**
 * Pictures of the main views, at three sizes and in both themes. They go into a folder of their own each time;
 * SALLYPORT_SCREENSHOTS=FOLDER keeps them. Those that documents show are written anew with SALLYPORT_SCREENSHOTS=docs/images, which
 * writes only them.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { example, exampleUrl, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'
import { smallPng } from './small-png.ts'

const images = join(import.meta.dirname, '../../docs/images')
/** In README and guides. */
const documented = ['capture-1440-light', 'compare-1440-dark', 'scenario-360-light']
/** Bytes of one of them. */
const MOST = 150_000

const wanted = process.env['SALLYPORT_SCREENSHOTS']
const isForDocuments = wanted !== undefined && join(process.cwd(), wanted) === images

const views: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  scenario: async (page) => {
    await page.goto(`${pageUrl}#show=stray-fin-ack`)
    await shown(page)
  },
  capture: async (page) => {
    await page.goto(exampleUrl)
    await shown(page)
  },
  rules: async (page) => {
    await page.goto(exampleUrl)
    await shown(page)
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.locator('.rules .matched').first().waitFor()
  },
  table: async (page) => {
    await page.goto(exampleUrl)
    await shown(page)
    await page.getByRole('tab', { name: 'State table' }).click()
    await page.locator('.entry').first().waitFor()
  },
  compare: async (page) => {
    await page.goto(exampleUrl)
    await shown(page)
    await page.getByRole('tab', { name: 'Compare' }).click()
    await page.setInputFiles('.compare input[type=file]', example('first-look.next.v4'))
    await page.locator('.compared h3').waitFor()
  },
}

const sizes = [
  [1440, 900],
  [900, 1100],
  [360, 740],
] as const

describe.skipIf(isMissing)('pictures', () => {
  let browser: Browser
  let folder: string
  let decoder: Page
  beforeAll(async () => {
    browser = await launch()
    decoder = await browser.newPage()
    folder = wanted ?? mkdtempSync(join(tmpdir(), 'sallyport-screenshots-'))
    mkdirSync(folder, { recursive: true })
  })
  afterAll(async () => {
    await browser.close()
    if (wanted === undefined) rmSync(folder, { recursive: true })
  })

  test.each(
    sizes.flatMap(([width, height]) =>
      (['light', 'dark'] as const).map((theme) => [width, height, theme] as const),
    ),
  )('the main views at %d x %d, %s', async (width, height, colorScheme) => {
    for (const [view, show] of Object.entries(views)) {
      const name = `${view}-${width}-${colorScheme}`
      if (isForDocuments && !documented.includes(name)) continue
      const { page, complaints } = await visit(browser, 'about:blank', { colorScheme, width, height })
      await show(page)
      await page.evaluate('document.fonts.ready')
      const path = join(folder, `page-${name}.png`)
      // Below the widest, panes stand below each other.
      const taken = await page.screenshot({ fullPage: width < 1180 && !isForDocuments })
      const picture = await smallPng(decoder, taken)
      writeFileSync(path, picture)
      expect(picture.length, name).toBeGreaterThan(10_000)
      expect(complaints, name).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), name).toBe(true)
      await page.close()
    }
  })

  test('those in the documents are there, and small', () => {
    expect(readdirSync(images).sort()).toEqual(documented.map((name) => `page-${name}.png`).sort())
    for (const name of documented)
      expect(readFileSync(join(images, `page-${name}.png`)).length, name).toBeLessThan(MOST)
  })
})
