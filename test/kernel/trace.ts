import { formatAddress } from '../../src/live/packet-tuple.ts'
import { formatTcpFlags } from '../../src/packet/tcp-flags.ts'
import type { Judgement } from './engine.ts'
import type { Observation, Side } from './kernel.ts'
import type { Step } from './traffic/case.ts'

interface Headers {
  readonly source: string
  readonly destination: string
  readonly protocol: number
  readonly transport: Uint8Array
  readonly extra: string
}

function headers(bytes: Uint8Array): Headers | null {
  const word = (at: number) => (bytes[at]! << 8) | bytes[at + 1]!
  if (bytes[0]! >> 4 === 4 && bytes.length >= 20) {
    const field = word(6)
    const fragment = (field & 0x3fff) !== 0
    return {
      source: formatAddress(bytes.subarray(12, 16)),
      destination: formatAddress(bytes.subarray(16, 20)),
      protocol: bytes[9]!,
      transport: bytes.subarray((bytes[0]! & 15) * 4),
      extra: fragment ? ` fragment id ${word(4)} at ${(field & 0x1fff) * 8}${field & 0x2000 ? '+' : ''}` : '',
    }
  }
  if (bytes[0]! >> 4 !== 6 || bytes.length < 40) return null
  let next = bytes[6]!
  let at = 40
  let extra = ''
  while ([0, 43, 44, 51, 60].includes(next) && at + 8 <= bytes.length) {
    const length = next === 44 ? 8 : next === 51 ? (bytes[at + 1]! + 2) * 4 : (bytes[at + 1]! + 1) * 8
    extra +=
      next === 44
        ? ` fragment at ${word(at + 2) & ~7}${word(at + 2) & 1 ? '+' : ''}`
        : ` header ${next} (${length})`
    next = bytes[at]!
    at += length
  }
  const [source, destination] = [formatAddress(bytes.subarray(8, 24)), formatAddress(bytes.subarray(24, 40))]
  return { source, destination, protocol: next, transport: bytes.subarray(at), extra }
}

/** The bytes behind the network headers, or null. */
export function transportOf(bytes: Uint8Array): Uint8Array | null {
  return headers(bytes)?.transport ?? null
}

/** The transport protocol's number, or 0. */
export function protocolOf(bytes: Uint8Array): number {
  return headers(bytes)?.protocol ?? 0
}

/** One packet in a line. */
export function describePacket(bytes: Uint8Array): string {
  const found = headers(bytes)
  if (!found) return `${bytes.length} bytes: ${hex(bytes.subarray(0, 24))}`
  const { source, destination, protocol, transport, extra } = found
  const plain = `${source} > ${destination}${extra} protocol ${protocol}, ${transport.length} bytes ${hex(transport.subarray(0, 16))}`
  const view = new DataView(transport.buffer, transport.byteOffset, transport.byteLength)
  if (protocol === 6 && transport.length >= 20 && !extra.includes('fragment')) {
    const offset = (transport[12]! >> 4) * 4
    const options = offset > 20 ? ` options ${hex(transport.subarray(20, offset))}` : ''
    const flags = formatTcpFlags(transport[13]!) || 'no flags'
    return `${source}:${view.getUint16(0)} > ${destination}:${view.getUint16(2)}${extra} TCP ${flags} seq=${view.getUint32(4)} ack=${view.getUint32(8)} win=${view.getUint16(14)} len=${transport.length - offset}${options}`
  }
  if (protocol === 132 && transport.length >= 12) {
    return `${source}:${view.getUint16(0)} > ${destination}:${view.getUint16(2)}${extra} SCTP tag ${view.getUint32(4)} ${hex(transport.subarray(12, 60))}`
  }
  if ((protocol === 17 || protocol === 136) && transport.length >= 8) {
    return `${source}:${view.getUint16(0)} > ${destination}:${view.getUint16(2)}${extra} ${protocol === 17 ? 'UDP' : 'UDP-Lite'} length ${view.getUint16(4)} of ${transport.length}, checksum ${view.getUint16(6).toString(16)}`
  }
  if ((protocol === 1 || protocol === 58) && transport.length >= 8) {
    const quoted = transport[0]! === (protocol === 1 ? 3 : 1) || (protocol === 58 && transport[0]! < 128)
    const inner =
      quoted || [4, 5, 11, 12].includes(transport[0]!) ? ` [${describePacket(transport.subarray(8))}]` : ''
    return `${source} > ${destination}${extra} ICMP${protocol === 58 ? 'v6' : ''} type ${transport[0]} code ${transport[1]} id ${view.getUint16(4)}${inner}`
  }
  return plain
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What happened in a step, in a line or two. */
export function describeStep(
  index: number,
  step: Step,
  observation: Observation | null,
  judgement: Judgement | null,
): string {
  const number = String(index + 1).padStart(3)
  if (step.kind !== 'packet')
    return `${number}  -- ${step.seconds} s ${step.kind === 'age' ? 'pass' : 'pass in truth'}`
  const side: Side = step.side
  const line = `${number}  ${side.padEnd(4)} ${describePacket(step.bytes)}\n       ${hex(step.bytes.subarray(0, 80))}`
  if (!observation) return line
  const entry = observation.entry
  const shown = entry ? `${entry.state ?? ''} ${entry.timeout} 0x${entry.status.toString(16)}` : 'none'
  const logs = observation.logs.length > 0 ? ` "${observation.logs.join('", "')}"` : ''
  const kernel = `       kernel ${observation.ctstate ?? 'not judged'} ${observation.ctinfo ?? ''}, entry ${shown}${logs}`
  if (!judgement) return `${line}\n${kernel}`
  const reasons = judgement.reasons.length > 0 ? ` ${JSON.stringify(judgement.reasons)}` : ''
  const own = judgement.entry
    ? `${judgement.entry.state ?? ''} ${judgement.entry.timeout} 0x${judgement.entry.status.toString(16)}`
    : 'none'
  return `${line}\n${kernel}\n       engine ${judgement.ctstate ?? 'not judged'} ${judgement.ctinfo ?? ''}, entry ${own}${reasons}`
}
