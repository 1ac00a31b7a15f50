/** Both sides' listings: what the real tools print of the kernel's table, what our forms print of the engine's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { subscribe } from '../../src/conntrack/subscribe.ts'
import type { EventView, StatisticsView } from '../../src/conntrack/view.ts'
import { expectationsOf, tableOf } from '../../src/conntrack/view-entry.ts'
import { formatEvent, formatEventXml } from '../../src/format/event.ts'
import { formatExpectation, formatExpectationProc } from '../../src/format/expectation.ts'
import { formatProcStatistics, formatStatistics } from '../../src/format/statistics.ts'
import { type TableFormatName, tableLines } from '../../src/format/table-format.ts'
import { pause } from '../../src/live/pause.ts'
import { buildPacket } from '../../src/packet/build.ts'
import { FirewallEngine } from './firewall-engine.ts'
import type { Kernel } from './kernel.ts'
import type { Listings } from './listings.ts'
import type { PacketStep } from './traffic/case.ts'

const TABLES: Readonly<Record<string, TableFormatName>> = {
  'cat /proc/net/nf_conntrack': 'proc',
  'conntrack -L': 'conntrack',
  'conntrack -L -o extended': 'extended',
  'conntrack -L -o save': 'save',
  'conntrack -L -o xml': 'xml',
}
const EXPECTATIONS = 'conntrack -L expect'
const EXPECTATIONS_PROC = 'cat /proc/net/nf_conntrack_expect'
// The tool lists the expectations of one family at a time.
const COMMANDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(TABLES).map((command) => [command, command])),
  [EXPECTATIONS]: `${EXPECTATIONS} -f ipv4; ${EXPECTATIONS} -f ipv6`,
  [EXPECTATIONS_PROC]: EXPECTATIONS_PROC,
}
const STATISTICS = ['conntrack -S', 'cat /proc/net/stat/nf_conntrack']
const EVENTS = {
  'conntrack -E -o timestamp,ktimestamp': (event: EventView) =>
    formatEvent(event, { timestamp: true, ktimestamp: true }),
  'conntrack -E -o xml,timestamp,ktimestamp': (event: EventView) =>
    formatEventXml(event, { timestamp: true, ktimestamp: true }),
} as const

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/**
 * Sums over the processors. How many entries there are is no counter, and left out: the kernel's number has entries
 * in it that ended before the connection they had announced.
 */
function counters(tool: string, proc: string): Record<string, number> {
  const sums: Record<string, number> = {}
  const add = (name: string, value: number) => {
    sums[name] = (sums[name] ?? 0) + value
  }
  for (const [, name, value] of tool.matchAll(/(\w+)=(\d+)/g))
    if (name !== 'cpu') add(`conntrack -S ${name}`, Number(value))
  const [header = '', ...rows] = lines(proc)
  const names = header.split(/ +/)
  for (const row of rows) {
    for (const [column, value] of row.trim().split(/ +/).entries())
      if (column > 0) add(`/proc/net/stat/nf_conntrack ${names[column]}`, Number.parseInt(value, 16))
  }
  return sums
}

function growth(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]!]))
}

/** A packet whose event shows how far the listeners have heard; its port is `number`. */
export function markerPacket(number: number): PacketStep {
  const udp = { sourcePort: number, destinationPort: 9, payload: [] }
  return {
    kind: 'packet',
    side: 'in',
    bytes: buildPacket({ source: '10.0.1.254', destination: '10.0.2.254', udp }),
  }
}

const PATIENCE_MS = 10_000
const FIRST_MARKER = 1024

