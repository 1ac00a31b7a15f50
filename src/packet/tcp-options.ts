/** TCP options as connection tracking reads them (spec of tcp_options and tcp_sack in nf_conntrack_proto_tcp). */
import type { Packet } from './packet.ts'

const END = 0
const NOP = 1
const WINDOW_SCALE = 3
const SACK_PERMITTED = 4
const SACK = 5

/** RFC 7323, 2.3: a larger shift count counts as 14. */
const MOST_SCALE = 14

/** What the options of a SYN say; reused. */
export class SynOptions {
  /** There are option bytes at all; the kernel keeps what it knew if not. */
  present = false
  /** Shift count 0–14, or −1 without the option. */
  windowScale = -1
  sackPermitted = false
  /** The capture does not hold all of the options: what was not found is unknown. */
  cut = false
}

/** Whether the options run on beyond the bytes that were captured. */
export function areOptionsCut(packet: Packet): boolean {
  return packet.tcpHeaderLength > 20 && packet.tcpHeaderLength > packet.transportCaptured
}

/** Where the captured option bytes end. */
function optionsEnd(packet: Packet): number {
  return packet.transportOffset + Math.min(packet.tcpHeaderLength, packet.transportCaptured)
}

/** Length of the option at `at`, or 0 where the walk ends; END and NOP are the caller's. */
function optionLength(view: DataView, at: number, end: number): number {
  if (end - at < 2) return 0
  const length = view.getUint8(at + 1)
  return length < 2 || length > end - at ? 0 : length
}

/** Reads window scale and SACK permitted; of options given twice the last one counts. */
export function parseSynOptions(packet: Packet, out: SynOptions): void {
  readSynOptions(packet.view, packet.transportOffset + 20, optionsEnd(packet), out)
  out.present = packet.tcpHeaderLength > 20
  out.cut = areOptionsCut(packet)
}

/** The same of options that stand from `start` to `end`, none of them cut. */
export function readSynOptions(view: DataView, start: number, end: number, out: SynOptions): void {
  out.present = end > start
  out.windowScale = -1
  out.sackPermitted = false
  out.cut = false
  for (let at = start; at < end; ) {
    const kind = view.getUint8(at)
    if (kind === END) break
    if (kind === NOP) {
      at++
      continue
    }
    const length = optionLength(view, at, end)
    if (length === 0) break
    if (kind === SACK_PERMITTED && length === 2) {
      out.sackPermitted = true
    } else if (kind === WINDOW_SCALE && length === 3) {
      out.windowScale = Math.min(view.getUint8(at + 2), MOST_SCALE)
    }
    at += length
  }
}

/**
 * The highest sequence number that is acknowledged: `ack`, or the highest right edge of the first SACK option.
 * Options that the capture lacks (`areOptionsCut`) are not counted.
 */
export function highestSack(packet: Packet, ack: number): number {
  const at = packet.transportOffset + 20
  const end = optionsEnd(packet)
  // The usual case on its own, as in the kernel: NOP NOP timestamps, and nothing else.
  if (end - at === 12 && packet.tcpHeaderLength === 32 && packet.view.getInt32(at) === 0x0101080a) return ack
  return highestSackIn(packet.view, at, end, ack)
}

/** The same of options that stand from `start` to `end`. */
export function highestSackIn(view: DataView, start: number, end: number, ack: number): number {
  let at = start
  while (at < end) {
    const kind = view.getUint8(at)
    if (kind === END) break
    if (kind === NOP) {
      at++
      continue
    }
    const length = optionLength(view, at, end)
    if (length === 0) break
    if (kind === SACK && length >= 10 && ((length - 2) & 7) === 0) return highestEdge(view, at, length, ack)
    at += length
  }
  return ack
}

function highestEdge(view: DataView, at: number, length: number, ack: number): number {
  let highest = ack
  for (let block = at + 2; block < at + length; block += 8) {
    const edge = view.getInt32(block + 4)
    // edge after highest, modulo 2^32
    if (((highest - edge) | 0) < 0) highest = edge
  }
  return highest
}
