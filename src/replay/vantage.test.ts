import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MergedCapture } from '../capture/merge.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import { extensions } from '../firewall/extensions.ts'
import { Host } from '../host/host.ts'
import { parseLocal, parsePair, tellLocal, tellPair } from '../host/host-words.ts'
import { buildPacket } from '../packet/build.ts'
import { decodeFrame } from '../packet/decode.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../packet/link-type.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING, Packet } from '../packet/packet.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { needsOf, type RuleNeeds } from './rule-needs.ts'
import type { Captured } from './standpoint.ts'
import { Survey, surveyCapture, type Vantage } from './vantage.ts'

const IN = DIRECTION_INCOMING
const OUT = DIRECTION_OUTGOING

interface Sent {
  readonly from: string
  readonly to: string
  readonly direction?: number
  /** Name of the interface that it was captured on. */
  readonly on?: string
  /** Ethernet addresses: destination, source. */
  readonly ethernet?: readonly [string, string]
  readonly ttl?: number
  readonly sourcePort?: number
  readonly destinationPort?: number
}

interface Asked {
  readonly rules?: string
  readonly host?: Host
  readonly told?: boolean
  readonly captured?: Captured
}

const actsLocally = '-A INPUT -p tcp --dport 22 -j ACCEPT'

function needsOfText(rules: string): RuleNeeds {
  const text = rules.startsWith('*') ? rules : `*filter\n${rules}\nCOMMIT\n`
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', registry: extensions })
  expect(diagnostics).toEqual([])
  return needsOf([ruleset])
}

function survey(packets: readonly Sent[], asked: Asked = {}): Vantage & { readonly host: Host } {
  const { rules = actsLocally, host = new Host(), told = false, captured = null } = asked
  const names = [...new Set(packets.map(({ on }) => on ?? null))]
  const interfaces = names.map((name) => ({
    name,
    linkType: LINKTYPE_RAW,
    snapLength: 0,
    file: 0,
    timePrecision: 6,
  }))
  const place = new CapturePlace(host, { interfaces })
  const looks = new Survey({ host, told, place, needs: needsOfText(rules), captured })
  packets.forEach(({ from, to, direction = 0, on = null, ethernet, ttl = 64, ...ports }, index) => {
    const { sourcePort = 1000, destinationPort = 53 } = ports
    const udp = { sourcePort, destinationPort, payload: new Uint8Array(4) }
    const ip = buildPacket({ source: from, destination: to, ttl, identification: index + 1, udp })
    const link = ethernet === undefined ? [] : [...ethernet.flatMap(bytesOf), 8, 0]
    const bytes = Uint8Array.from([...link, ...ip])
    const packet = new Packet()
    packet.interfaceIndex = names.indexOf(on)
    packet.direction = direction
    packet.frameBytes = bytes
    packet.frameEnd = bytes.length
    const linkType = ethernet === undefined ? LINKTYPE_RAW : LINKTYPE_ETHERNET
    decodeFrame(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length, linkType)
    looks.look(packet)
  })
  return { ...looks.conclude(), host }
}

const bytesOf = (text: string) => text.split(':').map((part) => Number.parseInt(part, 16))

/** Addresses of the host, but for those of lo. */
const addressesOf = (host: Host) =>
  host.addresses
    .filter(({ interface: number }) => number !== host.loopback)
    .map(({ interface: number, words }) => `${host.interfaces.nameOf(number)} ${words[0]! >>> 0}`)

test('one address in every packet: the host', () => {
  const { host, ...vantage } = survey([
    { from: '10.0.0.5', to: '192.0.2.1' },
    { from: '192.0.2.1', to: '10.0.0.5' },
    { from: '10.0.0.5', to: '192.0.2.2' },
    { from: '192.0.2.9', to: '224.0.0.251' },
  ])
  expect(vantage).toEqual({
    kind: 'clear',
    captured: 'wire',
    sentences: ['the host is taken to be 10.0.0.5: it is the one address in every packet (3 looked at)'],
  })
  expect(addressesOf(host)).toEqual([`eth0 ${0x0a000005}`])
})

