/** The TFTP helper (RFC 1350; Linux nf_conntrack_tftp.c): the server answers from a port of its own. */
import { PROTOCOL_UDP } from '../../packet/packet.ts'
import { type Reasons, reasonNumber } from '../reason.ts'
import { ORIGINAL, REPLY } from '../status.ts'
import { anySourcePort, HELPER_ACCEPT, HELPER_DROP, type Helper, type HelperContext } from './helper.ts'

const UDP_HEADER = 8
const OPCODE_READ = 1
const OPCODE_WRITE = 2

const cutPayload = reasonNumber['cut-payload']
const cannotExpect = reasonNumber['helper-cannot-expect']
const expectation = reasonNumber['expectation']

function help({ packet, tuples, reasons, expect }: HelperContext): number {
  const needed = UDP_HEADER + 2
  if (packet.transportLength < needed) return HELPER_ACCEPT
  if (packet.transportCaptured < needed) {
    addCut(reasons, packet.transportCaptured - UDP_HEADER, 2)
    return HELPER_ACCEPT
  }
  const opcode = packet.view.getUint16(packet.transportOffset + UDP_HEADER)
  if (opcode !== OPCODE_READ && opcode !== OPCODE_WRITE) return HELPER_ACCEPT
  // Whatever the packet's direction: from the server of the connection to its client.
  const { family } = tuples[ORIGINAL]
  const { source, destination, destinationPort } = tuples[REPLY]
  const tuple = { family, protocol: PROTOCOL_UDP, source, destination, sourcePort: 0, destinationPort }
  if (!expect({ tuple, mask: anySourcePort, class: 0, text: null })) {
    reasons.add(cannotExpect)
    return HELPER_DROP
  }
  reasons.add(expectation, destinationPort)
  return HELPER_ACCEPT
}

function addCut(reasons: Reasons, captured: number, needed: number): void {
  reasons.add(cutPayload, Math.max(captured, 0), needed)
}

// Nothing of a connection is remembered.
const session = { help, pickUp: () => {} }

export const tftpHelper: Helper = {
  name: 'tftp',
  protocols: [PROTOCOL_UDP],
  classes: [{ name: '', maxExpected: 1, timeout: 300 }],
  attach: () => session,
}
