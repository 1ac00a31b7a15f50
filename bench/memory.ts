/** Bytes for each entry of a full table, and what a packet leaves behind on the heap. */
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { SYSCTLS } from '../src/conntrack/settings.ts'
import { extensions } from '../src/firewall/extensions.ts'
import { parseRuleset } from '../src/ruleset/parser.ts'
import { atMost, collectGarbage, heldBytes, type Row } from './measure.ts'
import { makeTracker, Stream } from './stream.ts'
import { Traffic } from './traffic.ts'

const PACKETS = 10_000_000
const PASS = 500_000
/** `PerformanceObserver`'s number for a mark-compact collection. */
const MARK_COMPACT = 4

export async function measureMemory(): Promise<Row[]> {
  const full = SYSCTLS.find(({ name }) => name === 'nf_conntrack_max')!.default
  const ipv4 = await bytesPerEntry(full, false)
  const ipv6 = await bytesPerEntry(full, true)
  const translated = await bytesPerEntry(full, false, '-A POSTROUTING -j NETMAP --to 100.64.0.0/10')
  const { growth, collections } = await heapGrowth()
  return [
    atMost(`bytes an IPv4 TCP entry, ${full.toLocaleString('en')} entries`, ipv4, 192, ' B'),
    atMost('bytes an IPv6 TCP entry', ipv6, null, ' B'),
    atMost('bytes an IPv4 TCP entry with its source translated', translated, null, ' B'),
    atMost('heap growth a packet, 10,000,000 packets', growth, 1, ' B', 4),
    atMost('mark-compact collections during them', collections, 0, '', 0),
  ]
}

/** What the process holds more with a table of so many entries, accounting on: its own count, or the process's. */
async function bytesPerEntry(entries: number, ipv6: boolean, nat = ''): Promise<number> {
  const traffic = new Traffic({ connections: entries, ipv6, interval: 1 })
  const chunk = new Uint8Array(traffic.recordLength * 1024)
  const before = heldBytes()
  const tracker = makeTracker({ nf_conntrack_max: entries, nf_conntrack_acct: 1 })
  const rules = `*nat\n${nat}\nCOMMIT\n`
  const { ruleset } = parseRuleset(rules, { family: 'ipv4', registry: extensions })
  const stream = await Stream.open(tracker, nat === '' ? [] : [ruleset])
  for (let at = 0; at < entries; ) {
    const records = traffic.fillInTurn(chunk, at)
    await stream.run(chunk.subarray(0, records * traffic.recordLength))
    at += records
  }
  const { table } = tracker
  if (table.count !== entries) throw new Error(`${table.count} entries instead of ${entries}`)
  if (nat !== '' && table.translations.count !== entries) throw new Error('not all are translated')
  const held = heldBytes() - before
  await stream.end()
  return Math.max(held, table.bytes) / entries
}

async function heapGrowth(): Promise<{ growth: number; collections: number }> {
  const traffic = new Traffic({ connections: 1_000 })
  const chunk = new Uint8Array(traffic.recordLength * PASS)
  const stream = await Stream.open(makeTracker({ nf_conntrack_acct: 1 }))
  for (let i = 0; i < 4; i++) {
    traffic.fill(chunk)
    await stream.run(chunk)
  }
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }
      if (detail?.kind === MARK_COMPACT) collections++
    }
  })
  collectGarbage()
  await nextTurn()
  observer.observe({ entryTypes: ['gc'] })
  const before = process.memoryUsage().heapUsed
  for (let packets = 0; packets < PACKETS; packets += PASS) {
    traffic.fill(chunk)
    await stream.run(chunk)
  }
  await nextTurn()
  observer.disconnect()
  const seen = collections
  // Without a collection ahead: what is garbage was allocated all the same.
  const growth = (process.memoryUsage().heapUsed - before) / PACKETS
  await stream.end()
  return { growth: Math.max(0, growth), collections: seen }
}

/** The observer is told in a later turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}
