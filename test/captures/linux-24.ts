/** What Linux 2.4 tracked in another way than Linux does today: each is shown in both. */
import type { PacketPlan } from '../../src/packet/build.ts'
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from './story.ts'

const out = { source: CLIENT, destination: SERVER }
const back = { source: SERVER, destination: CLIENT }

/** The close from either side and a port used again; first packets that are no SYN; a SYN+ACK to nobody's SYN. */
export function connections(): Story {
  const story = new Story()
  const web = story.tcp(40_000, 80)
  web.open(1000, 5000)
  web.out('FA', 1001, 5001)
  web.back('A', 5001, 1002)
  web.back('FA', 5001, 1002)
  web.out('A', 1002, 5002)
  web.out('S', 9000)
  web.back('SA', 7000, 9001)

  const served = story.tcp(40_001, 80)
  served.open(1000, 5000)
  served.back('FA', 5001, 1001)
  served.out('A', 1001, 5002)
  served.out('FA', 1001, 5002)
  served.back('A', 5002, 1002)

  story.tcp(40_002, 80).out('SA', 1000, 5000)
  story.tcp(40_003, 80).out('FA', 1000, 5000)
  story.tcp(40_004, 80).out('RA', 1000, 5000)
  story.tcp(40_005, 80).out('PU', 1000, 5000)

  const strange = story.tcp(40_006, 80)
  strange.out('A', 1000, 5000)
  strange.back('A', 5000, 1000)
  strange.out('A', 900_000, 800_000)
  strange.back('R', 123_456_789)
  return story
}

/** A ping and its answer, twice; a question, its answer, and another; GRE; IPv6. */
export function datagrams(): Story {
  const story = new Story()
  const ping = (sequence: number): PacketPlan => ({ ...out, icmp: { type: 8, id: 7, sequence } })
  const pong = (sequence: number): PacketPlan => ({ ...back, icmp: { type: 0, id: 7, sequence } })
  story.send(ping(1))
  story.send(pong(1))
  story.send(pong(1))
  story.send(ping(2))
  story.send({ ...out, udp: { sourcePort: 40_000, destinationPort: 53 } })
  story.send({ ...back, udp: { sourcePort: 53, destinationPort: 40_000 } })
  story.send({ ...out, udp: { sourcePort: 40_000, destinationPort: 53, checksum: 'bad' } })
  story.send({ ...out, gre: { version: 1, callId: 1, payload: new Uint8Array(4) } })
  story.send({ ...back, gre: { version: 1, callId: 2, payload: new Uint8Array(4) } })
  story.send({
    source: CLIENT6,
    destination: SERVER6,
    tcp: { sourcePort: 40_000, destinationPort: 80, flags: 'S' },
  })
  story.send({ ...out, protocol: 17, payload: [0x9c, 0x40, 0, 53, 0, 8] })
  return story
}