/** The kernel's listings, by the real tools in its namespace. */
export class KernelListings {
  readonly #kernel: Kernel
  readonly #folder = mkdtempSync(join(tmpdir(), 'sallyport-events-'))
  readonly #listeners: { readonly name: string; readonly file: string; readonly process: ChildProcess }[]
  #marker = FIRST_MARKER
  #before: Record<string, number> = {}

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#listeners = Object.keys(EVENTS).map((name, index) => {
      const file = join(this.#folder, String(index))
      const output = openSync(file, 'w')
      const tool = ['conntrack', ...name.split(' ').slice(1), '-b', '4000000']
      const process = spawn('ip', ['netns', 'exec', kernel.name, ...tool], {
        stdio: ['ignore', output, 'ignore'],
      })
      closeSync(output)
      return { name, file, process }
    })
    const deadline = performance.now() + PATIENCE_MS
    while (!this.#listeners.every(({ file }) => readFileSync(file, 'utf8').includes('10.0.1.254'))) {
      if (performance.now() > deadline) throw new Error('conntrack -E does not listen')
      kernel.send(this.nextMarker().bytes, 'in')
      pause(20)
    }
  }

  /** The first packet of the next traffic and the one behind its last; both sides are to get them. */
  nextMarker(): PacketStep {
    return markerPacket(this.#marker++)
  }

  /** Ahead of the traffic. */
  begin(): void {
    const [tool, proc] = this.#kernel.run('sh', '-c', STATISTICS.join("; printf '\\f'; ")).split('\f')
    this.#before = counters(tool!, proc!)
  }

  /** Behind the traffic, whose first packet and whose last were the last two markers. */
  end(): Listings {
    const commands = Object.entries(COMMANDS)
    const script = [...commands.map(([, command]) => `(${command}) 2>/dev/null`), ...STATISTICS]
    const parts = this.#kernel.run('sh', '-c', script.join("; printf '\\f'; ")).split('\f')
    const tables = Object.fromEntries(commands.map(([what], index) => [what, lines(parts[index]!)] as const))
    const statistics = growth(this.#before, counters(parts.at(-2)!, parts.at(-1)!))
    const events = Object.fromEntries(
      this.#listeners.map(
        ({ name, file }) => [name, heard(file, this.#marker - 2, this.#marker - 1)] as const,
      ),
    )
    return { tables, events, statistics }
  }

  close(): void {
    for (const { process } of this.#listeners) process.kill()
    rmSync(this.#folder, { recursive: true })
  }
}

/** What a listener heard from the NEW of marker `first` on to that of `last`, and no further. */
function heard(file: string, first: number, last: number): string[] {
  const isMarker = (line: string, port: number) =>
    /\[NEW\]|type="new"/.test(line) &&
    line.includes('10.0.1.254') &&
    (line.includes(`sport=${port} dport=9 `) || line.includes(`<sport>${port}</sport><dport>9</dport>`))
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const all = lines(readFileSync(file, 'utf8'))
    let end = all.length - 1
    while (end >= 0 && !isMarker(all[end]!, last)) end--
    if (end >= 0) {
      let begin = end - 1
      while (begin >= 0 && !isMarker(all[begin]!, first)) begin--
      return all.slice(begin, end + 1)
    }
    if (performance.now() > deadline) throw new Error('conntrack -E has gone silent')
    pause(2)
  }
}

/** The engine's listings, printed by our forms. */
export class EngineListings {
  readonly engine = new FirewallEngine()
  #events: EventView[] = []
  #before: Record<string, number> = {}

  constructor() {
    subscribe(this.engine.tracker, (event) => {
      this.#events.push(event)
    })
  }

  begin(): void {
    this.#events = []
    this.#before = this.#statistics()
  }

  end(): Listings {
    const { tracker } = this.engine
    tracker.settle()
    const entries = [...tableOf(tracker)]
    const expectations = [...expectationsOf(tracker)]
    return {
      tables: {
        ...Object.fromEntries(
          Object.entries(TABLES).map(([what, form]) => [what, [...tableLines(form, entries)]] as const),
        ),
        [EXPECTATIONS]: expectations.map(formatExpectation),
        [EXPECTATIONS_PROC]: expectations.map(formatExpectationProc),
      },
      events: Object.fromEntries(
        Object.entries(EVENTS).map(([form, format]) => [form, this.#events.map(format)]),
      ),
      statistics: growth(this.#before, this.#statistics()),
    }
  }

  #statistics(): Record<string, number> {
    const { statistics, helpers, table } = this.engine.tracker
    const { matched, created, deleted } = helpers.expectations
    const view: StatisticsView = {
      ...statistics,
      expectNew: matched,
      expectCreate: created,
      expectDelete: deleted,
    }
    return counters(formatStatistics(view), formatProcStatistics(view, table.count).join('\n'))
  }
}
