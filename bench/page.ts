/** The page in a real Chromium: how soon it is there, how a million packets load, and what a frame costs while the cursor is dragged. */
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, CDPSession, chromium, Page } from 'playwright-core'
import { atMost, median, type Row } from './measure.ts'
import { Traffic } from './traffic.ts'

const PAGE = join(process.cwd(), 'dist', 'page', 'sallyport.html')
const PACKETS = 1_000_000
const CONNECTIONS = 1_000
const CHUNK_RECORDS = 50_000
/** Between two SYNs of the scan: the table keeps 120,000 of them at a time. */
const SCAN_MICROSECONDS = 1_000
const PAINT_ROUNDS = 5
const DRAG_STEPS = 240
const PATIENCE_MS = 90_000

const program = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find((path) => existsSync(path))

export function hasPage(): boolean {
  return program !== undefined && existsSync(PAGE)
}

export async function measurePage(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  // Root has no user namespace of its own for the sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  // Not bundled: it finds its own parts by where it stands.
  const require = createRequire(join(process.cwd(), 'package.json'))
  const playwright = require('playwright-core') as { chromium: typeof chromium }
  const browser = await playwright.chromium.launch({ executablePath: program!, args })
  try {
    const traffic = join(folder, 'traffic.pcap')
    const scan = join(folder, 'scan.pcap')
    writeTraffic(traffic)
    writeScan(scan)
    const paints: number[] = []
    for (let round = 0; round < PAINT_ROUNDS; round++) paints.push(await scriptingBeforePaint(browser))
    return [
      atMost('page: scripting before the first paint', median(paints), 150, ' ms'),
      ...(await loadAndDrag(browser, traffic, 'a million packets, 39,000 connections')),
      ...(await loadAndDrag(browser, scan, 'a million packets, as many connections')),
    ]
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeTraffic(path: string): void {
  const traffic = new Traffic({ connections: CONNECTIONS })
  writeChunks(path, traffic, (chunk) => traffic.fill(chunk))
}

/** Each packet a connection of its own. */
function writeScan(path: string): void {
  const traffic = new Traffic({ connections: PACKETS, interval: SCAN_MICROSECONDS })
  writeChunks(path, traffic, (chunk, from) => traffic.fillInTurn(chunk, from))
}

function writeChunks(
  path: string,
  { recordLength }: Traffic,
  fill: (chunk: Uint8Array, from: number) => void,
): void {
  const chunk = new Uint8Array(recordLength * CHUNK_RECORDS)
  const file = openSync(path, 'w')
  writeSync(file, Traffic.fileHeader())
  for (let from = 0; from < PACKETS; from += CHUNK_RECORDS) {
    fill(chunk, from)
    writeSync(file, chunk)
  }
  closeSync(file)
}

interface TraceEvent {
  readonly name: string
  readonly cat: string
  readonly ph: string
  /** Microseconds. */
  readonly ts: number
  readonly dur?: number
  /** Processor time of it, where it is told. */
  readonly tdur?: number
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
}

/** What the main thread of the page did meanwhile. */
async function traced(browser: Browser, page: Page, act: () => Promise<void>): Promise<TraceEvent[]> {
  await browser.startTracing(page, {
    categories: [
      'toplevel',
      'devtools.timeline',
      'disabled-by-default-devtools.timeline.frame',
      'loading',
      '__metadata',
    ],
  })
  await act()
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString('utf8')) as {
    traceEvents: TraceEvent[]
  }
  const threads = traceEvents
    .filter(({ ph, name, args }) => ph === 'M' && name === 'thread_name' && args.name === 'CrRendererMain')
    .map((thread) => traceEvents.filter(({ pid, tid }) => pid === thread.pid && tid === thread.tid))
  // Of several renderers, the one that has something to do.
  const [busiest = []] = threads.sort((one, other) => other.length - one.length)
  return busiest.sort((one, other) => one.ts - other.ts)
}

/** Milliseconds in which scripts are read, compiled and run until something is painted. */
async function scriptingBeforePaint(browser: Browser): Promise<number> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const events = await traced(browser, page, async () => {
    await page.goto(pathToFileURL(PAGE).href)
    await page.locator('.explanation').waitFor()
  })
  await page.close()
  const paint = events.find(({ name }) => name === 'firstContentfulPaint')?.ts
  if (paint === undefined) throw new Error('nothing was painted')
  const kinds = ['EvaluateScript', 'FunctionCall', 'FireAnimationFrame', 'RunMicrotasks', 'v8.compile']
  let sum = 0
  let end = 0
  for (const { name, ph, ts, dur = 0, tdur = dur } of events) {
    // Those within another one are counted with that.
    if (ph !== 'X' || !kinds.includes(name) || ts > paint || ts < end) continue
    end = ts + dur
    sum += tdur
  }
  return sum / 1000
}

