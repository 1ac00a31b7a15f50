import { expect, test } from 'vitest'
import { mistakes, parsedFile } from './fixtures.ts'
import { parseScenario } from './parser.ts'
import { formatProblem } from './problem.ts'

const hosts = 'host client 10.0.0.2   host server 192.0.2.9\n'

test('a file without test lines is one test, called as the file', () => {
  const { file } = parseScenario(`${hosts}+0 client:1 > server:2 S\n`, 'some/where/open.scenario')
  expect(file!.tests.map(({ name }) => name)).toEqual(['open'])
})

test('settings ahead of the first test hold for all, those below one for it alone', () => {
  const { tests } = parsedFile(
    `${hosts}sysctl nf_conntrack_max=7
test "one"
sysctl nf_conntrack_tcp_loose=0
+0 client:1 > server:2 S
test "two"
host third 10.0.0.3
+0 third:1 > server:2 S
`,
  )
  expect(
    tests.map(({ name, setup }) => [name, setup.sysctls.map((one) => one.name), [...setup.hosts.keys()]]),
  ).toEqual([
    ['one', ['nf_conntrack_max', 'nf_conntrack_tcp_loose'], ['client', 'server']],
    ['two', ['nf_conntrack_max'], ['client', 'server', 'third']],
  ])
})

test('a packet with all that it can have', () => {
  const [first] = parsedFile(
    `${hosts}+1m0.5s @it client:40000 > server:80 P. 1:6(5) ack #77 win 100 <mss 1460,nop,wscale 7,sack 1:2 5:9> "hello" ttl 3 tos 0x10 ipid 9 df via eth1 bad-checksum # said`,
  ).tests
  expect(first!.steps[0]).toMatchObject({
    kind: 'packet',
    delay: 60_500_000,
    label: 'it',
    source: { host: 'client', address: '10.0.0.2', port: { node: 40_000 } },
    destination: { host: 'server', address: '192.0.2.9', port: { node: 80 } },
    body: {
      protocol: 'tcp',
      flags: 0x18,
      sequence: { amount: { node: 1 }, isLiteral: false },
      acknowledgment: { amount: { node: 77 }, isLiteral: true },
      window: { node: 100 },
      options: [{ mss: 1460 }, 'nop', { windowScale: 7 }, { blocks: [{}, {}] }],
      payload: { bytes: new TextEncoder().encode('hello') },
    },
    ttl: { node: 3 },
    tos: { node: 16 },
    dontFragment: true,
    badChecksum: true,
    via: 'eth1',
  })
})

test('rules in the file have the line numbers that they have there', () => {
  const [first] = parsedFile(
    `# one\n${hosts}rules\n    *filter\n    # kept\n\n    -A INPUT -j DROP\n    COMMIT\n\n+0 client:1 > server:2 S`,
  ).tests
  expect(first!.setup.rules).toMatchObject([
    { family: 'ipv4', source: { before: 3, text: '*filter\n# kept\n\n-A INPUT -j DROP\nCOMMIT\n' } },
  ])
})

test('expectations stand on one line or several, a # and a digit is a number, a # and a blank a comment', () => {
  const [first] = parsedFile(
    `${hosts}+0 client:1 > server:2 S #5:#5(0)   # a comment\n  NEW (tcp-new), # first\n  entry none\n  DROP by raw PREROUTING 2, DROP by nat, log "a # in \\"quotes\\""\n`,
  ).tests
  expect(first!.steps[0]).toMatchObject({
    body: { sequence: { amount: { node: 5 }, isLiteral: true } },
    expectations: [
      { kind: 'ctstate', ctstate: 'NEW', reasons: ['tcp-new'] },
      { kind: 'entry', entry: null },
      { kind: 'verdict', by: { kind: 'rule', table: 'raw', chain: 'PREROUTING', number: 2 } },
      { kind: 'verdict', by: { kind: 'nat' } },
      { kind: 'log', text: 'a # in "quotes"' },
    ],
  })
})

