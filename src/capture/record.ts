/** What a capture file says about itself and its packets. */

/** One packet record, reused: `bytes` stays valid until more input is fed to its reader. */
export class CaptureRecord {
  /** Which of the files given, from 0; the frame's number in it, from 1 as Wireshark counts. */
  file = 0
  frame = 0
  /** Whole seconds since 1970 UTC (±8.64e12, the range of a Date), and nanoseconds 0–999,999,999. */
  seconds = 0
  nanoseconds = 0
  /** LINKTYPE_* number, see linktype.ts. */
  linkType = 0
  /** Index into the interfaces of its reader (over all files: of the merged capture). */
  interfaceIndex = -1
  /** DIRECTION_* of packet/packet.ts, from pcapng's epb_flags; else unknown. */
  direction = 0
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  /** Where the frame stands in `bytes`. */
  start = 0
  end = 0
  /** Bytes the frame had on the wire; larger than `end - start` when the snap length cut it. */
  originalLength = 0
}

export interface CaptureInterface {
  readonly name: string | null
  readonly linkType: number
  /** 0 means no limit. */
  readonly snapLength: number
  readonly file: number
  /** Decimal digits of a second that its time stamps have, 0–9: 6 microseconds, 9 nanoseconds. */
  readonly timePrecision: number
}

/**
 * Something a reader met that is not a packet: stable code, place, and a sentence of what was kept.
 * `fatal` ends that file; everything read before is kept.
 */
export interface CaptureProblem {
  readonly code:
    | 'not-a-capture'
    | 'truncated-header'
    | 'truncated-record'
    | 'bad-record'
    | 'bad-block'
    | 'unknown-block'
    | 'unknown-link-type'
    | 'unsupported-version'
    | 'bad-gzip'
    | 'read-error'
  readonly file: number
  /** Byte offset in the (decompressed) file. */
  readonly offset: number
  /** The frame it stands at or after, 0 before the first. */
  readonly frame: number
  readonly fatal: boolean
  readonly message: string
}
