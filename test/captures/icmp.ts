/** ICMP and ICMPv6: questions, errors about other packets, and what is not tracked. */
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from './story.ts'

const ROUTER = '203.0.113.1'
const out = { source: CLIENT, destination: SERVER }
const back = { source: SERVER, destination: CLIENT }
const out6 = { source: CLIENT6, destination: SERVER6 }
const back6 = { source: SERVER6, destination: CLIENT6 }

export function queries(): Story {
  const story = new Story()
  const echo = { id: 77, sequence: 1, payload: Buffer.from('ping') }
  story.send({ ...out, icmp: { type: 8, ...echo } })
  story.send({ ...back, icmp: { type: 0, ...echo } })
  story.send({ ...back, icmp: { type: 0, ...echo, id: 78 } })
  story.send({ ...back, icmp: { type: 0, ...echo, code: 5 } })
  story.send({ ...out, icmp: { type: 13, id: 1, payload: new Uint8Array(12) } })
  story.send({ ...back, icmp: { type: 14, id: 1, payload: new Uint8Array(12) } })
  story.send({ ...out, icmp: { type: 10 } })
  story.send({ ...out, icmp: { type: 42 } })
  story.send({ ...out, icmp: { type: 8, ...echo, checksum: 'bad' } })
  story.send({ ...out, protocol: 1, payload: [8, 0, 0, 0] })
  story.send({ ...out6, icmpv6: { type: 128, ...echo } })
  story.send({ ...back6, icmpv6: { type: 129, ...echo } })
  story.send({ ...out6, icmpv6: { type: 139, id: 5 } })
  story.send({ ...back6, icmpv6: { type: 129, ...echo, id: 9 } })
  // Each family's own protocol in the other one.
  story.send({ ...out, protocol: 58, payload: [128, 0, 0, 0, 0, 1, 0, 1] })
  story.send({ ...out6, protocol: 1, payload: [8, 0, 0, 0, 0, 1, 0, 1] })
  return story
}

/** Errors about a packet that was seen, about none that was, and one sent to somebody who did not send it. */
export function errors(): Story {
  const story = new Story()
  const question: PacketPlan = {
    ...out,
    udp: { sourcePort: 40_000, destinationPort: 53, payload: [1, 2, 3] },
  }
  const quoted = buildPacket(question)
  const never = buildPacket({ ...out, udp: { sourcePort: 40_009, destinationPort: 53 } })
  story.send(question)
  story.send({ ...back, icmp: { type: 3, code: 3, payload: quoted } })
  story.send({ source: ROUTER, destination: CLIENT, icmp: { type: 11, payload: quoted.subarray(0, 28) } })
  // The quoted packet is the client's, but the error goes to somebody else.
  story.send({ source: ROUTER, destination: '10.0.0.66', icmp: { type: 3, code: 1, payload: quoted } })
  story.send({ source: ROUTER, destination: CLIENT, icmp: { type: 3, code: 1, payload: never } })
  story.send({ source: ROUTER, destination: CLIENT, icmp: { type: 3, payload: quoted.subarray(0, 22) } })
  // An error about an error.
  const error = buildPacket({ ...out, icmp: { type: 3, code: 3, payload: quoted } })
  story.send({ source: ROUTER, destination: CLIENT, icmp: { type: 3, payload: error } })
  const web = story.tcp(40_001, 80, { client: CLIENT6, server: SERVER6 })
  web.open(100, 500)
  const large = buildPacket({
    ...out6,
    tcp: { sourcePort: 40_001, destinationPort: 80, flags: 'A', sequence: 101, acknowledgment: 501 },
  })
  story.send({
    source: '2001:db8:f::1',
    destination: CLIENT6,
    icmpv6: { type: 2, rest: 1280, payload: large },
  })
  story.send({ ...back6, icmpv6: { type: 1, code: 4, payload: large } })
  story.send({ ...back6, icmpv6: { type: 1, code: 4, payload: large, checksum: 'bad' } })
  return story
}

/** Neighbour and multicast discovery pass by the tracker; a redirect does not. */
export function neighbours(): Story {
  const story = new Story()
  const [near, far] = ['fe80::2', 'fe80::1']
  for (const type of [133, 134, 135, 136, 143]) {
    story.send({ source: near, destination: far, ttl: 255, icmpv6: { type, payload: new Uint8Array(16) } })
  }
  const redirect = { type: 137, payload: new Uint8Array(32) }
  story.send({
    source: near,
    destination: far,
    ttl: 255,
    icmpv6: { ...redirect, payload: new Uint8Array(8) },
  })
  story.send({ source: near, destination: far, ttl: 255, icmpv6: redirect })
  story.send({ source: CLIENT6, destination: SERVER6, ttl: 64, icmpv6: redirect })
  return story
}
