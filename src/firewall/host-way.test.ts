import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Outcome } from '../conntrack/outcome.ts'
import { reasonData } from '../conntrack/reason.ts'
import { Tuple } from '../conntrack/tuple.ts'
import { HOOK_FORWARD, HOOK_INPUT } from '../hook/hook.ts'
import { Passage } from '../hook/passage.ts'
import { Host } from '../host/host.ts'
import { parseLocal, parsePair, parseRoute, tellLocal, tellPair, tellRoute } from '../host/host-words.ts'
import { readIpOutput } from '../host/ip-output.ts'
import { ReversePath } from '../host/reverse-path.ts'
import { buildPacket } from '../packet/build.ts'
import { decodeFrame } from '../packet/decode.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../packet/link-type.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING, Packet } from '../packet/packet.ts'
import { CapturePlace } from './capture-place.ts'
import { HostWay, type HostWayOptions } from './host-way.ts'
import { BEGINS_NOWHERE, BEGINS_SENT } from './way.ts'

interface Seen {
  /** Where it was captured; nowhere in particular unless told. */
  readonly on?: string
  readonly direction?: number
  readonly ttl?: number
  readonly length?: number
  readonly dontFragment?: boolean
  /** Hardware addresses of an Ethernet frame: destination, source. */
  readonly ethernet?: readonly [string, string]
}

class Bench {
  readonly host: Host
  readonly way: HostWay
  readonly #interfaces: { name: string; linkType: number; snapLength: 0; file: 0; timePrecision: 6 }[] = []