test('two addresses in every packet: unclear, and both are named', () => {
  const { kind, ...rest } = survey([
    { from: '10.0.0.5', to: '192.0.2.1' },
    { from: '192.0.2.1', to: '10.0.0.5' },
  ])
  expect(kind).toBe('unclear')
  expect(rest).toMatchObject({
    sentence:
      "the rules act in INPUT or OUTPUT, and which address is the host's is unclear: 10.0.0.5 (in 2 of 2 packets) and 192.0.2.1 (in 2 of 2 packets); say it: --local eth0=10.0.0.5/24, or --host FILE with the output of ip -j addr and ip -j route",
    candidates: [
      { address: '10.0.0.5', packets: 2 },
      { address: '192.0.2.1', packets: 2 },
    ],
  })
})

test('no address in every packet: unclear, the most frequent are named', () => {
  const vantage = survey([
    { from: '10.0.0.5', to: '192.0.2.1' },
    { from: '10.0.0.6', to: '192.0.2.1' },
    { from: '10.0.0.6', to: '192.0.2.2' },
  ])
  expect(vantage).toMatchObject({
    kind: 'unclear',
    candidates: [{ packets: 2 }, { packets: 2 }, { packets: 1 }, { packets: 1 }],
  })
})

test('directions: the address that sent and received, though a single flow has two', () => {
  const { host, ...vantage } = survey([
    { from: '192.0.2.1', to: '10.0.0.5', direction: IN, on: 'ens3' },
    { from: '10.0.0.5', to: '192.0.2.1', direction: OUT, on: 'ens3' },
  ])
  expect(vantage).toMatchObject({ kind: 'clear', captured: 'wire' })
  expect(addressesOf(host)).toEqual([`ens3 ${0x0a000005}`])
})

test('directions of a router: its hosts are not its own addresses', () => {
  const vantage = survey([
    { from: '10.0.0.5', to: '192.0.2.1', direction: IN },
    { from: '192.0.2.1', to: '10.0.0.5', direction: OUT },
    { from: '192.0.2.7', to: '10.0.0.5', direction: IN },
  ])
  expect(vantage.kind).toBe('unclear')
})

test('a broadcast of the network: received, though its length is not known', () => {
  const all = 'ff:ff:ff:ff:ff:ff'
  const [mac, own] = ['02:00:00:00:00:01', '02:00:00:00:00:02']
  const { host } = survey([
    { from: '10.0.0.5', to: '10.0.0.7', ethernet: [mac, own] },
    { from: '10.0.0.8', to: '10.0.0.5', ethernet: [own, mac] },
    { from: '10.0.0.7', to: '10.0.0.255', ethernet: [all, mac] },
  ])
  expect(addressesOf(host)).toEqual([`eth0 ${0x0a000005}`])
  expect(host.route(false, 0x0a0000ff, 0, 0, 0)!.type).toBe('broadcast')
})

test('the interface of the one host: as the capture names it, else as the rules do, else unclear', () => {
  const sent = [
    { from: '10.0.0.5', to: '192.0.2.1' },
    { from: '10.0.0.5', to: '192.0.2.2' },
  ]
  const one = survey(sent, { rules: '-A INPUT -i wan0 -j ACCEPT' })
  expect(addressesOf(one.host)).toEqual([`wan0 ${0x0a000005}`])
  const two = survey(sent, { rules: '-A INPUT -i wan0 -j ACCEPT\n-A INPUT -i lan0 -j ACCEPT' })
  expect(two).toMatchObject({
    kind: 'unclear',
    sentence:
      'the rules ask for wan0 and lan0, and the capture does not name the interface of 10.0.0.5; say it: --local wan0=10.0.0.5/24',
  })
})

test('rules that forward only: who the host is does not matter, but which interfaces', () => {
  const sent = [{ from: '10.0.0.5', to: '192.0.2.1', on: 'in0' }]
  expect(survey(sent, { rules: '-A FORWARD -p tcp -j ACCEPT' }).kind).toBe('clear')
  const asked = { rules: '-A FORWARD -i in0 -o out0 -j ACCEPT' }
  expect(survey(sent, asked)).toMatchObject({
    kind: 'unclear',
    sentence:
      'the rules ask for in0 and out0, and the capture names in0: by which a packet comes and goes is unclear; say it: --pair in0:out0, --local IFACE=ADDRESS/LEN with --route, or --host FILE',
  })
  const both = survey([...sent, { from: '192.0.2.1', to: '10.0.0.5', on: 'out0' }], asked)
  expect(both.kind).toBe('clear')
  expect(both.host.interfaces.nameOf(both.host.opposite(both.host.interfaces.find('in0')))).toBe('out0')
})

