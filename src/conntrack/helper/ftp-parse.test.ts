import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAddress } from '../../packet/address.ts'
import { bytesOf } from '../../packet/byte-source.ts'
import { FAMILY_IPV4, FAMILY_IPV6 } from '../../packet/packet.ts'
import { ORIGINAL, REPLY } from '../status.ts'
import { addressWords } from './control-flow.ts'
import { ftpPatterns, parseFtp } from './ftp-parse.ts'

const client4 = { family: FAMILY_IPV4, source: addressWords('10.0.1.2') }
const server4 = { family: FAMILY_IPV4, source: addressWords('10.0.2.2') }
const client6 = { family: FAMILY_IPV6, source: addressWords('fd00:1::2') }
const server6 = { family: FAMILY_IPV6, source: addressWords('fd00:2::2') }

/** `KIND address port`, `partial PATTERN` or `none`. The payload stands in the middle of a buffer. */
function parse(
  text: string,
  direction: number,
  speaker = direction === ORIGINAL ? client4 : server4,
): string {
  const bytes = bytesOf(`9${text}9`)
  const found = parseFtp(bytes, 1, bytes.length - 1, direction, speaker)
  if (found.result === 'partial') return `partial ${ftpPatterns[found.pattern]}`
  if (found.result === 'none') return 'none'
  return `${found.kind} ${formatAddress(speaker.family, ...found.address)} ${found.port}`
}

const fromClient = (text: string) => parse(text, ORIGINAL)
const fromServer = (text: string) => parse(text, REPLY)

test.each([
  ['PORT 10,0,1,2,4,5\r\n', 'PORT 10.0.1.2 1029'],
  ['port 10,0,1,2,4,5\r', 'PORT 10.0.1.2 1029'],
  ['PORTS are 10,0,1,2,4,5\r\n', 'partial PORT'], // skips to the first space, and "are" is no number
  ['PORT10 10,0,1,2,4,5\r\n', 'PORT 10.0.1.2 1029'],
  ['PORT 10,0,1,2,4,300\r\n', 'PORT 10.0.1.2 1324'],
  ['PORT 266,0,1,2,4,5\r\n', 'PORT 10.0.1.2 1029'],
  ['PORT 10,0,0,258,4,5\r\n', 'PORT 10.0.1.2 1029'],
  ['PORT 0010,00,01,02,04,05\r\n', 'PORT 10.0.1.2 1029'],
  ['PORT ,,,,,\r\n', 'PORT 0.0.0.0 0'],
  ['PORT 4294967306,0,1,2,4,5\r\n', 'PORT 10.0.1.2 1029'],
  ['PORT 10,0,1,2,65536,5\r\n', 'PORT 10.0.1.2 5'],
  ['PORT 10,0,1,2,4,5', 'partial PORT'],
  ['PORT 10,0,1,2,4,5\n', 'partial PORT'],
  ['PORT 10,0,1,2,4,5 \r\n', 'partial PORT'],
  ['PORT 10,0,1,2,4,5,6\r\n', 'partial PORT'],
  ['PORT 10,0,1,2,4\r\n', 'partial PORT'],
  ['PORT 10,0,1,2,4', 'partial PORT'],
  ['PORT  10,0,1,2,4,5\r\n', 'partial PORT'],
  ['PORT ', 'partial PORT'],
  ['PORT', 'partial PORT'],
  ['POR', 'partial PORT'],
  ['p', 'partial PORT'],
  ['E', 'partial EPRT'],
  ['PASV\r\n', 'none'],
  ['PO\r\n', 'none'],
  [' PORT 10,0,1,2,4,5\r\n', 'none'],
  ['\r\nPORT 10,0,1,2,4,5\r\n', 'none'],
  ['227 10,0,1,2,4,5\r\n', 'none'], // only the server says that
])('client says %j: %s', (text, result) => {
  expect(fromClient(text)).toBe(result)
})

