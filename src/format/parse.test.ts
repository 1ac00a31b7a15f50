import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyEntry, entryView } from '../../test/support/entry-view.ts'
import {
  STATUS_CONFIRMED,
  STATUS_HELPER,
  STATUS_OFFLOAD,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT,
  STATUS_SRC_NAT_DONE,
} from '../conntrack/status.ts'
import type { EntryView } from '../conntrack/view.ts'
import { formatConntrack } from './conntrack.ts'
import { formatIpConntrack } from './ip-conntrack.ts'
import { DIAGNOSTIC_LIMIT, parseTable } from './parse.ts'
import { formatProc } from './proc.ts'

/** The entries of a text that must be without fault. */
function read(text: string): EntryView[] {
  const { entries, diagnostics } = parseTable(text, 'table')
  expect(diagnostics).toEqual([])
  return entries
}

/** Diagnostics as `line:column severity code message`. */
function complaints(text: string): string[] {
  return parseTable(text, 'table').diagnostics.map(
    ({ line, column, severity, code, message }) => `${line}:${column} ${severity} ${code} ${message}`,
  )
}

const established =
  'tcp      6 431999 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=40000 dport=80 src=10.0.2.2 dst=10.0.1.2 sport=80 dport=40000 [ASSURED] mark=0 use=1'

describe('lines of the kernel come out as they went in', () => {
  test.each([
    'ipv4     2 tcp      6 119 SYN_SENT src=10.0.1.2 dst=10.0.2.2 sport=40002 dport=22 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=22 dport=40002 mark=0 zone=0 use=2',
    'ipv4     2 icmp     1 29 src=10.0.1.2 dst=10.0.2.2 type=8 code=0 id=7 src=10.0.2.2 dst=10.0.1.2 type=0 code=0 id=7 mark=0 zone=0 use=2',
    'ipv4     2 unknown  50 599 src=10.0.1.2 dst=10.0.2.2 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 mark=0 zone=0 use=2',
    'ipv4     2 gre      47 180 timeout=30, stream_timeout=180 src=10.0.1.2 dst=10.0.2.2 srckey=0x0 dstkey=0xff src=10.0.2.2 dst=10.0.1.2 srckey=0xff dstkey=0x0 [ASSURED] mark=0 zone=0 use=2',
    'ipv4     2 sctp     132 10 CLOSED src=10.0.1.2 dst=10.0.2.2 sport=1000 dport=2000 src=10.0.2.2 dst=10.0.1.2 sport=2000 dport=1000 [ASSURED] mark=0 zone=0 use=2',
    'ipv6     10 icmpv6   58 29 src=fd00:0001:0000:0000:0000:0000:0000:0002 dst=fd00:0002:0000:0000:0000:0000:0000:0002 type=128 code=0 id=9 [UNREPLIED] src=fd00:0002:0000:0000:0000:0000:0000:0002 dst=fd00:0001:0000:0000:0000:0000:0000:0002 type=129 code=0 id=9 mark=0 zone=0 use=2',
  ])('%s', (line) => {
    expect(read(line).map(formatProc)).toEqual([line])
  })
})

describe('print and read back: any entries', () => {
  /** What a form without these says of an entry. */
  const plain = (entry: EntryView): EntryView => ({ ...entry, start: null, gre: null })

  test('conntrack -L -o extended,id,ktimestamp', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 5 }), (entries) => {
        const options = { extended: true, id: true, ktimestamp: true }
        const text = entries.map((entry) => formatConntrack(entry, options)).join('\n')
        const start = ({ start }: EntryView) => start && { seconds: start.seconds, nanoseconds: 0 }
        expect(read(text)).toEqual(entries.map((entry) => ({ ...plain(entry), start: start(entry) })))
      }),
    )
  })

  test('conntrack -L', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(read(`${formatConntrack(entry)}\n`)).toEqual([{ ...plain(entry), id: 0 }])
      }),
    )
  })

  test('/proc/net/nf_conntrack, with a zone of 0 somewhere', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const text = `${formatProc(entryView())}\n${formatProc(entry)}\n`
        expect(read(text)[1]).toEqual({
          ...entry,
          status: entry.status & ~STATUS_HELPER,
          helper: null,
          start: null,
          id: 0,
        })
      }),
    )
  })

  test('/proc/net/ip_conntrack', () => {
    // UDP-Lite had no ports there, and zones, helpers and ages were not.
    const then = anyEntry.filter((entry) => entry.family === 'ipv4' && ![136, 58].includes(entry.protocol))
    fc.assert(
      fc.property(then, (entry) => {
        expect(read(formatIpConntrack(entry)!)).toEqual([
          {
            ...entry,
            status: entry.status & ~STATUS_HELPER,
            zoneOriginal: 0,
            zoneReply: 0,
            helper: null,
            start: null,
            deltaTime: null,
            id: 0,
          },
        ])
      }),
    )
  })

  test('with every blank replaced by others and line ends', () => {
    const blanks = fc.stringMatching(/^[ \t\r\n\u00a0\u2003\u3000]{1,3}$/)
    fc.assert(
      fc.property(anyEntry, fc.array(blanks, { minLength: 1 }), (entry, replacements) => {
        let index = 0
        const text = formatConntrack(entry, { extended: true }).replace(
          / +/g,
          () => replacements[index++ % replacements.length]!,
        )
        expect(read(text)).toEqual([{ ...plain(entry), id: 0 }])
      }),
    )
  })
})

