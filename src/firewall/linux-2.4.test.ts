/** What a packet meets in Linux 2.4. There is no such kernel to compare with: what is known of its source is the test. */
import { describe, expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import { ftpHelper } from '../conntrack/helper/ftp.ts'
import { loadEntry } from '../conntrack/load.ts'
import { Settings } from '../conntrack/settings.ts'
import { CTINFO_RELATED_REPLY, STATUS_ASSURED } from '../conntrack/status.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { DIRECTION_OUTGOING, PROTOCOL_TCP } from '../packet/packet.ts'
import { conversation } from './conversation.ts'
import { Bench, type BenchOptions } from './fixtures.ts'

const A = '10.0.1.2'
const B = '10.0.2.2'
const fromA = { source: A, destination: B }
const fromB = { source: B, destination: A }

const bench = (options: BenchOptions = {}): Bench => new Bench({ linux: '2.4', ...options })

function agrees(text: string): void {
  const { got, expected } = conversation(text, { linux: '2.4' })
  expect(got).toBe(expected)
}

const handshake = `
  A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
  B SA seq=500 ack=101 | ESTABLISHED | SYN_RECV 60
  A A seq=101 ack=501 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`

describe('TCP', () => {
  test('the client closes first, then a SYN onto TIME_WAIT: the same entry', () => {
    agrees(`${handshake}
      A FA | ESTABLISHED | FIN_WAIT 120 [ASSURED]
      B A | ESTABLISHED | FIN_WAIT 120 [ASSURED]
      B FA | ESTABLISHED | TIME_WAIT 120 [ASSURED]
      A A | ESTABLISHED | TIME_WAIT 120 [ASSURED]
      A S seq=9000 | ESTABLISHED | SYN_SENT 120 [ASSURED] | tcp24-reopened
      B SA seq=7000 | ESTABLISHED | SYN_RECV 60 [ASSURED]`)
  })

  test('the server closes first', () => {
    agrees(`${handshake}
      B FA | ESTABLISHED | CLOSE_WAIT 60 [ASSURED]
      A A | ESTABLISHED | CLOSE_WAIT 60 [ASSURED]
      A FA | ESTABLISHED | TIME_WAIT 120 [ASSURED]
      B A | ESTABLISHED | TIME_WAIT 120 [ASSURED]
      wait 119
      B A | ESTABLISHED | TIME_WAIT 120 [ASSURED]
      wait 120
      B FA | NEW | TIME_WAIT 120 [UNREPLIED] | tcp24-opened`)
  })

  test('any segment opens an entry, by its kind', () => {
    agrees('A SA | NEW | SYN_SENT 120 [UNREPLIED] | tcp24-opened')
    agrees('A A | NEW | ESTABLISHED 432000 [UNREPLIED] | tcp24-opened')
    agrees('A FA | NEW | TIME_WAIT 120 [UNREPLIED] | tcp24-opened')
    agrees('A F | NEW | TIME_WAIT 120 [UNREPLIED] | tcp24-opened')
    agrees('A SF | NEW | SYN_SENT 120 [UNREPLIED]')
    agrees('A S | NEW | SYN_SENT 120 [UNREPLIED]')
  })

  test('an RST opens an entry that is gone with the next tick', () => {
    const one = bench({ hz: 100 })
    const rst: PacketPlan = { ...fromA, tcp: { sourcePort: 1000, destinationPort: 80, flags: 'R' } }
    expect(one.send(rst)).toEqual({
      ctstate: 'NEW',
      reasons: ['tcp24-opened'],
      entry: 'CLOSE 0 [UNREPLIED]',
    })
    one.wait(0.015)
    expect(one.entries()).toEqual([])
    expect(one.send(rst).ctstate).toBe('NEW')
    // In the same tick it is there, and goes by step 3.
    expect(one.send(rst)).toMatchObject({ ctstate: 'NEW', reasons: ['tcp-rst-deleted'], entry: 'none' })
  })

  test('no flag of the four: INVALID, with an entry and without one', () => {
    agrees(`A PU | INVALID | none | tcp24-no-flags${handshake}
      A U | INVALID | ESTABLISHED 432000 [ASSURED] | tcp24-no-flags
      B P | INVALID | ESTABLISHED 432000 [ASSURED] | tcp24-no-flags`)
  })

  test('a picked-up connection is answered, and never ASSURED', () => {
    agrees(`
      A A | NEW | ESTABLISHED 432000 [UNREPLIED] | tcp24-opened
      B A | ESTABLISHED | ESTABLISHED 432000
      A A | ESTABLISHED | ESTABLISHED 432000
      wait 431999
      B A | ESTABLISHED | ESTABLISHED 432000`)
  })

  test('ASSURED needs the ACK of the SYN+ACK, whatever stands beside it', () => {
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      B SA seq=500 | ESTABLISHED | SYN_RECV 60
      A A ack=502 | ESTABLISHED | ESTABLISHED 432000
      A A ack=501 | ESTABLISHED | ESTABLISHED 432000`)
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      B SA seq=500 | ESTABLISHED | SYN_RECV 60
      A FA ack=501 | ESTABLISHED | TIME_WAIT 120 [ASSURED]`)
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      B SA seq=500 | ESTABLISHED | SYN_RECV 60
      A RA ack=501 | ESTABLISHED | CLOSE 10 [ASSURED]`)
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      B SA seq=4294967295 | ESTABLISHED | SYN_RECV 60
      A A ack=0 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
  })

  test('a SYN+ACK that comes again in SYN_RECV does not change which ACK counts', () => {
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      B SA seq=500 | ESTABLISHED | SYN_RECV 60
      B SA seq=700 | ESTABLISHED | SYN_RECV 60
      A A ack=701 | ESTABLISHED | ESTABLISHED 432000`)
  })

  test('a reply SYN without ACK: SYN_RECV, and the ACK number 0 counts', () => {
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      B S seq=500 | ESTABLISHED | SYN_RECV 60
      A A ack=0 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
  })

  test('a repeated SYN refreshes; a SYN in ESTABLISHED changes nothing but the time', () => {
    agrees(`
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      wait 100
      A S seq=100 | NEW | SYN_SENT 120 [UNREPLIED]
      wait 100
      B SA seq=500 | ESTABLISHED | SYN_RECV 60
      A A ack=501 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
      A S seq=9 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
      B SA seq=9 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]`)
  })

  test('an RST before any reply deletes the entry, from either side', () => {
    agrees(`
      A S | NEW | SYN_SENT 120 [UNREPLIED]
      B RA | ESTABLISHED | none | tcp-rst-deleted
      A S | NEW | SYN_SENT 120 [UNREPLIED]
      A R | NEW | none | tcp-rst-deleted`)
  })

  test('after a reply any RST closes, wherever in the window it lies', () => {
    agrees(`${handshake}
      B R seq=77777777 | ESTABLISHED | CLOSE 10 [ASSURED]
      wait 9
      A A | ESTABLISHED | CLOSE 10 [ASSURED]
      wait 10
      A A | NEW | ESTABLISHED 432000 [UNREPLIED] | tcp24-opened`)
  })

  test('a SYN onto any closing state goes on in the same entry', () => {
    const closing = {
      FIN_WAIT: 'A FA | ESTABLISHED | FIN_WAIT 120 [ASSURED]',
      CLOSE_WAIT: 'B FA | ESTABLISHED | CLOSE_WAIT 60 [ASSURED]',
      CLOSE: 'B R | ESTABLISHED | CLOSE 10 [ASSURED]',
    }
    for (const line of Object.values(closing)) {
      agrees(`${handshake}\n${line}\nA S | ESTABLISHED | SYN_SENT 120 [ASSURED] | tcp24-reopened`)
      agrees(`${handshake}\n${line}\nB S | ESTABLISHED | SYN_RECV 60 [ASSURED] | tcp24-reopened`)
    }
  })

  test('windows, options, checksums and odd flags are not looked at', () => {
    agrees(`${handshake}
      A PA seq=3000000000 ack=2000000000 len=10 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
      B SF seq=1 | ESTABLISHED | ESTABLISHED 432000 [ASSURED]
      A FU | ESTABLISHED | FIN_WAIT 120 [ASSURED]`)
    const tcp = { sourcePort: 1000, destinationPort: 80, flags: 'S', checksum: 'bad' } as const
    expect(bench().send({ ...fromA, tcp })).toMatchObject({ ctstate: 'NEW', reasons: [] })
  })

  test('a header longer than the packet is INVALID, a data offset below 5 is not', () => {
    const tcp = { sourcePort: 1000, destinationPort: 80, flags: 'S' } as const
    const long = bench().send({ ...fromA, tcp: { ...tcp, dataOffset: 6 } })
    expect(long).toEqual({ ctstate: 'INVALID', reasons: ['tcp-truncated'], entry: 'none' })
    expect(bench().send({ ...fromA, tcp: { ...tcp, dataOffset: 2 } }).ctstate).toBe('NEW')
  })
})

