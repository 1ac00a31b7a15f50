/** UDP, UDP-Lite, SCTP, GRE, and protocols without a tracker of their own. */
import type { PacketPlan } from '../../src/packet/build.ts'
import { sctpInitBody } from '../../src/packet/build-transport.ts'
import { CLIENT, SERVER, Story } from './story.ts'

const out = { source: CLIENT, destination: SERVER }
const back = { source: SERVER, destination: CLIENT }

/** A question and its answer; a stream, assured by what comes two seconds after it began; damaged ones. */
export function udp(): Story {
  const story = new Story()
  const ask = (port: number, rest: object = {}): PacketPlan => ({
    ...out,
    udp: { sourcePort: port, destinationPort: 53, payload: Buffer.from('question'), ...rest },
  })
  const answer = (port: number): PacketPlan => ({
    ...back,
    udp: { sourcePort: 53, destinationPort: port, payload: Buffer.from('answer') },
  })
  story.send(ask(40_000))
  story.send(answer(40_000))
  story.send(ask(40_001))
  story.wait(2.3)
  story.send(answer(40_001))
  story.send(ask(40_001))
  story.send(ask(40_002, { checksum: 0 }))
  story.send(ask(40_003, { checksum: 'bad' }))
  story.send(ask(40_003, { length: 100 }))
  story.send(ask(40_003, { length: 7 }))
  story.send({ ...out, protocol: 17, payload: [0x9c, 0x43, 0, 53, 0, 8] })
  story.wait(40)
  // 30 s are over for the first, not for the stream.
  story.send(answer(40_000))
  story.send(answer(40_001))
  return story
}

/** Linux verifies the checksum with the protocol number of UDP: a right one is INVALID, and the other way round. */
export function udplite(): Story {
  const story = new Story()
  const plan = { sourcePort: 40_000, destinationPort: 5000, payload: Buffer.from('lite') }
  story.send({ ...out, udplite: plan })
  story.send({ ...out, udplite: { ...plan, pseudoProtocol: 17 } })
  story.send({ ...back, udplite: { ...plan, sourcePort: 5000, destinationPort: 40_000, pseudoProtocol: 17 } })
  story.send({ ...out, udplite: { ...plan, pseudoProtocol: 17 } })
  story.send({ ...out, udplite: { ...plan, coverage: 4, pseudoProtocol: 17 } })
  story.send({ ...out, udplite: { ...plan, checksum: 0 } })
  return story
}

/** An association from INIT to its end, a packet with a wrong tag in it; one that is noticed by its heartbeat. */
export function sctp(): Story {
  const story = new Story()
  const ports = { sourcePort: 40_000, destinationPort: 3868 }
  const turned = { sourcePort: 3868, destinationPort: 40_000 }
  const there = (vtag: number, type: number, body: Uint8Array = new Uint8Array(0), rest: object = {}) =>
    story.send({ ...out, sctp: { ...ports, vtag, chunks: [{ type, body }], ...rest } })
  const here = (vtag: number, type: number, body: Uint8Array = new Uint8Array(0)) =>
    story.send({ ...back, sctp: { ...turned, vtag, chunks: [{ type, body }] } })
  const [a, b] = [0xaa, 0xbb]
  there(0, 1, sctpInitBody(a))
  here(a, 2, sctpInitBody(b))
  there(b, 10)
  here(a, 11)
  there(0x99, 0, new Uint8Array(13))
  there(b, 0, new Uint8Array(13), { checksum: 'bad' })
  there(b, 0, new Uint8Array(13))
  there(b, 7)
  here(a, 8)
  there(b, 14)
  story.wait(1)
  there(0, 1, sctpInitBody(0x31))
  const old = { sourcePort: 40_001, destinationPort: 3868 }
  const oldTurned = { sourcePort: 3868, destinationPort: 40_001 }
  story.send({ ...out, sctp: { ...old, vtag: b, chunks: [{ type: 0, body: new Uint8Array(13) }] } })
  story.send({ ...out, sctp: { ...old, vtag: b, chunks: [{ type: 4 }] } })
  story.send({ ...back, sctp: { ...oldTurned, vtag: a, chunks: [{ type: 5 }] } })
  return story
}

/** Version 0 with and without a key: one flow. Version 1 (PPTP): two, one for each direction; not PPP: none. */
export function gre(): Story {
  const story = new Story()
  story.send({ ...out, gre: { payload: Buffer.from('one') } })
  story.send({ ...back, gre: { key: 7, payload: Buffer.from('two') } })
  story.send({ ...out, gre: { key: 8, payload: Buffer.from('three') } })
  story.send({ ...out, gre: { version: 1, callId: 10, payload: Buffer.from('four') } })
  story.send({ ...back, gre: { version: 1, callId: 20, payload: Buffer.from('five') } })
  story.send({ ...out, gre: { version: 1, protocol: 0x0800, callId: 10 } })
  return story
}

/** ESP both ways, OSPF to its group, DCCP: addresses only, never assured. */
export function generic(): Story {
  const story = new Story()
  story.send({ ...out, protocol: 50, payload: [0, 0, 0, 1, 0, 0, 0, 1] })
  story.send({ ...back, protocol: 50, payload: [0, 0, 0, 2, 0, 0, 0, 1] })
  story.send({ ...out, protocol: 50, payload: [0, 0, 0, 1, 0, 0, 0, 2] })
  story.send({ source: CLIENT, destination: '224.0.0.5', protocol: 89, ttl: 1, payload: new Uint8Array(24) })
  story.send({ ...out, protocol: 33, payload: new Uint8Array(16) })
  return story
}