test('an entry wrapped over three lines with single blanks is one entry', () => {
  const entries = read(
    [
      '    tcp 6 431995 ESTABLISHED',
      '    src=140.208.5.62 dst=207.46.230.218 sport=1311 dport=80 src=207.46.230.218',
      '    dst=140.208.5.62 sport=80 dport=1311 [ASSURED] use=1',
    ].join('\n'),
  )
  expect(entries.map(formatIpConntrack)).toEqual([
    'tcp      6 431995 ESTABLISHED src=140.208.5.62 dst=207.46.230.218 sport=1311 dport=80 src=207.46.230.218 dst=140.208.5.62 sport=80 dport=1311 [ASSURED] use=1',
  ])
})

test('2.4: mark behind use, a blank at the end, an expectation in the same file', () => {
  const text = [
    'udp      17 27 src=192.168.1.6 dst=192.168.1.10 sport=137 dport=1025 [UNREPLIED] src=192.168.1.10 dst=192.168.1.6 sport=1025 dport=137 use=1 mark=6 ',
    'EXPECTING: 200 use=1 proto=6 src=10.0.1.2 dst=10.0.2.2 sport=0 dport=1032 ',
    established,
  ].join('\n')
  expect(parseTable(text, 'table').entries.map(({ mark, protocol }) => [protocol, mark])).toEqual([
    [17, 6],
    [6, 0],
  ])
  expect(complaints(text)).toEqual(['2:1 warning left-out an expectation among the entries is left out'])
})

test("the tool's own summary among the entries is passed over", () => {
  const text = `${established}\nconntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.\n${established}`
  expect(read(text)).toHaveLength(2)
})

test('security contexts, labels and who caused it are passed over', () => {
  const line = established.replace('mark=0', 'mark=0 secctx=system_u:object_r:unlabeled_t:s0 secmark=7')
  const text = `${line} labels=a,b [USERSPACE] portid=7 progname=conntrack`
  expect(read(text)).toEqual(read(established))
})

test('offloaded: there are no seconds', () => {
  const [entry] = read(established.replace('431999 ', '').replace('ASSURED', 'OFFLOAD'))
  expect(entry).toMatchObject({ timeout: 0, state: 'ESTABLISHED' })
  expect(entry!.status).toBe(STATUS_CONFIRMED | STATUS_SEEN_REPLY | STATUS_OFFLOAD)
})

test('a port that NAT chose: the status says so', () => {
  const [entry] = read(established.replace('dport=40000', 'dport=999'))
  expect(entry!.status & STATUS_SRC_NAT).toBe(STATUS_SRC_NAT)
  expect(entry!.status & STATUS_SRC_NAT_DONE).toBe(STATUS_SRC_NAT_DONE)
})

test('LISTEN, the old name of the place of SYN_SENT2', () => {
  expect(read(established.replace('ESTABLISHED', 'LISTEN'))[0]!.state).toBe('SYN_SENT2')
})

