import { expect, test } from 'vitest'
import {
  EXPECT_INACTIVE,
  EXPECT_PERMANENT,
  type Expectation,
  ExpectationTable,
  type FlowTuple,
  type SourceMask,
} from './expectation.ts'
import { addressWords, flowTuple, packetOf } from './helper/control-flow.ts'

const one = { classMaximum: 1, tableMaximum: 100 }
const many = { classMaximum: 0, tableMaximum: 100 }
const anyPort: SourceMask = { source: [-1, -1, -1, -1], sourcePort: 0 }
const anySource: SourceMask = { source: [0, 0, 0, 0], sourcePort: 0 }

const toClient = (port: number) => flowTuple(6, '10.0.2.2', 0, '10.0.1.2', port)

function expectation(tuple: FlowTuple, changes: Partial<Expectation> = {}): Expectation {
  return {
    tuple,
    mask: anyPort,
    master: 1,
    masterId: 11,
    zone: 0,
    helper: 'ftp',
    class: 0,
    flags: 0,
    deadline: 75_000,
    childHelper: null,
    ...changes,
  }
}

const table = (ready = true) => new ExpectationTable(() => ready)
const incoming = (port: number) => packetOf(flowTuple(6, '10.0.2.2', 20, '10.0.1.2', port))
const ports = (expectations: ExpectationTable) =>
  [...expectations.values()].map(({ tuple }) => tuple.destinationPort)

test('packet from any source port, fulfils it once', () => {
  const expectations = table()
  const expected = expectation(toClient(1029))
  expect(expectations.add(expected, one, 0)).toBe(true)
  expect(expectations.find(incoming(1029), 0, 1)).toBe(expected)
  expect(expectations.find(incoming(1029), 0, 1)).toBeNull()
  expect(expectations.size).toBe(0)
  expect([expectations.created, expectations.matched, expectations.deleted]).toEqual([1, 1, 1])
})

test.each([
  ['another source', flowTuple(6, '10.0.2.3', 20, '10.0.1.2', 1029), 0],
  ['another destination', flowTuple(6, '10.0.2.2', 20, '10.0.1.3', 1029), 0],
  ['another destination port', flowTuple(6, '10.0.2.2', 20, '10.0.1.2', 1030), 0],
  ['another protocol', flowTuple(17, '10.0.2.2', 20, '10.0.1.2', 1029), 0],
  ['another family', { ...flowTuple(6, '10.0.2.2', 20, '10.0.1.2', 1029), family: 10 }, 0],
  ['another zone', flowTuple(6, '10.0.2.2', 20, '10.0.1.2', 1029), 1],
] as const)('packet with %s, does not fulfil it', (_, tuple, zone) => {
  const expectations = table()
  expectations.add(expectation(toClient(1029)), one, 0)
  expect(expectations.find(packetOf(tuple), zone, 1)).toBeNull()
  expect(expectations.size).toBe(1)
})

test('source port exact, only that port fulfils it', () => {
  const expectations = table()
  const mask: SourceMask = { ...anyPort, sourcePort: 0xffff }
  expectations.add(expectation(flowTuple(6, '10.0.2.2', 20, '10.0.1.2', 1029), { mask }), one, 0)
  const from = (port: number) => packetOf(flowTuple(6, '10.0.2.2', port, '10.0.1.2', 1029))
  expect(expectations.find(from(21), 0, 1)).toBeNull()
  expect(expectations.find(from(20), 0, 1)).not.toBeNull()
})

test('source a network, any of its addresses fulfils it', () => {
  const expectations = table()
  const mask: SourceMask = { source: addressWords('255.255.255.0'), sourcePort: 0 }
  expectations.add(expectation(flowTuple(6, '10.0.2.0', 0, '10.0.1.2', 1029), { mask }), one, 0)
  const from = (source: string) => packetOf(flowTuple(6, source, 1, '10.0.1.2', 1029))
  expect(expectations.find(from('10.0.3.9'), 0, 1)).toBeNull()
  expect(expectations.find(from('10.0.2.9'), 0, 1)).not.toBeNull()
})

test('IPv6, all words of both addresses count', () => {
  const expectations = table()
  expectations.add(expectation(flowTuple(6, 'fd00:2::2', 0, 'fd00:1::2', 1029)), one, 0)
  const find = (source: string, destination: string) =>
    expectations.find(packetOf(flowTuple(6, source, 5, destination, 1029)), 0, 1)
  expect(find('fd00:2::3', 'fd00:1::2')).toBeNull()
  expect(find('fd00:2:0:1::2', 'fd00:1::2')).toBeNull()
  expect(find('fd00:2::2', 'fd00:1::1:2')).toBeNull()
  expect(find('fd00:2::2', 'fd00:1::2')).not.toBeNull()
})

