import { expect, test } from 'vitest'
import { applyEdits } from './edit.ts'
import { complaints, parsedFile, runText } from './fixtures.ts'
import { ScenarioRun } from './run.ts'

const hosts = 'host client 10.0.0.2   host server 192.0.2.9\n'
const rules = `rules
    *filter
    :FORWARD DROP [0:0]
    -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    -A FORWARD -p tcp ! --syn -m conntrack --ctstate NEW -m comment --comment "not-syn" -j DROP
    -A FORWARD -p tcp --dport 80 -j ACCEPT
    -A FORWARD -p tcp --dport 22 -j REJECT --reject-with tcp-reset
    -A FORWARD -p udp -j REJECT
    -A FORWARD -j LOG --log-prefix "LAST: "
    COMMIT
`

test('a handshake, five days of silence, and a rule that asks for a SYN', async () => {
  const text = `${hosts}${rules}
+0     client:40000 > server:80   S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>
       NEW, entry SYN_SENT 120s UNREPLIED, ACCEPT by FORWARD 3
+0.02  server > client            S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,wscale 7>
       ESTABLISHED, entry SYN_RECV 60s
+0.02  client > server            . 1:1(0) ack 1
       ESTABLISHED, entry ESTABLISHED 432000s ASSURED
+5d1s  client > server            . 1:1(0) ack 1
       NEW, entry none, DROP by "not-syn"
`
  expect(await complaints(text)).toEqual([])
})

test('each kind of expectation is told with what came, as detailed as it is written', async () => {
  const text = `${hosts}${rules}
+0 client:40000 > server:80 S
   ESTABLISHED, NEW (tcp-new), entry none, entry ESTABLISHED 5s ASSURED not UNREPLIED mark 3
   DROP, DROP by policy, ACCEPT by "not-syn", ACCEPT by FORWARD policy
   hook INPUT, sends reset, leaves not, leaves ttl 3 on eth0, log "x", reason tcp-new, unjudged
+0 client:40000 > server:22 S
   sends nothing, sends port-unreachable, leaves ttl 3
+0 client:1 > server:2 udp
   sends reset
+0 client > server icmp echo-request
   log none, log "LAST: IN=xx"
`.replace('DROP by policy', 'DROP by raw OUTPUT 7')
  expect(await complaints(text)).toEqual([
    '1: ESTABLISHED | NEW',
    '1: NEW (tcp-new) | NEW',
    '1: entry none | entry SYN_SENT 120s UNREPLIED',
    '1: entry ESTABLISHED 5s ASSURED not UNREPLIED mark 3 | entry SYN_SENT 120s not ASSURED UNREPLIED mark 0',
    '1: DROP | ACCEPT',
    '1: DROP by raw OUTPUT 7 | ACCEPT by FORWARD 3',
    '1: ACCEPT by "not-syn" | ACCEPT by FORWARD 3',
    '1: ACCEPT by FORWARD policy | ACCEPT by FORWARD 3',
    '1: hook INPUT | hook FORWARD',
    '1: sends reset | sends nothing',
    '1: leaves not | leaves as client:40000 > server:80',
    '1: leaves ttl 3 on eth0 | leaves ttl 63',
    '1: log "x" | log none',
    '1: reason tcp-new | reason none',
    '1: unjudged | NEW',
    '2: sends nothing | sends reset',
    '2: sends port-unreachable | sends reset',
    '2: leaves ttl 3 | leaves not',
    '3: sends reset | sends port-unreachable',
    '4: log none | log "LAST: "',
    '4: log "LAST: IN=xx" | log "LAST: IN= O"',
  ])
})

test('a table, in its own words, in those of others, and by its size', async () => {
  const begin = `${hosts}+0 client:40000 > server:80 S\n+0 server > client S.\n+1 client:5 > server:53 udp\n`
  expect(
    await complaints(`${begin}
table 2 entries
table:
    udp client:5 > server:53 UNREPLIED
    # what is not told may be anything
    tcp client:40000 > server:80 SYN_RECV 59s not ASSURED
table as conntrack:
    tcp      6 59 SYN_RECV src=10.0.0.2 dst=192.0.2.9 sport=40000 dport=80 src=192.0.2.9 dst=10.0.0.2 sport=80 dport=40000 mark=0 use=1
    udp 17 30 src=10.0.0.2 dst=192.0.2.9 sport=5 dport=53 [UNREPLIED] src=192.0.2.9 dst=10.0.0.2 sport=53 dport=5 mark=0 use=1
+31 table 1 entry
+1m table empty
`),
  ).toEqual([])
  expect(
    await complaints(`${begin}
table empty
table:
    tcp client:40000 > server:80 ESTABLISHED
    icmp client > server
    udp client > server
table:
+2m table 1 entry
`),
  ).toEqual([
    'table empty | table 2 entries',
    expect.stringMatching(/\| udp client > server\ntcp client:40000 > server:80 SYN_RECV 59s$/),
    ' | tcp client:40000 > server:80 SYN_RECV 59s\nudp client:5 > server:53 30s UNREPLIED',
    'table 1 entry | table empty',
  ])
})