describe('what cannot be read is told with its place, and the next entry is read', () => {
  test.each([
    ['hello', "1:1 error expected expected an entry ('tcp 6 …', 'ipv4 2 …'), found 'hello'"],
    ['tcp 7 5 NONE src=1.2.3.4', "1:5 error expected expected 6, the number of tcp, found '7'"],
    ['unknown 256 5', "1:9 error expected expected a number up to 255, found '256'"],
    ['ipv4 10 tcp 6 5', "1:6 error expected expected 2, found '10'"],
    ['ipv6 10 igmp 2 5', "1:9 error expected expected a protocol name, found 'igmp'"],
    ['udp 17 99999999999 src=1.2.3.4', '1:8 error out-of-range expected seconds up to 4294967295'],
    [
      established.replace('ESTABLISHED', 'OPEN'),
      "1:19 error expected expected a state of tcp (NONE, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2), found 'OPEN'",
    ],
    ['udp 17 29 nonsense', "1:11 error expected expected 'src=', found 'nonsense'"],
    ['udp 17 29 dst=1.2.3.4', "1:15 error expected expected 'src=' ahead of it, found '1.2.3.4'"],
    ['udp 17 29 src=1.2.3.400', "1:15 error expected expected an address of IPv4 or IPv6, found '1.2.3.400'"],
    ['udp 17 29 src=1.2.3.4 dst=::1', "1:27 error expected expected an address of ipv4, found '::1'"],
    [
      established.replace('sport=40000', 'sport=70000'),
      "1:63 error expected expected a number from 0 to 65535, found '70000'",
    ],
    [established.replace('mark=0', 'mark=0 mark=1'), "1:142 error repeated 'mark' stands here a second time"],
    [
      established.replace('[ASSURED]', '[SURE]'),
      "1:125 error expected expected [UNREPLIED], [ASSURED], [OFFLOAD], [start=…] or [stop=…], found '[SURE]'",
    ],
    [
      `${established} [start=Tue Nov 31`,
      "1:148 error expected expected a time as in '[start=Tue Nov 24 02:59:26 2026]'",
    ],
    [
      established.replace(' dport=40000', ''),
      "1:1 error incomplete expected 'dport=' in the reply direction in this entry",
    ],
    [
      established.replace(/ src=10.0.2.2.*/, ''),
      "1:1 error incomplete expected the reply direction, a second 'src=' in this entry",
    ],
    [`${established} src=1.2.3.4`, "1:148 error repeated 'src' stands here a second time"],
    [
      'udp 17 29 src=1.2.3.4 helper=\u009b31m',
      "1:30 error expected expected the name of a helper, found '?31m'",
    ],
  ])('%j', (text, complaint) => {
    expect(complaints(`${text}\n${established}`)).toEqual([complaint])
    expect(parseTable(`${text}\n${established}`, 'table').entries).toHaveLength(1)
  })

  test('entries joined to one line: the one behind the fault is read as well', () => {
    const text = `${established} ${established.replace('[ASSURED]', '[SURE]')} ${established}`
    expect(complaints(text)).toHaveLength(1)
    expect(parseTable(text, 'table').entries).toHaveLength(2)
  })

  test('the text ends too early', () => {
    expect(complaints('tcp 6 100')).toEqual([expect.stringMatching(/^1:7 error expected .* found the end$/)])
  })

  test('a field from tomorrow is a warning and the entry is read', () => {
    const text = established.replace('mark=0', 'mood=7 mark=0')
    expect(complaints(text)).toEqual(["1:135 warning unknown-field no field of an entry: 'mood'"])
    expect(parseTable(text, 'table').entries).toEqual(read(established))
  })
})

describe('hostile text', () => {
  test('words of a table in any order: nothing thrown, complaints few and well placed', () => {
    const word = fc.oneof(
      fc.constantFrom(
        ...established.split(/ +/),
        'ipv4',
        '2',
        'icmp',
        '1',
        'gre',
        '47',
        'id=7',
        'type=8',
        'code=0',
      ),
      fc.constantFrom(
        'timeout=30,',
        '[start=Tue',
        '2026]',
        'zone=0',
        'packets=1',
        'EXPECTING:',
        '=',
        '[',
        'conntrack',
      ),
      fc.string(),
    )
    const text = fc
      .array(fc.tuple(word, fc.constantFrom(' ', '\n')), { maxLength: 300 })
      .map((list) => list.flat().join(''))
    fc.assert(
      fc.property(text, (hostile) => {
        const { diagnostics } = parseTable(hostile, 'table')
        const lines = hostile.split('\n')
        for (const { line, column, length, message } of diagnostics) {
          expect(lines[line - 1]!.length).toBeGreaterThanOrEqual(column - 1 + length)
          expect(message).not.toMatch(/[^\x20-\x7e\xa1-\uffff]/)
        }
      }),
    )
  })

  test('a megabyte of nonsense, of one word and of many: a bounded list of complaints', () => {
    expect(parseTable('x'.repeat(1 << 20), 'table').diagnostics).toHaveLength(1)
    const { diagnostics } = parseTable('tcp 6 5 NOWHERE\n'.repeat(1 << 16), 'table')
    expect(diagnostics).toHaveLength(DIAGNOSTIC_LIMIT + 1)
    expect(diagnostics.at(-1)).toMatchObject({ code: 'more', line: DIAGNOSTIC_LIMIT + 1 })
  })
})