test('UDP: a stream with the first packet after the first reply, at once', () => {
  const one = bench()
  const udp = { sourcePort: 1000, destinationPort: 53 }
  const back = { sourcePort: 53, destinationPort: 1000 }
  expect(one.send({ ...fromA, udp })).toEqual({ ctstate: 'NEW', reasons: [], entry: '30 [UNREPLIED]' })
  expect(one.send({ ...fromB, udp: back })).toEqual({ ctstate: 'ESTABLISHED', reasons: [], entry: '30' })
  expect(one.send({ ...fromB, udp: back }).entry).toBe('180 [ASSURED]')
  one.wait(179)
  expect(one.send({ ...fromA, udp: { ...udp, length: 3, checksum: 'bad' } }).entry).toBe('180 [ASSURED]')
  one.wait(180)
  expect(one.entries()).toEqual([])
})

describe('ICMP', () => {
  const ask = (sequence: number): PacketPlan => ({ ...fromA, icmp: { type: 8, id: 7, sequence } })
  const answer = (sequence: number): PacketPlan => ({ ...fromB, icmp: { type: 0, id: 7, sequence } })

  test('an answered request leaves no entry, a second answer is INVALID, the next request NEW', () => {
    const one = bench()
    expect(one.send(ask(1))).toEqual({ ctstate: 'NEW', reasons: [], entry: '30 [UNREPLIED]' })
    expect(one.send(answer(1))).toEqual({
      ctstate: 'ESTABLISHED',
      reasons: ['icmp24-answered'],
      entry: 'none',
    })
    expect(one.send(answer(1))).toEqual({ ctstate: 'INVALID', reasons: ['icmp-not-query'], entry: 'none' })
    expect(one.send(ask(2)).ctstate).toBe('NEW')
  })

  test('two requests, two answers; an answer that leaves one open does not refresh', () => {
    const one = bench()
    one.send(ask(1))
    expect(one.send(ask(2))).toEqual({ ctstate: 'NEW', reasons: [], entry: '30 [UNREPLIED]' })
    one.wait(10)
    expect(one.send(answer(1))).toEqual({ ctstate: 'ESTABLISHED', reasons: [], entry: '20' })
    expect(one.send(ask(3))).toEqual({ ctstate: 'ESTABLISHED', reasons: [], entry: '30' })
    one.send(answer(2))
    expect(one.send(answer(3)).entry).toBe('none')
  })

  test('what cannot begin a flow, and a wrong checksum that nobody looks at', () => {
    expect(bench().send({ ...fromA, icmp: { type: 10 } })).toMatchObject({ ctstate: 'INVALID' })
    expect(bench().send({ ...fromA, icmp: { type: 42 } }).reasons).toEqual(['icmp-not-query'])
    expect(bench().send({ ...fromA, icmp: { type: 13, checksum: 'bad' } }).ctstate).toBe('NEW')
  })

  const udp = { sourcePort: 1000, destinationPort: 53 }
  const quoted = buildPacket({ ...fromA, udp })
  const unreachable = (payload: Uint8Array, more: object = {}): PacketPlan => ({
    source: '10.0.9.9',
    destination: '10.0.8.8',
    icmp: { type: 3, code: 3, payload, ...more },
  })

  test('an error is RELATED to the flow that it quotes, whoever it is for, and refreshes nothing', () => {
    const one = bench()
    one.send({ ...fromA, udp })
    one.wait(10)
    expect(one.send(unreachable(quoted))).toEqual({
      ctstate: 'RELATED',
      reasons: ['icmp-related'],
      entry: '20 [UNREPLIED]',
    })
    const reply = buildPacket({ ...fromB, udp: { sourcePort: 53, destinationPort: 1000 } })
    expect(one.send(unreachable(reply)).ctstate).toBe('RELATED')
  })

  test('an error about nothing, with a wrong checksum, about a later fragment, or too short is INVALID', () => {
    const one = bench()
    expect(one.send(unreachable(quoted)).reasons).toEqual(['icmp-unrelated'])
    one.send({ ...fromA, udp })
    expect(one.send(unreachable(quoted, { checksum: 'bad' })).reasons).toEqual(['icmp-checksum'])
    const piece = quoted.slice()
    piece[7] = 1
    expect(one.send(unreachable(piece)).reasons).toEqual(['icmp-inner'])
    expect(one.send(unreachable(quoted.subarray(0, 27))).reasons).toEqual(['icmp-inner'])
    expect(one.send(unreachable(quoted.subarray(0, 28))).ctstate).toBe('RELATED')
    expect(one.send(unreachable(quoted.subarray(0, 19)))).toMatchObject({ ctstate: 'INVALID' })
  })

  test('an error that this host sends is looked up by the quoted tuple as it stands, too', () => {
    const one = bench()
    one.entries()
    const loaded = loadEntry(
      one.tracker,
      entryView({
        protocol: 17,
        state: null,
        original: { source: A, destination: '10.0.7.7', sourcePort: 1000, destinationPort: 53 },
        reply: { source: B, destination: A, sourcePort: 53, destinationPort: 1000 },
      }),
    )
    expect(loaded).toBe('loaded')
    // As the packet was ahead of its translation: the inverse of that is in no table.
    const about = buildPacket(unreachable(buildPacket({ source: A, destination: '10.0.7.7', udp })))
    expect(one.sendBytes(about).reasons).toEqual(['icmp-unrelated'])
    expect(one.sendBytes(about, about.length, DIRECTION_OUTGOING).ctstate).toBe('RELATED')
    expect(one.outcome.ctinfo).toBe(CTINFO_RELATED_REPLY)
  })

  test('an entry from a saved table has one request open', () => {
    const one = bench()
    one.entries()
    const echo = { source: A, destination: B, type: 8, code: 0, id: 7 }
    const reply = { source: B, destination: A, type: 0, code: 0, id: 7 }
    expect(loadEntry(one.tracker, entryView({ protocol: 1, state: null, original: echo, reply }))).toBe(
      'loaded',
    )
    expect(one.send(answer(1))).toMatchObject({ ctstate: 'ESTABLISHED', entry: 'none' })
  })
})

