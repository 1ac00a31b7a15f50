/** For tests: a control connection with a helper, and an expectation table behind it. */
import { parseAddress } from '../../packet/address.ts'
import { bytesOf } from '../../packet/byte-source.ts'
import { Packet } from '../../packet/packet.ts'
import { type AddressWords, ExpectationTable, type FlowTuple } from '../expectation.ts'
import { type ReasonData, Reasons, reasonData } from '../reason.ts'
import { CTINFO_ESTABLISHED, CTINFO_ESTABLISHED_REPLY, ORIGINAL, REPLY } from '../status.ts'
import { HELPER_ACCEPT, type Helper, type HelperSession } from './helper.ts'

export function addressWords(text: string): AddressWords {
  const [a, b, c, d] = parseAddress(text)!.words
  return [a!, b!, c!, d!]
}

export function flowTuple(
  protocol: number,
  source: string,
  sourcePort: number,
  destination: string,
  destinationPort: number,
): FlowTuple {
  return {
    family: parseAddress(source)!.family,
    protocol,
    source: addressWords(source),
    destination: addressWords(destination),
    sourcePort,
    destinationPort,
  }
}

/** `packet` as it would come in with this tuple. */
export function packetOf(tuple: FlowTuple): Packet {
  const packet = new Packet()
  const { source, destination } = tuple
  packet.family = tuple.family
  packet.protocol = tuple.protocol
  ;[packet.source0, packet.source1, packet.source2, packet.source3] = source
  ;[packet.destination0, packet.destination1, packet.destination2, packet.destination3] = destination
  packet.sourcePort = tuple.sourcePort
  packet.destinationPort = tuple.destinationPort
  return packet
}

interface ControlResult {
  readonly verdict: 'accept' | 'drop'
  readonly reasons: ReasonData[]
}

export interface ControlOptions {
  readonly client?: string
  readonly server?: string
  /** What the reply direction is addressed to, where NAT hides the client. */
  readonly seenAs?: string
  readonly clientPort?: number
  readonly serverPort?: number
  readonly expectations?: ExpectationTable
  readonly master?: number
}

interface ControlSend {
  readonly ctinfo?: number
  /** Payload bytes captured; all unless given. */
  readonly captured?: number
  /** TCP: moves on by the payload unless given. */
  readonly sequence?: number
}

export class ControlFlow {
  readonly session: HelperSession
  readonly tuples: readonly [FlowTuple, FlowTuple]
  readonly expectations: ExpectationTable
  readonly #helper: Helper
  readonly #header: number
  readonly #master: number
  /** Next sequence number by direction. */
  readonly sequence = [1000, -10]

  constructor(helper: Helper, options: ControlOptions = {}) {
    const { client = '10.0.1.2', server = '10.0.2.2', clientPort = 2000, serverPort = 21 } = options
    const protocol = helper.protocols[0]!
    this.#helper = helper
    this.#header = protocol === 6 ? 20 : 8
    this.#master = options.master ?? 1
    this.session = helper.attach()
    this.expectations = options.expectations ?? new ExpectationTable(() => true)
    this.tuples = [
      flowTuple(protocol, client, clientPort, server, serverPort),
      flowTuple(protocol, server, serverPort, options.seenAs ?? client, clientPort),
    ]
  }

  client(payload: string, options: ControlSend = {}): ControlResult {
    return this.#send(ORIGINAL, payload, options)
  }

  server(payload: string, options: ControlSend = {}): ControlResult {
    return this.#send(REPLY, payload, options)
  }

  #send(direction: number, payload: string, options: ControlSend): ControlResult {
    const header = this.#header
    const packet = packetOf(this.tuples[direction === ORIGINAL ? 0 : 1])
    const body = bytesOf(payload)
    packet.transportOffset = 20
    packet.bytes = new Uint8Array(20 + header + body.length)
    packet.bytes.set(body, 20 + header)
    packet.view = new DataView(packet.bytes.buffer)
    packet.tcpHeaderLength = header
    packet.transportLength = header + body.length
    packet.transportCaptured = header + Math.min(options.captured ?? body.length, body.length)
    packet.bytes.fill(0, 20 + packet.transportCaptured) // what was not captured must not be looked at
    packet.sequence = (options.sequence ?? this.sequence[direction]!) | 0
    if (options.sequence === undefined) this.sequence[direction]! += body.length
    const reasons = new Reasons()
    const verdict = this.session.help({
      packet,
      direction,
      ctinfo: options.ctinfo ?? (direction === ORIGINAL ? CTINFO_ESTABLISHED : CTINFO_ESTABLISHED_REPLY),
      tuples: this.tuples,
      reasons,
      expect: ({ tuple, mask, class: classNumber }) => {
        const { timeout, maxExpected } = this.#helper.classes[classNumber]!
        const { name } = this.#helper
        return this.expectations.add(
          {
            tuple,
            mask,
            master: this.#master,
            masterId: 100 + this.#master,
            zone: 0,
            helper: name,
            class: classNumber,
            flags: 0,
            deadline: timeout * 250,
            childHelper: null,
          },
          { classMaximum: maxExpected, tableMaximum: 4096 },
          0,
        )
      },
    })
    return { verdict: verdict === HELPER_ACCEPT ? 'accept' : 'drop', reasons: reasonData(reasons) }
  }

  /** Tuples expected now. */
  get expected(): FlowTuple[] {
    return [...this.expectations.values()].map(({ tuple }) => tuple)
  }
}
