import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { formatIpConntrack } from './ip-conntrack.ts'

test('an established connection: as period texts show it', () => {
  const entry = entryView({
    timeout: 431995,
    original: {
      source: '140.208.5.62',
      destination: '207.46.230.218',
      sourcePort: 1311,
      destinationPort: 80,
    },
    reply: { source: '207.46.230.218', destination: '140.208.5.62', sourcePort: 80, destinationPort: 1311 },
    zoneOriginal: 3,
    helper: 'ftp',
    deltaTime: 4,
  })
  expect(formatIpConntrack(entry)).toBe(
    'tcp      6 431995 ESTABLISHED src=140.208.5.62 dst=207.46.230.218 sport=1311 dport=80 src=207.46.230.218 dst=140.208.5.62 sport=80 dport=1311 [ASSURED] use=1',
  )
})

test('a mark stands ahead of use, UDP-Lite had no tracker, IPv6 no place', () => {
  expect(formatIpConntrack(entryView({ protocol: 136, state: null, timeout: 29, mark: 7 }))).toBe(
    'unknown  136 29 src=10.0.1.2 dst=10.0.2.2 src=10.0.2.2 dst=10.0.1.2 [ASSURED] mark=7 use=1',
  )
  expect(formatIpConntrack(entryView({ family: 'ipv6' }))).toBe(null)
})
