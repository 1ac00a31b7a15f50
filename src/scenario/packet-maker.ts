/** From a packet's line to its bytes: numbers calculated, what is left out filled in by its conversation. */
import { parseAddress } from '../packet/address.ts'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { sctpInitBody, type TcpOptionPlan, tcpOptionBytes } from '../packet/build-transport.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'
import { type Amount, type Counters, evaluate } from './amount.ts'
import { type End, resolveEnd } from './endpoint.ts'
import { FlowBook, type Turn } from './flow-book.ts'
import type { Body, Endpoint, IcmpBody, PacketStep, Payload, SequenceNumber, TcpBody } from './model.ts'
import { Refusal } from './problem.ts'
import { ranges } from './read-packet.ts'

const TCP_FIN = 1
const TCP_SYN = 2
const TCP_ACK = 16
const NOP = 1

/** A packet made ready: what every executor gets. */
export interface MadePacket {
  /** From the IP header on. */
  readonly bytes: Uint8Array
  readonly source: End
  readonly destination: End
  /** As the flow book calls it; null for what has no conversation. */
  readonly protocol: string | null
}

/** Bytes of an earlier packet by its number or label; null: none was sent. */
export type QuoteSource = (packet: number | string) => Uint8Array | null

/** Makes the packets of one test, in their order. */
export class PacketMaker {
  readonly flows = new FlowBook()
  /** Initial numbers that `isn` set, by address. */
  readonly #initials = new Map<string, number>()
  readonly #quotes: QuoteSource

  constructor(quotes: QuoteSource) {
    this.#quotes = quotes
  }

  /** `isn`: holds for connections that begin from now on. */
  setInitial(address: string, number: number): void {
    this.#initials.set(address, number)
  }

  /** @throws Refusal where a calculated number is out of its range, or a port is nowhere told. */
  make(step: PacketStep, counters: Counters): MadePacket {
    const [source, destination] = [resolveEnd(step.source, counters), resolveEnd(step.destination, counters)]
    const isIPv4 = parseAddress(source.address)?.family === FAMILY_IPV4
    if ((parseAddress(destination.address)?.family === FAMILY_IPV4) !== isIPv4)
      throw new Refusal(
        step.destination.span,
        `${source.address} and ${destination.address} are of two families`,
      )
    const field = (amount: Amount | null, range: keyof typeof ranges) =>
      amount === null ? {} : { [name(range)]: evaluate(amount, counters, ranges[range]) }
    const network = {
      source: source.address,
      destination: destination.address,
      ...field(step.ttl, 'ttl'),
      ...field(step.tos, 'tos'),
      ...field(step.identification, 'id'),
      dontFragment: step.dontFragment,
    }
    const made = this.#transport(step, counters, { source, destination, isIPv4 })
    const bytes = buildPacket({ ...network, ...made.plan })
    return { bytes, source: made.source, destination: made.destination, protocol: made.protocol }
  }

  #transport(step: PacketStep, counters: Counters, ends: Ends): Made {
    const { body } = step
    switch (body.protocol) {
      case 'tcp': {
        const [source, destination] = this.#ported('tcp', step, ends)
        const turn = this.#turn('tcp', source, destination, body.flags)
        const tcp = {
          sourcePort: source.port,
          destinationPort: destination.port,
          ...this.#segment(body, counters, turn),
        }
        return { plan: { tcp: { ...tcp, ...bad(step) } }, source, destination, protocol: 'tcp' }
      }
      case 'udp':
      case 'udplite': {
        const [source, destination] = this.#ported(body.protocol, step, ends)
        this.#turn(body.protocol, source, destination, 0)
        const ports = { sourcePort: source.port, destinationPort: destination.port }
        const datagram = { ...ports, payload: payloadOf(body.payload, counters), ...bad(step) }
        return { plan: { [body.protocol]: datagram }, source, destination, protocol: body.protocol }
      }
      case 'sctp': {
        const [source, destination] = this.#ported('sctp', step, ends)
        this.#turn('sctp', source, destination, 0)
        const sctp = {
          sourcePort: source.port,
          destinationPort: destination.port,
          vtag: body.tag === null ? 0 : evaluate(body.tag, counters, ranges.tag),
          chunks: body.chunks.map(({ type, flags }) => ({
            type,
            flags,
            body: this.#chunk(type, body, counters),
          })),
          ...bad(step),
        }
        return { plan: { sctp }, source, destination, protocol: 'sctp' }
      }
      case 'icmp':
        return { ...unported(step, ends), ...this.#icmp(body, step, counters, ends) }
      case 'gre': {
        const payload = payloadOf(body.payload, counters)
        const gre =
          body.callId === null
            ? { payload }
            : { version: 1, callId: evaluate(body.callId, counters, ranges.call), payload }
        return { plan: { gre }, ...unported(step, ends), protocol: null }
      }
      default: {
        const payload = payloadOf(body.payload, counters)
        return { plan: { protocol: body.protocol, payload }, ...unported(step, ends), protocol: null }
      }
    }
  }