test('other protocols: 600 s, no ports, never ASSURED; GRE, SCTP and UDP-Lite are such', () => {
  const one = bench()
  const gre = (callId: number): PacketPlan => ({
    ...fromA,
    gre: { version: 1, callId, payload: new Uint8Array(4) },
  })
  expect(one.send(gre(1)).entry).toBe('600 [UNREPLIED]')
  expect(one.send(gre(2))).toEqual({ ctstate: 'NEW', reasons: [], entry: '600 [UNREPLIED]' })
  expect(one.send({ ...fromB, gre: { payload: new Uint8Array(8) } })).toMatchObject({
    ctstate: 'ESTABLISHED',
    entry: '600',
  })
  expect(one.send(gre(3)).entry).toBe('600')
  const sctp = (sourcePort: number): PacketPlan => ({
    ...fromA,
    sctp: { sourcePort, destinationPort: 9, chunks: [{ type: 77 }] },
  })
  expect(one.send(sctp(1)).ctstate).toBe('NEW')
  expect(one.entries()[1]).toMatchObject({ state: null, original: { source: A, destination: B } })
  expect(one.entries()[1]!.original).not.toHaveProperty('sourcePort')
  expect(one.entries()[0]).toMatchObject({ gre: null })
  one.send(sctp(2))
  expect(one.entries()).toHaveLength(2)
  one.send({ ...fromA, udplite: { sourcePort: 5, destinationPort: 6, checksum: 0 } })
  expect(one.entries().map(({ timeout }) => timeout)).toEqual([600, 600, 600])
})

