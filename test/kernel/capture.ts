import { readCapture } from '../../src/capture/merge.ts'
import type { CaptureProblem } from '../../src/capture/record.ts'
import { gunzip } from '../../src/cli/gunzip.ts'
import { openInput } from '../../src/cli/input.ts'
import { formatAddress, tupleText, tupleView } from '../../src/live/packet-tuple.ts'
import { internetChecksum } from '../../src/packet/checksum.ts'
import { decodeFrame, decodeNetwork } from '../../src/packet/decode.ts'
import {
  CHECKSUM_BAD,
  CHECKSUM_PARTIAL,
  ISSUE_FRAGMENT,
  ISSUE_NETWORK_BAD,
  ISSUE_NONE,
  Packet,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from '../../src/packet/packet.ts'
import { verifyChecksum } from '../../src/packet/verify.ts'
import type { Difference } from './compare.ts'
import type { Side } from './kernel.ts'
import { type Played, type Player, Session } from './play.ts'
import { describeStep } from './trace.ts'
import type { PacketStep, Step } from './traffic/case.ts'

/** A capture as packets for the router between two networks, and what could not be one. */
export interface CaptureSteps {
  readonly steps: readonly Step[]
  /** Frame number of each step; 0 for waits. */
  readonly frames: readonly number[]
  /** Frames left out, by why. */
  readonly skipped: ReadonlyMap<string, number>
  /** What kept the file, or a part of it, from being read. */
  readonly problems: readonly string[]
  /** Packets whose transport checksum was left to a network card, and is complete here. */
  readonly completed: number
  /** Packets whose transport checksum is wrong, and stays so. */
  readonly wrong: number
}

/** Reads a capture; its gaps become virtual time, in whole seconds. */
export async function readSteps(path: string): Promise<CaptureSteps> {
  const packet = new Packet()
  const steps: Step[] = []
  const frames: number[] = []
  const skipped = new Map<string, number>()
  const sides = new Map<string, Side>()
  const problems: string[] = []
  const onProblem = ({ message }: CaptureProblem) => problems.push(message)
  let completed = 0
  let wrong = 0
  let clock: number | null = null
  for await (const record of readCapture(openInput(path).chunks, { gunzip, onProblem })) {
    const { view, bytes, start, end, originalLength, linkType } = record
    decodeFrame(packet, view, bytes, start, end, originalLength, linkType)
    const why = whyLeftOut(packet)
    if (why !== null) {
      skipped.set(why, (skipped.get(why) ?? 0) + 1)
      continue
    }
    const seconds = Math.max(record.seconds, clock ?? 0)
    if (clock !== null && seconds > clock) {
      steps.push({ kind: 'age', seconds: seconds - clock })
      frames.push(0)
    }
    clock = seconds
    const ip = packet.bytes.slice(packet.networkOffset, packet.networkOffset + packet.length)
    const checksum = judgeChecksum(packet, ip)
    if (checksum === CHECKSUM_PARTIAL) completed++
    if (checksum === CHECKSUM_BAD) wrong++
    steps.push({ kind: 'packet', side: sideOf(sides, ip), bytes: forwardable(ip) })
    frames.push(record.frame)
  }
  return { steps, frames, skipped, problems, completed, wrong }
}

function whyLeftOut(packet: Packet): string | null {
  const { issue, bytes, networkOffset, length, capturedEnd } = packet
  if (issue === ISSUE_NETWORK_BAD) return 'header that the stack refuses'
  if (issue !== ISSUE_NONE && issue !== ISSUE_FRAGMENT) return 'no readable IP packet'
  if (capturedEnd < networkOffset + length) return 'cut by the snap length'
  const v6 = bytes[networkOffset]! >> 4 === 6
  // Merged ahead of the capture (BIG TCP), with 0 in the field: a router takes that from its own card only.
  const hasLength = packet.view.getUint16(networkOffset + (v6 ? 4 : 2)) > 0
  if (!hasLength && length > 40) return 'longer than its length field can say'
  const ends = v6 ? [8, 24].map((at) => [at, 16]) : [12, 16].map((at) => [at, 4])
  const routed = ends.every(([at, size]) =>
    isRouted(bytes.subarray(networkOffset + at!, networkOffset + at! + size!)),
  )
  return routed ? null : 'addresses that no router forwards'
}

/** No multicast, IPv6 loopback, broadcast, unspecified or link-local address. */
function isRouted(address: Uint8Array): boolean {
  const [first, second] = [address[0]!, address[1]!]
  if (address.length === 4) {
    return first !== 0 && first < 224 && !(first === 169 && second === 254)
  }
  const loopback = address.subarray(0, 15).every((byte) => byte === 0)
  return first !== 0xff && !loopback && !(first === 0xfe && (second & 0xc0) === 0x80)
}

/** Whoever sends first of a pair of hosts is on the side of `in`. */
function sideOf(sides: Map<string, Side>, ip: Uint8Array): Side {
  const v6 = ip[0]! >> 4 === 6
  const source = formatAddress(v6 ? ip.subarray(8, 24) : ip.subarray(12, 16))
  const destination = formatAddress(v6 ? ip.subarray(24, 40) : ip.subarray(16, 20))
  const known = sides.get(`${source} ${destination}`)
  if (known) return known
  sides.set(`${source} ${destination}`, 'in')
  sides.set(`${destination} ${source}`, source === destination ? 'in' : 'out')
  return 'in'
}

/** A packet at the end of its life gets some more: tracking does not look at it, the router would drop it. */
function forwardable(ip: Uint8Array): Uint8Array {
  const v6 = ip[0]! >> 4 === 6
  const at = v6 ? 7 : 8
  if (ip[at]! >= 2) return ip
  ip[at] = 64
  if (v6) return ip
  const view = new DataView(ip.buffer, ip.byteOffset)
  view.setUint16(10, 0)
  view.setUint16(10, internetChecksum(view, 0, (ip[0]! & 15) * 4))
  return ip
}

const CHECKSUM_FIELD: Readonly<Record<number, number>> = {
  [PROTOCOL_TCP]: 16,
  [PROTOCOL_UDP]: 6,
  [PROTOCOL_SCTP]: 8,
}

/**
 * Verifies the transport checksum, and completes one that was left to the network card: the stack that sent the
 * packet never judged it, and the router here would take it for a wrong one.
 */
function judgeChecksum(packet: Packet, ip: Uint8Array): Packet['checksum'] {
  const view = new DataView(ip.buffer, ip.byteOffset, ip.byteLength)
  decodeNetwork(packet, view, ip, 0, ip.length, ip.length)
  verifyChecksum(packet)
  const { checksum, checksumExpected, protocol } = packet
  const field = CHECKSUM_FIELD[protocol]
  if (checksum === CHECKSUM_PARTIAL && field !== undefined) {
    const at = packet.transportOffset + field
    if (protocol === PROTOCOL_SCTP) view.setUint32(at, checksumExpected)
    else view.setUint16(at, checksumExpected)
  }
  return checksum
}

export interface CaptureResult {
  readonly packets: number
  readonly agreed: number
  /** UDP flows that the engine took for streams: the kernel's two seconds cannot be aged. */
  readonly udpStreams: number
  /** The first differences, each with the packets of the same flow before it. */
  readonly differences: readonly string[]
}

/** What came of a capture, in lines for people, and whether all of it agrees; nothing compared is no agreement. */
export function captureReport(
  path: string,
  capture: CaptureSteps,
  result: CaptureResult,
): { readonly lines: readonly string[]; readonly agrees: boolean } {
  const { packets, agreed, udpStreams, differences } = result
  const { skipped, problems, completed, wrong } = capture
  const left = [...skipped].map(([why, count]) => `  ${count} frames left out: ${why}`)
  const told = [...problems.map((problem) => `  ${problem}`), ...left]
  if (packets === 0) {
    const why = told.length > 0 ? told : ['  the capture holds no frame']
    return { lines: [`${path}: nothing could be compared`, ...why], agrees: false }
  }
  const lines = [...differences, `${path}: ${agreed} of ${packets} packets agree`]
  if (wrong > 0) lines.push(`  ${wrong} packets with a wrong transport checksum, verified by both`)
  if (completed > 0) {
    lines.push(`  ${completed} packets whose checksum was left to a network card: completed ahead of both`)
  }
  if (udpStreams > 0) {
    lines.push(`  ${udpStreams} UDP flows count as agreeing although only the engine saw two seconds pass`)
  }
  return { lines: [...lines, ...told], agrees: agreed === packets }
}

const CONTEXT = 5

/** Plays a capture through both, to its end, whatever differs. */
export function playCapture(player: Player, { steps, frames }: CaptureSteps): CaptureResult {
  // By their own names, whatever the defaults: a wrong checksum is to be found by both.
  const session = new Session(player, { nf_conntrack_checksum: 1 })
  const flows = new Map<string, string[]>()
  const streams = new Set<string>()
  const differences: string[] = []
  let packets = 0
  let agreed = 0
  for (const [index, step] of steps.entries()) {
    if (!session.keepTime()) throw new Error('the machine is too slow to keep both clocks together')
    if (step.kind !== 'packet') {
      session.wait(step)
      continue
    }
    packets++
    const played = session.send(step)
    const { difference } = played
    const flow = flowOf(played)
    const before = flows.get(flow) ?? []
    flows.set(flow, [...before, line(frames[index]!, step, played)].slice(-CONTEXT))
    if (!difference) agreed++
    else if (streams.has(flow) || isStream(played)) {
      streams.add(flow)
      agreed++
    } else if (differences.length < 10) differences.push(text(flows.get(flow)!, difference))
  }
  return { packets, agreed, udpStreams: streams.size, differences }
}

function line(frame: number, step: PacketStep, { observation, judgement }: Played): string {
  return describeStep(frame - 1, step, observation, judgement)
}

function text(context: readonly string[], { what, kernel, engine }: Difference): string {
  return [...context, `=> ${what}`, `   kernel: ${kernel}`, `   engine: ${engine}`].join('\n')
}

function flowOf({ observation }: Played): string {
  const { entry, tuple } = observation
  if (entry) return tupleText(entry.protocol, entry.original)
  return tuple ? tupleText(tuple.protocol, tupleView(tuple)) : ''
}

const ASSURED = 4

function isStream({ observation, judgement }: Played): boolean {
  const status = judgement?.entry?.status ?? 0
  return observation.tuple?.protocol === 17 && (status & ASSURED) !== 0
}
