/** Whatever the text: it is read or refused with a place, it ends, and it never throws. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mistakes } from './fixtures.ts'
import { parseScenario } from './parser.ts'
import { formatProblem } from './problem.ts'
import { ScenarioRun } from './run.ts'

const seedText = `host client 10.0.0.2   host server 192.0.2.9 on eth0   host fw 192.0.2.1/24 local on eth0
rules
    iptables -P FORWARD DROP
    iptables -A FORWARD -p tcp --dport 80 -m comment --comment "web" -j ACCEPT
    iptables -A FORWARD -j LOG --log-prefix "LAST: "
sysctl nf_conntrack_tcp_loose=0
helper ftp=tcp/21
test "one"
isn client 7, server 9
+0     @a client:40000 > server:80 S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,wscale 7>
       NEW (tcp-new), entry SYN_SENT 120s UNREPLIED original client:40000 > server:80, ACCEPT by "web"
+0.02  server > client            S. 0:0(0) ack 1 win 65160 ttl 3 tos 4
       ESTABLISHED, entry SYN_RECV 60s not ASSURED, leaves as server > client on eth0 ttl 63
+1m2s  client > server            P. 1:6(5) ack #5 "hello" bad-checksum
       INVALID (tcp-checksum), entry none, DROP by FORWARD policy, log "LAST: "
+0     server > client            icmp port-unreachable about @a
       RELATED, sends nothing, hook INPUT, reason icmp-related
repeat 5 i: +0.001 10.0.{i/2}.{i%2}:{40000+i} > fw:22 udp len {i} hex 00ff
       expect 5 NEW, 0 DROP
repeat 2 i:
  repeat 2 j:
    +1 client:{i*10+j} > server:{80-i} S
       ACCEPT
table:
    tcp client:40000 > server:80 ESTABLISHED 432000s ASSURED
+5d table as conntrack:
    tcp 6 5 x
counters "web" = 5 packets 3 bytes
+1 rules
    iptables -F
traffic x.pcap
    expect flow client:1 > server:2 ACCEPT
`

const pieces = [
  ...seedText.split(/(\s+)/),
  '{',
  '}',
  '{i',
  '{{',
  '"',
  '\\',
  '<',
  '>',
  '(',
  ')',
  '#',
  '+',
  '\0',
  '\u202e',
  '\ud800',
  '\t',
  '\r\n',
  '\n    ',
  '\n',
  '1000000000000000000000',
  '-1',
  '0x',
  '{1/0}',
  '{9007199254740991*9}',
  'constructor',
  '__proto__',
  'era 2.4',
  'zone 5',
  'S',
  'F',
  'NEW',
]

const mutated = fc
  .array(
    fc.record({
      at: fc.nat(seedText.length),
      length: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(200)),
      text: fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 8 })),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((changes) =>
    changes.reduce((text, { at, length, text: put }) => {
      const from = Math.min(at, text.length)
      return text.slice(0, from) + put + text.slice(from + length)
    }, seedText),
  )

const files = {
  text: () => 'iptables -P INPUT DROP\n',
  bytes: () => Uint8Array.of(0xd4, 0xc3, 0xb2, 0xa1, 1),
}

async function check(text: string): Promise<void> {
  const { file, problems } = parseScenario(text, 'x')
  for (const problem of problems) {
    expect(problem.position).toBeLessThanOrEqual(text.length)
    expect(problem.line).toBeGreaterThan(0)
    expect(problem.column).toBeGreaterThan(0)
    formatProblem(problem, text)
  }
  if (file === null) {
    expect(problems.length).toBeGreaterThan(0)
    return
  }
  const run = new ScenarioRun(file, { files })
  for (const one of file.tests) {
    const result = await run.test(one)
    for (const { edits, expected, actual } of result.failures) {
      expect(typeof expected + typeof actual).toBe('stringstring')
      for (const { start, end } of edits ?? []) {
        expect(start).toBeLessThanOrEqual(end)
        expect(end).toBeLessThanOrEqual(text.length)
      }
    }
  }
}

test('scenarios with pieces of others and of anything put in: read and run, or refused with a place', async () => {
  await fc.assert(fc.asyncProperty(mutated, check), { numRuns: 400 })
})

test('any bytes are no crash', async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), check), { numRuns: 300 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...pieces), { maxLength: 80 }).map((parts) => parts.join(' ')),
      check,
    ),
    { numRuns: 300 },
  )
})

const hosts = 'host a 10.0.0.1   host b 10.0.0.2\n'
const quick = 20_000

test.each([
  ['a repetition without an end', `${hosts}repeat 1000000000000: +0 a:1 > b:2 S`],
  ['repetitions in repetitions', `${hosts}${nested(40)}`],
  ['parentheses in parentheses', `${hosts}repeat 2 i: +0 a:{${'('.repeat(100_000)}i > b:2 S`],
  ['a sum without an end', `${hosts}repeat 2 i: +0 a:{i${'+1'.repeat(100_000)}} > b:2 S`],
  ['a payload larger than any packet', `${hosts}+0 a:1 > b:2 udp "${'x'.repeat(70_000)}"`],
  ['a payload told to be larger', `${hosts}+0 a:1 > b:2 udp len 99999999`],
  ['options without an end', `${hosts}+0 a:1 > b:2 S <${'nop,'.repeat(100_000)}nop>`],
  ['a word without an end', `${hosts}${'x'.repeat(900_000)}`],
  ['more than a scenario is long', '#'.repeat(2_000_000)],
  ['lines of nothing but mistakes', 'foo\n'.repeat(100_000)],
  ['rules without an end', 'rules\n a\n'.repeat(100_000)],
  [
    'tests without an end',
    `${hosts}${Array.from({ length: 20_000 }, (_, i) => `test "${i}"\n+0 a:1 > b:2 S\n`).join('')}`,
  ],
  ['brackets that are not closed', `${hosts}+0 [${':'.repeat(100_000)} > b:2 S`],
  ['a quote of backslashes', `${hosts}+0 a:1 > b:2 S "${'\\'.repeat(100_001)}`],
  ['steps without packets', `${hosts}repeat 200000:\n repeat 200000:\n  table empty\n`],
])('%s is refused, and soon', (_, text) => {
  const begin = performance.now()
  const found = mistakes(text)
  expect(found.length).toBeGreaterThan(0)
  expect(found.length).toBeLessThanOrEqual(101)
  expect(Math.max(...found.map((message) => message.length))).toBeLessThan(1000)
  expect(performance.now() - begin).toBeLessThan(quick)
})

function nested(depth: number): string {
  let text = ''
  for (let i = 0; i < depth; i++) text += `${' '.repeat(i)}repeat 2 c${i}:\n`
  return `${text}${' '.repeat(depth)}+0 a:1 > b:2 S\n`
}

test('100,000 packets run to their end', async () => {
  const text = `${hosts}repeat 100000 i: +0.001 10.{i/65536}.{i/256%256}.{i%256}:1 > b:2 udp\n    NEW\n`
  const { file } = parseScenario(text, 'many')
  const { status, packets } = await new ScenarioRun(file!).test(file!.tests[0]!)
  expect({ status, packets }).toEqual({ status: 'passed', packets: 100_000 })
})
