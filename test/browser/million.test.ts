/**
 * Large captures in the page. What is promised is measured by `npm run bench -- page`; here the time is twice that, as a machine
 * that runs tests does other work as well.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Traffic } from '../../bench/traffic.ts'
import { example, isMissing, launch, pageUrl, shown, visit } from './chromium.ts'

const PACKETS = 1_000_000
const LOAD_MS = 20_000
const MEMORY = 1.5e9
const picker = 'input[type=file]'

let browser: Browser
let folder: string

const file = (name: string) => join(folder, name)

describe.skipIf(isMissing)('a million packets', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-million-'))
    write('traffic.pcap', new Traffic({ connections: 1000 }), (traffic, bytes) => traffic.fill(bytes))
    // A scan: each packet a connection of its own.
    write('scan.pcap', new Traffic({ connections: PACKETS, interval: 1000 }), (traffic, bytes) =>
      traffic.fillInTurn(bytes, 0),
    )
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true })
  })

  function write(name: string, traffic: Traffic, fill: (traffic: Traffic, bytes: Uint8Array) => void): void {
    const header = Traffic.fileHeader()
    const bytes = new Uint8Array(header.length + PACKETS * traffic.recordLength)
    bytes.set(header)
    fill(traffic, bytes.subarray(header.length))
    writeFileSync(file(name), bytes)
  }

  async function open(): Promise<Page> {
    const { page } = await visit(browser, pageUrl)
    onTestFinished(() => page.close())
    await shown(page)
    return page
  }

  async function load(page: Page, name: string): Promise<void> {
    await page.setInputFiles(picker, file(name))
    await page.locator('.loaded', { hasText: `${name}, without rules · 1,000,000 packets` }).waitFor({
      timeout: LOAD_MS,
    })
    await page.locator('.progress').waitFor({ state: 'detached' })
    // The list that was shown while it grew is in sight until that of the whole run is there.
    const connections = name === 'scan.pcap' ? '1,000,000 connections' : /39,\d\d\d connections/
    await page.locator('.flows .pane-head', { hasText: connections }).waitFor()
  }

  test('they are there in time and memory, and connections are listed before the end', async () => {
    const page = await open()
    await page.setInputFiles(picker, file('traffic.pcap'))
    await page.getByRole('button', { name: 'Keep these' }).waitFor()
    await page.locator('.loaded', { hasText: 'traffic.pcap' }).waitFor()
    await page.locator('#flow-list .flow-row[aria-selected]').nth(5).waitFor()
    expect(await page.locator('.progress').count()).toBe(1)
    await page.locator('.loaded', { hasText: '1,000,000 packets' }).waitFor({ timeout: LOAD_MS })
    await page.locator('.progress').waitFor({ state: 'detached' })
    const cdp = await browser.newBrowserCDPSession()
    const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
    for (const { id, type } of processInfo) {
      if (type !== 'renderer') continue
      const status = readFileSync(`/proc/${id}/status`, 'utf8')
      expect(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) * 1024).toBeLessThan(MEMORY)
    }
  })

  test('a million connections: the list is scrolled to its end, and by wheel no row is passed over', async () => {
    const page = await open()
    await load(page, 'scan.pcap')
    await page.locator('.flows .pane-head', { hasText: '1,000,000 connections' }).waitFor()
    await page.evaluate(`document.getElementById('flow-list').scrollTop = 1e9`)
    const last = page.locator(`#flow-list-${PACKETS - 1}`)
    await last.waitFor()
    const list = (await page.locator('#flow-list').boundingBox())!
    const row = (await last.boundingBox())!
    expect(row.y + row.height).toBeLessThanOrEqual(list.y + list.height + 1)
    await last.click()
    await page
      .locator('.explanation', { hasText: `Packet ${PACKETS.toLocaleString('en').replaceAll(',', '')}:` })
      .waitFor()
    await page.evaluate(`document.getElementById('flow-list').scrollTop = 4e6`)
    await page.waitForTimeout(300)
    const top = () =>
      page.evaluate<number>(
        `Math.min(...[...document.querySelectorAll('#flow-list [aria-rowindex]')].map((row) => Number(row.ariaRowIndex)))`,
      )
    const before = await top()
    await page.mouse.move(list.x + 50, list.y + 200)
    await page.mouse.wheel(0, 440)
    await page.waitForTimeout(500)
    expect(await top()).toBe(before + 10)
  })

  test('with End and Home the cursor goes to the last row and to the first', async () => {
    const page = await open()
    await load(page, 'scan.pcap')
    await page.locator('#flow-list').focus()
    await page.keyboard.press('End')
    await page.locator(`#flow-list-${PACKETS - 1}[aria-selected=true]`).waitFor()
    await page.keyboard.press('Home')
    await page.locator('#flow-list-0[aria-selected=true]').waitFor()
  })

  test('cancelled, what was shown before is there again', async () => {
    const page = await open()
    const before = await page.locator('.loaded').textContent()
    await page.setInputFiles(picker, file('traffic.pcap'))
    await page.getByRole('button', { name: 'Keep these' }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('.progress').waitFor({ state: 'detached' })
    expect(await page.locator('.loaded').textContent()).toBe(before)
    await shown(page)
  })

  test('ended early, the packets that are there are kept, and it is said', async () => {
    const page = await open()
    await page.setInputFiles(picker, file('traffic.pcap'))
    await page.getByRole('button', { name: 'Keep these' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toMatch(/The first [\d,]+ packets are shown/)
    await shown(page)
  })

  test('a selection looks at every packet, says so, and is given up', async () => {
    const page = await open()
    await load(page, 'traffic.pcap')
    await page.fill('input[name=filter]', 'port 443')
    await page.getByRole('button', { name: 'Select' }).click()
    await page.locator('.rerun').getByRole('button', { name: 'Cancel' }).click()
    await page.locator('.rerun').waitFor({ state: 'detached' })
    await page.locator('.flows .pane-head', { hasText: /39,\d\d\d connections/ }).waitFor()
  })
})

describe.skipIf(isMissing)('packed captures', () => {
  const bytes = readFileSync(example('first-look.pcapng'))

  test.each([
    ['whole', gzipSync(bytes)],
    ['of two members', Buffer.concat([gzipSync(bytes.subarray(0, 900)), gzipSync(bytes.subarray(900))])],
    ['cut', gzipSync(bytes).subarray(0, -200)],
    ['damaged', damaged(gzipSync(bytes))],
    ['with something behind it', Buffer.concat([gzipSync(bytes), Buffer.from('not gzip')])],
  ])('%s: packets or a message, and the page lives on', async (_, packed) => {
    const own = await launch()
    onTestFinished(() => own.close())
    const { page, complaints } = await visit(own, pageUrl)
    await shown(page)
    await page.setInputFiles(picker, { name: 'x.pcapng.gz', mimeType: '', buffer: packed })
    const loaded = page.locator('.loaded', { hasText: 'x.pcapng.gz' })
    await loaded.or(page.getByRole('alert')).first().waitFor()
    await page.setInputFiles(picker, example('first-look.pcapng'))
    await page.locator('.loaded', { hasText: 'first-look.pcapng, without rules · 33 packets' }).waitFor()
    expect(complaints).toEqual([])
  })

  function damaged(packed: Buffer): Buffer {
    packed.fill(0xff, packed.length >> 1, (packed.length >> 1) + 40)
    return packed
  }
})
