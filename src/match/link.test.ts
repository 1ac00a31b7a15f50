/** The matches that look at the link layer: mac and pkttype; and physdev, which finds nothing there. */

import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import { NotEvaluated } from '../hook/environment.ts'
import { HOOK_OUTPUT } from '../hook/hook.ts'
import { Host } from '../host/host.ts'
import { readIpOutput } from '../host/ip-output.ts'
import { buildPacket } from '../packet/build.ts'
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_RAW,
} from '../packet/link-type.ts'

const packet = buildPacket({
  source: '10.0.0.2',
  destination: '224.0.0.1',
  udp: { sourcePort: 1, destinationPort: 2 },
})
const sender = [0x02, 0xaa, 0xff, 0, 0, 0xfe]
const frame = (...header: number[]) => Uint8Array.of(...header, ...packet)
const ethernet = (destination: number[], ...tags: number[]) => frame(...destination, ...sender, ...tags, 8, 0)
const toHost = ethernet([2, 0, 0, 0, 0, 1])
const mac = (not = '') => new MatchBench(`-m mac ${not} --mac-source 02:aa:ff:0:0:fe`)
const type = (name: string) => new MatchBench(`-m pkttype --pkt-type ${name}`)

test('mac: the sender of an Ethernet frame', () => {
  expect(mac().askFrame(toHost, LINKTYPE_ETHERNET)).toBe('yes')
  expect(mac('!').askFrame(toHost, LINKTYPE_ETHERNET)).toBe('no')
  expect(mac().askFrame(ethernet([2, 0, 0, 0, 0, 1], 0x81, 0, 0, 5), LINKTYPE_ETHERNET)).toBe('yes')
  const other = new MatchBench('-m mac ! --mac-source 02:aa:ff:0:0:ff')
  expect(other.askFrame(toHost, LINKTYPE_ETHERNET)).toBe('yes')
})

test('mac: of Linux cooked captures as far as the device was an Ethernet one; else nothing matches', () => {
  const cooked = (device: number) => frame(0, 0, 0, device, 0, 6, ...sender, 0, 0, 8, 0)
  expect(mac().askFrame(cooked(1), LINKTYPE_LINUX_SLL)).toBe('yes')
  expect(mac('!').askFrame(cooked(772 & 0xff), LINKTYPE_LINUX_SLL)).toBe('no')
  const second = frame(8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, ...sender, 0, 0)
  expect(mac().askFrame(second, LINKTYPE_LINUX_SLL2)).toBe('yes')
  expect(mac().askFrame(packet, LINKTYPE_RAW)).toBe('no')
  expect(mac('!').askFrame(packet, LINKTYPE_RAW)).toBe('no')
  expect(mac('!').ask(packet)).toBe('no')
})

test('mac: of Netfilter logs', () => {
  const log = (...attributes: number[][]) =>
    Uint8Array.of(
      ...[2, 0, 0, 1],
      ...attributes.flatMap(([kind, ...value]) => {
        const padding = new Array<number>(-value.length & 3).fill(0)
        return [value.length + 4, 0, kind!, 0, ...value, ...padding]
      }),
    )
  const payload = [9, ...packet]
  const ethernetDevice = [15, 0, 1]
  expect(mac().askFrame(log(ethernetDevice, [8, 0, 6, 0, 0, ...sender, 0, 0], payload), 239)).toBe('yes')
  const header = [16, 255, 255, 255, 255, 255, 255, ...sender, 8, 0]
  expect(mac().askFrame(log(ethernetDevice, header, payload), 239)).toBe('yes')
  expect(type('broadcast').askFrame(log(ethernetDevice, header, payload), 239)).toBe('yes')
  expect(mac('!').askFrame(log([15, 3, 4], header, payload), 239)).toBe('no')
  expect(mac('!').askFrame(log(payload), 239)).toBe('no')
})

test('pkttype: by the frame, whatever the IP address', () => {
  expect(type('unicast').askFrame(toHost, LINKTYPE_ETHERNET)).toBe('yes')
  expect(type('multicast').askFrame(toHost, LINKTYPE_ETHERNET)).toBe('no')
  const toAll = ethernet([255, 255, 255, 255, 255, 255])
  expect(type('broadcast').askFrame(toAll, LINKTYPE_ETHERNET)).toBe('yes')
  expect(type('multicast').askFrame(ethernet([1, 1, 1, 1, 1, 1]), LINKTYPE_ETHERNET)).toBe('yes')
  const cooked = frame(0, 2, 0, 1, 0, 6, ...sender, 0, 0, 8, 0)
  expect(type('multicast').askFrame(cooked, LINKTYPE_LINUX_SLL)).toBe('yes')
  const second = frame(8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 6, ...sender, 0, 0)
  expect(type('broadcast').askFrame(second, LINKTYPE_LINUX_SLL2)).toBe('yes')
  expect(type('unicast').askFrame(packet, LINKTYPE_RAW)).toBe('yes')
  const not = new MatchBench('-m pkttype ! --pkt-type unicast')
  expect(not.askFrame(toAll, LINKTYPE_ETHERNET)).toBe('yes')
})

test('pkttype: what this host sends is unicast', () => {
  const bench = type('unicast')
  bench.passage.hook = HOOK_OUTPUT
  expect(bench.askFrame(ethernet([255, 255, 255, 255, 255, 255]), LINKTYPE_ETHERNET)).toBe('yes')
})

test('physdev: no packet comes over a bridge, where the host has none; else it is refused', () => {
  const addresses = (master: string) =>
    `[{"ifname":"lo"},{"ifname":"eth0"${master},"addr_info":[{"family":"inet","local":"192.0.2.1","prefixlen":24}]}]`
  const host = new Host()
  expect(() => new MatchBench('-m physdev --physdev-in eth0', { host })).toThrow(NotEvaluated)
  readIpOutput(addresses(',"master":"br0"'), host)
  expect(() => new MatchBench('-m physdev --physdev-in eth0', { host })).toThrow(NotEvaluated)
  readIpOutput(addresses(''), host)
  const ask = (options: string) => new MatchBench(`-m physdev ${options}`, { host }).ask(packet)
  expect(ask('--physdev-in eth0')).toBe('no')
  expect(ask('! --physdev-in eth0')).toBe('yes')
  expect(ask('! --physdev-is-bridged ! --physdev-is-in')).toBe('yes')
  expect(ask('! --physdev-is-bridged --physdev-is-in')).toBe('no')
})

test('owner: no capture tells', () => {
  const make = () => new MatchBench('-m owner --uid-owner 0', { chain: 'OUTPUT' })
  expect(make).toThrow('no capture tells')
})
