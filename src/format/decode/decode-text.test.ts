import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeText } from './decode-text.ts'
import { timeoutCandidates } from './timeout-facts.ts'

const wordsOf = (text: string, at = 0) =>
  Object.fromEntries(decodeText(text, 'lines').decoded[at]!.facts.map(({ field, words }) => [field, words]))

const pasted = `tcp 6 431995 ESTABLISHED
src=140.208.5.62 dst=207.46.230.218 sport=1311 dport=80 src=207.46.230.218
dst=140.208.5.62 sport=80 dport=1311 [ASSURED] use=1
`

test('an entry as a page has wrapped it', () => {
  const { decoded, diagnostics } = decodeText(pasted, 'lines')
  expect(diagnostics).toEqual([])
  expect(decoded).toMatchSnapshot()
})

test('a no-break blank and a line in the middle of a field list are blanks', () => {
  const again = pasted.replaceAll(' ', '\u00a0').replaceAll('\n', '\r\n\t')
  expect(decodeText(again, 'lines').decoded).toEqual(decodeText(pasted, 'lines').decoded)
})

test('what the time left says', () => {
  const established = (left: number, flags = '[ASSURED]', unreplied = '') =>
    wordsOf(
      `tcp 6 ${left} ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 ${unreplied} src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 ${flags} mark=0 use=1`,
    )[left]
  expect(established(432000)).toContain('Set less than a second ago, by the last packet')
  expect(established(299)).toMatch(
    /Set 1 s ago, by a segment with data .*; or, 4 d 23 h ago, by the last packet/,
  )
  expect(established(4)).toContain('Set 6 s ago, by an RST that is not exactly')
  expect(established(200, '', '[UNREPLIED]')).toMatch(
    /Set 100 s ago, by a packet of the one side .*300 s by default\)$/,
  )
  expect(established(500_000)).toContain('Longer than tcp_timeout_established, 432,000 s by default')
})

test('what NAT did to it', () => {
  const dnat =
    'ipv4 2 tcp 6 100 TIME_WAIT src=198.51.100.7 dst=203.0.113.5 sport=40100 dport=80 src=192.168.1.20 dst=198.51.100.7 sport=8080 dport=40100 [ASSURED] mark=7 zone=3 use=2'
  const [decoded] = decodeText(dnat, 'lines').decoded
  expect(decoded!.headline).toContain('closed in order by both sides, sent on to 192.168.1.20:8080')
  const words = wordsOf(dnat)
  expect(words['src=192.168.1.20 dst=198.51.100.7 sport=8080 dport=40100']).toContain(
    '203.0.113.5:80 stands for 192.168.1.20:8080 (DNAT, REDIRECT)',
  )
  expect(words['mark=7']).toContain('0x7')
  expect(words['zone=3']).toContain('the zone')
  expect(words['use=2']).toContain('the table itself, and 1 more')
})

test('the reader of /proc is counted in use', () => {
  const proc =
    'ipv4     2 udp      17 29 src=10.0.1.2 dst=10.0.2.2 sport=5353 dport=53 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=53 dport=5353 mark=0 zone=0 use=2'
  const words = wordsOf(proc)
  expect(words['use=2']).toContain('the table itself and whoever read this file')
  expect(words['29']).not.toContain('udp_timeout_stream')
})

const logged = `Nov 24 12:00:01 gw kernel: [1234.567] DROPPED IN=eth0 OUT= MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00 SRC=203.0.113.9 DST=192.0.2.4 LEN=40 TOS=0x00 PREC=0x00 TTL=52 ID=0 DF
PROTO=TCP SPT=80 DPT=51234 WINDOW=0 RES=0x00 ACK FIN URGP=0
`

test('a line of LOG, wrapped', () => {
  expect(decodeText(logged, 'lines').decoded).toMatchSnapshot()
})

test('entries and log lines mixed, in their order', () => {
  const { decoded } = decodeText(pasted + logged + pasted, 'lines')
  expect(decoded.map(({ kind, line }) => `${kind} ${line}`)).toEqual(['entry 1', 'log 4', 'entry 6'])
})

test('an ICMP error and what it quotes', () => {
  const line =
    'IN=eth0 OUT=eth1 SRC=203.0.113.9 DST=10.0.0.2 LEN=56 TOS=0x00 PREC=0xC0 TTL=254 ID=7 PROTO=ICMP TYPE=3 CODE=3 [SRC=10.0.0.2 DST=203.0.113.9 LEN=28 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=UDP SPT=4000 DPT=9 LEN=8 ] MARK=0x5'
  const [decoded] = decodeText(line, 'lines').decoded
  expect(decoded!.headline).toBe(
    'ICMP port unreachable (type 3 code 3) from 203.0.113.9 to 10.0.0.2, forwarded from eth0 to eth1 (a rule in FORWARD or POSTROUTING)',
  )
  expect(wordsOf(line)['[SRC=…]']).toContain('UDP from 10.0.0.2:4000 to 203.0.113.9:9')
})

test('why connection tracking said INVALID', () => {
  const line =
    'nf_ct_proto_6: SEQ is over upper bound 4711 (over the window of the receiver) IN= OUT= SRC=1.2.3.4 DST=1.2.3.5 PROTO=TCP'
  const [fact] = decodeText(line, 'lines').decoded[0]!.facts
  expect(fact!.words).toMatch(/^connection tracking says why: tcp-seq-high\. /)
})

test('what cannot be read is told with its place', () => {
  const { decoded, diagnostics } = decodeText('tcp 6 12 OPEN src=1.2.3.4', 'lines')
  expect(decoded).toEqual([])
  expect(diagnostics[0]).toMatchObject({ line: 1, column: 10, severity: 'error' })
})

test('any text: no crash, and every entry has its timeouts in order', () => {
  const pieces = fc.constantFrom(
    'tcp 6 431995 ESTABLISHED',
    'src=1.2.3.4 dst=4.3.2.1 sport=1 dport=2',
    '[UNREPLIED]',
    '[ASSURED]',
    'mark=3',
    'use=99',
    '\n',
    'IN=eth0 OUT=',
    'PROTO=TCP',
    'ACK FIN',
    '[SRC=1.2.3.4',
    'TTL=x',
    ']',
    'kernel: [12.5]',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 40 }), (words) => {
      decodeText(words.join(' '), 'lines')
    }),
  )
  const entry = { protocol: 6, state: 'ESTABLISHED', status: 2 }
  const seconds = timeoutCandidates(entry as never).map((one) => one.seconds)
  expect(seconds).toEqual([...seconds].sort((a, b) => a - b))
})
