/** Files that are not as they should be. */
import { pcapHeader, pcapRecord } from '../../src/capture/pcap-writer.ts'
import { LINKTYPE_ETHERNET } from '../../src/packet/link-type.ts'
import { joined, Story, toWrite } from './story.ts'

const BIG_MICRO = { precision: 'micro', byteOrder: 'big' } as const
const USB = 189
const IEEE802_11 = 105

function threePackets(): Story {
  const story = new Story()
  story.tcp(40_000, 80).open(100, 500)
  return story
}

/** The story as the classic format has it. */
export function pcap(story: Story, format: Parameters<typeof pcapHeader>[0] = BIG_MICRO): Uint8Array {
  const records = story.packets.map((told) => pcapRecord(format, toWrite(told)))
  return joined([pcapHeader(format, LINKTYPE_ETHERNET), ...records])
}

export const truncatedPcap = (): Uint8Array => pcap(threePackets()).slice(0, -7)
export const truncatedPcapng = (): Uint8Array => threePackets().file().slice(0, -7)
export const truncatedHeader = (): Uint8Array => pcap(threePackets()).slice(0, 11)

/** Two interfaces, of which one speaks something else. */
export function unknownLinkType(): Uint8Array {
  const story = new Story([
    { name: 'eth0', linkType: LINKTYPE_ETHERNET },
    { name: 'usbmon1', linkType: USB },
  ])
  const flow = story.tcp(40_000, 80)
  flow.out('S', 100)
  story.frame(new Uint8Array(64), { interface: 1 })
  flow.back('SA', 500, 101)
  return story.file()
}

/** Nothing in it can be read. */
export function wireless(): Uint8Array {
  const story = new Story([{ name: 'wlan0', linkType: IEEE802_11 }])
  story.frame(new Uint8Array(64))
  story.frame(new Uint8Array(64))
  return story.file()
}

/** Blocks that are not packets: one nobody knows, and one whose length lies. */
export function unknownBlock(): Uint8Array {
  const story = threePackets()
  const strange = new DataView(new ArrayBuffer(16))
  strange.setUint32(0, 0x0bad_cafe, true)
  strange.setUint32(4, 16, true)
  strange.setUint32(12, 16, true)
  const whole = story.file()
  const head = whole.length - story.file(2).length + new Story().file().length
  return joined([whole.subarray(0, head), new Uint8Array(strange.buffer), whole.subarray(head)])
}

/** The second packet's record says that it is two gigabytes long. */
export function badRecord(): Uint8Array {
  const bytes = pcap(threePackets())
  const second = 24 + 16 + threePackets().packets[0]!.bytes.length
  new DataView(bytes.buffer).setUint32(second + 8, 0x7fff_ffff)
  return bytes
}
