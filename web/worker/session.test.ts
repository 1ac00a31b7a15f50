import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type FlowPage, type FlowsQuestion, type Load, usualSettings } from '../protocol.ts'
import { Session } from './session.ts'
import { Refusal } from './source.ts'

const examples = join(import.meta.dirname, '../../examples')
const bytes = readFileSync(join(examples, 'first-look.pcapng'))
const rules = { name: 'first-look.v4', text: readFileSync(join(examples, 'first-look.v4'), 'utf8') }

const load = (content: Uint8Array = bytes, more: Partial<Load> = {}): Load => ({
  captures: [{ name: 'first-look.pcapng', blob: new Blob([content.slice()]) }],
  rules,
  rules6: null,
  settings: usualSettings,
  scenario: null,
  ...more,
})

/** Of first-look.pcapng. */
const PACKETS = 33

const all: FlowsQuestion = {
  filter: '',
  rule: null,
  span: null,
  sort: 'first',
  descending: false,
  from: 0,
  count: 100,
}

async function loaded(): Promise<Session> {
  const session = new Session()
  await session.answer('load', load())
  return session
}

async function flowsOf(session: Session, question: Partial<FlowsQuestion>): Promise<FlowPage> {
  const page = await session.answer('flows', { ...all, ...question })
  if ('message' in page) throw new Error(page.message)
  return page
}

test('a capture with its rules is totalled as the command totals it', async () => {
  const overview = await new Session().answer('load', load())
  expect(overview).toMatchObject({
    names: ['first-look.pcapng'],
    rules: 'first-look.v4',
    hasRules: true,
    packets: PACKETS,
  })
  const counts = Object.values(overview.ctstates).reduce((sum, count) => sum + count, 0)
  // One follows an opening packet that the rules drop: it would not have been sent.
  expect(counts).toBe(PACKETS - 1)
  expect(overview.fingerprint).toMatch(/^[0-9a-z]{10}$/)
})

test('every packet belongs to one connection, and is an arrow of it', async () => {
  const session = await loaded()
  const { rows, total } = await flowsOf(session, {})
  expect(rows).toHaveLength(total)
  const numbers: number[] = []
  for (const { flow, packets } of rows) {
    const page = await session.answer('arrows', { flow, from: 0, count: 1000 })
    const sides = page.arrows.filter(({ side }) => side !== 2)
    expect(sides).toHaveLength(packets[0] + packets[1])
    numbers.push(...page.arrows.map(({ packet }) => packet))
  }
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: PACKETS }, (_, i) => i + 1))
})

test('a selection is that of the command line, by whole records', async () => {
  const session = await loaded()
  const { rows } = await flowsOf(session, { filter: 'ctstate INVALID' })
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.every(({ invalid }) => invalid > 0)).toBe(true)
  const others = await flowsOf(session, { filter: 'not ctstate INVALID' })
  expect(others.total).toBeGreaterThan(rows.length)
  expect((await flowsOf(session, { filter: 'host 203.0.113.254' })).total).toBe(0)
})

test('a selection that cannot be read is answered with what was expected', async () => {
  const session = await loaded()
  const answer = await session.answer('flows', { ...all, filter: 'ctstate INVALD' })
  expect(answer).toMatchObject({ message: expect.stringContaining('INVALID') })
})

test('sorted by packets, most first, no row stands behind one with fewer', async () => {
  const { rows } = await flowsOf(await loaded(), { sort: 'packets', descending: true })
  const counts = rows.map(({ packets }) => packets[0] + packets[1])
  expect(counts).toEqual([...counts].sort((a, b) => b - a))
})

test('pages of a list are parts of the whole', async () => {
  const session = await loaded()
  const whole = await flowsOf(session, { sort: 'tuple' })
  const parts = await Promise.all(
    [0, 1, 2].map((from) => flowsOf(session, { sort: 'tuple', from, count: 1 })),
  )
  expect(parts.flatMap(({ rows }) => rows)).toEqual(whole.rows.slice(0, 3))
})

test('rules have the counts of the run', async () => {
  const session = await loaded()
  const rows = await session.answer('rules', null)
  const decided = rows.reduce((sum, row) => sum + row.decided, 0)
  const overview = await session.answer('load', load())
  expect(decided).toBe(Object.values(overview.verdicts).reduce((sum, count) => sum + count, 0))
})

