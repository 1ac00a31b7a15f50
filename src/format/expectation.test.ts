import { expect, test } from 'vitest'
import { EXPECT_INACTIVE, EXPECT_PERMANENT } from '../conntrack/expectation.ts'
import type { ExpectationView } from '../conntrack/view.ts'
import { formatExpectation, formatExpectationEvent, formatExpectationProc } from './expectation.ts'

const ftp: ExpectationView = {
  family: 'ipv4',
  protocol: 6,
  timeout: 299,
  source: '10.0.2.2',
  destination: '10.0.1.2',
  sourcePort: 0,
  destinationPort: 1032,
  maskSource: '255.255.255.255',
  maskDestination: '255.255.255.255',
  maskSourcePort: 0,
  maskDestinationPort: 65535,
  master: { source: '10.0.1.2', destination: '10.0.2.2', sourcePort: 2001, destinationPort: 21 },
  flags: 0,
  class: 0,
  helper: 'ftp',
  zone: 0,
}

test('in /proc: IPv4, and IPv6 in full', () => {
  expect(formatExpectationProc(ftp)).toBe(
    '299 l3proto = 2 proto=6 src=10.0.2.2 dst=10.0.1.2 sport=0 dport=1032 ftp',
  )
  expect(formatExpectationProc({ ...ftp, family: 'ipv6', source: '::1', destination: 'fd00::2' })).toBe(
    '299 l3proto = 10 proto=6 src=0000:0000:0000:0000:0000:0000:0000:0001 dst=fd00:0000:0000:0000:0000:0000:0000:0002 sport=0 dport=1032 ftp',
  )
})

test('in /proc, one that does not expire, with flags', () => {
  const flags = EXPECT_PERMANENT | EXPECT_INACTIVE
  expect(formatExpectationProc({ ...ftp, timeout: null, flags })).toBe(
    '- l3proto = 2 proto=6 src=10.0.2.2 dst=10.0.1.2 sport=0 dport=1032 PERMANENT,INACTIVE ftp',
  )
})

const line =
  '299 proto=6 src=10.0.2.2 dst=10.0.1.2 sport=0 dport=1032 mask-src=255.255.255.255 mask-dst=255.255.255.255 sport=0 dport=65535 master-src=10.0.1.2 master-dst=10.0.2.2 sport=2001 dport=21 class=0 helper=ftp'

test('in the tool: mask and master behind the tuple', () => {
  expect(formatExpectation(ftp)).toBe(line)
})

test('as an event', () => {
  const event = { type: 'new', seconds: 17, nanoseconds: 5000, expectation: ftp } as const
  expect(formatExpectationEvent(event)).toBe(`    [NEW] ${line}`)
  expect(formatExpectationEvent(event, true)).toBe(`[17.000005]\t    [NEW] ${line}`)
})
