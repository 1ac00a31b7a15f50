/** The same SYN and its answer on every link type, in one file with an interface for each. */
import { buildPacket } from '../../src/packet/build.ts'
import { bsdLoopback, ethernet, linuxCooked, linuxCooked2, nflog } from '../../src/packet/build-link.ts'
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NFLOG,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
} from '../../src/packet/link-type.ts'
import { DIRECTION_INCOMING, DIRECTION_OUTGOING } from '../../src/packet/packet.ts'
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from './story.ts'

type Framing = (packet: Uint8Array, isAnswer: boolean) => Uint8Array

const framings: readonly (readonly [
  name: string | null,
  linkType: number,
  six: boolean,
  framing: Framing,
])[] = [
  ['lan', LINKTYPE_ETHERNET, false, (packet) => ethernet(packet, { minimum: 60 })],
  ['vlan', LINKTYPE_ETHERNET, true, (packet) => ethernet(packet, { vlans: [12] })],
  ['qinq', LINKTYPE_ETHERNET, false, (packet) => ethernet(packet, { vlans: [{ type: 0x88a8, id: 7 }, 12] })],
  [
    'any',
    LINKTYPE_LINUX_SLL,
    false,
    (packet, isAnswer) => linuxCooked(packet, { packetType: isAnswer ? 4 : 0 }),
  ],
  [
    'any2',
    LINKTYPE_LINUX_SLL2,
    true,
    (packet, isAnswer) => linuxCooked2(packet, { packetType: isAnswer ? 4 : 0, interfaceIndex: 3 }),
  ],
  ['lo0', LINKTYPE_NULL, true, (packet) => bsdLoopback(packet, { littleEndian: true })],
  ['lo', LINKTYPE_LOOP, false, (packet) => bsdLoopback(packet)],
  ['tun0', LINKTYPE_RAW, false, (packet) => packet],
  ['four', LINKTYPE_IPV4, false, (packet) => packet],
  [null, LINKTYPE_IPV6, true, (packet) => packet],
  [
    'nflog',
    LINKTYPE_NFLOG,
    false,
    (packet, isAnswer) =>
      nflog(packet, {
        hook: 2,
        mark: 0x2a,
        inInterface: isAnswer ? 4 : 3,
        outInterface: isAnswer ? 3 : 4,
        prefix: 'drop: ',
      }),
  ],
]

export function links(): Story {
  const story = new Story(framings.map(([name, linkType]) => ({ name, linkType })))
  framings.forEach(([, , six, framing], index) => {
    const tcp = { sourcePort: 40_000 + index, destinationPort: 80, flags: 'S', sequence: 1000 }
    const turned = {
      sourcePort: 80,
      destinationPort: 40_000 + index,
      flags: 'SA',
      sequence: 1,
      acknowledgment: 1001,
    }
    const [source, destination] = six ? [CLIENT6, SERVER6] : [CLIENT, SERVER]
    const frame = { interface: index }
    story.frame(framing(buildPacket({ source, destination, tcp }), false), frame)
    story.frame(framing(buildPacket({ source: destination, destination: source, tcp: turned }), true), frame)
  })
  // What else a link carries: ARP, spanning tree.
  story.frame(ethernet(new Uint8Array(28), { etherType: 0x0806 }), { interface: 0 })
  story.frame(ethernet(new Uint8Array(38), { etherType: 38 }), { interface: 0 })
  return story
}

/** A router's two sides in one file; the file knows which way each packet went. */
export function interfaces(): Story {
  const story = new Story([
    { name: 'inside', linkType: LINKTYPE_ETHERNET },
    { name: 'outside', linkType: LINKTYPE_ETHERNET },
  ])
  const flow = story.tcp(40_000, 80)
  flow.out('S', 100, 0, { frame: { interface: 0, direction: DIRECTION_INCOMING } })
  flow.back('SA', 500, 101, { frame: { interface: 1, direction: DIRECTION_INCOMING } })
  flow.out('A', 101, 501, { frame: { interface: 0, direction: DIRECTION_INCOMING } })
  flow.back('R', 601, 101, { frame: { interface: 1, direction: DIRECTION_OUTGOING } })
  return story
}