test('INACTIVE, is never fulfilled; PERMANENT, stays', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1), { flags: EXPECT_INACTIVE }), many, 0)
  expectations.add(expectation(toClient(2), { flags: EXPECT_PERMANENT }), many, 0)
  expect(expectations.find(incoming(1), 0, 1)).toBeNull()
  expect(expectations.find(incoming(2), 0, 1)).not.toBeNull()
  expect(expectations.find(incoming(2), 0, 1)).not.toBeNull()
})

test('master not confirmed or dying, is not fulfilled and stays', () => {
  const asked: number[][] = []
  const expectations = new ExpectationTable((...master) => {
    asked.push(master)
    return false
  })
  expectations.add(expectation(toClient(1029)), one, 0)
  expect(expectations.find(incoming(1029), 0, 1)).toBeNull()
  expect(asked).toEqual([[1, 11]])
  expect(expectations.size).toBe(1)
})

test('the same of the same master and class, is replaced and its time starts again', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1029)), one, 0)
  expect(expectations.add(expectation(toClient(1029), { deadline: 80_000 }), one, 5_000)).toBe(true)
  expect([...expectations.values()].map(({ deadline }) => deadline)).toEqual([80_000])
})

test.each([
  ['of another master', { master: 2, masterId: 12 }],
  ['of an entry that has the same number now', { masterId: 12 }],
  ['of another class', { class: 1 }],
  ['with a wider source', { mask: anySource, tuple: flowTuple(6, '0.0.0.0', 0, '10.0.1.2', 1029) }],
])('the same %s, cannot be added', (_, changes) => {
  const expectations = table()
  const first = expectation(toClient(1029))
  expectations.add(first, many, 0)
  expect(expectations.add(expectation(toClient(1029), changes), many, 0)).toBe(false)
  expect([...expectations.values()]).toEqual([first])
})

test('same destination but other sources, or another zone, stand side by side', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1029)), many, 0)
  const other = flowTuple(6, '10.0.2.3', 0, '10.0.1.2', 1029)
  expect(expectations.add(expectation(other, { master: 2 }), many, 0)).toBe(true)
  expect(expectations.add(expectation(toClient(1029), { master: 3, zone: 1 }), many, 0)).toBe(true)
  expect(expectations.find(incoming(1029), 1, 1)?.master).toBe(3)
})

test('class full, its oldest gives way; other classes and masters keep theirs', () => {
  const expectations = table()
  const two = { ...many, classMaximum: 2 }
  expectations.add(expectation(toClient(1), { class: 1 }), two, 0)
  expectations.add(expectation(toClient(2), { master: 2 }), two, 0)
  for (const port of [3, 4, 5]) expectations.add(expectation(toClient(port)), two, 0)
  expect(ports(expectations)).toEqual([1, 2, 4, 5])
})

test('table full, cannot be added; the oldest of a full class makes room', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1)), one, 0)
  expect(expectations.add(expectation(toClient(2), { master: 2 }), { ...one, tableMaximum: 1 }, 0)).toBe(
    false,
  )
  expect(expectations.add(expectation(toClient(3)), { ...one, tableMaximum: 1 }, 0)).toBe(true)
  expect(ports(expectations)).toEqual([3])
})

test('deadline, is gone at its very tick', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1), { deadline: 100 }), many, 0)
  expectations.add(expectation(toClient(2), { deadline: 50 }), many, 0)
  expectations.add(expectation(toClient(3), { deadline: null }), many, 0)
  expectations.expire(49)
  expect(ports(expectations)).toEqual([1, 2, 3])
  expectations.expire(50)
  expect(ports(expectations)).toEqual([1, 3])
  expect(expectations.find(incoming(1), 0, 100)).toBeNull()
  expect(ports(expectations)).toEqual([3])
})

test('deadline across 2^32 ticks, is gone at its very tick', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1), { deadline: 5 }), many, -10)
  expectations.expire(4)
  expect(expectations.size).toBe(1)
  expectations.expire(5)
  expect(expectations.size).toBe(0)
})

test('master gone, its expectations go and those of the others stay', () => {
  const expectations = table()
  expectations.add(expectation(toClient(1)), many, 0)
  expectations.add(expectation(toClient(2)), many, 0)
  expectations.add(expectation(toClient(3), { masterId: 12 }), many, 0)
  expectations.removeOfMaster(1, 11)
  expect(ports(expectations)).toEqual([3])
  expect(expectations.ofMaster(1, 11)).toEqual([])
  expect(expectations.find(incoming(1), 0, 1)).toBeNull()
})

test('removed twice, counts once', () => {
  const expectations = table()
  const expected = expectation(toClient(1))
  expectations.add(expected, many, 0)
  expectations.remove(expected)
  expectations.remove(expected)
  expect(expectations.deleted).toBe(1)
})
