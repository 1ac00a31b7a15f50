/** A Chromium for the tests of the page, and the page as the build left it. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

const root = join(import.meta.dirname, '../..')

/** The static page. */
export const pageUrl = pathToFileURL(join(root, 'dist/page/sallyport.html')).href

/** The same with the example capture; without, it begins with a scenario. */
export const exampleUrl = `${pageUrl}#show=first-look`

export const example = (name: string) => join(root, 'examples', name)

const executablePath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path))

/** No Chromium is there: the tests are skipped, and this says so. */
export const isMissing = executablePath === undefined
if (isMissing) {
  process.stderr.write(
    'NO CHROMIUM: the page is NOT tested in a browser (as root: apt-get install --no-install-recommends chromium)\n',
  )
}

export function launch(): Promise<Browser> {
  // Root has no user namespace of its own for the sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: executablePath!, args })
}

/** A page of its own, with all that it asked for and complained about. */
export interface Visit {
  readonly page: Page
  /** Addresses of requests, that of the page itself first. */
  readonly requests: string[]
  /** Errors, and what the Content-Security-Policy refused. */
  readonly complaints: string[]
}

export async function visit(
  browser: Browser,
  url: string,
  options: {
    readonly colorScheme?: 'light' | 'dark'
    readonly width?: number
    readonly height?: number
  } = {},
): Promise<Visit> {
  const { colorScheme = 'light', width = 1440, height = 900 } = options
  const page = await browser.newPage({ viewport: { width, height }, colorScheme })
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (said) => {
    if (said.type() === 'error') complaints.push(said.text())
  })
  await page.goto(url)
  return { page, requests, complaints }
}

/** The run has ended, and the cursor stands on a packet that is explained. */
export async function shown(page: Page): Promise<void> {
  await page.locator('.explanation').waitFor()
  await page.locator('.flow-row[aria-selected=true]').waitFor()
}

/** Types in the place of a part of a text, as a person would. @throws where it is not there */
export async function typeInstead(page: Page, selector: string, from: string, to: string): Promise<void> {
  const field = page.locator(selector)
  const at = (await field.inputValue()).indexOf(from)
  if (at < 0) throw new Error(`there is no "${from}" in ${selector}`)
  await field.focus()
  await page.evaluate(`document.activeElement.setSelectionRange(${at}, ${at + from.length})`)
  await page.keyboard.insertText(to)
}
