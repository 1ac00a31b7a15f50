/** The built page in a real browser. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { example, exampleUrl, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'

const command = join(import.meta.dirname, '../../dist/cli.js')

let browser: Browser

const hashOf = (page: Page) => page.evaluate<string>('location.hash')
const picker = 'input[type=file]'

describe.skipIf(isMissing)('the page', () => {
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  async function open(url = exampleUrl, options: Parameters<typeof visit>[2] = {}) {
    const visited = await visit(browser, url, options)
    onTestFinished(() => visited.page.close())
    return visited
  }

  test('from disk it shows an example, asks for nothing, and has nothing to complain about', async () => {
    const { page, requests, complaints } = await open()
    await shown(page)
    expect(await page.locator('.loaded').textContent()).toMatch(/first-look\.pcapng through first-look\.v4/)
    expect(await page.locator('#flow-list .flow-row[aria-selected]').count()).toBe(8)
    for (const tab of ['State table', 'Rules', 'Why']) await page.getByRole('tab', { name: tab }).click()
    // The worker's own address is no request: it is the page's memory.
    expect(requests.filter((url) => !/^(?:blob|data):/.test(url))).toEqual([pageUrl])
    expect(complaints).toEqual([])
  })

  test('the policy refuses requests, scripts and styles that were not built into it', async () => {
    const { page } = await open()
    await shown(page)
    const refused = await page.evaluate<string[]>(`(async () => {
      const refused = []
      addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective))
      await fetch('https://example.com/').catch(() => {})
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.body.append(script)
      const image = document.createElement('img')
      image.src = 'https://example.com/x.png'
      document.body.append(image)
      await new Promise((resolve) => setTimeout(resolve, 200))
      return [...refused, String(window.ran)]
    })()`)
    expect(refused).toEqual(['connect-src', 'script-src-elem', 'img-src', 'undefined'])
  })

  test('a capture is loaded by the picker, without the example’s rules', async () => {
    const { page } = await open()
    await shown(page)
    await page.setInputFiles(picker, example('router.pcapng'))
    await page.locator('.loaded', { hasText: 'router.pcapng, without rules' }).waitFor()
    await shown(page)
    expect(await page.locator('#flow-list .flow-row[aria-selected]').count()).toBeGreaterThan(3)
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.getByRole('button', { name: 'Add rules' }).waitFor()
  })

  test('capture and rules are dropped together', async () => {
    const { page } = await open()
    await shown(page)
    const files = ['first-look.pcapng', 'first-look.next.v4'].map((name) => ({
      name,
      base64: readFileSync(example(name)).toString('base64'),
    }))
    await page.evaluate(`(() => {
      const data = new DataTransfer()
      for (const { name, base64 } of ${JSON.stringify(files)})
        data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name))
      document.querySelector('.page').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    })()`)
    await page.locator('.loaded', { hasText: 'through first-look.next.v4' }).waitFor()
    await shown(page)
  })

  test('a deep link leads to its packet and connection', async () => {
    const first = await open()
    await shown(first.page)
    const capture = new URLSearchParams((await hashOf(first.page)).slice(1)).get('capture')
    const { page } = await open(`${exampleUrl}&packet=5&flow=1&capture=${capture}`)
    await shown(page)
    await page.locator('.explanation', { hasText: 'Packet 5:' }).waitFor()
    expect(await hashOf(page)).toBe(`#show=first-look&packet=5&flow=1&capture=${capture}`)
    await page.evaluate(`location.hash = '#show=first-look&packet=32&capture=${capture}'`)
    await page.locator('.explanation', { hasText: 'Packet 32:' }).waitFor()
  })

  test('a link about another capture says so, and leads nowhere', async () => {
    const { page } = await open(`${exampleUrl}&packet=5&flow=1&capture=0000000000`)
    await shown(page)
    expect(await page.getByRole('alert').textContent()).toContain('another capture')
    expect(await hashOf(page)).not.toContain('packet=5&')
  })

  test('a broken file gives a message, and what was shown is still there', async () => {
    const { page, complaints } = await open()
    await shown(page)
    await page.setInputFiles(picker, {
      name: 'x.pcap',
      mimeType: '',
      buffer: Buffer.from('<b>no capture</b>'),
    })
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('pcap or pcapng expected')
    await page.locator('.explanation').waitFor()
    await page.locator('#flow-list-2').click()
    await page.locator('#flow-list .flow-row[aria-selected=true]').waitFor()
    expect(complaints).toEqual([])
  })

  test('rules with a mistake are told with their line', async () => {
    const { page } = await open()
    await shown(page)
    const buffer = Buffer.from('*filter\n-A INPUT -p tpc -j DROP\nCOMMIT\n')
    await page.setInputFiles(picker, { name: 'bad.v4', mimeType: '', buffer })
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('bad.v4:2:')
  })

  test('names and rules from outside stay text', async () => {
    const { page, complaints } = await open()
    await shown(page)
    const name = '<img src=x onerror=window.ran=1>.pcapng'
    const rules = '*filter\n-A INPUT -m comment --comment "<script>window.ran=1</script>" -j DROP\nCOMMIT\n'
    await page.setInputFiles(picker, [
      { name, mimeType: '', buffer: readFileSync(example('first-look.pcapng')) },
      { name: '<b>.v4', mimeType: '', buffer: Buffer.from(rules) },
    ])
    await page.locator('.loaded', { hasText: name }).waitFor()
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.locator('.rules', { hasText: '<script>window.ran=1</script>' }).waitFor()
    expect(
      await page.evaluate('[window.ran, document.querySelectorAll("img, main script, main b b").length]'),
    ).toEqual([undefined, 0])
    expect(complaints).toEqual([])
  })

  test('connections are selected in the words of the command line', async () => {
    const { page } = await open()
    await shown(page)
    await page.fill('input[name=filter]', 'ctstate INVALID')
    await page.keyboard.press('Enter')
    await page.locator('.flows .pane-head', { hasText: '3 connections' }).waitFor()
    await page.fill('input[name=filter]', 'ctstate INVALD')
    await page.keyboard.press('Enter')
    await page.locator('#filter-problem', { hasText: 'INVALID' }).waitFor()
  })

  test('with keys alone: along the connections, along the packets, from pane to pane', async () => {
    const { page } = await open()
    await shown(page)
    await page.locator('#flow-list').focus()
    await page.keyboard.press('Home')
    await page.locator('#flow-list-0[aria-selected=true]').waitFor()
    await page.keyboard.press('ArrowDown')
    await page.locator('#flow-list-1[aria-selected=true]').waitFor()
    // Past the columns that sort, and the button that saves.
    const focused = () => page.evaluate('document.activeElement.id')
    for (let i = 0; i < 10 && (await focused()) !== 'arrow-list'; i++) await page.keyboard.press('Tab')
    expect(await focused()).toBe('arrow-list')
    await page.keyboard.press('Home')
    await page.locator('#arrow-list-0[aria-selected=true]').waitFor()
    const before = Number(await page.locator('input[type=range]').inputValue())
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => hashOf(page)).toMatch(new RegExp(`^#show=first-look&packet=${before + 1}&`))
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowRight')
    await page.locator('#tab-table[aria-selected=true]').waitFor()
  })

  test('the state table is that of the moment', async () => {
    const { page } = await open()
    await shown(page)
    await page.getByRole('tab', { name: 'State table' }).click()
    await page.locator('input[type=range]').fill('1')
    await page.locator('.table-pane', { hasText: 'Behind packet 1: 1 entry' }).waitFor()
    expect(await page.locator('.entry').textContent()).toMatch(/\+ newtcp +6 \d+ SYN_SENT src=/)
  })

  test('rules show their hits, and the way of the packet', async () => {
    const { page } = await open()
    await shown(page)
    await page.locator('input[type=range]').fill('32')
    await page.getByRole('tab', { name: 'Rules' }).click()
    await page.locator('.rules .matched').first().waitFor()
    expect(await page.locator('.rules .step').allTextContents()).toContain('✓ took the packet')
  })

  test.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 360, 740],
  ] as const)('axe finds nothing wrong: %s, %d pixels wide', async (colorScheme, width, height) => {
    const { page } = await open(exampleUrl, { colorScheme, width, height })
    await shown(page)
    await page.evaluate(axe.source)
    for (const tab of ['Why', 'State table', 'Rules']) {
      await page.getByRole('tab', { name: tab }).click()
      const found = await page.evaluate<string[]>(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' ')))`,
      )
      expect(found, tab).toEqual([])
    }
    // Nothing sticks out sideways.
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })

  test('sallyport serve shows what it was called with, and ends when it is told to', async () => {
    const words = ['serve', example('first-look.pcapng'), '-r', example('first-look.next.v4')]
    const server = spawn(process.execPath, [command, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void server.kill())
    const url = await firstLine(server)
    const { page, requests, complaints } = await open(url)
    await shown(page)
    expect(await page.locator('.loaded').textContent()).toMatch(/^first-look\.pcapng|first-look\.next\.v4/)
    expect(await page.locator('.loaded').textContent()).not.toContain('example')
    expect(requests.filter((asked) => !/^(?:blob|data):/.test(asked) && !asked.startsWith(url))).toEqual([])
    expect(complaints).toEqual([])
    server.kill('SIGINT')
    expect((await once(server, 'exit'))[0]).toBe(0)
  })
})

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of stdout!) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.split('\n')[0]!
}