test('a pair without directions: the hardware address that is in every frame of an arm is its own', () => {
  const pair = () => {
    const host = new Host()
    tellPair(host, parsePair('in0:out0'))
    return host
  }
  const [own, one, two] = ['02:00:00:00:00:0a', '02:00:00:00:00:01', '02:00:00:00:00:02'] as const
  const frame = (ethernet: readonly [string, string]) => ({
    from: '10.0.0.5',
    to: '192.0.2.1',
    on: 'in0',
    ethernet,
  })
  const asked = { told: true, rules: '-A FORWARD -i in0 -j ACCEPT' }
  const clear = survey([frame([own, one]), frame([two, own])], { ...asked, host: pair() })
  expect(clear).toMatchObject({
    kind: 'clear',
    sentences: [
      '02:00:00:00:00:0a is taken as the hardware address of in0: it is in every frame there',
      expect.anything(),
    ],
  })
  const unclear = survey([frame([own, one]), frame([one, own])], { ...asked, host: pair() })
  expect(unclear).toMatchObject({ kind: 'unclear', candidates: [{ packets: 2 }, { packets: 2 }] })
})

test('a pair, and a capture that names no interface: unclear, where the rules ask for one', () => {
  const host = new Host()
  tellPair(host, parsePair('in0:out0'))
  const sent = [{ from: '10.0.0.5', to: '192.0.2.1', direction: IN }]
  const asked = { host, told: true }
  expect(survey(sent, { ...asked, rules: '-A FORWARD -j ACCEPT' }).kind).toBe('clear')
  expect(survey(sent, { ...asked, rules: '-A FORWARD -i in0 -j ACCEPT' })).toMatchObject({
    kind: 'unclear',
    sentence:
      'the rules ask for in0, and of 1 of the first 1 packets nothing tells by which interface they came; say it: --interface FILE=in0 for a capture of one interface, or --local and --route, or --host FILE, for the addresses that lie behind each',
  })
})

test('a pair without an address, and MASQUERADE: asked for', () => {
  const host = new Host()
  tellPair(host, parsePair('in0:out0'))
  const rules = '*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n'
  const sent = [{ from: '10.0.0.5', to: '192.0.2.1', direction: IN, on: 'in0' }]
  expect(survey(sent, { host, told: true, rules })).toMatchObject({
    kind: 'unclear',
    sentence:
      'MASQUERADE takes the address of the interface that a packet leaves by, and no interface has one; say it: --local out0=ADDRESS/LEN, or --host FILE',
  })
})

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))

test('where a capture of a masquerading router stands', async () => {
  const needs = needsOfText(fixture('masquerade.v4').toString())
  for (const captured of ['wire', 'both', 'inside', 'outside'] as const) {
    const host = new Host()
    for (const local of ['in0=10.0.0.1/24', 'out0=203.0.113.5/24']) tellLocal(host, parseLocal(local))
    const capture = new MergedCapture([{ name: captured, chunks: [fixture(`masquerade-${captured}.pcap`)] }])
    const ofFile = captured === 'inside' ? ['in0'] : captured === 'outside' ? ['out0'] : []
    const place = new CapturePlace(host, { interfaces: capture.interfaces, ofFile })
    const vantage = await surveyCapture(capture, { host, told: true, place, needs, captured: null })
    expect([captured, vantage]).toEqual([captured, expect.objectContaining({ kind: 'clear', captured })])
  }
})

test('headers whose checksum the network card was still to fill in tell as much', async () => {
  const bytes = new Uint8Array(fixture('masquerade-both.pcap'))
  const view = new DataView(bytes.buffer)
  // Linux cooked v2: 20 bytes, which begin with the EtherType.
  for (let at = 24; at < bytes.length; at += 16 + view.getUint32(at + 8, true))
    if (view.getUint16(at + 16) === 0x0800) view.setUint16(at + 16 + 20 + 10, 0)
  const host = new Host()
  for (const local of ['in0=10.0.0.1/24', 'out0=203.0.113.5/24']) tellLocal(host, parseLocal(local))
  const capture = new MergedCapture([{ name: 'both', chunks: [bytes] }])
  const place = new CapturePlace(host, { interfaces: capture.interfaces, ofFile: [] })
  const needs = needsOfText(fixture('masquerade.v4').toString())
  const vantage = await surveyCapture(capture, { host, told: true, place, needs, captured: null })
  expect(vantage).toMatchObject({ kind: 'clear', captured: 'both' })
})

