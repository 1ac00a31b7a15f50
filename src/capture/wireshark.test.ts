/** Our files through Wireshark's tools, and theirs through our reader. Skipped, and said so, without them. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { anyFrame, concat, type Frame, readAll, recordOf } from './fixtures.ts'
import { pcapHeader, pcapRecord } from './pcap-writer.ts'
import { pcapngInterface, pcapngPacket, pcapngSection } from './writer.ts'

const missing = ['tshark', 'capinfos', 'editcap'].filter(
  (tool) => spawnSync(tool, ['--version']).error !== undefined,
)
if (missing.length > 0)
  process.stderr.write(`SKIPPED: Wireshark's tools are not installed: ${missing.join(', ')}\n`)
const withTools = test.skipIf(missing.length > 0)

const folder = mkdtempSync(join(tmpdir(), 'sallyport-capture-'))
afterAll(() => rmSync(folder, { recursive: true }))

// A fixed draw: the tools take a second each. They take times as signed, so up to 2038.
const frames: Frame[] = fc
  .sample(anyFrame, { numRuns: 40, seed: 20 })
  .map((frame, i) => ({ ...frame, frame: i + 1, seconds: frame.seconds % 2 ** 31 }))
const interfaces = [
  { name: 'in0', linkType: 1, snapLength: 262_144 },
  { name: 'größer', linkType: 1, snapLength: 262_144 },
  { name: null, linkType: 1, snapLength: 262_144 },
]
const ours = concat(
  pcapngSection('sallyport'),
  ...interfaces.map(pcapngInterface),
  ...frames.map((frame) =>
    pcapngPacket(recordOf(frame), `Paket ${frame.frame} → «${'x'.repeat(frame.frame)}»`),
  ),
)

function save(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

function fieldsOf(path: string, ...fields: string[]): string[][] {
  const names = fields.flatMap((field) => ['-e', field])
  const args = ['-n', '-r', path, '-T', 'fields', ...names]
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
}

const timeOf = ({ seconds, nanoseconds }: Frame) => `${seconds}.${String(nanoseconds).padStart(9, '0')}`

withTools('a pcapng of ours in tshark: times, lengths, interfaces, directions, comments', () => {
  const fields = [
    'frame.number',
    'frame.time_epoch',
    'frame.len',
    'frame.cap_len',
    'frame.interface_id',
    'frame.packet_flags_direction',
    'frame.comment',
  ]
  const expected = frames.map((frame) => [
    `${frame.frame}`,
    timeOf(frame),
    `${frame.originalLength}`,
    `${frame.data.length}`,
    `${frame.interfaceIndex}`,
    frame.direction === 0 ? '' : `0x${String(frame.direction).padStart(8, '0')}`,
    `Paket ${frame.frame} → «${'x'.repeat(frame.frame)}»`,
  ])
  expect(fieldsOf(save('ours.pcapng', ours), ...fields)).toEqual(expected)
})

withTools('a pcapng of ours in capinfos: type, count, interface names', () => {
  const text = execFileSync('capinfos', [save('ours.pcapng', ours)], { encoding: 'utf8' })
  expect(text).toMatch(/File type: +Wireshark\/\.\.\. - pcapng/)
  expect(text).toMatch(/Number of packets: +40$/m)
  expect(text).toMatch(/Capture application: +sallyport/)
  expect(Array.from(text.matchAll(/Name = (.*)/g), ([, name]) => name)).toEqual(['in0', 'größer'])
})

withTools.each([
  ['micro', 'little'],
  ['micro', 'big'],
  ['nano', 'little'],
  ['nano', 'big'],
] as const)('a pcap of ours, %s, %s-endian, in tshark: times and lengths', (precision, byteOrder) => {
  const format = { precision, byteOrder }
  const bytes = concat(pcapHeader(format, 1), ...frames.map((frame) => pcapRecord(format, recordOf(frame))))
  const digits = precision === 'nano' ? 9 : 6
  expect(fieldsOf(save('ours.pcap', bytes), 'frame.time_epoch', 'frame.len', 'frame.cap_len')).toEqual(
    frames.map((frame) => [
      timeOf(frame)
        .slice(0, digits - 9 || undefined)
        .padEnd(timeOf(frame).length, '0'),
      `${frame.originalLength}`,
      `${frame.data.length}`,
    ]),
  )
})

withTools.each(['pcap', 'nsecpcap', 'modpcap', 'pcapng'])(
  'converted by editcap to %s: reads as the file it came from',
  (type) => {
    const from = save('from.pcapng', ours)
    const to = join(folder, `to.${type}`)
    execFileSync('editcap', ['-F', type, from, to], { stdio: 'ignore' })
    const { frames: read, reader } = readAll(readFileSync(to))
    const keepsAll = type === 'pcapng'
    const unit = type === 'pcap' || type === 'modpcap' ? 1000 : 1
    expect(read).toEqual(
      frames.map((frame) => ({
        ...frame,
        nanoseconds: frame.nanoseconds - (frame.nanoseconds % unit),
        interfaceIndex: keepsAll ? frame.interfaceIndex : 0,
        direction: keepsAll ? frame.direction : 0,
      })),
    )
    expect(reader.problems).toEqual([])
  },
)
