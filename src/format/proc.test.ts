import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { STATUS_CONFIRMED, STATUS_OFFLOAD, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import { formatProc } from './proc.ts'

test('an established connection: use counts the reader, zone 0 is shown', () => {
  expect(formatProc(entryView())).toBe(
    'ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 [ASSURED] mark=0 zone=0 use=2',
  )
})

test('IPv6: addresses stand in full', () => {
  const entry = entryView({
    family: 'ipv6',
    protocol: 58,
    state: null,
    timeout: 29,
    status: STATUS_CONFIRMED,
    original: { source: 'fd00:1::2', destination: 'fd00:2::2', type: 128, code: 0, id: 9 },
    reply: { source: 'fd00:2::2', destination: 'fd00:1::2', type: 129, code: 0, id: 9 },
  })
  expect(formatProc(entry)).toBe(
    'ipv6     10 icmpv6   58 29 src=fd00:0001:0000:0000:0000:0000:0000:0002 dst=fd00:0002:0000:0000:0000:0000:0000:0002 type=128 code=0 id=9 [UNREPLIED] src=fd00:0002:0000:0000:0000:0000:0000:0002 dst=fd00:0001:0000:0000:0000:0000:0000:0002 type=129 code=0 id=9 mark=0 zone=0 use=2',
  )
})

test('GRE: both its timeouts stand ahead of the tuple', () => {
  const entry = entryView({
    protocol: 47,
    state: null,
    timeout: 180,
    gre: { timeout: 30, streamTimeout: 180 },
    original: { source: '10.0.1.2', destination: '10.0.2.2', sourceKey: 0, destinationKey: 255 },
    reply: { source: '10.0.2.2', destination: '10.0.1.2', sourceKey: 255, destinationKey: 0 },
  })
  expect(formatProc(entry)).toBe(
    'ipv4     2 gre      47 180 timeout=30, stream_timeout=180 src=10.0.1.2 dst=10.0.2.2 srckey=0x0 dstkey=0xff src=10.0.2.2 dst=10.0.1.2 srckey=0xff dstkey=0x0 [ASSURED] mark=0 zone=0 use=2',
  )
})

test('a zone of one direction: it stands with its tuple and there is no zone at the end', () => {
  const ports = { sourcePort: 5000, destinationPort: 61 }
  const entry = entryView({
    protocol: 17,
    state: null,
    timeout: 29,
    status: STATUS_CONFIRMED,
    mark: 42,
    original: { source: '10.0.1.2', destination: '10.0.2.2', ...ports },
    reply: { source: '10.0.2.2', destination: '10.0.1.2', sourcePort: 61, destinationPort: 5000 },
  })
  expect(formatProc({ ...entry, zoneOriginal: 6 })).toBe(
    'ipv4     2 udp      17 29 src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=61 zone-orig=6 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=61 dport=5000 mark=42 use=2',
  )
  expect(formatProc({ ...entry, zoneReply: 7 })).toBe(
    'ipv4     2 udp      17 29 src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=61 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=61 dport=5000 zone-reply=7 mark=42 use=2',
  )
})

test('counters, age and a zone of both directions', () => {
  const entry = entryView({
    counters: { original: { packets: 2, bytes: 58 }, reply: { packets: 1, bytes: 29 } },
    deltaTime: 2,
    zoneOriginal: 5,
    zoneReply: 5,
    mark: 4294967295,
  })
  expect(formatProc(entry)).toBe(
    'ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 packets=2 bytes=58 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 packets=1 bytes=29 [ASSURED] mark=4294967295 zone=5 delta-time=2 use=2',
  )
})

test('a protocol without a tracker, offloaded: unknown, no ports and no seconds', () => {
  const entry = entryView({
    protocol: 50,
    state: null,
    status: STATUS_CONFIRMED | STATUS_SEEN_REPLY | STATUS_OFFLOAD,
  })
  expect(formatProc(entry)).toBe(
    'ipv4     2 unknown  50 src=10.0.1.2 dst=10.0.2.2 src=10.0.2.2 dst=10.0.1.2 [OFFLOAD] mark=0 zone=0 use=2',
  )
})
