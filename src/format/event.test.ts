import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { STATUS_CONFIRMED } from '../conntrack/status.ts'
import type { EventView } from '../conntrack/view.ts'
import { formatEvent, formatEventXml } from './event.ts'

function event(changes: Partial<EventView> = {}): EventView {
  return {
    type: 'new',
    seconds: 1795488689,
    nanoseconds: 963_947_999,
    entry: entryView({ state: 'SYN_SENT', timeout: 120, status: STATUS_CONFIRMED, id: 3383535596 }),
    showState: true,
    markChanged: false,
    ...changes,
  }
}

test('new, with everything the tool can add: time in microseconds, a tab, no use, no mark', () => {
  expect(formatEvent(event(), { timestamp: true, extended: true, id: true })).toBe(
    '[1795488689.963947]\t    [NEW] ipv4     2 tcp      6 120 SYN_SENT src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 id=3383535596',
  )
})

test('update of the mark to 0: the mark is told, the state is not', () => {
  const entry = entryView()
  expect(formatEvent(event({ type: 'update', entry, showState: false, markChanged: true }))).toBe(
    ' [UPDATE] tcp      6 431999 src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 [ASSURED] mark=0',
  )
})

test('destroy of an expired entry: no seconds; of a living one: what was left', () => {
  const entry = entryView({ state: 'CLOSE', timeout: 0, mark: 9 })
  expect(formatEvent(event({ type: 'destroy', entry }))).toBe(
    '[DESTROY] tcp      6 CLOSE src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 [ASSURED] mark=9',
  )
  expect(formatEvent(event({ type: 'destroy', entry: { ...entry, timeout: 120 } }))).toContain(' 120 CLOSE ')
})

test('an accounted entry: counters and age are told at its end only', () => {
  const counters = { original: { packets: 1, bytes: 40 }, reply: { packets: 0, bytes: 0 } }
  const entry = entryView({ counters, deltaTime: 3 })
  for (const type of ['new', 'update'] as const) {
    expect(formatEvent(event({ type, entry }))).not.toMatch(/packets=|delta-time/)
    expect(formatEventXml(event({ type, entry }))).not.toMatch(/<packets>|<deltatime>/)
  }
  expect(formatEvent(event({ type: 'destroy', entry }))).toMatch(/ packets=1 bytes=40 .* delta-time=3/)
})

test('an entry with a helper: told with it until its end, and there no more', () => {
  const entry = entryView({ helper: 'ftp' })
  for (const type of ['new', 'update'] as const) {
    expect(formatEvent(event({ type, entry }))).toMatch(/ helper=ftp$/)
    expect(formatEventXml(event({ type, entry }))).toContain('<helper>ftp</helper>')
  }
  expect(formatEvent(event({ type: 'destroy', entry }))).not.toContain('helper')
  expect(formatEventXml(event({ type: 'destroy', entry }))).not.toContain('helper')
})

test('XML: the kind of event, and when, with the hour as it is', () => {
  const text = formatEventXml(event({ entry: entryView({ helper: 'ftp' }) }), { timestamp: true })
  expect(text).toMatch(/^<flow type="new"><meta /)
  expect(text).toContain('<timeout>431999</timeout><id>1461739078</id><assured/></meta><when>')
  expect(text).toMatch(
    /<when><hour>2<\/hour><min>51<\/min><sec>29<\/sec><wday>3<\/wday><day>24<\/day><month>11<\/month><year>2026<\/year><\/when><helper>ftp<\/helper><\/flow>$/,
  )
})
