import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { STATUS_CONFIRMED, STATUS_SEEN_REPLY } from '../conntrack/status.ts'
import type { ExpectationView } from '../conntrack/view.ts'
import { formatExpecting24, formatIpConntrack, formatIpConntrack24 } from './ip-conntrack.ts'
import { parseTable } from './parse.ts'

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

test('2.4: as period texts show it, with a blank at the end', () => {
  const telnet = {
    original: { source: '192.168.1.5', destination: '192.168.1.35', sourcePort: 1031, destinationPort: 23 },
    reply: { source: '192.168.1.35', destination: '192.168.1.5', sourcePort: 23, destinationPort: 1031 },
  }
  const tuples = [
    'src=192.168.1.5 dst=192.168.1.35 sport=1031 dport=23',
    'src=192.168.1.35 dst=192.168.1.5 sport=23 dport=1031',
  ]
  const line = (changes: object) => formatIpConntrack24(entryView({ ...telnet, ...changes }))
  expect(line({ state: 'SYN_SENT', timeout: 117, status: STATUS_CONFIRMED })).toBe(
    `tcp      6 117 SYN_SENT ${tuples[0]} [UNREPLIED] ${tuples[1]} use=1 `,
  )
  expect(line({ state: 'SYN_RECV', timeout: 57, status: STATUS_CONFIRMED | STATUS_SEEN_REPLY })).toBe(
    `tcp      6 57 SYN_RECV ${tuples.join(' ')} use=1 `,
  )
  expect(line({})).toBe(`tcp      6 431999 ESTABLISHED ${tuples.join(' ')} [ASSURED] use=1 `)
  expect(line({ mark: 7 })).toBe(`tcp      6 431999 ESTABLISHED ${tuples.join(' ')} [ASSURED] use=1 mark=7 `)
})

test('2.4: other protocols than TCP, UDP and ICMP are unknown and have no ports; IPv6 has no place', () => {
  const echo = { type: 8, code: 0, id: 7, source: '10.0.1.2', destination: '10.0.2.2' }
  const answer = { type: 0, code: 0, id: 7, source: '10.0.2.2', destination: '10.0.1.2' }
  expect(
    formatIpConntrack24(entryView({ protocol: 1, state: null, timeout: 29, original: echo, reply: answer })),
  ).toBe(
    'icmp     1 29 src=10.0.1.2 dst=10.0.2.2 type=8 code=0 id=7 src=10.0.2.2 dst=10.0.1.2 type=0 code=0 id=7 [ASSURED] use=1 ',
  )
  for (const protocol of [47, 132, 136]) {
    const gre = protocol === 47 ? { timeout: 30, streamTimeout: 180 } : null
    expect(formatIpConntrack24(entryView({ protocol, state: 'CLOSED', gre, timeout: 599 }))).toBe(
      `unknown  ${protocol} 599 src=10.0.1.2 dst=10.0.2.2 src=10.0.2.2 dst=10.0.1.2 [ASSURED] use=1 `,
    )
  }
  expect(formatIpConntrack24(entryView({ family: 'ipv6' }))).toBe(null)
})

test('2.4: what is printed is read again', () => {
  for (const mark of [0, 7]) {
    const entry = entryView({ mark })
    const { entries, diagnostics } = parseTable(formatIpConntrack24(entry)!, 'ip_conntrack')
    expect(diagnostics).toEqual([])
    expect(entries).toMatchObject([{ state: 'ESTABLISHED', mark, use: 1, original: entry.original }])
  }
})

test('2.4: expectations stand in the same file', () => {
  const expectation: ExpectationView = {
    family: 'ipv4',
    protocol: 6,
    timeout: 299,
    source: '10.0.1.2',
    destination: '10.0.2.2',
    sourcePort: 0,
    destinationPort: 1029,
    maskSource: '255.255.255.255',
    maskDestination: '255.255.255.255',
    maskSourcePort: 0,
    maskDestinationPort: 65535,
    master: entryView().original,
    flags: 0,
    class: 0,
    helper: 'ftp',
    zone: 0,
  }
  expect(formatExpecting24(expectation)).toBe(
    'EXPECTING: 299 use=1 proto=6 src=10.0.1.2 dst=10.0.2.2 sport=0 dport=1029 ',
  )
  expect(formatExpecting24({ ...expectation, timeout: null })).toMatch(/^EXPECTING: - use=1 /)
})