async function loadAndDrag(browser: Browser, capture: string, what: string): Promise<Row[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const cdp = await browser.newBrowserCDPSession()
  await page.goto(pathToFileURL(PAGE).href)
  await page.locator('.explanation').waitFor()
  const begin = performance.now()
  await page.setInputFiles('input[type=file]', capture)
  await page.locator('#flow-list .flow-row[aria-selected]').nth(8).waitFor({ timeout: PATIENCE_MS })
  await page.locator('.loaded b', { hasText: 'pcap' }).waitFor({ timeout: PATIENCE_MS })
  const first = performance.now() - begin
  await page.locator('.progress').waitFor({ state: 'detached', timeout: PATIENCE_MS })
  const loaded = performance.now() - begin
  await page.waitForTimeout(500)
  const explain = await explained(page)
  const frames = await framesWhile(browser, page, () => drag(page))
  const scrolls = await framesWhile(browser, page, () => scroll(page))
  const peak = await peakBytes(cdp)
  await page.close()
  const rows = [
    atMost(`${what}: first rows`, first / 1000, null, ' s'),
    atMost(`${what}: complete`, loaded / 1000, 10, ' s'),
    atMost(`${what}: memory of page and worker, at most`, peak / 1e6, 1500, ' MB', 0),
    atMost(`${what}: explanation of the last packet`, explain / 1000, null, ' s'),
  ]
  for (const [name, list] of [
    ['cursor dragged', frames],
    ['list scrolled', scrolls],
  ] as const) {
    rows.push(
      atMost(`${what}: ${name}, work of a frame, median of ${list.length}`, median(list), 8, ' ms'),
      atMost(`${what}: ${name}, work of a frame, 95 %`, percentile(list, 0.95), 16, ' ms'),
    )
  }
  return rows
}

/** Milliseconds until the last packet is explained. */
async function explained(page: Page): Promise<number> {
  const begin = performance.now()
  await page.locator('.cursor input').focus()
  await page.keyboard.press('End')
  await page.locator('.explanation', { hasText: `Packet ${PACKETS}:` }).waitFor({ timeout: PATIENCE_MS })
  return performance.now() - begin
}

/** The cursor, over the whole chart and back. */
async function drag(page: Page): Promise<void> {
  const box = (await page.locator('.chart .u-over').boundingBox())!
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + 2, y)
  await page.mouse.down()
  for (let step = 1; step <= DRAG_STEPS; step++) {
    const share = 1 - Math.abs(1 - (2 * step) / DRAG_STEPS)
    await page.mouse.move(box.x + 2 + share * (box.width - 4), y)
  }
  await page.mouse.up()
}

/** The list of connections, by the wheel and by its bar. */
async function scroll(page: Page): Promise<void> {
  const box = (await page.locator('#flow-list').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  for (let step = 0; step < 60; step++) await page.mouse.wheel(0, 240)
  await page.evaluate(`(async () => {
    const list = document.getElementById('flow-list')
    for (let step = 1; step <= 120; step++) {
      list.scrollTop = (step / 120) * list.scrollHeight
      await new Promise(requestAnimationFrame)
    }
  })()`)
}

/** Milliseconds of work on the main thread, by frame in which there was any. */
async function framesWhile(browser: Browser, page: Page, act: () => Promise<void>): Promise<number[]> {
  const events = await traced(browser, page, act)
  const frames: number[] = []
  let work = 0
  let end = 0
  for (const { name, ph, ts, dur = 0, tdur = dur } of events) {
    if (name === 'BeginMainThreadFrame') {
      if (work > 0) frames.push(work / 1000)
      work = 0
    }
    if (ph !== 'X' || !name.endsWith('RunTask') || ts < end) continue
    end = ts + dur
    work += tdur
  }
  if (frames.length === 0) throw new Error('no frame was drawn')
  return frames
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

/** Largest resident set of a renderer: the page, and its worker within. */
async function peakBytes(cdp: CDPSession): Promise<number> {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const peaks = renderers.map(({ id }) => {
    const status = readFileSync(`/proc/${id}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
  })
  return Math.max(...peaks)
}
