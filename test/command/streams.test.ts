/** What goes in and out: pipes, gzip, several files, terminals' habits, exit codes, memory. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { cuts } from '../captures/capture-point.ts'
import { pcap } from '../captures/damaged.ts'
import { fragments6 } from '../captures/fragments.ts'
import { CAPTURES } from '../captures/gallery.ts'
import { errors } from '../captures/icmp.ts'
import { halfOpen, mixed } from '../captures/limits.ts'
import { Story } from '../captures/story.ts'
import { close } from '../captures/tcp.ts'
import { COMMAND } from './command.ts'
import { linesOf, testFolder } from './folder.ts'

const folder = testFolder()
folder.write('close.pcapng', close().file())
folder.write('half-open.pcapng', halfOpen().file())
folder.write('errors.pcapng', errors().file())
folder.write('mixed.pcapng', mixed().file())

test('standard input, gzip, classic pcap: the same packets', async () => {
  const plain = (await folder.replay('close.pcapng', '--all')).out
  const piped = await folder.replayWith({ input: close().file() }, '-', '--all')
  expect(piped).toEqual({ code: 0, out: plain, error: '' })
  folder.write('close.pcapng.gz', gzipSync(close().file()))
  expect((await folder.replay('close.pcapng.gz', '--all')).out).toBe(plain)
  expect((await folder.replayWith({ input: gzipSync(close().file()) }, '-', '--all')).out).toBe(plain)
  folder.write('close.pcap', pcap(close(), { precision: 'nano', byteOrder: 'big' }))
  expect((await folder.replay('close.pcap', '--all')).out).toBe(plain)
})

test('gzip with a wrong checksum: every frame is read, the mismatch is told, exit code 0', async () => {
  const packed = gzipSync(close().file())
  packed.fill(0, packed.length - 8, packed.length - 4)
  folder.write('sum.pcapng.gz', packed)
  const { code, out, error } = await folder.replay('sum.pcapng.gz', '--json')
  const plain = await folder.replay('close.pcapng', '--json')
  expect(code).toBe(0)
  expect(out.replaceAll('sum.pcapng.gz', 'close.pcapng')).toBe(plain.out)
  expect(error).toMatch(/after frame \d+: gzip: checksum mismatch/)
})

test('several files, merged by time and numbered file:frame; frames are those of their file', async () => {
  const story = close()
  folder.write('a.pcap', story.file(1, 4))
  folder.write('b.pcap', story.file(5, 12))
  folder.write('c.pcap', story.file(13))
  const { out } = await folder.replay('c.pcap', 'a.pcap', 'b.pcap', '--json')
  const records = linesOf(out).map((line) => JSON.parse(line))
  expect(records.map(({ packet }) => packet)).toEqual(records.map((_, index) => index + 1))
  expect(records.map(({ file, frame }) => `${file}:${frame}`).slice(3, 6)).toEqual([
    'a.pcap:4',
    'b.pcap:1',
    'b.pcap:2',
  ])
  const text = await folder.replay('a.pcap', 'b.pcap', 'c.pcap')
  expect(text.out).toMatch(/^b\.pcap:6 /m)
})

test('the reader goes away: no message, exit code 0', () => {
  const line = `"${process.execPath}" "${COMMAND}" replay half-open.pcapng --all | head -1; echo "$\{PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', line], { cwd: folder.path, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(linesOf(stdout)[1]).toBe('0')
})

test('no colour in a pipe, whatever the environment says', async () => {
  const plain = await folder.replay('errors.pcapng')
  for (const env of [
    { FORCE_COLOR: '1' },
    { CLICOLOR_FORCE: '1', TERM: 'xterm-256color' },
    { NO_COLOR: '1' },
  ]) {
    expect(await folder.replayWith({ env }, 'errors.pcapng')).toEqual(plain)
  }
  expect(plain.out).not.toContain('\u001b')
})

test('data on standard output, everything else on standard error', async () => {
  folder.write('cuts.pcapng', cuts().file())
  const { code, out, error } = await folder.replay('cuts.pcapng', '--table')
  expect(code).toBe(0)
  expect(linesOf(out).every((line) => /^(tcp|udp|icmp) .* use=1$/.test(line))).toBe(true)
  expect(linesOf(error)).toEqual([
    expect.stringMatching(/^sallyport replay: table at /),
    expect.stringMatching(/^sallyport replay: 10 packets cut by the snap length/),
  ])
})

test.each([
  [['none.pcap'], 3, 'sallyport replay: none.pcap: no such file'],
  [['folder'], 3, 'sallyport replay: folder: is a directory, not a capture'],
  [['text.pcap'], 3, 'sallyport replay: text.pcap: byte 0: '],
  [['empty.pcap'], 3, 'sallyport replay: empty.pcap: byte 0: the file is empty'],
  [['half.gz'], 3, 'sallyport replay: half.gz: byte 0: '],
  [['close.pcapng', '--nonsense'], 2, '--nonsense'],
  [['close.pcapng', 'port', 'x'], 2, ''],
])('%j: exit code %i, nothing on standard output', async (words, expected, message) => {
  mkdirSync(join(folder.path, 'folder'), { recursive: true })
  folder.write('text.pcap', 'this is no capture\n')
  folder.write('empty.pcap', '')
  folder.write('half.gz', gzipSync(close().file()).subarray(0, 20))
  const { code, out, error } = await folder.replay(...words)
  expect({ code, out }).toEqual({ code: expected, out: '' })
  expect(error).toContain(message)
})

test('a selection: packets, entries, events; ICMP errors about a flow come with it', async () => {
  const packets = await folder.replay('errors.pcapng', '--json', 'port', '53')
  expect(linesOf(packets.out).map((line) => JSON.parse(line).frame)).toEqual([1, 2, 3])
  const entries = await folder.replay('mixed.pcapng', '--table', 'ip6', 'and', 'not', 'tcp')
  expect(linesOf(entries.out).map((line) => line.slice(0, 6).trim())).toEqual(['udp', 'icmpv6'])
  const events = await folder.replay('mixed.pcapng', '--events', 'host 192.0.2.9 and (udp or sctp)')
  expect(linesOf(events.out).map((line) => /\] (\w+)/.exec(line)![1])).toEqual(['udp', 'udp', 'sctp'])
})

/** The fields of a record in the order of the documentation; those that are always there have a `!`. */
const FIELDS =
  'packet! file! frame! time! interface! hook! mark prefix inInterface outInterface family! protocol protocolNumber source sourcePort destination destinationPort type code id tcpFlags sequence acknowledgment window length ctstate! reasons! verdict! decidedBy! egress! entry!'.split(
    ' ',
  )