  /** Ports as told, else those of the last conversation between the two. @throws Refusal */
  #ported(protocol: string, step: PacketStep, { source, destination }: Ends): [Ported, Ported] {
    if (source.port !== null && destination.port !== null) {
      return [
        { address: source.address, port: source.port },
        { address: destination.address, port: destination.port },
      ]
    }
    const last = this.flows.lastPorts(protocol, source.address, destination.address)
    if (last === null) {
      const end = source.port === null ? step.source : step.destination
      throw new Refusal(
        end.span,
        `no port is told, and these two have no ${protocol} conversation yet: write ${written(end)}:PORT`,
      )
    }
    return [
      { address: source.address, port: source.port ?? last.source },
      { address: destination.address, port: destination.port ?? last.destination },
    ]
  }

  #turn(protocol: string, source: Ported, destination: Ported, flags: number): Turn {
    const initialOf = ({ address }: End) => this.#initials.get(address) ?? null
    const turn = this.flows.turn(protocol, source, destination, initialOf)
    // A connection begins anew: with the numbers that its hosts have now.
    if (protocol === 'tcp' && (flags & TCP_SYN) !== 0) {
      const { sender } = turn
      sender.initial = initialOf(source) ?? sender.initial
      sender.next = 0
      if ((flags & TCP_ACK) === 0) sender.window = DEFAULT_WINDOW
    }
    return turn
  }

  #segment(body: TcpBody, counters: Counters, { sender, receiver }: Turn) {
    if (body.initial !== null) sender.initial = evaluate(body.initial, counters, ranges.isn)
    const payload = payloadOf(body.payload, counters)
    const start = body.sequence === null ? sender.next : relative(body.sequence, counters, sender.initial)
    const length = payload.length + (body.flags & TCP_SYN ? 1 : 0) + (body.flags & TCP_FIN ? 1 : 0)
    sender.next = Math.max(sender.next, start + length)
    const hasAck = (body.flags & TCP_ACK) !== 0
    const acknowledgment =
      body.acknowledgment === null
        ? hasAck
          ? receiver.initial + receiver.next
          : 0
        : receiver.initial + relative(body.acknowledgment, counters, receiver.initial)
    if (body.window !== null) sender.window = evaluate(body.window, counters, ranges.win)
    return {
      flags: body.flags,
      sequence: (sender.initial + start) | 0,
      acknowledgment: acknowledgment | 0,
      window: sender.window,
      ...(body.urgent === null ? {} : { urgent: evaluate(body.urgent, counters, ranges.urg) }),
      options: optionBytes(body, counters, receiver.initial),
      payload,
    }
  }

  #chunk(type: number, body: Extract<Body, { protocol: 'sctp' }>, counters: Counters): Uint8Array {
    if (type !== SCTP_INIT && type !== SCTP_INIT_ACK) return new Uint8Array(type === SCTP_DATA ? 16 : 4)
    return sctpInitBody(body.initTag === null ? 1 : evaluate(body.initTag, counters, ranges.tag))
  }

  #icmp(
    body: IcmpBody,
    step: PacketStep,
    counters: Counters,
    { source, destination, isIPv4 }: Ends,
  ): Pick<Made, 'plan' | 'protocol'> {
    const type = body.types[isIPv4 ? 'ipv4' : 'ipv6']
    if (type === undefined)
      throw new Refusal(body.span, `${isIPv4 ? 'ICMP' : 'ICMPv6'} has no type of this name`)
    const isQuery = (isIPv4 ? queries4 : queries6).has(type.type)
    const protocol = isIPv4 ? 'icmp' : 'icmpv6'
    const quote = body.about === null ? null : this.#quote(body.about, counters, isIPv4)
    const message = { ...type, payload: quote ?? payloadOf(body.payload, counters), ...bad(step) }
    if (body.mtu !== null) {
      const rest = evaluate(body.mtu, counters, ranges.mtu)
      return { plan: { [protocol]: { ...message, rest } }, protocol: null }
    }
    const last = this.flows.lastPorts(protocol, source.address, destination.address)
    const id = body.id === null ? (isQuery ? (last?.source ?? 1) : 0) : evaluate(body.id, counters, ranges.id)
    if (isQuery) {
      const ends = [
        { address: source.address, port: id },
        { address: destination.address, port: id },
      ] as const
      this.flows.turn(protocol, ends[0], ends[1], () => null)
    }
    const sequence =
      body.sequence === null ? (isQuery ? 1 : 0) : evaluate(body.sequence, counters, ranges.seq)
    return { plan: { [protocol]: { ...message, id, sequence } }, protocol: isQuery ? protocol : null }
  }

  /** As much of the packet as an error carries: RFC 1812, 4.3.2.3; RFC 4443, 2.4. */
  #quote(about: NonNullable<IcmpBody['about']>, counters: Counters, isIPv4: boolean): Uint8Array {
    const packet =
      typeof about.packet === 'string'
        ? about.packet
        : evaluate(about.packet, counters, { what: 'a packet', minimum: 1, maximum: 1e9 })
    const bytes = this.#quotes(packet)
    if (bytes === null) throw new Refusal(about.span, 'that packet was not sent yet')
    if (((bytes[0] ?? 0) >> 4 === 4) !== isIPv4)
      throw new Refusal(about.span, 'that packet is of the other family')
    return bytes.subarray(0, isIPv4 ? MOST_QUOTED_IPV4 : MOST_QUOTED_IPV6)
  }
}

