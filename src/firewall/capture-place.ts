/** Which interface of the host a packet was captured on: by the names in the capture, and those that were given to them. */
import type { CaptureInterface } from '../capture/record.ts'
import type { Host } from '../host/host.ts'
import { DIRECTION_OUTGOING, type Packet } from '../packet/packet.ts'

/** What captures call an interface that is none: of all devices, or of the netfilter log. */
const nowhere: ReadonlySet<string> = new Set(['any', '-', 'nflog', 'nfqueue'])

/** Answers that were not looked for yet. */
const UNASKED = -1

/** What is known of the interfaces of captures. */
export interface CapturePlaceOptions {
  /** Those of the capture; the list may grow while it is read. */
  readonly interfaces?: readonly CaptureInterface[]
  /** Names of the host's interfaces, by what the capture calls them: a name, or a number (ifindex) as text. */
  readonly names?: ReadonlyMap<string, string>
  /** Names of the host's interfaces by `CaptureInterface.file`: for captures that name none. */
  readonly ofFile?: readonly (string | undefined)[]
}

/** Interfaces of captures, as the host calls them. */
export class CapturePlace {
  readonly #host: Host
  readonly #interfaces: readonly CaptureInterface[]
  readonly #names: ReadonlyMap<string, string>
  readonly #ofFile: readonly (string | undefined)[]
  readonly #byInterface: number[] = []
  readonly #byIndex = new Map<number, number>()

  /** Names that the host has not heard of yet are told to it. */
  constructor(host: Host, { interfaces = [], names = new Map(), ofFile = [] }: CapturePlaceOptions = {}) {
    this.#host = host
    this.#interfaces = interfaces
    this.#names = names
    this.#ofFile = ofFile
  }

  /** `Interfaces` number of the interface that the packet was captured on, 0: nobody knows. Allocates nothing, but once each. */
  of(packet: Packet): number {
    const index = packet.direction === DIRECTION_OUTGOING ? packet.outInterface : packet.inInterface
    if (index !== 0) {
      const number = this.#byIndex.get(index) ?? this.#ofIndex(index)
      if (number !== 0) return number
    }
    // -1 is none, and has an answer too.
    const known = this.#byInterface[packet.interfaceIndex + 1] ?? UNASKED
    return known === UNASKED ? this.#ask(packet.interfaceIndex) : known
  }

  #ofIndex(index: number): number {
    const name = this.#names.get(String(index))
    const number = name === undefined ? this.#host.ofIndex(index) : this.#host.interfaces.numberOf(name)
    this.#byIndex.set(index, number)
    return number
  }

  #ask(index: number): number {
    const number = this.#find(index)
    this.#byInterface[index + 1] = number
    return number
  }

  #find(index: number): number {
    const { interfaces } = this.#host
    const found = this.#interfaces[index]
    const name = found?.name ?? null
    const given = name === null ? undefined : this.#names.get(name)
    if (given !== undefined) return interfaces.numberOf(given)
    const ofFile = found === undefined ? undefined : this.#ofFile[found.file]
    if (ofFile !== undefined) return interfaces.numberOf(ofFile)
    if (name === null) return this.#host.only
    return nowhere.has(name) ? 0 : interfaces.numberOf(name)
  }
}
