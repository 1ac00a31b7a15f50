import { expect, test } from 'vitest'
import { MergedCapture } from '../capture/merge.ts'
import { pcapHeader, pcapRecord } from '../capture/pcap-writer.ts'
import { Settings } from '../conntrack/settings.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { Firewall } from '../firewall/firewall.ts'
import { buildPacket } from '../packet/build.ts'
import { LINKTYPE_RAW } from '../packet/link-type.ts'
import { Replay } from '../replay/replay.ts'
import { assumptionsOf } from './assumption.ts'

const format = { precision: 'micro', byteOrder: 'little' } as const

async function codesOf(packets: readonly Uint8Array[], tracker = new Tracker()): Promise<string[]> {
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
  return assumptionsOf(replay).map(({ code }) => code)
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