test.each([
  ['EPRT |1|10.0.1.2|1029|\r\n', 'EPRT 10.0.1.2 1029'],
  ['eprt !1!10.0.1.2!1029!', 'EPRT 10.0.1.2 1029'],
  ['EPRT x |1|10.0.1.2|1029|', 'partial EPRT'],
  ['EPRTx |1|10.0.1.2|1029|', 'EPRT 10.0.1.2 1029'],
  ['EPRT ,1,10.0.1.2,1029,', 'EPRT 10.0.1.2 1029'],
  ['EPRT |1|10.0.1.2|70000|\r\n', 'EPRT 10.0.1.2 4464'],
  ['EPRT |1|266.0.1.2|1029|', 'EPRT 10.0.1.2 1029'],
  ['EPRT |1|...|1029|', 'EPRT 0.0.0.0 1029'],
  ['EPRT |1|10.0.1.2|65536|', 'partial EPRT'],
  ['EPRT |1|10.0.1.2|0|', 'partial EPRT'],
  ['EPRT |1|10.0.1.2||', 'partial EPRT'],
  ['EPRT |1|10.0.1.2|1029\r\n', 'partial EPRT'],
  ['EPRT |1|10.0.1.2|10a9|', 'partial EPRT'],
  ['EPRT |1|10.0.1|1029|', 'partial EPRT'],
  ['EPRT |2|10.0.1.2|1029|', 'partial EPRT'],
  ['EPRT |2|fd00:1::2|1029|', 'partial EPRT'],
  ['EPRT .1.10.0.1.2.1029.', 'partial EPRT'],
  ['EPRT 11110.0.1.2110291', 'partial EPRT'],
  ['EPRT \x7f1\x7f10.0.1.2\x7f1029\x7f', 'partial EPRT'],
  ['EPRT |1!10.0.1.2|1029|', 'partial EPRT'],
  ['EPRT |1|', 'partial EPRT'],
])('client says %j: %s', (text, result) => {
  expect(fromClient(text)).toBe(result)
})

test.each([
  ['|2|fd00:1::2|1029|', 'EPRT fd00:1::2 1029'],
  ['|2|FD00:0001:0:0:0:0:0:2|1029|', 'EPRT fd00:1::2 1029'],
  ['|2|::|1029|', 'EPRT :: 1029'],
  ['|2|::1|1029|', 'EPRT ::1 1029'],
  ['|2|1::|1029|', 'EPRT 1:: 1029'],
  ['|2|1:2:3:4:5:6:7:8|1029|', 'EPRT 1:2:3:4:5:6:7:8 1029'],
  ['|2|1:2:3:4:5:6:7::|1029|', 'EPRT 1:2:3:4:5:6:7:0 1029'],
  ['|2|1:2:3::5:6:7:8|1029|', 'EPRT 1:2:3:0:5:6:7:8 1029'],
  ['|2|::ffff:10.0.1.2|1029|', 'EPRT ::ffff:10.0.1.2 1029'],
  ['|2|1:2:3:4:5:6:10.0.1.2|1029|', 'EPRT 1:2:3:4:5:6:a00:102 1029'],
  ['|2|::010.0.1.2:1029|', 'EPRT ::10.0.1.2 1029'], // a dotted tail may end in a colon
  ['|2|::0000001|1029|', 'EPRT ::1 1029'], // leading zeros without limit
  ['|2|::1\x001029|', 'EPRT ::1 1029'], // NUL ends the address as the delimiter does
  ['a2a::1a1029a', 'EPRT ::1 1029'], // the delimiter comes first, digit or not
  ['|2||1029|', 'partial EPRT'],
  ['|2|:1|1029|', 'partial EPRT'],
  ['|2|1:|1029|', 'partial EPRT'],
  ['|2|1:2|1029|', 'partial EPRT'],
  ['|2|1:2:3:4:5:6:7:8:9|1029|', 'partial EPRT'],
  ['|2|1:2:3:4:5:6:7::8|1029|', 'partial EPRT'],
  ['|2|1::2::3|1029|', 'partial EPRT'],
  ['|2|:::1|1029|', 'partial EPRT'],
  ['|2|::12345|1029|', 'partial EPRT'],
  ['|2|::g|1029|', 'partial EPRT'],
  ['|2|::256.0.1.2|1029|', 'partial EPRT'],
  ['|2|::10.0.1|1029|', 'partial EPRT'],
  ['|2|::10.0.1.2.3|1029|', 'partial EPRT'],
  ['|2|::10..1.2|1029|', 'partial EPRT'],
  ['|2|::a.0.1.2|1029|', 'partial EPRT'],
  ['|2|10.0.1.2|1029|', 'partial EPRT'],
  ['|2|1:2:3:4:5:10.0.1.2|1029|', 'partial EPRT'],
  ['|2|1:2:3:4:5:6:7::10.0.1.2|1029|', 'partial EPRT'],
  ['|2|fd00:1::2', 'partial EPRT'],
  ['|1|10.0.1.2|1029|', 'partial EPRT'],
])('client over IPv6 says EPRT %j: %s', (text, result) => {
  expect(parse(`EPRT ${text}`, ORIGINAL, client6)).toBe(result)
})

