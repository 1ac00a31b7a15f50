/** Fragments: put together ahead of the tracker, or not. */
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { fragmentPacket, fragmentPiece } from '../../src/packet/build-fragments.ts'
import { CLIENT, CLIENT6, SERVER, SERVER6, Story } from './story.ts'

function datagram(six: boolean, port: number, length: number): Uint8Array {
  const plan: PacketPlan = {
    source: six ? CLIENT6 : CLIENT,
    destination: six ? SERVER6 : SERVER,
    udp: { sourcePort: port, destinationPort: 53, payload: new Uint8Array(length).fill(0x2e) },
  }
  return buildPacket(plan)
}

function told(six: boolean): Story {
  const story = new Story()
  const send = (pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) story.send(piece)
  }
  // In order, and the last piece first.
  send(fragmentPacket(datagram(six, 40_000, 100), [48, 48], { identification: 1 }))
  send(fragmentPacket(datagram(six, 40_001, 100), [48, 48], { identification: 2 }).reverse())
  // A piece twice; then two that overlap, after which the rest stays alone.
  const [first, second, third] = fragmentPacket(datagram(six, 40_002, 100), [48, 48], { identification: 3 })
  send([first!, first!, second!, third!])
  const overlapped = datagram(six, 40_003, 100)
  send([
    fragmentPiece(overlapped, 0, 48, true, { identification: 4 }),
    fragmentPiece(overlapped, 40, 48, true, { identification: 4 }),
    fragmentPiece(overlapped, 88, 20, false, { identification: 4 }),
  ])
  // A hole that is never filled: the rest comes when the time is over.
  const incomplete = fragmentPacket(datagram(six, 40_004, 100), [48, 48], { identification: 5 })
  send([incomplete[0]!, incomplete[1]!])
  story.wait(61)
  send([incomplete[2]!])
  // A first piece that ends inside the TCP header.
  const short = buildPacket({
    source: six ? CLIENT6 : CLIENT,
    destination: six ? SERVER6 : SERVER,
    tcp: { sourcePort: 40_006, destinationPort: 80, flags: 'S', payload: new Uint8Array(40) },
  })
  send(fragmentPacket(short, [16, 24], { identification: 7 }))
  return story
}

export const fragments4 = (): Story => told(false)
export const fragments6 = (): Story => told(true)
