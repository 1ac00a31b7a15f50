import { expect, test } from 'vitest'
import { makeTracker, Stream } from './stream.ts'
import { Traffic } from './traffic.ts'

test.each([
  ['IPv4', false],
  ['IPv6', true],
])('generated traffic over %s: every packet tracked, as many NEW as connections opened', async (_, ipv6) => {
  const traffic = new Traffic({ connections: 200, ipv6 })
  const chunk = new Uint8Array(traffic.recordLength * 20_000)
  const tracker = makeTracker({}, { checksums: 'verify' })
  const stream = await Stream.open(tracker)
  expect(traffic.fill(chunk)).toBe(20_000)
  await stream.run(chunk)
  await stream.end()
  const { summary } = stream.replay
  expect(summary.packets).toBe(20_000)
  // The handshake's SYN alone is NEW: one for each connection.
  expect(summary.ctstates).toEqual({
    NEW: traffic.opened,
    ESTABLISHED: 20_000 - traffic.opened,
    RELATED: 0,
    INVALID: 0,
    UNTRACKED: 0,
  })
  expect(tracker.census.opened).toBe(traffic.opened)
  expect(summary.reasons()).toEqual([])
  expect(summary.dropped + summary.cut + summary.notIp).toBe(0)
  expect(stream.replay.capture.problems).toEqual([])
})

test('generated traffic, many packets: about 26 for each connection', () => {
  const traffic = new Traffic({ connections: 100 })
  traffic.fill(new Uint8Array(traffic.recordLength * 100_000))
  const before = traffic.opened
  traffic.fill(new Uint8Array(traffic.recordLength * 260_000))
  expect(260_000 / (traffic.opened - before)).toBeCloseTo(26, 0)
})

test('two generators of one seed make the same bytes, of two seeds others', () => {
  const bytesOf = (seed: number): Uint8Array => {
    const bytes = new Uint8Array(80 * 1_000)
    new Traffic({ connections: 10, seed }).fill(bytes)
    return bytes
  }
  expect(bytesOf(1)).toEqual(bytesOf(1))
  expect(bytesOf(1)).not.toEqual(bytesOf(2))
})