test('a repetition: counters in ports, counts of what became of it, failures with the counter', async () => {
  const begin = `${hosts}rules
    iptables -A FORWARD -p tcp --syn -m connlimit --connlimit-above 3 -m comment --comment many -j DROP
`
  expect(
    await complaints(`${begin}
repeat 5 i: +0.001 client:{40000+i} > server:80 S
    expect 3 ACCEPT, 2 DROP by "many", 5 NEW
counters "many" = 2 packets
counters FORWARD policy = 3 packets 120 bytes
expect 3 ACCEPT
table 3 entries
`),
  ).toEqual([])
  expect(
    await complaints(`${begin}
repeat 2 i:
    repeat 2 j: +0.001 client:{40000+i*10+j} > server:80 S
        ACCEPT
    expect 4 ACCEPT
counters FORWARD 1 = 7 packets 1 byte
counters FORWARD 9 = 1 packet
`),
  ).toEqual([
    '4 i = 1, j = 1: ACCEPT | DROP',
    '4 ACCEPT | 3 ACCEPT',
    'counters FORWARD 1 = 7 packets 1 byte | counters FORWARD 1 = 1 packet 40 bytes',
    '10:1 there is no such rule',
  ])
})

test('rules and sysctls that change on the way: the table stays', async () => {
  expect(
    await complaints(`${hosts}
+0 client:40000 > server:80 S
   ACCEPT by nobody
+0 server > client S.
+0 client > server .
+1 rules
   iptables -P FORWARD DROP
   iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT
+0 client > server P. "on"
   ESTABLISHED, ACCEPT by FORWARD 1
+0 client:40001 > server:80 S
   DROP by FORWARD policy
+1 rules
   iptables -P FORWARD DROP
+0 client:40000 > server:80 P. "off"
   ESTABLISHED, DROP by FORWARD policy
sysctl nf_conntrack_tcp_loose=0
+0 client:7 > server:7 .
   INVALID (tcp-not-loose)
`),
  ).toEqual([])
})

test('an address of the firewall: INPUT, OUTPUT, and interfaces by which packets come and go', async () => {
  expect(
    await complaints(`host client 10.0.0.2 on eth1   host server 192.0.2.9 on eth0
host fw 192.0.2.1/24 local on eth0
rules
    iptables -A INPUT -i eth1 -m comment --comment "from inside" -j ACCEPT
    iptables -A FORWARD -i eth1 -o eth0 -m comment --comment out -j ACCEPT
    iptables -A FORWARD -i eth2 -j DROP
    iptables -A OUTPUT -o eth0 -j ACCEPT
+0 client:1 > fw:22 S
   hook INPUT, ACCEPT by "from inside"
+0 client:1 > server:22 S
   hook FORWARD, ACCEPT by "out", leaves on eth0 ttl 63
+0 client:2 > server:22 S via eth2
   DROP by FORWARD 2
+0 fw:3 > server:22 S
   hook OUTPUT, ACCEPT by OUTPUT 1, leaves on eth0 ttl 64
`),
  ).toEqual([])
})

test('a packet with a wrong checksum is INVALID', async () => {
  expect(
    await complaints(
      `${hosts}+0 client:1 > server:2 S bad-checksum\n   INVALID (tcp-checksum), entry none\n`,
    ),
  ).toEqual([])
})

