/** What the place and manner of capturing do to packets: checksums not yet filled in, segments merged, packets cut. */
import { buildPacket } from '../../src/packet/build.ts'
import { ethernet } from '../../src/packet/build-link.ts'
import { CLIENT, SERVER, Story } from './story.ts'

const out = { source: CLIENT, destination: SERVER }
const back = { source: SERVER, destination: CLIENT }

/** Captured on the client: the network card fills in the checksums of what it sends, and merges what it receives. */
export function offload(): Story {
  const story = new Story()
  const flow = story.tcp(40_000, 80)
  // What the stack leaves in the field: the sum of the pseudo header (12 bytes) alone.
  const pseudo = (length: number) => {
    let sum = 6 + length
    for (const address of [CLIENT, SERVER]) {
      const [a, b, c, d] = address.split('.').map(Number)
      sum += (a! << 8) + b! + (c! << 8) + d!
    }
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
    return sum
  }
  flow.out('S', 100, 0, { checksum: pseudo(20) })
  flow.back('SA', 500, 101)
  flow.out('A', 101, 501, { checksum: pseudo(20) })
  flow.out('PA', 101, 501, { length: 40, checksum: pseudo(60) })
  flow.back('A', 501, 141, { length: 4380 })
  flow.out('A', 141, 4881, { checksum: pseudo(20) })
  // Total length 0: longer than the field can say.
  const tcp = { sourcePort: 80, destinationPort: 40_000, flags: 'A', sequence: 4881, acknowledgment: 141 }
  story.send({ ...back, totalLength: 0, tcp: { ...tcp, payload: new Uint8Array(8760) } })
  flow.out('A', 141, 13_641, { checksum: pseudo(20) })
  // This one is really wrong.
  flow.back('A', 13_641, 141, { length: 10, checksum: 'bad' })
  return story
}

/** Cut in the link header, the network header, the transport header, its options, the data, and in a quoted packet. */
export function cuts(): Story {
  const story = new Story()
  const tcp = { sourcePort: 40_000, destinationPort: 80, sequence: 100, payload: [] }
  const syn = ethernet(
    buildPacket({ ...out, tcp: { ...tcp, flags: 'S', options: [{ mss: 1460 }, { windowScale: 7 }] } }),
  )
  story.frame(syn, { cut: 14 + 20 + 20 })
  const flow = story.tcp(40_000, 80)
  flow.back('SA', 500, 101, { options: [{ mss: 1460 }, { windowScale: 7 }] })
  flow.out('A', 101, 501)
  flow.out('PA', 101, 501, { length: 1000, frame: { cut: 68 } })
  flow.back('A', 501, 1101)
  const data = ethernet(
    buildPacket({
      ...out,
      tcp: { ...tcp, flags: 'PA', sequence: 1101, acknowledgment: 501, payload: new Uint8Array(50) },
    }),
  )
  for (const cut of [10, 14 + 12, 14 + 20 + 2, 14 + 20 + 8]) story.frame(data, { cut })
  const question = buildPacket({
    ...out,
    udp: { sourcePort: 40_001, destinationPort: 53, payload: new Uint8Array(90) },
  })
  story.send(question, { cut: 68 })
  story.send({ ...back, icmp: { type: 3, code: 3, payload: question } }, { cut: 68 })
  story.send({ ...back, icmp: { type: 3, code: 3, payload: question } }, { cut: 50 })
  story.send({ ...out, icmp: { type: 8, id: 1, payload: new Uint8Array(56) } }, { cut: 68 })
  return story
}

/** The stack's own checks, ahead of any hook: version, header length, total length, header checksum, padding. */
export function headers(): Story {
  const story = new Story()
  const udp = { sourcePort: 40_000, destinationPort: 53, payload: [1, 2, 3, 4] }
  story.send({ ...out, udp, version: 5 })
  story.send({ ...out, udp, headerLength: 16 })
  story.send({ ...out, udp, totalLength: 200 })
  story.send({ ...out, udp, headerChecksum: 0x1234 })
  story.frame(ethernet(buildPacket({ ...out, udp }), { minimum: 60 }))
  story.send({ ...out, udp, ipOptions: [0x94, 4, 0, 0] })
  story.frame(ethernet(new Uint8Array(0), { etherType: 0x0800 }))
  return story
}
