import { expect, test } from 'vitest'
import { Firewall } from '../firewall/firewall.ts'
import { buildPacket } from '../packet/build.ts'
import { Feed } from '../replay/feed.ts'
import { Tracker } from './tracker.ts'
import { tableOf } from './view-entry.ts'

const syn = (source: string, sourcePort: number) =>
  buildPacket({ source, destination: '192.0.2.9', tcp: { sourcePort, destinationPort: 80, flags: 'S' } })
const syn6 = (sourcePort: number) =>
  buildPacket({
    source: '2001:db8::2',
    destination: '2001:db8::9',
    tcp: { sourcePort, destinationPort: 80, flags: 'S' },
  })

/** What is in a table that had these packets. */
function tableAfter(packets: readonly Uint8Array[]): { tracker: Tracker; sources: string[] } {
  const tracker = new Tracker()
  const feed = new Feed(new Firewall(tracker))
  packets.forEach((bytes, index) => {
    feed.send(bytes, { seconds: 1_700_000_000 + index / 1000 })
  })
  const sources = [...tableOf(tracker)].map(({ original }) => `${original.source}:${original.sourcePort}`)
  return { tracker, sources }
}

test('the memory of a table goes on to the next one, and nothing of what was in it', () => {
  const many = Array.from({ length: 3000 }, (_, i) => syn(`10.0.${i >> 8}.${i & 255}`, i + 1))
  const before = tableAfter([...many, syn6(7)])
  expect(before.sources).toHaveLength(3001)
  const [segment] = before.tracker.table.entries.segments
  before.tracker.dispose()
  const after = tableAfter([syn('10.9.9.9', 5), syn6(8), syn('10.9.9.9', 5)])
  expect(after.tracker.table.entries.segments[0]).toBe(segment)
  expect(after.sources).toEqual(['10.9.9.9:5', '2001:db8::2:8'])
})

test('one that was disposed of is not used any more: that throws', () => {
  const { tracker } = tableAfter([syn('10.0.0.1', 1)])
  tracker.dispose()
  expect(() => new Feed(new Firewall(tracker)).send(syn('10.0.0.1', 1), { seconds: 1_700_000_001 })).toThrow()
})
