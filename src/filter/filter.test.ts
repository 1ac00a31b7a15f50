import { expect, test } from 'vitest'
import type { EntryView } from '../conntrack/view.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import { parseFilter } from './filter.ts'
import { formatFilterError } from './refusal.ts'

function select(text: string) {
  const result = parseFilter(text)
  if ('error' in result) throw new Error(formatFilterError(result.error, text))
  return result.filter
}

/** The only entry here is NATed: what 10.0.0.2 sends to 192.0.2.9:80 is answered from 10.9.9.9:8080. */
const entry: RecordEntry = {
  protocol: 'tcp',
  state: 'SYN_RECV',
  timeout: 60,
  original: { source: '10.0.0.2', sourcePort: 40000, destination: '192.0.2.9', destinationPort: 80 },
  reply: { source: '10.9.9.9', sourcePort: 8080, destination: '10.0.0.2', destinationPort: 40000 },
  flags: [],
  mark: 0,
  zone: 0,
}

function packet(fields: Partial<PacketRecord> = {}): PacketRecord {
  return {
    packet: 7,
    file: 'trouble.pcapng',
    frame: 7,
    time: '1700000000.000120',
    interface: 'in0',
    hook: 'FORWARD',
    family: 'ipv4',
    protocol: 'tcp',
    source: '10.0.0.2',
    sourcePort: 40000,
    destination: '192.0.2.9',
    destinationPort: 80,
    tcpFlags: 'A',
    length: 52,
    ctstate: 'ESTABLISHED',
    reasons: [],
    verdict: 'ACCEPT',
    decidedBy: { kind: 'none' },
    egress: null,
    entry,
    ...fields,
  }
}

const plain = packet()
const sent = packet({ hook: 'OUTPUT' })
const forwarded = packet({ egress: { source: '10.0.0.2', destination: '192.0.2.9', interface: 'out0' } })
const overIPv6 = packet({ family: 'ipv6', source: '2001:db8::1', destination: '2001:db8:1::2' })
const esp = ({ sourcePort: _s, destinationPort: _d, tcpFlags: _f, ...rest }: PacketRecord): PacketRecord => ({
  ...rest,
  protocol: 'unknown',
  protocolNumber: 50,
})

test.each([
  ['host 10.0.0.2', true],
  ['host 10.0.0.3', false],
  ['src 10.0.0.2', true],
  ['dst host 10.0.0.2', false],
  ['dst net 192.0.2.0/24 and src net 10', true],
  ['net 192.0.2.8/31', true],
  ['net 192.0.2.10/31', false],
  ['net 0.0.0.0/0', true],
  ['net ::/0', false],
  ['port 80', true],
  ['port 8080', false],
  ['src port 80', false],
  ['portrange 39000-41000', true],
  ['src and dst portrange 80-40000', true],
  ['src and dst portrange 80-39999', false],
  ['tcp port 80', true],
  ['udp port 80', false],
  ['tcp', true],
  ['udp or icmp', false],
  ['ip and not ip6', true],
  ['ip6 proto 6', false],
  ['proto 6', true],
  ['less 52 and greater 52', true],
  ['less 51', false],
  ['greater 53', false],
  ['frame 1-6', false],
  ['frame 1,7', true],
  ['ctstate NEW,ESTABLISHED', true],
  ['ctstate INVALID', false],
  ['state SYN_RECV', true],
  ['verdict DROP', false],
  ['in in0', true],
  ['in eth0,i+', true],
  ['in eth+', false],
  ['out in0', false],
  ['out in0 or (in in0 and tcp)', true],
  ['reason *', false],
  ['host 10.0.0.3 or tcp and port 81', false],
  ['tcp or udp and port 53', false],
  ['tcp or (udp and port 53)', true],
])('a TCP packet to port 80: %s is %s', (text, selected) => {
  expect(select(text).matches(plain)).toBe(selected)
  expect(select(`not (${text})`).matches(plain)).toBe(!selected)
})

test.each([
  ['ip6 host 2001:DB8:0::1', true],
  ['net 2001:db8::/32', true],
  ['src and dst net 2001:db8::/48', false],
  ['src net 2001:db8::/48', true],
  ['ip', false],
])('a packet over IPv6: %s is %s', (text, selected) => {
  expect(select(text).matches(overIPv6)).toBe(selected)
})

test('out is where a packet leaves: of one that was captured there, and of one that rules let through', () => {
  expect(select('out in0').matches(sent)).toBe(true)
  expect(select('in in0').matches(sent)).toBe(false)
  expect(select('in in0 and out out+').matches(forwarded)).toBe(true)
  expect(select('out out1').matches(forwarded)).toBe(false)
})

