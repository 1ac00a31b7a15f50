/** A run that stops and goes on: the table of one is the beginning of the next. */
import { expect, test } from 'vitest'
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from '../captures/story.ts'
import { linesOf, testFolder } from './folder.ts'

const folder = testFolder()
const out = { source: CLIENT, destination: SERVER }
const back = { source: SERVER, destination: CLIENT }

/** Five seconds, then the rest. One flow is silent from then on, one is in the rest only. */
function told(): { story: Story; rest: number } {
  const story = new Story()
  // Untouched from here on, and at the full second: a table has whole seconds, cut.
  story.tcp(40_002, 80).out('S', 100)
  const web = story.tcp(40_000, 80)
  web.open(100, 500, { window: 1000 })
  const closing = story.tcp(40_001, 80, { client: CLIENT6, server: SERVER6 })
  closing.open(100, 500)
  const ask = { sourcePort: 40_003, destinationPort: 53, payload: [1] }
  const answer = { sourcePort: 53, destinationPort: 40_003, payload: [2] }
  story.send({ ...out, udp: ask })
  story.wait(3)
  story.send({ ...back, udp: answer })
  story.send({ ...out, udp: ask })
  story.send({ ...out, icmp: { type: 8, id: 7 } })
  const rest = story.packets.length + 1
  story.until(5)
  story.send({ ...back, icmp: { type: 0, id: 7 } })
  web.back('A', 501, 101, { length: 100 })
  web.out('A', 101, 601)
  closing.out('FA', 101, 501)
  closing.back('FA', 501, 102)
  story.send({ ...back, udp: answer })
  story.tcp(40_004, 80).out('S', 1)
  return { story, rest }
}

/** Without ids: they are given anew. */
function sorted(text: string): string[] {
  return linesOf(text.replace(/ id=\d+$/gm, '')).sort()
}

test('--table=extended of a run into --table-in of the next: the end is that of one run over all', async () => {
  const { story, rest } = told()
  folder.write('whole.pcapng', story.file())
  folder.write('rest.pcapng', story.file(rest))
  const saved = await folder.replay('whole.pcapng', '--table=extended', '--at', '+5s')
  expect(linesOf(saved.out)).toHaveLength(5)
  folder.write('table.txt', saved.out)
  const [whole, resumed] = await Promise.all([
    folder.replay('whole.pcapng', '--table=extended'),
    folder.replay('rest.pcapng', '--table=extended', '--table-in', 'table.txt'),
  ])
  expect(sorted(whole.out)).toHaveLength(6)
  expect(sorted(resumed.out)).toEqual(sorted(whole.out))
  expect(resumed.code).toBe(0)
})

test('windows are not in a table: what one run finds INVALID, the next one learns from', async () => {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.open(100, 500, { window: 1000 })
  const rest = story.packets.length + 1
  story.until(1)
  // Far beyond the window of 1,000 bytes.
  web.back('A', 90_000, 101, { length: 100 })
  folder.write('window.pcapng', story.file())
  folder.write('window-rest.pcapng', story.file(rest))
  const { out } = await folder.replay('window.pcapng', '--table=extended', '--at', '+1s')
  folder.write('window.txt', out)
  const whole = await folder.replay('window.pcapng', '--json', 'frame', '4')
  const resumed = await folder.replay('window-rest.pcapng', '--json', '--table-in=window.txt')
  expect(JSON.parse(whole.out)).toMatchObject({ ctstate: 'INVALID', reasons: [{ code: 'tcp-seq-high' }] })
  // Nor is it known that these 100 bytes are new: had the handshake been seen, they would leave 300 s.
  expect(JSON.parse(resumed.out)).toMatchObject({
    ctstate: 'ESTABLISHED',
    reasons: [],
    entry: { state: 'ESTABLISHED', timeout: 432_000 },
  })
})

test('lines that are no entries are told with their place, the others are loaded', async () => {
  const { story, rest } = told()
  folder.write('rest2.pcapng', story.file(rest))
  const entry = (port: number) =>
    `ipv4 2 udp 17 20 src=10.0.0.2 dst=192.0.2.9 sport=${port} dport=53 [UNREPLIED] src=192.0.2.9 dst=10.0.0.2 sport=53 dport=${port} mark=0 use=1\n`
  folder.write('odd.txt', `${entry(1)}nonsense\n${entry(2)}${entry(1)}`)
  const { code, out, error } = await folder.replay(
    'rest2.pcapng',
    '--table',
    '--at=+0s',
    '--table-in=odd.txt',
  )
  expect(code).toBe(0)
  expect(linesOf(out).filter((line) => line.startsWith('udp'))).toHaveLength(2)
  expect(error).toMatch(/sallyport replay: odd\.txt:2:\d+: \w+: /)
  expect(error).toContain('odd.txt: 1 entry left out: the same as an earlier one')
  const missing = await folder.replay('rest2.pcapng', '--table-in=missing.txt')
  expect(missing).toEqual({ code: 3, out: '', error: 'sallyport replay: missing.txt: no such file\n' })
})