test('what cannot be loaded or sent ends the test with its place', async () => {
  expect(
    await complaints(`${hosts}rules\n    iptables -A FORWARD --dpotr 5 -j DROP\n+0 client:1 > server:2 S\n`),
  ).toEqual(['2:1 the rules have mistakes'])
  expect(
    await complaints(
      `${hosts}rules\n    iptables -A OUTPUT -m owner --uid-owner 5 -j DROP\n+0 client:1 > server:2 S`,
    ),
  ).toEqual(['2:1 these rules cannot be evaluated'])
  expect(await complaints(`${hosts}rules a.v4\n+0 client:1 > server:2 S\n`)).toEqual([
    '2:7 a.v4: this scenario has no files',
  ])
  expect(await complaints(`${hosts}+0 client:1 > 2001:db8::1 udp\n`)).toEqual([
    '2:15 10.0.0.2 and 2001:db8::1 are of two families',
  ])
  expect(await complaints(`${hosts}repeat 3 i: +0 client:{65535+i} > server:1 udp\n`)).toEqual([
    '2:23 a port is a number from 0 to 65535, not 65536',
  ])
})

test('files come from who runs it, and captures are traffic', async () => {
  const { pcapngInterface, pcapngPacket, pcapngSection } = await import('../capture/writer.ts')
  const { buildPacket } = await import('../packet/build.ts')
  const { concatBytes } = await import('../packet/byte-source.ts')
  const packet = (sourcePort: number, destinationPort: number, flags: string, seconds: number) => {
    const tcp = { sourcePort, destinationPort, flags, sequence: 1 }
    const bytes = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
    const place = { interfaceIndex: 0, direction: 0, start: 0, end: bytes.length }
    return pcapngPacket({ seconds, nanoseconds: 0, ...place, bytes, originalLength: bytes.length })
  }
  const capture = concatBytes([
    pcapngSection('test'),
    pcapngInterface({ name: 'in0', linkType: 101, snapLength: 0 }),
    packet(40_000, 80, 'S', 1_600_000_000),
    packet(40_001, 23, 'S', 1_600_000_001),
  ])
  const files = {
    text: () => 'iptables -A FORWARD -p tcp --dport 23 -j DROP\n',
    bytes: () => capture,
  }
  const begin = `${hosts}rules some.v4\ntraffic some.pcapng\n`
  expect(
    await complaints(
      `${begin}    expect flow client:40000 > server:80 ACCEPT, NEW
    expect flow server > client:40001 DROP by FORWARD 1
    expect 2 NEW, 1 DROP
+10 table 1 entry
+0 client:40000 > server:80 S
    NEW, entry SYN_SENT 109s
`,
      { files },
    ),
  ).toEqual([])
  expect(
    await complaints(
      `${begin}    expect flow client > server ACCEPT\n    expect flow client:5 > server NEW\n    expect 1 NEW\n`,
      { files },
    ),
  ).toEqual([
    '2: ACCEPT | DROP',
    '1 NEW | 2 NEW',
    'expect flow client:5 > server NEW | no packet of this flow',
  ])
  expect(await complaints(begin, { files: { ...files, bytes: () => Uint8Array.of(1, 2, 3, 4) } })).toEqual([
    expect.stringMatching(/^3:1 some\.pcapng: /),
  ])
})

test('what would take for ever is refused', async () => {
  const lines = Array.from({ length: 300 }, () => '    NEW').join('\n')
  expect(await complaints(`${hosts}repeat 50000: +0 client:1 > server:2 udp\n${lines}`)).toContain(
    '2:15 this test is too much work: repeat less, or expect less',
  )
})

/** The text with all that was observed in it. */
async function updated(text: string): Promise<string> {
  const file = parsedFile(text)
  const run = new ScenarioRun(file)
  const edits = []
  for (const test of file.tests) {
    const { failures } = await run.test(test)
    edits.push(...failures.flatMap((failure) => failure.edits ?? []))
  }
  return applyEdits(text, edits).text
}