test.each([
  ['host client 10.0.0.300', '1:13 "10.0.0.300" is no address'],
  [`${hosts}+0 clinet:1 > server:2 S`, '2:4 "clinet" is no host of this scenario; client?'],
  [`${hosts}+0 client:1 server:2 S`, '2:13 expected ">" between the two ends of a packet'],
  [`${hosts}+0 client:70000 > server:2 S`, '2:11 a port is a number from 0 to 65535'],
  [`${hosts}+0 client:1 > server:2 syn`, '2:24 flags are letters: S, S., ., P., F., R, R.'],
  [`${hosts}+0 client:1 > server:2 S 0:5(4)`, '2:26 4 bytes from 0 end at 4: 0:4(4)'],
  [`${hosts}+0 client:1 > server:2 P. 1:4(3) "four"`, '2:27 the payload has 4 bytes'],
  [
    `${hosts}+0 client:1 > server:2 S wni 5`,
    '2:26 "wni" is no part of this packet; there are ack, win, urg, raw, isn, seq=, len, hex, ttl, tos, ipid, df, via, bad-checksum and a payload in quotes; win?',
  ],
  [
    `${hosts}+0 client:1 > server:2 S <mss 1460`,
    '2:35 expected ">" behind the last option; the line ends here',
  ],
  [`${hosts}+0 client:1 > server:2 S "open`, '2:26 the quote is not closed'],
  [`${hosts}+5x client:1 > server:2 S`, '2:2 "5x" has a unit that is none of d, h, m, s, ms, us'],
  [
    `${hosts}+1s2m client:1 > server:2 S`,
    '2:2 "1s2m" has its units in another order than d, h, m, s, ms, us',
  ],
  [
    `${hosts}+0 client:1 > server:2 S\n  NWE`,
    '3:3 "NWE" is nothing to expect of a packet; there are NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED, ACCEPT, DROP, REJECT, QUEUE, unjudged, reason, entry, undecided, hook, sends, leaves, log, ?; NEW?',
  ],
  [
    `${hosts}+0 client:1 > server:2 S\n  INVALID (tcp-window)`,
    '3:12 "tcp-window" is no reason: docs/reference/reasons.md has them',
  ],
  [`${hosts}+0 client:1 > server:2 S\n  entry SYN_SENT 1.5s`, '3:18 a table shows whole seconds'],
  [
    `${hosts}+0 client > server icmp port-unreachable about 1`,
    '2:48 packet 1 is not sent before this one, which is 1',
  ],
  [`${hosts}+0 client > server icmp port-unreachable about @x`, '2:48 no packet above is labelled @x'],
  [
    `${hosts}+0 client:{40000+i} > server:2 S`,
    '2:18 no counter is called "i": there is no repeat around it that counts',
  ],
  [
    `${hosts}repeat 1000000000000 i: +0 client:{i} > server:2 S`,
    '2:8 the number of repetitions is a number from 1 to 200000',
  ],
  [
    `${hosts}repeat 1000 i:\n  repeat 1000 j: +0 client:{i} > server:{j} S`,
    '3:18 a test has 200000 packets and other lines at most, repetitions counted',
  ],
  [
    `sysctl nf_conntrack_tcp_lose=0`,
    '1:8 no sysctl nf_conntrack_tcp_lose of connection tracking; did you mean nf_conntrack_tcp_loose?',
  ],
  [`${hosts}+0 client:1 > server:2 S\nhost x 10.0.0.1`, '3:1 host stands ahead of the first packet'],
  [
    `${hosts}tets "a"`,
    '2:1 a line begins with a time such as +0.02, or one of rules, rules6, host, local, route, pair, sysctl, ipset, timeouts, helper, zone, era, seed, start, not-on-kernel:, repeat, expect, table, counters, isn, traffic, test; test?',
  ],
  ['# nothing', '1:10 there is no packet in this scenario'],
  [`era 2.4\nzone 4\n${hosts}+0 client:1 > server:2 S`, '2:1 Linux 2.4 had no zones'],
  [`rules\n${hosts}`, '1:1 rules has a path, or lines that are indented below it'],
])('%j: %s', (text, message) => {
  expect(mistakes(text)).toEqual([message])
})

test('every line with a mistake is told, and what belongs to it passed over', () => {
  expect(
    mistakes(`${hosts}+0 client:1 > nobody:2 S
    NEW
    ACCEPT
repeat x i:
    +0 client:{i} > server:2 S
+0 client:1 > server:2 S
    NEW, entyr none
`),
  ).toEqual([
    '2:15 "nobody" is no host of this scenario',
    '5:8 expected how often',
    '8:10 "entyr" is nothing to expect of a packet; there are NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED, ACCEPT, DROP, REJECT, QUEUE, unjudged, reason, entry, undecided, hook, sends, leaves, log, ?; entry?',
  ])
})

test('a mistake is shown with its place and carets', () => {
  const text = `${hosts}+0 client:40000 > server:80 S 0:0(0) wind 64240\n`
  const [problem] = parseScenario(text, 'open.scenario').problems
  expect(formatProblem(problem!, text)).toBe(
    [
      'open.scenario:2:38  error',
      '  2 | +0 client:40000 > server:80 S 0:0(0) wind 64240',
      '    |                                      ^^^^',
      '  "wind" is no part of this packet; there are ack, win, urg, raw, isn, seq=, len, hex, ttl, tos, ipid, df, via, bad-checksum and a payload in quotes; did you mean win?',
    ].join('\n'),
  )
})
