/**
 * Traffic for a ruleset: connections through the router, to it and from it, whose answers go back to whatever came out,
 * with values around those that rules are made with.
 */

import { formatAddress } from '../../../../src/live/packet-tuple.ts'
import { buildPacket, type PacketPlan } from '../../../../src/packet/build.ts'
import type { TcpOptionPlan } from '../../../../src/packet/build-transport.ts'
import type { Family } from '../../../../src/ruleset/model.ts'
import type { Random } from '../../traffic/random.ts'
import type { Entrance } from '../lab.ts'
import type { Observed } from '../observed.ts'
import type { FrameAddresses, RulePacketStep } from '../rule-case.ts'
import { payloads, ports, segmentSizes, tosBytes, ttls } from './values.ts'

interface End {
  readonly entrance: Entrance
  readonly address: string
}

const ends: Readonly<Record<Family, readonly End[]>> = {
  ipv4: [
    { entrance: 'in0', address: '10.0.1.2' },
    { entrance: 'in0', address: '10.0.1.3' },
    { entrance: 'out0', address: '10.0.2.2' },
    { entrance: 'out0', address: '10.0.2.3' },
    { entrance: 'lan0', address: '10.0.3.2' },
    { entrance: 'host', address: '10.0.1.1' },
    { entrance: 'host', address: '10.0.2.1' },
  ],
  ipv6: [
    { entrance: 'in0', address: 'fd00:1::2' },
    { entrance: 'in0', address: 'fd00:1::3' },
    { entrance: 'out0', address: 'fd00:2::2' },
    { entrance: 'out0', address: 'fd00:2::3' },
    { entrance: 'lan0', address: 'fd00:3::2' },
    { entrance: 'host', address: 'fd00:1::1' },
    { entrance: 'host', address: 'fd00:2::1' },
  ],
}

type Protocol = 'tcp' | 'udp' | 'udplite' | 'sctp' | 'icmp' | 'other'

/** Addresses and ports as one end sees them in what it sends. */
interface View {
  readonly source: string
  readonly destination: string
  readonly sourcePort: number
  readonly destinationPort: number
}

/** Where its packets enter, how they look there, and what is said next. */
interface Side {
  entrance: Entrance
  view: View
  sequence: number
}

const reversed = ({ source, destination, sourcePort, destinationPort }: View): View => ({
  source: destination,
  destination: source,
  sourcePort: destinationPort,
  destinationPort: sourcePort,
})

class Flow {
  readonly protocol: Protocol
  readonly client: Side
  readonly server: Side
  /** How far a TCP conversation is. */
  stage = 0

  constructor(protocol: Protocol, client: Side, server: Side) {
    this.protocol = protocol
    this.client = client
    this.server = server
  }

  /** What the client sent came out like this: the server answers that. */
  arrived({ journey: { exit } }: Observed): void {
    if (!exit) return
    const seen = viewOf(exit.bytes)
    if (!seen) return
    this.server.view = reversed(seen)
    const isHere = exit.hook === 'INPUT' || exit.device === 'lo'
    this.server.entrance = isHere ? 'host' : (exit.device as Entrance)
  }
}

/** Addresses and ports (of echo requests the identifier, twice) of an IP packet. */
function viewOf(bytes: Uint8Array): View | null {
  const v6 = bytes[0]! >> 4 === 6
  const header = v6 ? 40 : (bytes[0]! & 15) * 4
  const word = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  const [source, destination] = v6
    ? [bytes.subarray(8, 24), bytes.subarray(24, 40)]
    : [bytes.subarray(12, 16), bytes.subarray(16, 20)]
  const protocol = v6 ? bytes[6]! : bytes[9]!
  const icmp = protocol === 1 || protocol === 58
  return {
    source: formatAddress(source),
    destination: formatAddress(destination),
    sourcePort: icmp ? word(header + 4) : word(header),
    destinationPort: icmp ? word(header + 4) : word(header + 2),
  }
}

const LAN: FrameAddresses = { source: '02:00:00:00:03:02', destination: '02:00:00:00:03:01' }

/** Yields packets, told what became of each. */
export class TrafficMaker {
  readonly #random: Random
  readonly #family: Family
  readonly #flows: Flow[] = []
  readonly #sent: Uint8Array[] = []
  #nextPort = 4000
  #identification = 1
  #last: { flow: Flow; fromClient: boolean } | null = null

  constructor(family: Family, random: Random) {
    this.#family = family
    this.#random = random
  }

