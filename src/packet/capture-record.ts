/** The frame as a capture file holds it: what a reader fills, and a packet is decoded from. */

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
