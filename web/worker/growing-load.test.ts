/** A load that takes a while: it is shown as it grows, ended, given up; and the questions about moments in it. */
import { expect, test } from 'vitest'
import { Traffic } from '../../bench/traffic.ts'
import { type FlowsQuestion, type Load, type Progress, usualSettings } from '../protocol.ts'
import { Session } from './session.ts'

const PACKETS = 200_000
const capture = captureOf(PACKETS)

function captureOf(packets: number): Blob {
  const traffic = new Traffic({ connections: 500 })
  const bytes = new Uint8Array(packets * traffic.recordLength)
  traffic.fill(bytes)
  return new Blob([Traffic.fileHeader().slice(), bytes])
}

const load = (blob = capture): Load => ({
  captures: [{ name: 'traffic.pcap', blob }],
  rules: null,
  rules6: null,
  settings: usualSettings,
  scenario: null,
})

const all: FlowsQuestion = {
  filter: '',
  rule: null,
  span: null,
  sort: 'first',
  descending: false,
  from: 0,
  count: 10,
}

/** Begins a load; answers once it is shown, with the load in an object, so that it is not awaited. */
async function growing(session: Session): Promise<{ done: Promise<unknown> }> {
  return new Promise((resolve) => {
    let isTold = false
    const done: Promise<unknown> = session.answer('load', load(), ({ isShown }: Progress) => {
      if (isShown && !isTold) {
        isTold = true
        // Behind this task: the promise has its name by then.
        queueMicrotask(() => resolve({ done }))
      }
    })
    done.catch(() => {})
  })
}

async function small(): Promise<Session> {
  const session = new Session()
  await session.answer('load', load(captureOf(100)))
  return session
}

test('while it loads, lists and timeline tell of what is there', async () => {
  const session = await small()
  const { done } = await growing(session)
  const part = await session.answer('overview', null)
  expect(part.isWhole).toBe(false)
  expect(part.packets).toBeGreaterThan(100)
  expect(part.packets).toBeLessThan(PACKETS)
  const page = await session.answer('flows', all)
  expect(page).toMatchObject({ rows: { length: 10 } })
  const { packets } = await session.answer('timeline', { buckets: 20, from: null, to: null })
  expect(packets.at(-1)).toBeGreaterThanOrEqual(part.packets)
  await done
  expect(await session.answer('overview', null)).toMatchObject({ packets: PACKETS, isWhole: true })
})

test('given up, what was shown before is shown again', async () => {
  const session = await small()
  const { done } = await growing(session)
  await session.answer('cancel', null)
  await expect(done).rejects.toThrow('cancelled')
  expect(await session.answer('overview', null)).toMatchObject({ packets: 100, isWhole: true })
})

test('ended before its end, it is a run of what is there, and says so', async () => {
  const session = await small()
  const { done } = await growing(session)
  await session.answer('stop', null)
  const overview = await done
  expect(overview).toMatchObject({ isWhole: true, isCut: true })
  const { packets, flows } = await session.answer('overview', null)
  expect(packets).toBeLessThan(PACKETS)
  expect(await session.answer('flows', { ...all, filter: 'proto tcp' })).toMatchObject({ total: flows })
})

test('another load takes the place of one that grows', async () => {
  const session = await small()
  const { done } = await growing(session)
  await session.answer('load', load(captureOf(50)))
  await expect(done).rejects.toThrow('cancelled')
  expect(await session.answer('overview', null)).toMatchObject({ packets: 50 })
})

test('a selection is run once for all who ask, and ended by another one', async () => {
  const session = new Session()
  await session.answer('load', load())
  const first = session.answer('flows', { ...all, filter: 'port 443' })
  const same = session.answer('flows', { ...all, filter: 'port 443', from: 10 })
  const second = session.answer('flows', { ...all, filter: 'port 80' })
  await expect(first).rejects.toThrow('cancelled')
  await expect(same).rejects.toThrow('cancelled')
  expect(await second).toMatchObject({ total: expect.any(Number) })
})

test('an explanation is given up for that of another packet', async () => {
  const session = new Session()
  await session.answer('load', load())
  const first = session.answer('explain', { packet: PACKETS, width: 80 })
  const second = session.answer('explain', { packet: 5, width: 80 })
  await expect(first).rejects.toThrow('cancelled')
  expect((await second).packet).toBe(5)
})

test('the connections of a span are those with a packet in it', async () => {
  const session = new Session()
  await session.answer('load', load())
  const { start, end } = await session.answer('overview', null)
  const span = await session.answer('span', {
    from: start + (end - start) / 2,
    to: start + (end - start) * 0.51,
  })
  expect(span.last - span.first).toBeGreaterThan(1000)
  const found = new Set<number>()
  for (let packet = span.first; packet <= span.last; packet++) {
    found.add((await session.answer('place', { packet })).flow)
  }
  expect(await session.answer('flows', { ...all, span })).toMatchObject({ total: found.size })
  const { established, opening, invalid, blocked } = await session.answer('timeline', {
    buckets: 7,
    from: start + (end - start) / 2,
    to: start + (end - start) * 0.51,
  })
  const packets = [established, opening, invalid, blocked].flat().reduce((sum, count) => sum + count, 0)
  expect(packets).toBe(span.last - span.first + 1)
})

test('a connection is found where the list has it', async () => {
  const session = new Session()
  await session.answer('load', load())
  for (const order of [all, { ...all, sort: 'packets', descending: true }] as const) {
    const page = await session.answer('flows', { ...order, from: 4000, count: 1 })
    if ('message' in page) throw new Error(page.message)
    expect(await session.answer('flowPlace', { ...order, flow: page.rows[0]!.flow })).toBe(4000)
  }
  const none = { ...all, span: { first: 1, last: 1 }, flow: 2 }
  expect(await session.answer('flowPlace', none)).toBe(-1)
})

test('a time leads to the last packet up to it, and names the time of the next', async () => {
  const session = new Session()
  await session.answer('load', load())
  const time = Number((await session.answer('place', { packet: 1000 })).time)
  const next = Number((await session.answer('place', { packet: 1001 })).time)
  expect(next).toBeGreaterThan(time)
  expect(await session.answer('seek', { time: (time + next) / 2 })).toEqual({ packet: 1000, next })
  expect(await session.answer('seek', { time: 0 })).toMatchObject({ packet: 1 })
  expect(await session.answer('seek', { time: 4e9 })).toEqual({ packet: PACKETS, next: null })
})
