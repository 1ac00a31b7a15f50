import { expect, test } from 'vitest'
import { Tracker } from '../conntrack/tracker.ts'
import { Firewall } from '../firewall/firewall.ts'
import { parseRuleset } from '../firewall/ruleset-text.ts'
import { buildPacket } from '../packet/build.ts'
import { nflog } from '../packet/build-link.ts'
import { LINKTYPE_NFLOG } from '../packet/link-type.ts'
import { Feed } from './feed.ts'

const syn = buildPacket({
  source: '10.0.0.2',
  destination: '192.0.2.9',
  tcp: { sourcePort: 40_000, destinationPort: 80, flags: 'S', sequence: 1 },
})

test('a SYN by hand is NEW, and its record says all there is to say', () => {
  const feed = new Feed(new Firewall(new Tracker()))
  const record = feed.send(syn, { seconds: 1_700_000_000.25 })
  expect(record).toMatchObject({
    packet: 1,
    time: '1700000000.250000',
    hook: 'FORWARD',
    tcpFlags: 'S',
    ctstate: 'NEW',
    verdict: 'ACCEPT',
    entry: { protocol: 'tcp', state: 'SYN_SENT', timeout: 120, flags: ['UNREPLIED'] },
  })
})

test('with rules, the record says who decided, and how the packet leaves', () => {
  const text = `*mangle
:FORWARD ACCEPT
-A FORWARD -p tcp --dport 80 -j MARK --set-mark 7
COMMIT
*filter
:FORWARD DROP
-A FORWARD -p tcp --dport 80 -j ACCEPT
COMMIT
`
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', file: 'rules.v4' })
  expect(diagnostics).toEqual([])
  const feed = new Feed(new Firewall(new Tracker(), { rulesets: [ruleset] }))
  expect(feed.send(syn, { seconds: 1_700_000_000 })).toMatchObject({
    verdict: 'ACCEPT',
    decidedBy: { kind: 'rule', file: 'rules.v4', line: 7, table: 'filter', chain: 'FORWARD', number: 1 },
    egress: { mark: 7, ttl: 63 },
  })
})

test('an NFLOG packet brings hook, mark, prefix and interfaces', () => {
  const feed = new Feed(new Firewall(new Tracker()))
  const bytes = nflog(syn, { hook: 3, mark: 7, prefix: 'blocked ', inInterface: 2, outInterface: 5 })
  expect(feed.send(bytes, { seconds: 1_700_000_000, linkType: LINKTYPE_NFLOG })).toMatchObject({
    hook: 'OUTPUT',
    mark: 7,
    prefix: 'blocked ',
    inInterface: 2,
    outInterface: 5,
    ctstate: 'NEW',
  })
})

test('bytes that are no packet are told so', () => {
  const feed = new Feed(new Firewall(new Tracker()))
  const record = feed.send(Uint8Array.of(0x45, 0, 0), { seconds: 0 })
  expect(record).toMatchObject({ ctstate: null, verdict: 'DROP', decidedBy: { kind: 'ip' } })
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1e-7, 9_007_199_255])(
  'a packet at %s seconds is refused, and nothing has happened',
  (seconds) => {
    const tracker = new Tracker()
    const feed = new Feed(new Firewall(tracker))
    expect(() => feed.send(syn, { seconds })).toThrow(
      new RangeError(`seconds is a number from 0 to 9007199254, not ${seconds}`),
    )
    expect(tracker.table.count).toBe(0)
    expect(feed.send(syn, { seconds: 0 })).toMatchObject({ packet: 1, frame: 1, ctstate: 'NEW' })
  },
)

test('the last second that can be told is tracked to the microsecond', () => {
  const feed = new Feed(new Firewall(new Tracker()))
  const { time, ctstate } = feed.send(syn, { seconds: 9_007_199_254 })
  expect({ time, ctstate }).toEqual({ time: '9007199254.000000', ctstate: 'NEW' })
})
