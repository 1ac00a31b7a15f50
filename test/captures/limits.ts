/** The table itself: full, expiring, accounted, in every protocol. */
import type { PacketPlan } from '../../src/packet/build.ts'
import { sctpInitBody } from '../../src/packet/build-transport.ts'
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from './story.ts'

/** Three assured connections, then one that has no room where the limit is 3. */
export function tableFull(): Story {
  const story = new Story()
  for (let port = 40_000; port < 40_003; port++) story.tcp(port, 80).open(100, 500)
  story.tcp(40_003, 80).open(100, 500)
  return story
}

/** Half-open connections: five more than the limit of 2,300 that they are replayed with. */
export function halfOpen(): Story {
  const story = new Story()
  for (let port = 40_000; port < 42_305; port++) story.tcp(port, 80).out('S', 100)
  return story
}

/** Each state is left alone until it has run out, and is then spoken to again. */
export function gaps(): Story {
  const story = new Story()
  const ping: PacketPlan = { source: CLIENT, destination: SERVER, icmp: { type: 8, id: 1 } }
  const half = story.tcp(40_000, 80)
  half.out('S', 100)
  story.send(ping)
  const open = story.tcp(40_001, 80)
  open.open(100, 500)
  story.wait(119)
  half.back('SA', 500, 101)
  story.wait(61)
  half.out('A', 101, 501)
  // Five days.
  story.wait(432_000)
  open.back('PA', 501, 101, { length: 10 })
  return story
}

/** One entry of each protocol, of both families where it has both. */
export function mixed(): Story {
  const story = new Story()
  const out = { source: CLIENT, destination: SERVER }
  const out6 = { source: CLIENT6, destination: SERVER6 }
  story.tcp(40_000, 80).open(100, 500)
  story.tcp(40_000, 80).out('PA', 101, 501, { length: 100 })
  story.tcp(40_001, 80, { client: CLIENT6, server: SERVER6 }).out('S', 100)
  const ask = { sourcePort: 40_002, destinationPort: 53, payload: Buffer.from('question') }
  story.send({ ...out, udp: ask })
  story.send({
    source: SERVER,
    destination: CLIENT,
    udp: { ...ask, sourcePort: 53, destinationPort: 40_002 },
  })
  story.send({ ...out6, udp: ask })
  story.send({ ...out, udplite: { ...ask, pseudoProtocol: 17 } })
  story.send({ ...out, icmp: { type: 8, id: 77, sequence: 1 } })
  story.send({ ...out6, icmpv6: { type: 128, id: 78, sequence: 1 } })
  const ports = { sourcePort: 40_003, destinationPort: 3868 }
  story.send({ ...out, sctp: { ...ports, chunks: [{ type: 1, body: sctpInitBody(1) }] } })
  story.send({ ...out, gre: { version: 1, callId: 9 } })
  story.send({ ...out, protocol: 50, payload: new Uint8Array(8) })
  story.wait(1)
  story.tcp(40_000, 80).back('A', 501, 201)
  return story
}