test('the packets of a rule are those that it counted, and their connections are selected', async () => {
  const session = await loaded()
  const rows = await session.answer('rules', null)
  for (const [row, { packets }] of rows.entries()) {
    const met = await session.answer('met', { row })
    expect(met.total).toBe(packets)
    expect(met.packets).toHaveLength(packets)
    const selected = await flowsOf(session, { rule: row })
    const flows = new Set<number>()
    for (const packet of met.packets) flows.add((await session.answer('place', { packet })).flow)
    expect(selected.rows.map(({ flow }) => flow)).toEqual([...flows].sort((a, b) => a - b))
  }
  await expect(session.answer('met', { row: rows.length })).rejects.toThrow(Refusal)
})

test('mistakes in rules and findings of lint stand at their words', async () => {
  const session = new Session()
  const check = (text: string) => session.answer('checkRules', { name: 'x.v4', text, family: 'ipv4' })
  const bad = '*filter\n-A INPUT -p tpc -j DROP\nCOMMIT\n'
  const [mistake] = await check(bad)
  expect(mistake).toMatchObject({
    kind: 'error',
    line: 2,
    message: expect.stringContaining('did you mean tcp?'),
  })
  expect(bad.slice(mistake!.start, mistake!.end)).toBe('tpc')
  const odd = '*filter\n-A INPUT -p tcp -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n'
  expect(await check(odd)).toContainEqual(
    expect.objectContaining({ kind: 'warning', line: 3, code: 'shadowed' }),
  )
})

test('the timeline has every packet once', async () => {
  const session = await loaded()
  const { established, opening, invalid, blocked, packets } = await session.answer('timeline', {
    buckets: 50,
    from: null,
    to: null,
  })
  const sum = [established, opening, invalid, blocked].flat().reduce((total, count) => total + count, 0)
  expect(sum).toBe(PACKETS)
  expect(packets.at(-1)).toBe(PACKETS)
  expect(packets).toEqual([...packets].sort((a, b) => a - b))
})

test('a packet is explained with its way through the rules', async () => {
  const session = await loaded()
  const { lines, trace } = await session.answer('explain', { packet: 32, width: 72 })
  const text = lines.map((spans) => spans.map((span) => span.text).join('')).join('\n')
  expect(text).toMatch(/^Packet 32: /)
  expect(lines[0]).toEqual([{ style: 'heading', text: expect.stringContaining('Packet 32') }])
  expect(trace.at(-1)).toMatchObject({ matched: true })
})

test('gzip is unpacked, and the fingerprint stays the same', async () => {
  const plain = await new Session().answer('load', load())
  const packed = await new Session().answer('load', load(gzipSync(bytes)))
  expect(packed.fingerprint).toBe(plain.fingerprint)
})

test('a file that is no capture is refused, and the session lives on', async () => {
  const session = new Session()
  await expect(
    session.answer('load', load(new TextEncoder().encode('<script>alert(1)</script>'))),
  ).rejects.toThrow(/pcap or pcapng expected/)
  await expect(session.answer('flows', all)).rejects.toThrow(Refusal)
  expect((await session.answer('load', load())).packets).toBe(PACKETS)
  await expect(session.answer('load', load(new Uint8Array()))).rejects.toThrow(/the file is empty/)
  expect((await flowsOf(session, {})).total).toBeGreaterThan(0)
})

test('rules with a mistake are refused with the line and the word', async () => {
  const bad = { name: 'bad.v4', text: '*filter\n-A INPUT -p tpc -j ACCEPT\nCOMMIT\n' }
  await expect(new Session().answer('load', load(bytes, { rules: bad }))).rejects.toThrow(/bad\.v4:2:/)
})

test('a load is given up when another one begins', async () => {
  const session = new Session()
  const first = session.answer('load', load())
  const second = session.answer('load', load())
  await expect(first).rejects.toThrow('cancelled')
  expect((await second).packets).toBe(PACKETS)
})

test('cut anywhere, a capture is loaded as far as it goes or refused', async () => {
  for (let length = 0; length < bytes.length; length += 97) {
    const session = new Session()
    try {
      const { packets, flows } = await session.answer('load', load(bytes.subarray(0, length)))
      expect(packets).toBeGreaterThan(0)
      expect((await flowsOf(session, { filter: '' })).total).toBe(flows)
    } catch (error) {
      expect(error).toBeInstanceOf(Refusal)
    }
  }
})

test('what does not exist is refused: packets, connections', async () => {
  const session = await loaded()
  for (const packet of [0, PACKETS + 1, 1.5, Number.NaN]) {
    await expect(session.answer('table', { packet, from: 0, count: 10 })).rejects.toThrow(Refusal)
  }
  await expect(session.answer('arrows', { flow: 1000, from: 0, count: 10 })).rejects.toThrow(Refusal)
})
