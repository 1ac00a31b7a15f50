/** What a capture file says about itself and its packets. */

export { CaptureRecord } from '../packet/capture-record.ts'

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