test('the outer side of a router that masquerades: what it sends is its own, unless its TTL says that it was forwarded', () => {
  const look = (more: string, ...sent: Sent[]) => {
    const host = new Host()
    for (const local of ['lan=192.168.1.1/24', 'wan=203.0.113.5/24']) tellLocal(host, parseLocal(local))
    const rules = `*nat\n-A POSTROUTING -o wan -j MASQUERADE\nCOMMIT\n${more}`
    const { host: _, ...rest } = survey(
      sent.map((one) => ({ ...one, on: 'wan' })),
      { host, told: true, rules },
    )
    return rest
  }
  const asked = { from: '198.51.100.7', to: '203.0.113.5', sourcePort: 1000, destinationPort: 53 }
  const answer = { from: '203.0.113.5', to: '198.51.100.7', sourcePort: 53, destinationPort: 1000 }
  expect(look('', asked, answer)).toEqual({ kind: 'clear', captured: 'wire', sentences: [] })
  // Whoever answers what entered is here, or known by its entry.
  expect(look('', asked, { ...answer, ttl: 63 })).toEqual({ kind: 'clear', captured: 'wire', sentences: [] })
  expect(look('', answer)).toEqual({
    kind: 'clear',
    captured: 'wire',
    sentences: [
      'captured without a sign of masquerading (--captured=wire): 1 of the first 1 packets leave with an address of the host and answer nothing that entered, and are taken as its own: by their TTL (64, 128, 255, or too low to tell) none was masqueraded; a capture on the inner side, or with -i any, shows who sent them',
    ],
  })
  expect(look('', answer, { ...answer, to: '198.51.100.8', ttl: 127 })).toMatchObject({
    captured: 'outside',
    sentences: [
      expect.stringContaining('1 of the first 2 packets leave with an address of the host and a TTL'),
    ],
  })
  // Traceroute counts from 1 on.
  expect(look('', { ...answer, ttl: 7 })).toMatchObject({ captured: 'wire' })
  const sets = '*mangle\n-A POSTROUTING -j TTL --ttl-set 65\nCOMMIT\n'
  expect(look(sets, { ...answer, ttl: 65 })).toMatchObject({
    captured: 'wire',
    sentences: [expect.stringContaining('rules set the TTL')],
  })
})

test('a guessed host forwards where its rules do, and knows machines behind the interfaces that they name', () => {
  const sent = [
    { from: '10.0.0.5', to: '192.0.2.1', on: 'eth0' },
    { from: '10.0.0.5', to: '10.0.1.2', on: 'eth0' },
  ]
  const look = (...more: string[]) =>
    survey(sent, { rules: ['*filter', ':C -', actsLocally, ...more, 'COMMIT', ''].join('\n') }).host
  const nat = ['COMMIT', '*nat', '-A PREROUTING -p tcp -j DNAT --to-destination']
  expect(look('-A FORWARD -j DROP', '-A C -j ACCEPT').forwards).toBe(false)
  expect(look(...nat.slice(0, 2), `${nat[2]} :80`).forwards).toBe(false)
  expect(look(...nat.slice(0, 2), `${nat[2]} 172.17.0.2:80`).forwards).toBe(true)
  const docker = look(
    '-A FORWARD -j C',
    '-A C -d 172.17.0.2/32 -o docker0 -j ACCEPT',
    '-A C -d 10.0.1.0/24 -o tun0 -j ACCEPT',
  )
  expect(docker.forwards).toBe(true)
  const wayTo = (word: number) => docker.interfaces.nameOf(docker.route(false, word, 0, 0, 0)!.interface)
  expect([wayTo(0xac110002 | 0), wayTo(0xac110003 | 0)]).toEqual(['docker0', 'eth0'])
  // Seen at eth0, whatever the rules say.
  expect(wayTo(0x0a000102)).toBe('eth0')
})

test('what was told of it is not guessed', () => {
  const sent = [
    { from: '10.0.0.5', to: '192.0.2.1' },
    { from: '10.0.0.5', to: '192.0.2.2' },
  ]
  expect(survey(sent, { captured: 'both' })).toMatchObject({ kind: 'clear', captured: 'both' })
})
