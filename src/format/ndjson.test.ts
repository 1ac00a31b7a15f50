import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PacketRecord, RecordAnswer, RecordEgress, RecordEntry, RecordTuple } from '../replay/record.ts'
import type { TraceStep } from '../replay/trace.ts'
import { NdjsonWriter } from './ndjson.ts'

const record: PacketRecord = {
  packet: 3,
  file: 'trouble.pcapng',
  frame: 3,
  time: '1700000000.000120',
  interface: 'in0',
  hook: 'FORWARD',
  family: 'ipv4',
  protocol: 'tcp',
  source: '10.0.0.2',
  sourcePort: 40000,
  destination: '192.0.2.9',
  destinationPort: 80,
  tcpFlags: 'A',
  length: 52,
  ctstate: 'ESTABLISHED',
  reasons: [{ code: 'tcp-rst', sequence: 4294967295, maxAck: 0 }],
  verdict: 'ACCEPT',
  decidedBy: { kind: 'rule', file: 'rules.v4', line: 7, table: 'filter', chain: 'FORWARD', number: 1 },
  egress: {
    interface: 'out0',
    source: '10.0.0.2',
    sourcePort: 40000,
    destination: '192.0.2.9',
    destinationPort: 80,
  },
  entry: {
    protocol: 'tcp',
    state: 'ESTABLISHED',
    timeout: 432000,
    original: { source: '10.0.0.2', sourcePort: 40000, destination: '192.0.2.9', destinationPort: 80 },
    reply: { source: '192.0.2.9', sourcePort: 80, destination: '10.0.0.2', destinationPort: 40000 },
    flags: ['ASSURED'],
    mark: 0,
    zone: 0,
  },
}

function written(records: readonly PacketRecord[], writer = new NdjsonWriter(0)): string {
  for (const each of records) writer.write(each)
  return Buffer.from(writer.bytes).toString()
}

test('a packet of a connection: one line, fields in the order of the documentation', () => {
  expect(written([record])).toBe(
    '{"packet":3,"file":"trouble.pcapng","frame":3,"time":"1700000000.000120","interface":"in0","hook":"FORWARD","family":"ipv4","protocol":"tcp","source":"10.0.0.2","sourcePort":40000,"destination":"192.0.2.9","destinationPort":80,"tcpFlags":"A","length":52,"ctstate":"ESTABLISHED","reasons":[{"code":"tcp-rst","sequence":4294967295,"maxAck":0}],"verdict":"ACCEPT","decidedBy":{"kind":"rule","file":"rules.v4","line":7,"table":"filter","chain":"FORWARD","number":1},"egress":{"interface":"out0","source":"10.0.0.2","sourcePort":40000,"destination":"192.0.2.9","destinationPort":80},"entry":{"protocol":"tcp","state":"ESTABLISHED","timeout":432000,"original":{"source":"10.0.0.2","sourcePort":40000,"destination":"192.0.2.9","destinationPort":80},"reply":{"source":"192.0.2.9","sourcePort":80,"destination":"10.0.0.2","destinationPort":40000},"flags":["ASSURED"],"mark":0,"zone":0}}\n',
  )
})

test('cleared between two records: the second stands alone', () => {
  const writer = new NdjsonWriter()
  writer.write(record)
  const length = writer.length
  writer.clear()
  expect(writer.length).toBe(0)
  writer.write(record)
  expect(writer.length).toBe(length)
})

const text = fc.string({ unit: 'binary' })
const anyNumber = fc.oneof(
  fc.nat(0xffffffff),
  fc.double(),
  fc.constantFrom(0, 9, 10, 99, 100, 999_999_999, 1e9, 2 ** 32),
)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value)

/** An arbitrary for each field; one that is forgotten does not compile. */
type Fields<T> = { [K in keyof Required<T>]: fc.Arbitrary<T[K]> }

function whole<T>(fields: Fields<T>): fc.Arbitrary<T> {
  return fc.record(fields) as unknown as fc.Arbitrary<T>
}

const tupleFields: Fields<RecordTuple> = {
  source: text,
  sourcePort: optional(anyNumber),
  destination: text,
  destinationPort: optional(anyNumber),
  type: optional(anyNumber),
  code: optional(anyNumber),
  id: optional(anyNumber),
  sourceKey: optional(anyNumber),
  destinationKey: optional(anyNumber),
}
const tuple = whole<RecordTuple>(tupleFields)
const flat = fc.dictionary(text, fc.oneof(text, anyNumber))
const entry = whole<RecordEntry>({
  protocol: text,
  protocolNumber: optional(anyNumber),
  state: nullable(text),
  timeout: anyNumber,
  original: tuple,
  reply: tuple,
  flags: fc.array(text, { maxLength: 3 }),
  mark: anyNumber,
  zone: optional(anyNumber),
  zones: optional(fc.record({ original: anyNumber, reply: anyNumber })),
})
const answer = whole<RecordAnswer>({
  ...tupleFields,
  protocol: text,
  tcpFlags: optional(text),
  ctstate: nullable(fc.constantFrom('NEW', 'INVALID')),
  verdict: nullable(fc.constantFrom('ACCEPT', 'DROP')),
  decidedBy: flat as unknown as fc.Arbitrary<PacketRecord['decidedBy']>,
  interface: nullable(text),
})
const step = whole<TraceStep>({
  kind: fc.constantFrom('rule', 'return', 'policy'),
  hook: text,
  table: text,
  chain: text,
  number: anyNumber,
  line: anyNumber,
  matched: fc.boolean(),
  failed: text,
  text,
})
const anyRecord = whole<PacketRecord>({
  packet: anyNumber,
  file: text,
  frame: anyNumber,
  time: text,
  interface: nullable(text),
  hook: nullable(text),
  mark: optional(anyNumber),
  prefix: optional(text),
  inInterface: optional(anyNumber),
  outInterface: optional(anyNumber),
  family: nullable(fc.constantFrom('ipv4', 'ipv6')),
  protocol: optional(text),
  protocolNumber: optional(anyNumber),
  source: optional(text),
  sourcePort: optional(anyNumber),
  destination: optional(text),
  destinationPort: optional(anyNumber),
  type: optional(anyNumber),
  code: optional(anyNumber),
  id: optional(anyNumber),
  tcpFlags: optional(text),
  sequence: optional(anyNumber),
  acknowledgment: optional(anyNumber),
  window: optional(anyNumber),
  length: optional(anyNumber),
  ctstate: nullable(fc.constantFrom('NEW', 'INVALID')),
  reasons: fc.array(flat, { maxLength: 3 }) as unknown as fc.Arbitrary<PacketRecord['reasons']>,
  verdict: nullable(fc.constantFrom('ACCEPT', 'DROP')),
  decidedBy: flat as unknown as fc.Arbitrary<PacketRecord['decidedBy']>,
  egress: nullable(
    whole<RecordEgress>({
      ...tupleFields,
      interface: nullable(text),
      mark: optional(anyNumber),
      ttl: optional(anyNumber),
      tos: optional(anyNumber),
    }),
  ),
  entry: nullable(entry),
  log: optional(fc.array(text, { maxLength: 2 })),
  answers: optional(fc.array(answer, { maxLength: 2 })),
  trace: optional(fc.array(step, { maxLength: 2 })),
})

test('any records, any strings and numbers in them: what JSON.stringify means', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 4 }), (records) => {
      const lines = written(records).split('\n')
      expect(lines.pop()).toBe('')
      expect(lines.map((line) => JSON.parse(line))).toEqual(
        records.map((each) => JSON.parse(JSON.stringify(each))),
      )
    }),
  )
})