test('over IPv6, PORT replaces the first 32 bits of the address only', () => {
  expect(parse('PORT 253,0,0,1,4,5\r\n', ORIGINAL, client6)).toBe('PORT fd00:1::2 1029')
  expect(parse('PORT 10,0,1,2,4,5\r\n', ORIGINAL, client6)).toBe('PORT a00:102::2 1029')
})

test.each([
  ['227 Entering Passive Mode (10,0,2,2,4,5).\r\n', 'PASV 10.0.2.2 1029'],
  ['227 =10,0,2,2,4,5\r\n', 'PASV 10.0.2.2 1029'],
  ['227 10,0,2,2,4,5\n', 'PASV 10.0.2.2 1029'],
  ['227 10,0,2,2,4,5', 'partial 227 '],
  ['227 Mode 2 (10,0,2,2,4,5)\r\n', 'partial 227 '],
  ['227 no digits', 'partial 227 '],
  ['227 ', 'partial 227 '],
  ['2', 'partial 227 '],
  ['22', 'partial 227 '],
  ['229', 'partial 229 '],
  ['227-text', 'none'],
  ['220 ready\r\n', 'none'],
  ['PORT 10,0,2,2,4,5\r\n', 'none'],
  ['229 Extended (|||1029|)\r\n', 'EPSV 10.0.2.2 1029'],
  ['229 (!!!70000!', 'EPSV 10.0.2.2 4464'],
  ['229 (|||0|)', 'partial 229 '],
  ['229 (||||)', 'partial 229 '],
  ['229 (|||1029)\r\n', 'partial 229 '],
  ['229 (|1|10.0.2.2|1029|)', 'partial 229 '],
  ['229 (1111)', 'partial 229 '],
  ['229 (|||', 'partial 229 '],
  ['229 |||1029|', 'partial 229 '],
])('server says %j: %s', (text, result) => {
  expect(fromServer(text)).toBe(result)
})

test('server over IPv6 says 229, the address is its own', () => {
  expect(parse('229 Extended (|||1029|)\r\n', REPLY, server6)).toBe('EPSV fd00:2::2 1029')
})

test('match, says where the text of the address stands', () => {
  const text = '227 Entering Passive Mode (10,0,2,2,4,5).\r\n'
  const found = parseFtp(bytesOf(text), 0, text.length, REPLY, server4)
  expect(found.result === 'match' && text.slice(found.start, found.end)).toBe('10,0,2,2,4,5')
})

test('any bytes behind any beginning, nothing is thrown and nothing beyond the end is read', () => {
  const beginning = fc.constantFrom('', 'PORT ', 'EPRT |1|', 'EPRT |2|', '227 ', '229 (|||')
  const rest = fc.array(fc.constantFrom(...'0123456789abcdef:.,|()\r\n \0'), { maxLength: 60 })
  const speaker = fc.constantFrom(client4, client6)
  fc.assert(
    fc.property(beginning, rest, speaker, fc.constantFrom(ORIGINAL, REPLY), (first, last, who, direction) => {
      const payload = bytesOf(first + last.join('') || 'x')
      const before = parseFtp(payload, 0, payload.length, direction, who)
      const longer = new Uint8Array(payload.length + 20).fill(0x31)
      longer.set(payload)
      expect(parseFtp(longer, 0, payload.length, direction, who)).toEqual(before)
    }),
  )
})
