/** Frames with one segment each, for the tests of the short ways: right, or bent in one place. */
import { buildPacket } from '../../packet/build.ts'
import { ethernet } from '../../packet/build-link.ts'
import { CaptureRecord } from '../../packet/capture-record.ts'
import { LINKTYPE_ETHERNET } from '../../packet/link-type.ts'

export interface SegmentPlan {
  readonly flags: string
  readonly sequence: number
  readonly ack: number
  readonly window: number
  readonly options: readonly number[]
  /** Bytes. */
  readonly payload: number
  /** It is wrong. */
  readonly checksum: boolean
  /** The header's length, as it says; -1 for the right one. */
  readonly headerLength: number
  /** Bytes of the chunk behind the frame. */
  readonly behind: number
}

export interface Endpoint {
  readonly address: string
  readonly port: number
}

export function segmentRecord(plan: SegmentPlan, from: Endpoint, to: Endpoint): CaptureRecord {
  const bytes = ethernet(
    buildPacket({
      source: from.address,
      destination: to.address,
      tcp: {
        sourcePort: from.port,
        destinationPort: to.port,
        flags: plan.flags,
        sequence: plan.sequence,
        acknowledgment: plan.ack,
        window: plan.window,
        options: Uint8Array.from(plan.options),
        payload: new Uint8Array(plan.payload).fill(0xa7),
      },
    }),
  )
  if (plan.headerLength >= 0) bytes[46] = (plan.headerLength / 4) << 4
  if (plan.checksum) bytes[50] = bytes[50]! ^ 1
  const record = new CaptureRecord()
  record.linkType = LINKTYPE_ETHERNET
  record.bytes = new Uint8Array([...bytes, ...new Array<number>(plan.behind).fill(0xff)])
  record.view = new DataView(record.bytes.buffer)
  record.end = bytes.length
  record.originalLength = bytes.length
  return record
}
