/** The IP packets of a capture, to be sent again. */
import { MergedCapture } from '../capture/merge.ts'
import { decodeRecord } from '../packet/decode.ts'
import { FAMILY_NONE, Packet } from '../packet/packet.ts'

export interface CapturedPacket {
  /** From the IP header on. */
  readonly bytes: Uint8Array
  /** Microseconds since 1970 UTC, never earlier than the one before. */
  readonly time: number
}

/** @throws Error for a capture that cannot be read to its end, and for a packet that was not captured whole. */
export async function capturePackets(name: string, bytes: Uint8Array): Promise<CapturedPacket[]> {
  const capture = new MergedCapture([{ name, chunks: [bytes] }])
  const packet = new Packet()
  const found: CapturedPacket[] = []
  let time = 0
  do {
    while (capture.next(packet.record)) {
      decodeRecord(packet)
      if (packet.family === FAMILY_NONE) continue
      const { networkOffset, capturedEnd, length } = packet
      if (capturedEnd - networkOffset < length)
        throw new Error(`${name}: packet ${packet.frame} was not captured whole, so it cannot be sent again`)
      time = Math.max(time, packet.seconds * 1e6 + Math.round(packet.nanoseconds / 1000))
      found.push({ bytes: packet.bytes.slice(networkOffset, networkOffset + length), time })
    }
  } while (await capture.fill())
  const fatal = capture.problems.find((problem) => problem.fatal)
  if (fatal !== undefined) throw new Error(`${name}: ${fatal.message}`)
  return found
}
