import { expect, test } from 'vitest'
import { REASONS, type ReasonData } from '../conntrack/reason.ts'
import { logInvalidText, reasonOfLogText } from './log-invalid.ts'

function text(reason: ReasonData, protocol = 6): string | null {
  return logInvalidText(reason, protocol)
}

test('reasons with numbers read as Linux 6.18 logs them', () => {
  expect([
    text({ code: 'tcp-state', index: 1, direction: 0, state: 3 }),
    text({ code: 'tcp-ignored', index: 3, direction: 1, state: 1 }),
    text({ code: 'tcp-seq-high', sequence: 9, end: 9, upper: 4_294_967_295 }),
    text({ code: 'tcp-ack-high', acknowledgment: 1600, upper: 1513 }),
    text({ code: 'tcp-seq-low', end: 1, lower: 2 }),
    text({ code: 'tcp-ack-low', acknowledgment: 1, lower: 2 }),
    text({ code: 'tcp-overshoot', over: 3, sequence: 1, upper: 2 }),
    text({ code: 'tcp-response-timeout', index: 4, direction: 1, lastIndex: 2, ticks: 75_000, seconds: 300 }),
    text({ code: 'sctp-vtag', found: 9, expected: 0x11223344, direction: 1 }, 132),
    text({ code: 'sctp-chunks', chunk: 1, type: 1, length: 20, flag: 1 }, 132),
    text({ code: 'sctp-state', state: 8, direction: 1, type: 7 }, 132),
  ]).toEqual([
    'packet (index 1) in dir 0 invalid, state ESTABLISHED',
    'packet (index 3) in dir 1 ignored, state SYN_SENT',
    'SEQ is over upper bound 4294967295 (over the window of the receiver)',
    'ACK is over upper bound 1513 (ACKed data not seen yet)',
    'SEQ is under lower bound 2 (already ACKed data retransmitted)',
    'ignored ACK under lower bound 2 (possible overly delayed)',
    '3 bytes more than expected',
    'packet (index 4, dir 1) response for index 2 lower timeout to 75000',
    'verification tag check failed 9000000 vs 44332211 for dir 1',
    'do_basic_checks failed. chunk num 1, type 1, len 5120 flag 1',
    'Invalid, old_state 8, dir 1, type 7',
  ])
})

test('an ICMP error for somebody else names both addresses, IPv6 in full', () => {
  const outer = { code: 'icmp-outer-destination', outer0: 0x0a000102, inner0: 0x0a000202 } as const
  expect(text(outer, 1)).toBe('outer daddr 10.0.1.2 != inner 10.0.2.2')
  const outer6 = {
    code: 'icmp-outer-destination',
    outer0: 0xfd000001 | 0,
    outer3: 2,
    inner0: 0xfd000002 | 0,
  } as const
  expect(text(outer6, 58)).toBe(
    'outer daddr fd00:0001:0000:0000:0000:0000:0000:0002 != inner fd00:0002:0000:0000:0000:0000:0000:0000',
  )
})

test('a line that a helper drops names helper and pattern', () => {
  expect(text({ code: 'helper-partial', pattern: 2 })).toBe(
    "nf_ct_ftp: dropping packet: partial matching of `227 '",
  )
  expect(text({ code: 'helper-cannot-expect' }, 17)).toBe(
    'nf_ct_tftp: dropping packet: cannot add expectation',
  )
})

test('a reason that the kernel keeps to itself has no text', () => {
  expect(text({ code: 'tcp-not-loose' })).toBeNull()
  expect(text({ code: 'icmp-unrelated', type: 3, innerProtocol: 6 }, 1)).toBeNull()
})

test('each text leads back to its reason', () => {
  const protocols = { tcp: 6, udp: 17, udplite: 136, icmp: 1, icmp6: 58, sctp: 132, helper: -1 }
  let told = 0
  for (const { code, fields } of REASONS) {
    const values = Object.fromEntries(fields.map((field, index) => [field, index % 3]))
    const reason = { code, ...values } as ReasonData
    const protocol = protocols[code.split('-')[0] as keyof typeof protocols] ?? -1
    const words = text(reason, protocol)
    if (words === null) continue
    told++
    expect([words, reasonOfLogText(words, protocol)]).toEqual([words, code])
  }
  expect(told).toBeGreaterThan(30)
})
