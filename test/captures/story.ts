/**
 * A capture told packet by packet. Each packet comes 10 ms after the one before; `wait` makes it longer.
 *
 * ```ts
 * const story = new Story()
 * const web = story.tcp(40_000, 80)
 * web.out('S', 1000)
 * web.back('SA', 5000, 1001)
 * story.file()
 * ```
 */
import { pcapngInterface, pcapngPacket, pcapngSection } from '../../src/capture/writer.ts'
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import { ethernet } from '../../src/packet/build-link.ts'
import type { TcpOptionPlan, TcpPlan } from '../../src/packet/build-transport.ts'
import { LINKTYPE_ETHERNET } from '../../src/packet/link-type.ts'

export const CLIENT = '10.0.0.2'
export const SERVER = '192.0.2.9'
export const CLIENT6 = '2001:db8:a::2'
export const SERVER6 = '2001:db8:b::9'
/** 14 November 2023, 22:13:20 UTC. */
export const START = 1_700_000_000
const STEP = 10

export interface Interface {
  readonly name: string | null
  readonly linkType: number
}

export interface Frame {
  readonly interface?: number
  /** DIRECTION_* of the packet. */
  readonly direction?: number
  /** The capture kept so many bytes of it. */
  readonly cut?: number
  /** On the wire it had so many bytes; as many as there are unless given. */
  readonly wire?: number
}

/** One packet as a file holds it. */
export interface Told extends Frame {
  readonly milliseconds: number
  readonly bytes: Uint8Array
}

export class Story {
  readonly packets: Told[] = []
  readonly #interfaces: readonly Interface[]
  #now = 0

  constructor(interfaces: readonly Interface[] = [{ name: 'eth0', linkType: LINKTYPE_ETHERNET }]) {
    this.#interfaces = interfaces
  }

  wait(seconds: number): void {
    this.#now += seconds * 1000
  }

  /** The next packet comes so many seconds after the first. */
  until(seconds: number): void {
    this.#now = seconds * 1000
  }

  /** An IP packet in an Ethernet frame. */
  send(plan: PacketPlan | Uint8Array, frame: Frame = {}): void {
    this.frame(ethernet(plan instanceof Uint8Array ? plan : buildPacket(plan)), frame)
  }

  /** Bytes of whatever link type the interface has. */
  frame(bytes: Uint8Array, frame: Frame = {}): void {
    this.packets.push({ milliseconds: this.#now, bytes, ...frame })
    this.#now += STEP
  }

  tcp(clientPort: number, serverPort: number, ends: Ends = {}): TcpFlow {
    return new TcpFlow(this, clientPort, serverPort, ends)
  }

  /** The capture, pcapng. Frames are counted from 1. */
  file(from = 1, to = this.packets.length): Uint8Array {
    return joined([
      pcapngSection('sallyport test/captures'),
      ...this.#interfaces.map(({ name, linkType }) => pcapngInterface({ name, linkType, snapLength: 0 })),
      ...this.packets.slice(from - 1, to).map(packetBlock),
    ])
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** What the writers take. */
export function toWrite({ milliseconds, bytes, direction = 0, cut = bytes.length, wire, ...rest }: Told) {
  return {
    seconds: START + Math.floor(milliseconds / 1000),
    nanoseconds: Math.round((milliseconds % 1000) * 1_000_000),
    interfaceIndex: rest.interface ?? 0,
    direction,
    bytes,
    start: 0,
    end: Math.min(cut, bytes.length),
    originalLength: wire ?? bytes.length,
  }
}

function packetBlock(told: Told): Uint8Array {
  return pcapngPacket(toWrite(told))
}

interface Ends {
  readonly client?: string
  readonly server?: string
}

interface Segment {
  readonly length?: number
  readonly payload?: string
  readonly window?: number
  readonly options?: readonly TcpOptionPlan[]
  readonly checksum?: TcpPlan['checksum']
  readonly frame?: Frame
}

/** A conversation of one client port with one server port. */
export class TcpFlow {
  readonly #story: Story
  readonly #client: number
  readonly #server: number
  readonly #ends: Ends

  constructor(story: Story, clientPort: number, serverPort: number, ends: Ends) {
    this.#story = story
    this.#client = clientPort
    this.#server = serverPort
    this.#ends = ends
  }

  /** From the client: flags, sequence and acknowledgment numbers. */
  out(flags: string, sequence: number, acknowledgment = 0, segment: Segment = {}): void {
    this.#send(true, flags, sequence, acknowledgment, segment)
  }

  /** From the server. */
  back(flags: string, sequence: number, acknowledgment = 0, segment: Segment = {}): void {
    this.#send(false, flags, sequence, acknowledgment, segment)
  }

  /** The handshake: the next byte of the client is `client + 1`, of the server `server + 1`. */
  open(client: number, server: number, segment: Segment = {}): void {
    this.out('S', client, 0, segment)
    this.back('SA', server, client + 1, segment)
    this.out('A', client + 1, server + 1, segment.window === undefined ? {} : { window: segment.window })
  }

  #send(fromClient: boolean, flags: string, sequence: number, ack: number, segment: Segment): void {
    const { client = CLIENT, server = SERVER } = this.#ends
    const { length = 0, window = 64_240, options, payload, checksum, frame = {} } = segment
    this.#story.send(
      {
        source: fromClient ? client : server,
        destination: fromClient ? server : client,
        tcp: {
          sourcePort: fromClient ? this.#client : this.#server,
          destinationPort: fromClient ? this.#server : this.#client,
          flags,
          sequence,
          acknowledgment: ack,
          window,
          payload: payload === undefined ? new Uint8Array(length).fill(0x2e) : Buffer.from(payload, 'latin1'),
          ...(options === undefined ? {} : { options }),
          ...(checksum === undefined ? {} : { checksum }),
        },
      },
      frame,
    )
  }
}