test('what was observed can be written: comments and layout stay, and then it holds', async () => {
  const text = `${hosts}${rules}
# The first packet.
+0     client:40000 > server:80   S   # a SYN
       NEW, entry ESTABLISHED 5s,   DROP by FORWARD 1     # wrong twice
+0.02  server > client            S.
       ?
+0     client:5 > server:53       udp
       ACCEPT, sends nothing
repeat 3 i: +0 client:{7+i} > server:80 S
       ACCEPT by FORWARD 1
       expect 7 DROP
+1m table 5 entries
table:
    # who waits for an answer
    tcp client:40000 > server:80
    tcp client:1 > server:2
table:
table as conntrack:
    nothing
counters FORWARD 3 = 1 packet
`
  const now = await updated(text)
  expect(now).toMatchInlineSnapshot(`
    "host client 10.0.0.2   host server 192.0.2.9
    rules
        *filter
        :FORWARD DROP [0:0]
        -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
        -A FORWARD -p tcp ! --syn -m conntrack --ctstate NEW -m comment --comment "not-syn" -j DROP
        -A FORWARD -p tcp --dport 80 -j ACCEPT
        -A FORWARD -p tcp --dport 22 -j REJECT --reject-with tcp-reset
        -A FORWARD -p udp -j REJECT
        -A FORWARD -j LOG --log-prefix "LAST: "
        COMMIT

    # The first packet.
    +0     client:40000 > server:80   S   # a SYN
           NEW, entry SYN_SENT 120s,   ACCEPT by FORWARD 3     # wrong twice
    +0.02  server > client            S.
           ESTABLISHED, entry SYN_RECV 60s, ACCEPT by FORWARD 1
    +0     client:5 > server:53       udp
           REJECT, sends port-unreachable
    repeat 3 i: +0 client:{7+i} > server:80 S
           ACCEPT by FORWARD 3
           expect 0 DROP
    +1m table 3 entries
    table:
        # who waits for an answer
        tcp client:7 > server:80 SYN_SENT 60s UNREPLIED
        tcp client:8 > server:80 SYN_SENT 60s UNREPLIED
        tcp client:9 > server:80 SYN_SENT 60s UNREPLIED
    table:
        tcp client:7 > server:80 SYN_SENT 60s UNREPLIED
        tcp client:8 > server:80 SYN_SENT 60s UNREPLIED
        tcp client:9 > server:80 SYN_SENT 60s UNREPLIED
    table as conntrack:
        tcp      6 60 SYN_SENT src=10.0.0.2 dst=192.0.2.9 sport=7 dport=80 [UNREPLIED] src=192.0.2.9 dst=10.0.0.2 sport=80 dport=7 mark=0 use=1
        tcp      6 60 SYN_SENT src=10.0.0.2 dst=192.0.2.9 sport=8 dport=80 [UNREPLIED] src=192.0.2.9 dst=10.0.0.2 sport=80 dport=8 mark=0 use=1
        tcp      6 60 SYN_SENT src=10.0.0.2 dst=192.0.2.9 sport=9 dport=80 [UNREPLIED] src=192.0.2.9 dst=10.0.0.2 sport=80 dport=9 mark=0 use=1
    counters FORWARD 3 = 4 packets
    "
  `)
  expect(await complaints(now)).toEqual([])
  expect(await updated(now)).toBe(now)
})

test('a repetition whose packets differ is not written: no one text would hold', async () => {
  const text = `${hosts}rules
    iptables -A FORWARD -p tcp --dport 81 -j DROP
repeat 2 i: +0 client:1 > server:{80+i} S
    ACCEPT
`
  expect(await updated(text)).toBe(text)
  expect((await runText(text))[0]!.failures).toMatchObject([{ packet: 2, counters: 'i = 1', edits: null }])
})

test('what is expected in a repetition may go by its counter; a wrong one is told with the turn it was wrong in', async () => {
  const text = (last: string) => `host client 10.0.0.2   host server 192.0.2.9
repeat 3 i: +0 client:{40000+i} > server:{80+i} S
       NEW, entry original client:{40000+i} > server:{80+i} reply server:{80+i} > client:{40000+i}
repeat 2 i:
  +1 client:{50000+i} > 10.0.0.{3+i}:80 S
     leaves as client:{50000+i} > 10.0.0.{3+i}:80
  expect 1 entry reply 10.0.0.{${last}}:80 > client:{50000+i}
`
  expect(await complaints(text('3+i'))).toEqual([
    '1 entry reply 10.0.0.{3+i}:80 > client:{50000+i} | 2 entry reply 10.0.0.{3+i}:80 > client:{50000+i}',
  ])
  expect(await complaints(text('3+i').replace('expect 1', 'expect 2'))).toEqual([])
  const [wrong] = await runText(
    text('3').replace('expect 1', 'expect 2').replace('reply server:{80+i}', 'reply server:80'),
  )
  expect(wrong!.failures).toMatchObject([
    { packet: 2, counters: 'i = 1', edits: null },
    { packet: 3, counters: 'i = 2', edits: null },
    { packet: null, actual: '1 entry reply 10.0.0.{3}:80 > client:{50000+i}' },
  ])
})