test('fewer than 8 bytes behind the IP header: INVALID, whatever the protocol', () => {
  for (const protocol of [6, 17, 50]) {
    const seven = { ...fromA, protocol, payload: new Uint8Array(7) }
    expect(bench().send(seven)).toEqual({ ctstate: 'INVALID', reasons: ['tuple-short'], entry: 'none' })
  }
  const eight = { ...fromA, protocol: 50, payload: new Uint8Array(8) }
  expect(bench().send(eight)).toMatchObject({ ctstate: 'NEW', reasons: [] })
  expect(bench().send({ ...fromA, protocol: 6, payload: new Uint8Array(8) }).reasons).toEqual(['tcp-short'])
})

test('bytes that the capture lacks: not judged', () => {
  const tcp = buildPacket({ ...fromA, tcp: { sourcePort: 1000, destinationPort: 80, flags: 'S' } })
  expect(bench().sendBytes(tcp, 30)).toEqual({ ctstate: null, reasons: ['cut-transport'], entry: 'none' })
})

test('IPv6 never meets the tracker', () => {
  const six = { source: 'fd00:1::2', destination: 'fd00:2::2' }
  const one = bench()
  const tcp = { sourcePort: 1000, destinationPort: 80, flags: 'S' }
  expect(one.send({ ...six, tcp })).toEqual({ ctstate: null, reasons: [], entry: 'none' })
  expect(one.firewall.tracks).toEqual({ ipv4: true, ipv6: false })
})

