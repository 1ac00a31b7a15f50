import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { STATUS_CONFIRMED } from '../conntrack/status.ts'
import { formatJson } from './json.ts'

test("TCP: the record's fields first, then the rest", () => {
  expect(formatJson(entryView({ start: { seconds: 17, nanoseconds: 5 } }))).toBe(
    '{"protocol":"tcp","state":"ESTABLISHED","timeout":431999,"original":{"source":"10.0.1.2","sourcePort":40000,"destination":"10.0.2.2","destinationPort":80},"reply":{"source":"10.0.2.2","sourcePort":80,"destination":"10.0.1.2","destinationPort":40000},"flags":["ASSURED"],"mark":0,"zone":0,"family":"ipv4","status":14,"counters":null,"start":"17.000000005","stop":null,"deltaTime":null,"helper":null,"use":1,"id":1461739078}',
  )
})

test('a protocol without a tracker, in two zones, unreplied', () => {
  const entry = entryView({ protocol: 50, state: null, status: STATUS_CONFIRMED, zoneOriginal: 6 })
  expect(JSON.parse(formatJson(entry))).toMatchObject({
    protocol: 'unknown',
    protocolNumber: 50,
    flags: ['UNREPLIED'],
    original: { source: '10.0.1.2', destination: '10.0.2.2' },
    zones: { original: 6, reply: 0 },
  })
})