const DEFAULT_WINDOW = 65_535
const MOST_QUOTED_IPV4 = 576 - 28
const MOST_QUOTED_IPV6 = 1280 - 48
const SCTP_DATA = 0
const SCTP_INIT = 1
const SCTP_INIT_ACK = 2

/** Types with an identifier: echo, timestamp, information, address mask; and those of ICMPv6. */
const queries4: ReadonlySet<number> = new Set([0, 8, 13, 14, 15, 16, 17, 18])
const queries6: ReadonlySet<number> = new Set([128, 129])

interface Ends {
  readonly source: End
  readonly destination: End
  readonly isIPv4: boolean
}

interface Ported extends End {
  readonly port: number
}

interface Made {
  readonly plan: Partial<PacketPlan>
  readonly source: End
  readonly destination: End
  readonly protocol: string | null
}

const name = (range: keyof typeof ranges): string => (range === 'id' ? 'identification' : range)

const bad = ({ badChecksum }: PacketStep) => (badChecksum ? ({ checksum: 'bad' } as const) : {})

/** @throws Refusal where a port is told. */
function unported(step: PacketStep, { source, destination }: Ends): { source: End; destination: End } {
  for (const { port, span } of [step.source, step.destination]) {
    if (port !== null) throw new Refusal(span, 'this protocol has no ports')
  }
  return { source, destination }
}

function written({ host, address }: Endpoint): string {
  return host ?? (typeof address === 'string' ? address : 'ADDRESS')
}

function payloadOf(payload: Payload | null, counters: Counters): Uint8Array {
  if (payload === null) return new Uint8Array()
  return 'bytes' in payload ? payload.bytes : new Uint8Array(evaluate(payload.length, counters, ranges.len))
}

/** Counted from `initial`. */
function relative({ amount, isLiteral }: SequenceNumber, counters: Counters, initial: number): number {
  return isLiteral
    ? (evaluate(amount, counters, ranges.literal) - initial) | 0
    : evaluate(amount, counters, ranges.relative)
}

/** Padded with NOPs to a multiple of four, unless they are to stand as they are. */
function optionBytes({ options, isRaw }: TcpBody, counters: Counters, initial: number): Uint8Array {
  const plans = options.map((option): TcpOptionPlan => {
    if (typeof option === 'string' || !('blocks' in option)) return option
    const edge = (number: SequenceNumber) => initial + relative(number, counters, initial)
    return { sack: option.blocks.map(([left, right]) => [edge(left), edge(right)] as const) }
  })
  const bytes = tcpOptionBytes(plans)
  if (isRaw || bytes.length % 4 === 0) return bytes
  const padded = new Uint8Array((bytes.length + 3) & ~3).fill(NOP)
  padded.set(bytes)
  return padded
}
