import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import {
  STATUS_CONFIRMED,
  STATUS_DST_NAT_DONE,
  STATUS_EXPECTED,
  STATUS_FIXED_TIMEOUT,
  STATUS_SRC_NAT_DONE,
} from '../conntrack/status.ts'
import { formatSave } from './save.ts'

test('TCP: options that add the entry again', () => {
  expect(formatSave(entryView())).toBe(
    '-A -t 431999 -u SEEN_REPLY,ASSURED -s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -q 10.0.1.2 -p tcp --sport 40000 --dport 80 --reply-port-src 80 --reply-port-dst 40000 --state ESTABLISHED',
  )
})

test('NAT of both kinds: the new addresses have options of their own', () => {
  const entry = entryView({
    status: STATUS_CONFIRMED | STATUS_SRC_NAT_DONE | STATUS_DST_NAT_DONE,
    reply: { source: '10.0.2.3', destination: '192.0.2.1', sourcePort: 80, destinationPort: 999 },
  })
  expect(formatSave(entry)).toBe(
    '-A -t 431999 -u UNSET -s 10.0.1.2 -d 10.0.2.2 -g 10.0.2.3 -n 192.0.2.1 -p tcp --sport 40000 --dport 80 --reply-port-src 80 --reply-port-dst 999 --state ESTABLISHED',
  )
})

test('zones and rarer flags', () => {
  const status = STATUS_CONFIRMED | STATUS_EXPECTED | STATUS_FIXED_TIMEOUT
  const entry = entryView({ status, protocol: 50, state: null })
  const rest = '-s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -q 10.0.1.2 -p 50'
  expect(formatSave({ ...entry, zoneOriginal: 5, zoneReply: 5 })).toBe(
    `-A -t 431999 -u EXPECTED,FIXED_TIMEOUT -w 5 ${rest}`,
  )
  expect(formatSave({ ...entry, zoneOriginal: 6 })).toContain(` --orig-zone 6 ${rest}`)
  expect(formatSave({ ...entry, zoneReply: 7 })).toContain(` --reply-zone 7 ${rest}`)
})

test.each([
  [1, { type: 8, code: 0, id: 77 }, '-p icmp --icmp-type 8 --icmp-code 0 --icmp-id 77'],
  [58, { type: 128, code: 0, id: 9 }, '-p icmpv6 --icmpv6-type 128 --icmpv6-code 0 --icmpv6-id 9'],
  [
    47,
    { sourceKey: 8, destinationKey: 80 },
    '-p gre --srckey 8 --dstkey 80 --reply-key-src 8 --reply-key-dst 80',
  ],
  [
    136,
    { sourcePort: 1, destinationPort: 2 },
    '-p udplite --sport 1 --dport 2 --reply-port-src 1 --reply-port-dst 2',
  ],
  [33, {}, '-p dccp'],
])('protocol %i: its own options', (protocol, part, options) => {
  const ends = { source: '10.0.1.2', destination: '10.0.2.2', ...part }
  const line = formatSave(entryView({ protocol, state: null, original: ends, reply: ends }))
  expect(line.slice(line.indexOf('-p '))).toBe(options)
})

test('SCTP: verification tags where they are known, their bytes swapped as the tool prints them', () => {
  const entry = entryView({ protocol: 132, state: 'COOKIE_WAIT', tags: { original: 0, reply: 9 } })
  expect(formatSave(entry)).toMatch(/ --state COOKIE_WAIT --orig-vtag 0 --reply-vtag 150994944$/)
  expect(formatSave(entryView({ protocol: 132, state: 'COOKIE_WAIT' }))).toMatch(/ --state COOKIE_WAIT$/)
})

test('SCTP in HEARTBEAT_SENT: the tool has no name for it', () => {
  expect(formatSave(entryView({ protocol: 132, state: 'HEARTBEAT_SENT' }))).toMatch(/ --state \(null\)$/)
})
