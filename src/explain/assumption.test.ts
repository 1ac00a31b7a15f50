import { describe, expect, test } from 'vitest'
import { MergedCapture } from '../capture/merge.ts'
import { pcapHeader, pcapRecord } from '../capture/pcap-writer.ts'
import { Settings } from '../conntrack/settings.ts'
import { type ChecksumPolicy, Tracker } from '../conntrack/tracker.ts'
import { Firewall } from '../firewall/firewall.ts'
import { buildPacket } from '../packet/build.ts'
import { LINKTYPE_RAW } from '../packet/link-type.ts'
import { Replay } from '../replay/replay.ts'
import { assumptionsOf } from './assumption.ts'

const format = { precision: 'micro', byteOrder: 'little' } as const

async function codesOf(packets: readonly Uint8Array[], tracker = new Tracker()): Promise<string[]> {
  return assumptionsOf(await replayed(packets, tracker)).map(({ code }) => code)
}

async function replayed(packets: readonly Uint8Array[], tracker: Tracker): Promise<Replay> {
  const records = packets.map((bytes, index) =>
    pcapRecord(format, {
      seconds: 1_700_000_000 + index,
      nanoseconds: 0,
      bytes,
      start: 0,
      end: bytes.length,
      originalLength: bytes.length,
    }),
  )
  const chunks = [pcapHeader(format, LINKTYPE_RAW), ...records]
  const replay = new Replay(new MergedCapture([{ name: 'made', chunks }]), new Firewall(tracker))
  await replay.run()
  return replay
}

function fromClient(flags: string, sequence: number, length = 0): Uint8Array {
  return buildPacket({
    source: '10.0.0.2',
    destination: '192.0.2.9',
    tcp: {
      sourcePort: 40_000,
      destinationPort: 80,
      flags,
      sequence,
      acknowledgment: 7,
      payload: new Uint8Array(length),
    },
  })
}

test('a client that goes on after an unanswered SYN: one-sided', async () => {
  expect(await codesOf([fromClient('S', 1), fromClient('A', 2), fromClient('PA', 2, 10)])).toEqual([
    'one-sided',
  ])
})

test('a SYN that is only sent again is no one-sided flow', async () => {
  expect(await codesOf([fromClient('S', 1), fromClient('S', 1)])).toEqual([])
})

test('a lone ACK: picked up, and one-sided', async () => {
  expect(await codesOf([fromClient('A', 2)])).toEqual(['flows-began-before', 'one-sided'])
})

test('nf_conntrack_checksum=0 is said like --checksum=ignore', async () => {
  const settings = new Settings()
  settings.set('nf_conntrack_checksum', 0)
  expect(await codesOf([fromClient('S', 1)], new Tracker({ settings }))).toEqual(['checksums-ignored'])
  expect(await codesOf([fromClient('S', 1)], new Tracker({ checksums: 'ignore' }))).toEqual([
    'checksums-ignored',
  ])
})

describe('a host that leaves the checksums of its IPv4 headers to the network card', () => {
  const client = { source: '10.0.0.2', destination: '192.0.2.9' }
  const server = { source: '192.0.2.9', destination: '10.0.0.2' }
  const out = { sourcePort: 40_000, destinationPort: 80 }
  const back = { sourcePort: 80, destinationPort: 40_000 }
  /** `sum` is in the server's headers. */
  const session = (sum: number): Uint8Array[] => [
    buildPacket({ ...client, tcp: { ...out, flags: 'S', sequence: 1 } }),
    buildPacket({
      ...server,
      headerChecksum: sum,
      tcp: { ...back, flags: 'SA', sequence: 9, acknowledgment: 2 },
    }),
    buildPacket({ ...client, tcp: { ...out, flags: 'A', sequence: 2, acknowledgment: 10 } }),
    buildPacket({
      ...server,
      headerChecksum: sum,
      tcp: { ...back, flags: 'A', sequence: 10, acknowledgment: 2 },
    }),
  ]
  const judged = async (sum: number, checksums: ChecksumPolicy): Promise<unknown> => {
    const replay = await replayed(session(sum), new Tracker({ checksums }))
    const { dropped, oneSided } = replay.summary
    return { dropped, oneSided, said: assumptionsOf(replay).map(({ code, count }) => `${code} ${count}`) }
  }

  test.for([
    ['auto', 0, { dropped: 0, oneSided: 0, said: ['checksums-offloaded 2'] }],
    ['auto', 0x1111, { dropped: 2, oneSided: 1, said: ['one-sided 1'] }],
    ['verify', 0, { dropped: 2, oneSided: 1, said: ['one-sided 1'] }],
    ['ignore', 0, { dropped: 0, oneSided: 0, said: ['checksums-ignored 4'] }],
    ['ignore', 0x1111, { dropped: 0, oneSided: 0, said: ['checksums-ignored 4'] }],
  ] as const)('--checksum=%s, the field is %i', async ([policy, sum, expected]) => {
    expect(await judged(sum, policy)).toEqual(expected)
  })

  test('it is said beside what is said of transport checksums', async () => {
    const syn = { ...out, flags: 'S', sequence: 1, checksum: 0 } as const
    const both = await replayed([buildPacket({ ...client, headerChecksum: 0, tcp: syn })], new Tracker())
    const one = await replayed(session(0), new Tracker())
    expect([both, one].map((replay) => assumptionsOf(replay)[0]?.sentence)).toEqual([
      '1 packet captured before the network card completed the checksum, 1 packet captured before the network card completed the checksum of the IPv4 header: taken as right (--checksum=verify judges them)',
      '2 packets captured before the network card completed the checksum of the IPv4 header: taken as right (--checksum=verify judges them)',
    ])
  })
})

test('a packet that only claims to be long was not merged by offload', async () => {
  const source = '10.0.0.2'
  const destination = '192.0.2.9'
  const udp = { sourcePort: 1, destinationPort: 2 }
  expect(await codesOf([buildPacket({ source, destination, totalLength: 2000, udp })])).toEqual([])
  const long = buildPacket({ source, destination, udp: { ...udp, payload: new Uint8Array(1972) } })
  expect(await codesOf([long])).toEqual(['oversize-packets'])
})