  constructor(host: Host, options: HostWayOptions = {}) {
    this.host = host
    this.way = new HostWay(host, new CapturePlace(host, { interfaces: this.#interfaces }), options)
  }

  /** `FORWARD in0 out0`, `INPUT in0`, `OUTPUT out0`, `nowhere`, or `ended in0`, and then reasons. */
  send(source: string, destination: string, seen: Seen = {}): string {
    const { ethernet, length = 100 } = seen
    const ip = buildPacket({
      source,
      destination,
      ttl: seen.ttl ?? 64,
      dontFragment: seen.dontFragment ?? false,
      udp: { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(length - 28) },
    })
    const link = ethernet === undefined ? [] : [...ethernet.flatMap(bytesOf), 8, 0]
    const bytes = Uint8Array.from([...link, ...ip])
    const packet = new Packet()
    packet.interfaceIndex = seen.on === undefined ? -1 : this.#index(seen.on)
    packet.direction = seen.direction ?? 0
    packet.frameBytes = bytes
    packet.frameEnd = bytes.length
    const linkType = ethernet === undefined ? LINKTYPE_RAW : LINKTYPE_ETHERNET
    decodeFrame(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length, linkType)
    const passage = new Passage()
    passage.begin(packet, new Tuple(), new Outcome())
    const words = this.#walk(passage)
    return [...words, ...reasonData(passage.outcome.reasons).map(({ code }) => code)].join(' ')
  }

  #walk(passage: Passage): string[] {
    const name = (number: number) => this.host.interfaces.nameOf(number) || '?'
    const begin = this.way.begin(passage)
    if (begin === BEGINS_NOWHERE) return ['nowhere']
    if (begin === BEGINS_SENT) return ['OUTPUT', name(passage.outInterface)]
    const hook = this.way.route(passage)
    if (hook === HOOK_INPUT) return ['INPUT', name(passage.inInterface)]
    if (hook === HOOK_FORWARD) return ['FORWARD', name(passage.inInterface), name(passage.outInterface)]
    return ['ended', name(passage.inInterface)]
  }

  #index(name: string): number {
    const found = this.#interfaces.findIndex((one) => one.name === name)
    if (found >= 0) return found
    this.#interfaces.push({ name, linkType: LINKTYPE_ETHERNET, snapLength: 0, file: 0, timePrecision: 6 })
    return this.#interfaces.length - 1
  }
}

const bytesOf = (text: string) => text.split(':').map((part) => Number.parseInt(part, 16))

function hostOf(locals: readonly string[], routes: readonly string[] = [], pair?: string): Host {
  const host = new Host()
  for (const local of locals) tellLocal(host, parseLocal(local))
  for (const route of routes) tellRoute(host, parseRoute(route))
  if (pair !== undefined) tellPair(host, parsePair(pair))
  return host
}

/** The router of src/host/fixtures, which forwards. */
function router(): Host {
  const host = new Host()
  readIpOutput(readFileSync(join(import.meta.dirname, '../host/fixtures/router.txt'), 'utf8'), host)
  return host
}

// Each as the counters of raw PREROUTING, INPUT and FORWARD showed it in the namespace of the fixture (Linux 6.18).
const answers: readonly (readonly [source: string, destination: string, result: string, seen?: Seen])[] = [
  ['10.0.0.9', '8.8.8.8', 'FORWARD in0 out0'],
  ['10.0.0.9', '8.8.8.8', 'ended in0 ip-ttl', { ttl: 1 }],
  ['10.0.0.9', '8.8.8.8', 'ended in0 ip-ttl', { ttl: 0 }],
  ['10.0.0.9', '10.0.0.1', 'INPUT in0', { ttl: 1 }],
  ['10.0.0.1', '8.8.8.8', 'ended in0 ip-martian-source'],
  ['203.0.113.5', '10.0.0.1', 'ended in0 ip-martian-source'],
  ['10.0.0.255', '8.8.8.8', 'FORWARD in0 out0'],
  ['203.0.113.7', '8.8.8.8', 'FORWARD in0 out0'],
  ['192.168.66.1', '8.8.8.8', 'FORWARD in0 out0'],
  ['127.0.0.1', '8.8.8.8', 'ended in0 ip-martian-source'],
  ['0.0.0.0', '8.8.8.8', 'ended in0 ip-martian-source'],
  ['0.0.0.0', '255.255.255.255', 'INPUT in0'],
  ['0.1.2.3', '8.8.8.8', 'FORWARD in0 out0'],
  ['224.0.0.1', '8.8.8.8', 'ended in0 ip-martian-source'],
  ['255.255.255.255', '8.8.8.8', 'ended in0 ip-martian-source'],
  ['240.0.0.1', '8.8.8.8', 'FORWARD in0 out0'],
  ['10.0.0.9', '127.0.0.1', 'ended in0 ip-martian-destination'],
  ['10.0.0.9', '0.0.0.0', 'ended in0 ip-martian-destination'],
  ['0.0.0.0', '0.0.0.0', 'INPUT in0'],
  ['10.0.0.9', '224.0.0.1', 'INPUT in0'],
  ['10.0.0.9', '10.0.0.255', 'INPUT in0'],
  ['10.0.0.9', '203.0.113.7', 'INPUT in0'],
  ['10.0.0.9', '192.168.66.1', 'ended in0 ip-route-blackhole'],
  ['10.0.0.9', '192.168.67.1', 'ended in0 ip-route-unreachable'],
  ['10.0.0.9', '192.168.68.1', 'ended in0 ip-route-prohibit'],
  ['10.0.0.9', '192.168.69.1', 'ended in0 ip-no-route'],
  ['10.0.0.9', '10.0.0.3', 'FORWARD in0 in0'],
  ['10.0.0.9', '8.8.8.8', 'FORWARD in0 out0', { length: 1450 }],
  ['10.0.0.9', '8.8.8.8', 'ended in0 ip-mtu', { length: 1450, dontFragment: true }],
  ['10.0.0.9', '10.0.0.1', 'INPUT in0', { length: 1450, dontFragment: true }],
  ['2001:db8:1::9', '2600::1', 'FORWARD in0 out0'],
  ['2001:db8:1::9', '2600::1', 'ended in0 ip-ttl', { ttl: 1 }],
  ['2001:db8:1::9', '2001:db8:1::1', 'INPUT in0', { ttl: 1 }],
  ['fe80::9', '2600::1', 'ended in0 ip-link-local-source'],
  ['::1', '2600::1', 'nowhere ip-martian-source'],
  ['::', '2600::1', 'ended in0 ip-martian-source'],
  ['ff02::1', '2600::1', 'nowhere ip-martian-source'],
  ['2001:db8:1::9', '::1', 'nowhere ip-martian-destination'],
  ['2001:db8:1::9', 'ff02::1', 'INPUT in0'],
  ['2001:db8:1::9', 'ff01::1', 'nowhere ip-martian-destination'],
  ['2001:db8:1::9', 'ff00::1', 'nowhere ip-martian-destination'],
  ['2001:db8:1::9', '2001:db8:66::1', 'ended in0 ip-route-blackhole'],
  ['2001:db8:1::9', '2001:db8:67::1', 'ended in0 ip-route-unreachable'],
  ['2001:db8:1::9', '2001:db8:68::1', 'ended in0 ip-route-prohibit'],
  ['2001:db8:1::1', '2600::1', 'FORWARD in0 out0'],
  ['fd00::1', '2001:db8:1::1', 'INPUT in0'],
  ['2001:db8:1::9', '2600::1', 'ended in0 ip-mtu', { length: 1450 }],
  ['2001:db8:1::9', 'fe80::77', 'FORWARD in0 in0'],
  ['2001:db8:1::9', '2001:db8:1::', 'INPUT in0'],
]

test('a router that was told in full: each packet received at in0 takes the way that it took in Linux', () => {
  const bench = new Bench(router(), { strict: true })
  for (const [source, destination, result, seen] of answers) {
    const got = bench.send(source, destination, { ...seen, on: 'in0', direction: DIRECTION_INCOMING })
    expect(`${source} ${destination} ${got}`).toBe(`${source} ${destination} ${result}`)
  }
})

test('frames to all on the link: delivered, not forwarded; to another station: not ours', () => {
  const bench = new Bench(router(), { strict: true })
  const all = 'ff:ff:ff:ff:ff:ff'
  const group = '01:00:5e:01:01:01'
  const other = '02:00:00:00:00:77'
  const own = [...bench.host.device(bench.host.interfaces.find('in0')).hardware!]
    .map((byte) => byte.toString(16))
    .join(':')
  const to = (hardware: string, destination: string) =>
    bench.send('10.0.0.9', destination, { on: 'in0', ethernet: [hardware, '02:00:00:00:00:01'] })
  expect(to(all, '8.8.8.8')).toBe('ended in0 ip-link-broadcast')
  expect(to(group, '8.8.8.8')).toBe('ended in0 ip-link-broadcast')
  expect(to(all, '10.0.0.1')).toBe('INPUT in0')
  expect(to(other, '10.0.0.1')).toBe('nowhere not-ours')
  expect(to(own, '8.8.8.8')).toBe('FORWARD in0 out0')
  const left = bench.send('8.8.8.8', '10.0.0.9', { on: 'in0', ethernet: [other, own] })
  expect(left).toBe('FORWARD out0 in0')
})

test('a martian, where the host was told by an address or two: not looked for', () => {
  const bench = new Bench(hostOf(['in0=10.0.0.1/24', 'out0=203.0.113.5/30']))
  const seen = { on: 'in0', direction: DIRECTION_INCOMING }
  expect(bench.send('127.0.0.1', '8.8.8.8', seen)).toBe('FORWARD in0 out0')
  expect(bench.way.assumed.outByDefault).toBe(1)
})

test('one address: what is for it is received, what is from it is sent, the rest is not ours', () => {
  const bench = new Bench(hostOf(['eth0=192.0.2.1/24'], ['default=eth0']))
  expect(bench.send('8.8.8.8', '192.0.2.1')).toBe('INPUT eth0')
  expect(bench.send('192.0.2.1', '8.8.8.8')).toBe('OUTPUT eth0')
  expect(bench.send('192.0.2.7', '192.0.2.9')).toBe('nowhere not-ours')
  expect(bench.send('192.0.2.7', '8.8.8.8')).toBe('nowhere not-ours')
  expect(bench.send('192.0.2.7', '192.0.2.255')).toBe('INPUT eth0')
})

test('a pair: which arm it was seen on, and in which direction', () => {
  const bench = new Bench(hostOf([], [], 'in0:out0'))
  const seen = (on: string, direction: number) => bench.send('10.0.0.9', '8.8.8.8', { on, direction })
  expect(seen('in0', DIRECTION_INCOMING)).toBe('FORWARD in0 out0')
  expect(seen('out0', DIRECTION_INCOMING)).toBe('FORWARD out0 in0')
  expect(seen('in0', DIRECTION_OUTGOING)).toBe('FORWARD out0 in0')
  expect(seen('in0', 0)).toBe('FORWARD in0 out0')
})

test('forwarded, seen only as it leaves: received where its source is; the IP layer did not end it', () => {
  const bench = new Bench(router(), { strict: true })
  const leaves = { on: 'in0', direction: DIRECTION_OUTGOING }
  expect(bench.send('8.8.8.8', '10.0.0.9', { ...leaves, ttl: 1 })).toBe('FORWARD out0 in0')
  expect(bench.send('10.0.0.1', '10.0.0.9', leaves)).toBe('OUTPUT in0')
})

test('a capture that names no interface: by which one a packet came is where its source is', () => {
  const bench = new Bench(hostOf(['in0=10.0.0.1/24', 'out0=203.0.113.5/30'], ['default=out0']))
  expect(bench.send('10.0.0.9', '8.8.8.8')).toBe('FORWARD in0 out0')
  expect(bench.send('8.8.8.8', '10.0.0.9')).toBe('FORWARD out0 in0')
  expect(bench.send('8.8.8.8', '203.0.113.5')).toBe('INPUT out0')
  expect(bench.way.assumed.inByRoute).toBe(3)
})

test('no router: what is not for the host ends', () => {
  const host = hostOf(['eth0=192.0.2.1/24'])
  host.forwards = false
  const seen = { on: 'eth0', direction: DIRECTION_INCOMING }
  expect(new Bench(host).send('8.8.8.8', '9.9.9.9', seen)).toBe('ended eth0 ip-not-forwarding')
})

test('rp_filter: strict by the interface, loose by any route', () => {
  const host = router()
  const reversePath = new ReversePath(host.interfaces)
  reversePath.set('net.ipv4.conf.in0.rp_filter', '1')
  reversePath.set('net.ipv4.conf.out0.rp_filter', '2')
  const bench = new Bench(host, { reversePath })
  const from = (source: string, on: string) =>
    bench.send(source, '10.0.0.1', { on, direction: DIRECTION_INCOMING })
  expect(from('10.0.0.9', 'in0')).toBe('INPUT in0')
  expect(from('8.8.8.8', 'in0')).toBe('ended in0 ip-reverse-path')
  expect(from('10.0.0.9', 'out0')).toBe('INPUT out0')
  expect(from('192.168.66.1', 'out0')).toBe('ended out0 ip-reverse-path')
})

test('over lo: sent', () => {
  const bench = new Bench(hostOf(['eth0=192.0.2.1/24']))
  expect(bench.send('127.0.0.1', '127.0.0.1', { on: 'lo' })).toBe('OUTPUT lo')
})