const ORDER = FIELDS.map((field) => field.replace('!', ''))
const ALWAYS = FIELDS.filter((field) => field.endsWith('!')).map((field) => field.slice(0, -1))

test('--json: every line parses and has the fields of a record, in their order', async () => {
  folder.write('fragments6.pcapng', fragments6().file())
  folder.write('cuts.pcapng', cuts().file())
  const [links] = Object.values(CAPTURES['links']!.files())
  folder.write('links.pcapng', links!)
  const seen = new Set<string>()
  for (const name of ['errors', 'fragments6', 'cuts', 'links', 'mixed']) {
    const { out } = await folder.replay(`${name}.pcapng`, '--json')
    for (const line of linesOf(out)) {
      const keys = Object.keys(JSON.parse(line))
      expect(keys).toEqual(ORDER.filter((field) => keys.includes(field)))
      expect(ALWAYS.filter((field) => !keys.includes(field))).toEqual([])
      for (const key of keys) seen.add(key)
    }
  }
  expect(ORDER.filter((field) => !seen.has(field))).toEqual([])
})

/** A megabyte of one connection's data in classic records; sent again and again. */
function megabyte(): { header: Uint8Array; records: Uint8Array } {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  for (let size = 0; size < 1_000_000; size += 1470) flow.out('A', 1000, 5000, { length: 1400 })
  const bytes = pcap(story)
  return { header: bytes.subarray(0, 24), records: bytes.subarray(24) }
}

test.skipIf(process.platform !== 'linux')(
  '200 MB through a pipe: memory does not grow with them',
  async () => {
    const { header, records } = megabyte()
    const child = spawn(process.execPath, [COMMAND, 'replay', '-', '--stats'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const peaks: number[] = []
    const look = () => {
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
      if (peak !== undefined) peaks.push(Number(peak) / 1024)
    }
    const closed = new Promise<number | null>((done) => child.on('close', done))
    child.stdout.resume()
    child.stderr.resume()
    child.stdin.write(header)
    for (let sent = 0; sent < 200; sent++) {
      await new Promise((done) => child.stdin.write(records, done))
      if (sent % 10 === 9) look()
    }
    child.stdin.end()
    expect(await closed).toBe(0)
    const [early, late] = [peaks[1]!, peaks.at(-1)!]
    process.stderr.write(
      `200 MB through a pipe: peak RSS ${late.toFixed(0)} MB, ${early.toFixed(0)} MB after 20\n`,
    )
    expect(late).toBeLessThan(120)
    expect(late - early).toBeLessThan(40)
  },
)
