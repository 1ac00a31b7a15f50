import { describe, expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { buildPacket } from '../packet/build.ts'
import { decoded } from '../packet/decoded.ts'
import { loadEntry } from './load.ts'
import { Outcome } from './outcome.ts'
import { Tracker } from './tracker.ts'
import { Tuple } from './tuple.ts'
import type { EntryView } from './view.ts'
import { tableOf } from './view-entry.ts'

function trackerAt(seconds = 1_700_000_000): Tracker {
  const tracker = new Tracker()
  tracker.setTime(seconds, 0)
  return tracker
}

const translated = (changes: Partial<EntryView> = {}): EntryView =>
  entryView({
    original: { source: '10.0.1.2', destination: '192.0.2.1', sourcePort: 40000, destinationPort: 80 },
    reply: { source: '10.0.2.9', destination: '10.0.2.77', sourcePort: 8080, destinationPort: 2000 },
    ...changes,
  })

describe('a translated entry', () => {
  test('is found by both of its tuples, and shows as it was', () => {
    const tracker = trackerAt()
    expect(loadEntry(tracker, translated())).toBe('loaded')
    const [entry] = [...tableOf(tracker)]
    expect(entry).toMatchObject({ original: translated().original, reply: translated().reply, status: 0x1be })
    for (const [source, sourcePort, destination, destinationPort, direction] of [
      ['10.0.1.2', 40000, '192.0.2.1', 80, 0],
      ['10.0.2.9', 8080, '10.0.2.77', 2000, 3],
    ] as const) {
      const packet = decoded(
        buildPacket({ source, destination, tcp: { sourcePort, destinationPort, flags: 'A' } }),
      )
      const tuple = new Tuple()
      const outcome = new Outcome()
      tracker.prepare(packet, tuple)
      tracker.track(packet, tuple, outcome)
      expect(outcome.ctinfo).toBe(direction)
    }
  })

  test('of which one end only was changed', () => {
    const original = { source: '10.0.1.2', destination: '10.0.2.9', sourcePort: 40000, destinationPort: 80 }
    for (const [reply, status] of [
      [{ source: '10.0.2.9', destination: '10.0.1.2', sourcePort: 80, destinationPort: 40001 }, 0x19e],
      [{ source: '10.0.2.9', destination: '10.0.1.2', sourcePort: 81, destinationPort: 40000 }, 0x1ae],
      [{ source: '10.0.2.8', destination: '10.0.1.2', sourcePort: 80, destinationPort: 40000 }, 0x1ae],
      [{ source: '10.0.2.9', destination: '10.0.1.2', sourcePort: 80, destinationPort: 40000 }, 0xe],
    ] as const) {
      const tracker = trackerAt()
      expect(loadEntry(tracker, entryView({ original, reply }))).toBe('loaded')
      expect([...tableOf(tracker)][0]!.status).toBe(status)
    }
  })

  test('of IPv6, of an echo', () => {
    const tracker = trackerAt()
    const echo = translated({
      family: 'ipv6',
      protocol: 58,
      state: null,
      original: { source: 'fd00:1::2', destination: 'fd00:2::9', type: 128, code: 0, id: 7 },
      reply: { source: 'fd00:2::9', destination: 'fd00:2::77', type: 129, code: 0, id: 9 },
    })
    expect(loadEntry(tracker, echo)).toBe('loaded')
    expect([...tableOf(tracker)][0]).toMatchObject({ original: echo.original, reply: echo.reply })
  })

  test('whose reply is taken is a duplicate', () => {
    const tracker = trackerAt()
    loadEntry(tracker, translated())
    const { original, reply } = translated()
    expect(loadEntry(tracker, translated({ original: { ...original, source: '10.0.1.3' } }))).toBe(
      'duplicate',
    )
    expect(loadEntry(tracker, translated({ reply: { ...reply, source: '10.0.2.8' } }))).toBe('duplicate')
    expect(
      loadEntry(
        tracker,
        translated({
          original: { ...original, source: '10.0.1.3' },
          reply: { ...reply, destinationPort: 2001 },
        }),
      ),
    ).toBe('loaded')
  })

  test('of two families, or of types that do not belong together, is none', () => {
    const { reply } = translated()
    expect(
      loadEntry(trackerAt(), translated({ reply: { ...reply, source: 'fd00::1', destination: 'fd00::2' } })),
    ).toBe('impossible')
    const original = { source: '10.0.1.2', destination: '10.0.2.9', type: 8, code: 0, id: 7 }
    const answer = { source: '10.0.2.9', destination: '10.0.1.2', type: 8, code: 0, id: 7 }
    expect(loadEntry(trackerAt(), entryView({ protocol: 1, state: null, original, reply: answer }))).toBe(
      'impossible',
    )
  })
})
