import { expect, test } from 'vitest'
import { ExpectationTable } from '../expectation.ts'
import { CTINFO_NEW, CTINFO_RELATED_REPLY } from '../status.ts'
import { ControlFlow, type ControlOptions, flowTuple } from './control-flow.ts'
import { ftpHelper } from './ftp.ts'

const announced = (port: number) => ({ verdict: 'accept', reasons: [{ code: 'expectation', port }] })
const quiet = { verdict: 'accept', reasons: [] }
const partial = (pattern: number) => ({ verdict: 'drop', reasons: [{ code: 'helper-partial', pattern }] })

/** Logged in: both sides have sent a whole line. */
function loggedIn(options: ControlOptions = {}, loose = false): ControlFlow {
  const flow = new ControlFlow(ftpHelper(loose), options)
  flow.server('220 ready\r\n')
  flow.client('USER a\r\n')
  return flow
}

test('PORT, the server may connect to the client from any port', () => {
  const flow = loggedIn()
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(announced(1029))
  expect(flow.expected).toEqual([flowTuple(6, '10.0.2.2', 0, '10.0.1.2', 1029)])
})

test.each(['227 Entering Passive Mode (10,0,2,2,4,5)\r\n', '229 Extended (|||1029|)\r\n'])(
  '%j, the client may connect to the server from any port',
  (text) => {
    const flow = loggedIn()
    expect(flow.server(text)).toEqual(announced(1029))
    expect(flow.expected).toEqual([flowTuple(6, '10.0.1.2', 0, '10.0.2.2', 1029)])
  },
)

test('EPRT over IPv6, the server may connect to the client', () => {
  const flow = loggedIn({ client: 'fd00:1::2', server: 'fd00:2::2' })
  expect(flow.client('EPRT |2|fd00:1::2|1029|\r\n')).toEqual(announced(1029))
  expect(flow.expected).toEqual([flowTuple(6, 'fd00:2::2', 0, 'fd00:1::2', 1029)])
})

test('NEW and RELATED_REPLY packets, are not read', () => {
  const flow = new ControlFlow(ftpHelper())
  flow.session.pickUp()
  expect(flow.client('POR', { ctinfo: CTINFO_NEW })).toEqual(quiet)
  expect(flow.server('22', { ctinfo: CTINFO_RELATED_REPLY })).toEqual(quiet)
})

test('first data packet of a direction, is not read', () => {
  const flow = new ControlFlow(ftpHelper())
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(quiet)
  expect(flow.server('22')).toEqual(quiet)
  expect(flow.client('PORT 10,0,1,2,4,6\r\n')).toEqual(announced(1030))
})

test('packet behind one that does not end in a line feed, is not read', () => {
  const flow = loggedIn()
  expect(flow.client('NOOP')).toEqual(quiet)
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(quiet)
  expect(flow.expected).toEqual([])
})

test('second command in one packet, is not read', () => {
  const flow = loggedIn()
  expect(flow.client('NOOP\r\nPORT 10,0,1,2,4,5\r\n')).toEqual(quiet)
})

test('packet without payload, changes nothing', () => {
  const flow = loggedIn()
  expect(flow.client('')).toEqual(quiet)
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(announced(1029))
})

test('PORT split after "POR", is dropped, and dropped again when it is repeated', () => {
  const flow = loggedIn()
  const sequence = flow.sequence[0]!
  expect(flow.client('POR', { sequence })).toEqual(partial(0))
  expect(flow.client('POR', { sequence })).toEqual(partial(0))
  expect(flow.client('PORT 10,0,1,2,4,5\r\n', { sequence })).toEqual(announced(1029))
})

test('partial command that ends in a line feed, is dropped and starts no line', () => {
  const flow = loggedIn()
  expect(flow.client('PORT 1,2,3\r\n')).toEqual(partial(0))
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(quiet)
})

test('another address than the speaker, passes and announces nothing', () => {
  const flow = loggedIn()
  expect(flow.client('PORT 10,0,1,3,4,5\r\n')).toEqual(quiet)
  expect(flow.expected).toEqual([])
  // The line was read and accepted: the next one is read too.
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(announced(1029))
})

test('another address than the speaker, loose, is where the connection goes', () => {
  const flow = loggedIn({}, true)
  expect(flow.client('PORT 10,0,1,3,4,5\r\n')).toEqual(announced(1029))
  expect(flow.expected).toEqual([flowTuple(6, '10.0.2.2', 0, '10.0.1.3', 1029)])
})

test('second PORT, replaces the first', () => {
  const flow = loggedIn()
  flow.client('PORT 10,0,1,2,4,5\r\n')
  flow.client('PORT 10,0,1,2,4,6\r\n')
  expect(flow.expected.map((tuple) => tuple.destinationPort)).toEqual([1030])
})

test('behind source NAT, the connection is expected where the server sees the client', () => {
  const flow = loggedIn({ seenAs: '10.0.2.77' })
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(announced(1029))
  expect(flow.expected).toEqual([flowTuple(6, '10.0.2.2', 0, '10.0.2.77', 1029)])
})

test('port that another control connection announced, is dropped', () => {
  const expectations = new ExpectationTable(() => true)
  loggedIn({ expectations }).client('PORT 10,0,1,2,4,5\r\n')
  const second = loggedIn({ expectations, clientPort: 2001, master: 2 })
  expect(second.client('PORT 10,0,1,2,4,5\r\n')).toEqual({
    verdict: 'drop',
    reasons: [{ code: 'helper-cannot-expect' }],
  })
  // The line was read all the same: the next one is read too.
  expect(second.client('PORT 10,0,1,2,4,6\r\n')).toEqual(announced(1030))
})

const cut = (captured: number, needed: number) => ({ code: 'cut-payload', captured, needed })

test('payload cut, a command that was not captured is neither announced nor dropped', () => {
  const flow = loggedIn()
  expect(flow.client('PORT 10,0,1,2,4,5\r\n', { captured: 12 })).toEqual({
    verdict: 'accept',
    reasons: [cut(12, 19)],
  })
  expect(flow.client('PORT 10,0,1,2,4,5\r\n', { captured: 0 }).reasons).toEqual([cut(0, 19)])
  expect(flow.expected).toEqual([])
  // Taken to have ended its line.
  expect(flow.client('PORT 10,0,1,2,4,5\r\n')).toEqual(announced(1029))
})

test('payload cut behind the address, announces and says so', () => {
  const flow = loggedIn()
  expect(flow.server('227 (10,0,2,2,4,5) and much more\r\n', { captured: 18 }).reasons).toEqual([
    cut(18, 34),
    { code: 'expectation', port: 1029 },
  ])
})