test('a protocol without a name in /proc is found by its number', () => {
  const record = esp(plain)
  expect(select('esp').matches(record)).toBe(true)
  expect(select('proto 50 and not port 80').matches(record)).toBe(true)
})

test('reasons are found by code and by prefix', () => {
  const invalid = packet({ ctstate: 'INVALID', entry: null, reasons: [{ code: 'tcp-seq-high' }] })
  expect(select('reason tcp-seq-high').matches(invalid)).toBe(true)
  expect(select('reason icmp-*,tcp-*').matches(invalid)).toBe(true)
  expect(select('reason icmp-*').matches(invalid)).toBe(false)
  expect(select('state SYN_RECV').matches(invalid)).toBe(false)
})

test('a frame that is not IP matches no address, port or protocol', () => {
  const arp: PacketRecord = {
    ...esp(plain),
    family: null,
    protocol: 'arp',
    ctstate: null,
    entry: null,
    verdict: null,
    reasons: [{ code: 'not-ip', etherType: 0x806 }],
  }
  const { source: _s, destination: _d, length: _l, protocol: _p, protocolNumber: _n, ...bare } = arp
  for (const text of [
    'ip',
    'ip6',
    'tcp',
    'host 10.0.0.2',
    'net 0.0.0.0/0',
    'port 0',
    'less 9000',
    'verdict ACCEPT',
  ]) {
    expect(select(text).matches(bare), text).toBe(false)
  }
  expect(select('reason not-ip').matches(bare)).toBe(true)
})

const { sourcePort: _s, destinationPort: _d, tcpFlags: _f, ...portless } = plain
/** From a router on the way, about the flow of `entry`. */
const unreachable: PacketRecord = {
  ...portless,
  protocol: 'icmp',
  source: '203.0.113.1',
  destination: '10.0.0.2',
  type: 3,
  code: 1,
  ctstate: 'RELATED',
}

test.each([
  ['host 203.0.113.1', true],
  ['icmp', true],
  ['host 192.0.2.9', true],
  ['tcp port 80', true],
  ['tcp src port 8080', true],
  ['dst net 10.0.0.0/24 and host 10.9.9.9', true],
  ['host 192.0.2.9 and host 10.9.9.9', false],
  ['host 192.0.2.9 and ctstate RELATED', true],
  ['host 192.0.2.9 and ctstate ESTABLISHED', false],
  ['port 443', false],
])('an ICMP error about a flow comes with the flow: %s is %s', (text, selected) => {
  expect(select(text).matches(unreachable)).toBe(selected)
})

test('an echo reply, and an error without an entry, stand for themselves', () => {
  expect(select('port 80').matches({ ...unreachable, type: 0 })).toBe(false)
  expect(select('port 80').matches({ ...unreachable, entry: null })).toBe(false)
  const tooBig: PacketRecord = { ...unreachable, family: 'ipv6', protocol: 'icmpv6', type: 2 }
  expect(select('port 80').matches(tooBig)).toBe(true)
  expect(select('port 80').matches({ ...tooBig, type: 129 })).toBe(false)
})

const view: EntryView = {
  family: 'ipv4',
  protocol: 6,
  state: 'SYN_RECV',
  timeout: 60,
  original: entry.original,
  reply: entry.reply,
  status: 0,
  mark: 0,
  zoneOriginal: 0,
  zoneReply: 0,
  counters: null,
  start: null,
  stop: null,
  deltaTime: null,
  helper: null,
  gre: null,
  use: 1,
  id: 1,
}

test.each([
  ['host 10.9.9.9', true],
  ['src host 192.0.2.9', false],
  ['dst host 10.0.0.2', true],
  ['host 192.0.2.9 and host 10.9.9.9', false],
  ['tcp port 80 or 443', true],
  ['udp', false],
  ['ip6', false],
  ['state SYN_RECV', true],
  ['state ESTABLISHED', false],
])('an entry is selected by either tuple: %s is %s', (text, selected) => {
  expect(select(text).matchesEntry(view)).toBe(selected)
  expect(select(text).matchesEntry(entry)).toBe(selected)
})

test.each([
  ['reason tcp-*', true],
  ['not reason tcp-*', true],
  ['host 10.0.0.2 and ctstate INVALID', true],
  ['host 10.0.0.3 and ctstate INVALID', false],
  ['host 10.0.0.3 or frame 7', true],
  ['not (host 10.0.0.2 or frame 7)', false],
])('what only a packet can answer never hides an entry: %s is %s', (text, selected) => {
  expect(select(text).matchesEntry(view)).toBe(selected)
})
