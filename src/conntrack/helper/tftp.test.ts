import { expect, test } from 'vitest'
import { ExpectationTable } from '../expectation.ts'
import { CTINFO_ESTABLISHED, CTINFO_NEW } from '../status.ts'
import { ControlFlow, flowTuple } from './control-flow.ts'
import { tftpHelper } from './tftp.ts'

const make = (options = {}) => new ControlFlow(tftpHelper, { serverPort: 69, clientPort: 3000, ...options })
const announced = { verdict: 'accept', reasons: [{ code: 'expectation', port: 3000 }] }
const quiet = { verdict: 'accept', reasons: [] }

test.each([
  ['read', '\0\x01file\0octet\0'],
  ['write', '\0\x02file\0octet\0'],
  ['read, the opcode alone', '\0\x01'],
])('first packet, %s request, the server may answer from any port', (_, payload) => {
  const flow = make()
  expect(flow.client(payload, { ctinfo: CTINFO_NEW })).toEqual(announced)
  expect(flow.expected).toEqual([flowTuple(17, '10.0.2.2', 0, '10.0.1.2', 3000)])
})

test.each(['\0\x03\0\x01data', '\0\x00', '\x01\x00', '\0', ''])(
  'payload %j, announces nothing',
  (payload) => {
    expect(make().client(payload, { ctinfo: CTINFO_NEW })).toEqual(quiet)
  },
)

test('request repeated, is one expectation', () => {
  const flow = make()
  flow.client('\0\x01file')
  expect(flow.client('\0\x01file', { ctinfo: CTINFO_ESTABLISHED })).toEqual(announced)
  expect(flow.expected).toHaveLength(1)
})

test('request in the reply direction, expects the same', () => {
  const flow = make()
  expect(flow.server('\0\x01file')).toEqual(announced)
  expect(flow.expected).toEqual([flowTuple(17, '10.0.2.2', 0, '10.0.1.2', 3000)])
})

test('behind source NAT, the answer is expected where the server sees the client', () => {
  const flow = make({ seenAs: '10.0.2.77' })
  flow.client('\0\x01file')
  expect(flow.expected).toEqual([flowTuple(17, '10.0.2.2', 0, '10.0.2.77', 3000)])
})

test('another connection expects the same, is dropped', () => {
  const expectations = new ExpectationTable(() => true)
  make({ expectations }).client('\0\x01file')
  expect(make({ expectations, serverPort: 70, master: 2 }).client('\0\x01file')).toEqual({
    verdict: 'drop',
    reasons: [{ code: 'helper-cannot-expect' }],
  })
})

test('opcode not captured, passes and says so', () => {
  expect(make().client('\0\x01file', { captured: 1 })).toEqual({
    verdict: 'accept',
    reasons: [{ code: 'cut-payload', captured: 1, needed: 2 }],
  })
})