  /** @param last what became of the packet before */
  next(last: Observed | null): RulePacketStep {
    if (last && this.#last?.fromClient) this.#last.flow.arrived(last)
    const random = this.#random
    this.#last = null
    const step = random.weighted<() => RulePacketStep>([
      [this.#flows.length === 0 ? 0 : 65, () => this.#more(random.pick(this.#flows))],
      [25, () => this.#more(this.#begin())],
      [5, () => this.#error()],
      [5, () => this.#odd()],
    ])()
    this.#sent.push(step.bytes)
    return step
  }

  #begin(): Flow {
    const random = this.#random
    const list = ends[this.#family]
    const from = random.pick(list)
    const to = random.pick(list.filter(({ entrance }) => entrance !== from.entrance))
    const protocol = random.weighted<Protocol>([
      [45, 'tcp'],
      [25, 'udp'],
      [12, 'icmp'],
      [5, 'udplite'],
      [8, 'sctp'],
      [5, 'other'],
    ])
    const sourcePort = random.chance(0.8) ? this.#nextPort++ : random.pick(ports)
    const view: View = {
      source: from.address,
      destination: to.address,
      sourcePort,
      destinationPort: protocol === 'icmp' ? sourcePort : random.pick(ports),
    }
    const flow = new Flow(
      protocol,
      { entrance: from.entrance, view, sequence: random.word() },
      { entrance: to.entrance, view: reversed(view), sequence: random.word() },
    )
    this.#flows.push(flow)
    return flow
  }

  #more(flow: Flow): RulePacketStep {
    const { protocol } = flow
    if (protocol === 'tcp') return this.#tcp(flow)
    const fromClient = flow.stage === 0 || this.#random.chance(0.5)
    const first = flow.stage++ === 0
    return this.#send(flow, fromClient, this.#transport(flow, fromClient, first))
  }

  #transport(flow: Flow, fromClient: boolean, first: boolean): Partial<PacketPlan> {
    const random = this.#random
    const { view } = fromClient ? flow.client : flow.server
    const { sourcePort, destinationPort } = view
    const payload = this.#payload()
    switch (flow.protocol) {
      case 'udp':
        return { udp: { sourcePort, destinationPort, payload } }
      case 'udplite':
        return { udplite: { sourcePort, destinationPort, payload } }
      case 'sctp': {
        const type = first ? 1 : random.pick([2, 10, 11, 0, 3, 7, 8, 14, 6, 1])
        const body = type === 1 || type === 2 ? new Uint8Array(16).fill(1) : new Uint8Array(4)
        return {
          sctp: { sourcePort, destinationPort, vtag: first ? 0 : 0x0101_0101, chunks: [{ type, body }] },
        }
      }
      case 'icmp': {
        const v6 = this.#family === 'ipv6'
        const type = fromClient ? (v6 ? 128 : 8) : v6 ? 129 : 0
        const plan = { type, id: sourcePort, sequence: flow.stage, payload }
        return v6 ? { icmpv6: plan } : { icmp: plan }
      }
      default:
        return { protocol: random.pick([47, 50, 253]), payload: new Uint8Array(16) }
    }
  }

  #payload(): Uint8Array {
    const text = new TextEncoder().encode(this.#random.pick(payloads))
    if (!this.#random.chance(0.1)) return text
    const long = new Uint8Array(this.#random.pick([100, 500, 1000]))
    long.set(text)
    return long
  }

  #tcp(flow: Flow): RulePacketStep {
    const random = this.#random
    const { stage } = flow
    // Mostly as it should go: SYN, SYN+ACK, ACK, data to and fro, an end; now and then anything.
    const [fromClient, flags] = random.chance(0.12)
      ? [
          random.chance(0.5),
          random.pick(['S', 'SA', 'A', 'R', 'RA', 'FA', '', 'FUP', 'SF', 'PA', 'SAE', 'SEC', 'AU']),
        ]
      : stage === 0
        ? ([true, 'S'] as const)
        : stage === 1
          ? ([false, 'SA'] as const)
          : stage === 2
            ? ([true, 'A'] as const)
            : random.weighted<readonly [boolean, string]>([
                [35, [true, 'PA']],
                [30, [false, 'PA']],
                [10, [true, 'A']],
                [10, [true, 'FA']],
                [8, [false, 'FA']],
                [4, [true, 'R']],
                [3, [false, 'RA']],
              ])
    flow.stage++
    const own = fromClient ? flow.client : flow.server
    const other = fromClient ? flow.server : flow.client
    const syn = flags.includes('S')
    const payload = syn || !flags.includes('P') ? new Uint8Array(0) : this.#payload()
    const options: TcpOptionPlan[] = []
    if (random.chance(syn ? 0.8 : 0.1)) options.push({ mss: random.pick(segmentSizes) })
    if (syn && random.chance(0.4)) options.push('sackPermitted')
    if (syn && random.chance(0.3)) options.push('nop', { windowScale: 7 })
    const tcp = {
      sourcePort: own.view.sourcePort,
      destinationPort: own.view.destinationPort,
      flags,
      sequence: own.sequence,
      acknowledgment: flags.includes('A') ? other.sequence : 0,
      payload,
      options,
      ...(random.chance(0.01) ? { checksum: 'bad' as const } : {}),
    }
    own.sequence = (own.sequence + payload.length + (syn ? 1 : 0) + (flags.includes('F') ? 1 : 0)) | 0
    return this.#send(flow, fromClient, { tcp })
  }

  #send(flow: Flow, fromClient: boolean, plan: Partial<PacketPlan>): RulePacketStep {
    const side = fromClient ? flow.client : flow.server
    this.#last = { flow, fromClient }
    const { source, destination } = side.view
    return this.#packet(side.entrance, { source, destination, ...this.#header(), ...plan })
  }

  #header(): Partial<PacketPlan> {
    const random = this.#random
    return {
      // What raw sockets send without one gets an id of the stack's.
      identification: this.#identification++,
      ...(random.chance(0.2) ? { ttl: random.pick(ttls) } : {}),
      ...(random.chance(0.2) ? { tos: random.pick(tosBytes) } : {}),
      ...(random.chance(0.3) ? { dontFragment: true } : {}),
    }
  }

  #packet(entrance: Entrance, plan: PacketPlan): RulePacketStep {
    return this.#raw(entrance, buildPacket(plan))
  }

  #raw(entrance: Entrance, bytes: Uint8Array): RulePacketStep {
    const random = this.#random
    const step = { kind: 'packet', entrance, bytes } as const
    if (entrance !== 'lan0') return step
    if (random.chance(0.8)) return { ...step, frame: LAN }
    const destination = random.pick([LAN.destination, 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01'])
    return { ...step, frame: { source: random.pick([LAN.source, '02:00:00:00:03:03']), destination } }
  }

  /** An ICMP error about a packet of before. */
  #error(): RulePacketStep {
    const random = this.#random
    const flow = this.#flows.length > 0 ? random.pick(this.#flows) : this.#begin()
    const quoted = this.#sent.length > 0 ? random.pick(this.#sent) : null
    const { view, entrance } = flow.server
    const v6 = this.#family === 'ipv6'
    const payload = quoted ? quoted.subarray(0, 60) : new Uint8Array(28)
    const plan = v6
      ? { icmpv6: { type: random.pick([1, 3]), code: random.pick([0, 1, 4]), payload } }
      : { icmp: { type: random.pick([3, 3, 11, 4]), code: random.pick([0, 1, 3]), payload } }
    return this.#packet(entrance, {
      source: view.source,
      destination: flow.client.view.source,
      ...this.#header(),
      ...plan,
    })
  }

  /** Packets that are cut short, or not like others. */
  #odd(): RulePacketStep {
    const random = this.#random
    const [from, to] = [random.pick(ends[this.#family]), random.pick(ends[this.#family])]
    const entrance = from.entrance === 'host' ? 'in0' : from.entrance
    const source = from.entrance === 'host' ? ends[this.#family][0]!.address : from.address
    const destination = to.entrance === entrance ? ends[this.#family][5]!.address : to.address
    const plan: PacketPlan = { source, destination, ...this.#header() }
    const protocol = random.pick([6, 17, 132, 136, this.#family === 'ipv4' ? 1 : 58])
    return random.pick<() => RulePacketStep>([
      () =>
        this.#packet(entrance, {
          ...plan,
          protocol,
          payload: random.bytes(random.pick([0, 1, 3, 4, 7, 8, 12, 19])),
        }),
      () =>
        this.#packet(entrance, {
          ...plan,
          tcp: { sourcePort: 4000, destinationPort: 80, flags: 'S', dataOffset: random.pick([0, 4, 6, 15]) },
        }),
      () =>
        this.#packet(entrance, {
          ...plan,
          ...(this.#family === 'ipv4'
            ? { ipOptions: new Uint8Array([1, 1, 1, 1, 148, 4, 0, 0]) }
            : { extensions: [{ destination: new Uint8Array(6) }] }),
          udp: { sourcePort: this.#nextPort++, destinationPort: 53, payload: 'options' },
        }),
    ])()
  }
}
