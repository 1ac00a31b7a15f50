import { expect, test } from 'vitest'
import { decodeNetwork } from '../packet/decode.ts'
import { Packet } from '../packet/packet.ts'
import { engine } from './engine.ts'
import type { SentPacket } from './executor.ts'
import { parsedFile, runText } from './fixtures.ts'

const hosts = 'host client 10.0.0.2   host server 192.0.2.9\n'

/** What a scenario sends, decoded. */
async function sent(text: string): Promise<Packet[]> {
  const packets: Packet[] = []
  const [result] = await runText(text, {
    executor: (setup) => {
      const real = engine(setup)
      const send = real.send.bind(real)
      real.send = (packet: SentPacket) => {
        packets.push(decoded(packet.bytes))
        return send(packet)
      }
      return real
    },
  })
  if (result!.problem !== null) throw new Error(result!.problem.message)
  return packets
}

function decoded(bytes: Uint8Array): Packet {
  const packet = new Packet()
  packet.frameBytes = bytes
  packet.frameEnd = bytes.length
  packet.frameLength = bytes.length
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  decodeNetwork(packet, view, bytes, 0, bytes.length, bytes.length)
  return packet
}

const numbers = ({ sourcePort, sequence, acknowledgment, window, transportLength }: Packet) => [
  sourcePort,
  sequence >>> 0,
  acknowledgment >>> 0,
  window,
  transportLength,
]

test('numbers count from 1000 for who sends first and 5000 for the other; what is left out goes on', async () => {
  const packets = await sent(`${hosts}
+0 client:40000 > server:80 S win 300
+0 server > client S.
+0 client > server .
+0 client > server P. "hello" win 400
+0 server > client . ack 6
+0 client > server F.
+0 server > client R 9:9(0)
`)
  expect(packets.map(numbers)).toEqual([
    [40_000, 1000, 0, 300, 20],
    [80, 5000, 1001, 65_535, 20],
    [40_000, 1001, 5001, 300, 20],
    [40_000, 1001, 5001, 400, 25],
    [80, 5001, 1006, 65_535, 20],
    [40_000, 1006, 5001, 400, 20],
    [80, 5009, 0, 65_535, 20],
  ])
})

test('isn, of a host or in a packet, and literal numbers', async () => {
  const packets = await sent(`${hosts}
isn client 7000, server 9000
+0 client:1 > server:2 S
+0 server > client S.
isn client 100
+0 client > server P. 1:3(2) ack #77
+0 client:1 > server:2 S
+0 client:1 > server:2 S isn 4294967295
+0 server:2 > client:1 . seq=#4294967290 ack 2
`)
  expect(packets.map((packet) => numbers(packet).slice(1, 3))).toEqual([
    [7000, 0],
    [9000, 7001],
    // The connection is there already.
    [7001, 77],
    [100, 0],
    [4_294_967_295, 0],
    [4_294_967_290, 1],
  ])
})

test('options are padded with NOPs, and raw ones with nothing but the end of the list', async () => {
  const packets = await sent(`${hosts}
+0 client:1 > server:2 S <mss 1460,wscale 7>
+0 client:1 > server:2 S <wscale 7> raw
+0 server:2 > client:1 . <sack 1:3 #5:9> ack 1
`)
  const options = packets.map(({ bytes, transportOffset }) => [
    ...bytes.subarray(transportOffset + 20, transportOffset + (bytes[transportOffset + 12]! >> 4) * 4),
  ])
  expect(options).toEqual([
    [2, 4, 1460 >> 8, 1460 & 255, 3, 3, 7, 1],
    [3, 3, 7, 0],
    // Of the client: 1000 + 1, 1000 + 3; 5 as it stands, 1000 + 9.
    [5, 18, 0, 0, 3, 233, 0, 0, 3, 235, 0, 0, 0, 5, 0, 0, 3, 241, 1, 1],
  ])
})

test('a line without ports means the last conversation, also where NAT gave it others', async () => {
  const packets = await sent(`${hosts}host fw 192.0.2.1 local on eth0
rules
  iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.1:7777
+0 client:40000 > server:80 S
+0 server > fw S.
+0 client > server .
+0 client > server udp "x"
`).catch((error: Error) => error.message)
  expect(packets).toBe('no port is told, and these two have no udp conversation yet: write client:PORT')
  const [, answer, ack] = await sent(`${hosts}host fw 192.0.2.1 local on eth0
rules
  iptables -t nat -A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.1:7777
+0 client:40000 > server:80 S
+0 server > fw S.
+0 client > server .
`)
  expect([answer!.sourcePort, answer!.destinationPort, answer!.acknowledgment]).toEqual([80, 7777, 1001])
  expect([ack!.sourcePort, ack!.destinationPort, ack!.acknowledgment]).toEqual([40_000, 80, 5001])
})

test('an error quotes the packet as it left, or where it did not, as it was sent', async () => {
  const packets = await sent(`${hosts}host router 198.51.100.1
host fw 192.0.2.1 local on eth0
rules
  iptables -A FORWARD -p udp --dport 99 -j DROP
  iptables -t nat -A POSTROUTING -j SNAT --to-source 192.0.2.1
+0 client:5 > server:53 udp "hello"
+0 router > fw icmp host-unreachable about 1
+0 @dropped client:5 > server:99 udp
+0 router > client icmp port-unreachable about @dropped
`)
  const quoted = (packet: Packet) => packet.bytes.subarray(packet.transportOffset + 8).subarray(12, 16)
  expect([...quoted(packets[1]!)]).toEqual([192, 0, 2, 1])
  expect([...quoted(packets[3]!)]).toEqual([10, 0, 0, 2])
  expect([packets[1]!.icmpType, packets[1]!.icmpCode]).toEqual([3, 1])
})

test('IPv6, ICMPv6 by the same name, and a counter in an address', async () => {
  const packets = await sent(`host client 2001:db8::2   host server 2001:db8::9
+0 client > server icmp echo-request id 7 seq 3
+0 [2001:db8::{1}]:5 > [2001:db8::9]:6 udp
repeat 3 i: +0 10.{i}.0.{200+i*2}:{i} > 10.0.0.1:1 udp
`)
  expect(packets.map(({ protocol }) => protocol)).toEqual([58, 17, 17, 17, 17])
  expect([packets[0]!.icmpType, packets[0]!.icmpId]).toEqual([128, 7])
  expect(packets.slice(2).map(({ source0 }) => source0)).toEqual([0x0a0000c8, 0x0a0100ca, 0x0a0200cc])
})

test('times add up, and begin where the scenario says', async () => {
  const times: number[] = []
  const file = parsedFile(`start 2026-01-31T12:00:00
${hosts}+0.5 client:1 > server:2 udp
+1d500ms client:1 > server:2 udp
+0.000001 client:1 > server:2 udp
`)
  expect(file.tests).toHaveLength(1)
  await runText(file.text, { onPacket: ({ record }) => times.push(Number(record.time)) })
  const begin = Date.UTC(2026, 0, 31, 12) / 1000
  expect(times).toEqual([begin + 0.5, begin + 86_401, begin + 86_401.000001])
})
