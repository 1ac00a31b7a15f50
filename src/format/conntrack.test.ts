import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { STATUS_CONFIRMED } from '../conntrack/status.ts'
import { formatConntrack } from './conntrack.ts'

test('a plain line: no family, no zone 0, use as it is', () => {
  expect(formatConntrack(entryView())).toBe(
    'tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 [ASSURED] mark=0 use=1',
  )
})

test('everything at once, extended with id and time stamps: the order of the end', () => {
  const entry = entryView({
    protocol: 17,
    state: null,
    timeout: 119,
    counters: { original: { packets: 2, bytes: 58 }, reply: { packets: 1, bytes: 29 } },
    mark: 7,
    zoneOriginal: 5,
    zoneReply: 5,
    deltaTime: 2,
    start: { seconds: 1795489166, nanoseconds: 5 },
    helper: 'tftp',
    id: 3482695446,
  })
  expect(formatConntrack(entry, { extended: true, id: true, ktimestamp: true })).toBe(
    'ipv4     2 udp      17 119 src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 packets=2 bytes=58 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 packets=1 bytes=29 [ASSURED] mark=7 zone=5 delta-time=2 [start=Tue Nov 24 02:59:26 2026] helper=tftp use=1 id=3482695446',
  )
})

test('time stamps in a zone: local time', () => {
  const entry = entryView({ start: { seconds: 0, nanoseconds: 0 } })
  const line = formatConntrack(entry, { ktimestamp: true, zoneOffset: () => -3600 })
  expect(line).toContain('[start=Wed Dec 31 23:00:00 1969]')
})

test('an entry that ended: its age is the difference of whole seconds', () => {
  const entry = entryView({
    start: { seconds: 10, nanoseconds: 900_000_000 },
    stop: { seconds: 12, nanoseconds: 0 },
    deltaTime: 1,
  })
  expect(formatConntrack(entry)).toContain(' delta-time=2 ')
})

test('DCCP: the tool knows its name and prints ports of 0', () => {
  const entry = entryView({ protocol: 33, state: null, timeout: 599, status: STATUS_CONFIRMED })
  const ends = { source: '10.0.1.2', destination: '10.0.2.2' }
  const back = { source: '10.0.2.2', destination: '10.0.1.2' }
  expect(formatConntrack({ ...entry, original: ends, reply: back })).toBe(
    'dccp     33 599 src=10.0.1.2 dst=10.0.2.2 sport=0 dport=0 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=0 dport=0 mark=0 use=1',
  )
})
