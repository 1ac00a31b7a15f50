/** What a capture file says about itself and its packets. */

/** One packet record, reused: `bytes` stays valid until more input is fed to its reader. */
export class CaptureRecord {
  /** Which of the files given, from 0. */
  file = 0
  /** The frame's number in its file, from 1 as Wireshark counts. */
  frame = 0
  /** Whole seconds since 1970 UTC: ±8.64e12, the range of a Date. */
  seconds = 0
  /** Nanoseconds 0–999,999,999 that count forwards, ahead of 1970 as well. */
  nanoseconds = 0
  /** LINKTYPE_* number (tcpdump.org's registry): 1 Ethernet, 101 raw IP, 113 Linux cooked. */
  linkType = 0
  /** Index into the interfaces of its reader (over all files: of the merged capture). */
  interfaceIndex = -1
  /** `DIRECTION_INCOMING`, `DIRECTION_OUTGOING` (from pcapng's epb_flags), or 0: unknown. */
  direction = 0
  /** The chunk that the frame is in; the frame itself is `start`–`end` of it. */
  bytes: Uint8Array = new Uint8Array(0)
  /** The same memory as `bytes`. */
  view: DataView = new DataView(this.bytes.buffer)
  /** Where the frame begins in `bytes`. */
  start = 0
  /** Where what was captured of it ends in `bytes`, exclusive. */
  end = 0
  /** Bytes the frame had on the wire; larger than `end - start` when the snap length cut it. */
  originalLength = 0
}

/** What a capture says about an interface that packets were captured on. */
export interface CaptureInterface {
  /** `if_name` of pcapng; null where the file does not name it, as in pcap. */
  readonly name: string | null
  /** LINKTYPE_* of its frames, 0–65535. */
  readonly linkType: number
  /** At most so many bytes of a frame were kept; 0 means no limit. */
  readonly snapLength: number
  /** Which of the files given, from 0. */
  readonly file: number
  /** Decimal digits of a second that its time stamps have, 0–9: 6 microseconds, 9 nanoseconds. */
  readonly timePrecision: number
}

/**
 * Something a reader met that is not a packet: stable code, place, and a sentence of what was kept.
 * `fatal` ends that file; everything read before is kept.
 */
export interface CaptureProblem {
  /** What kind of problem it is; codes are stable. */
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
  /** Which of the files given, from 0. */
  readonly file: number
  /** Byte offset in the (decompressed) file. */
  readonly offset: number
  /** The frame it stands at or after, 0 before the first. */
  readonly frame: number
  /** Nothing behind it could be read of this file. */
  readonly fatal: boolean
  /** What was found and what was kept, in a clause without a full stop. It may quote the file: print it escaped. */
  readonly message: string
}