describe('the table is full', () => {
  const udp = (sourcePort: number): PacketPlan => ({ ...fromA, udp: { sourcePort, destinationPort: 53 } })
  const ports = (one: Bench) => one.entries().map(({ original }) => original.sourcePort)

  test('the oldest entry without ASSURED makes room', () => {
    const one = bench({ sysctls: { 'net.ipv4.ip_conntrack_max': 3 } })
    for (const port of [1, 2, 3]) one.send(udp(port))
    expect(one.send(udp(4))).toMatchObject({ ctstate: 'NEW', reasons: ['early-drop'] })
    expect(ports(one)).toEqual([2, 3, 4])
    one.send({ ...fromB, udp: { sourcePort: 53, destinationPort: 2 } })
    one.send(udp(2))
    one.send(udp(5))
    expect(ports(one)).toEqual([2, 4, 5])
  })

  test('all are ASSURED: the packet is dropped, until one runs out', () => {
    const one = bench({ sysctls: { ip_conntrack_max: 2 } })
    for (const port of [1, 2]) {
      one.send(udp(port))
      one.send({ ...fromB, udp: { sourcePort: 53, destinationPort: port } })
      one.send(udp(port))
    }
    expect(one.send(udp(3))).toMatchObject({ ctstate: null, reasons: ['table-full'] })
    expect(one.entries().every(({ status }) => (status & STATUS_ASSURED) !== 0)).toBe(true)
    one.wait(180)
    expect(one.send(udp(3))).toMatchObject({ ctstate: 'NEW', reasons: [] })
  })

  test('a packet that cannot be tracked costs another its entry all the same', () => {
    const one = bench({ sysctls: { ip_conntrack_max: 1 } })
    one.send(udp(1))
    const stray = one.send({ ...fromA, icmp: { type: 0 } })
    expect(stray).toEqual({ ctstate: 'INVALID', reasons: ['early-drop', 'icmp-not-query'], entry: 'none' })
  })
})

test('a helper reads in the tracker, so what it announces stands although the packet is dropped later', () => {
  const one = bench()
  one.tracker.helpers.assignments.push({ helper: ftpHelper(), protocol: PROTOCOL_TCP, port: 21 })
  const out = (flags: string, sequence: number, acknowledgment: number, text = ''): PacketPlan => ({
    ...fromA,
    tcp: {
      sourcePort: 1000,
      destinationPort: 21,
      flags,
      sequence,
      acknowledgment,
      payload: new TextEncoder().encode(text),
    },
  })
  const back = (flags: string, sequence: number, acknowledgment: number, text = ''): PacketPlan => ({
    ...fromB,
    tcp: {
      sourcePort: 21,
      destinationPort: 1000,
      flags,
      sequence,
      acknowledgment,
      payload: new TextEncoder().encode(text),
    },
  })
  one.send(out('S', 0, 0))
  one.send(back('SA', 0, 1))
  one.send(out('A', 1, 1))
  one.send(back('PA', 1, 1, '220 ready\r\n'))
  one.send(out('PA', 1, 12, 'USER a\r\n'))
  const { reasons } = one.send(back('PA', 12, 9, '227 Entering Passive Mode (10,0,2,2,4,5)\r\n'))
  expect(reasons).toEqual(['expectation'])
  const data = { sourcePort: 1001, destinationPort: 1029, flags: 'S' }
  expect(one.send({ ...fromA, tcp: data })).toMatchObject({ ctstate: 'RELATED' })
})

test('a saved table: what Linux 2.4 could not have had is impossible', () => {
  const { tracker } = bench()
  tracker.setTime(1_700_000_000, 0)
  expect(loadEntry(tracker, entryView({ state: 'SYN_SENT2' }))).toBe('impossible')
  expect(loadEntry(tracker, entryView({ zoneOriginal: 1, zoneReply: 1 }))).toBe('impossible')
  const six = { source: 'fd00::1', destination: 'fd00::2', sourcePort: 1, destinationPort: 2 }
  const back = { source: 'fd00::2', destination: 'fd00::1', sourcePort: 2, destinationPort: 1 }
  expect(loadEntry(tracker, entryView({ family: 'ipv6', original: six, reply: back }))).toBe('impossible')
  expect(loadEntry(tracker, entryView({}))).toBe('loaded')
})

test('zones and the settings of another Linux are refused', () => {
  expect(() => new Tracker({ linux: '2.4', zone: 3 })).toThrow('Linux 2.4 had no zones')
  expect(() => new Tracker({ linux: '2.4', settings: new Settings() })).toThrow(
    'settings are those of Linux 6.18',
  )
  expect(new Tracker({ settings: new Settings('2.4') }).settings.max).toBe(65_536)
})
