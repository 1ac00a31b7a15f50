import { DROPPED_BY_IP } from '../../../src/conntrack/outcome.ts'
import { BEGINS_RECEIVED, BEGINS_SENT, ROUTE_ENDED, type Way } from '../../../src/firewall/way.ts'
import { HOOK_FORWARD, HOOK_INPUT } from '../../../src/hook/hook.ts'
import type { Passage } from '../../../src/hook/passage.ts'
import type { Host, Route } from '../../../src/host/host.ts'
import { FAMILY_IPV6 } from '../../../src/packet/packet.ts'

/** Packets enter where the harness says, and are routed by the lab's addresses and routes. */
export class LabWay implements Way {
  /** `Interfaces` number of the device, 0: the machine sends it. */
  entrance = 0
  /** The frame's link address is that of the device (PACKET_HOST). */
  isForThisMachine = true
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  #lookUp({ packet }: Passage, entrance = this.entrance): Route | null {
    const { family, destination0, destination1, destination2, destination3 } = packet
    return this.#host.route(
      family === FAMILY_IPV6,
      destination0,
      destination1,
      destination2,
      destination3,
      entrance,
    )
  }

  begin(passage: Passage): number {
    passage.inInterface = this.entrance
    if (this.entrance !== 0) return BEGINS_RECEIVED
    passage.outInterface = this.#lookUp(passage)?.interface ?? 0
    return BEGINS_SENT
  }

  answer(passage: Passage): boolean {
    const route = this.#lookUp(passage, 0)
    passage.outInterface = route?.interface ?? 0
    return route !== null
  }

  route(passage: Passage): number {
    const route = this.#lookUp(passage)
    if (route?.type === 'local' || route?.type === 'broadcast') return HOOK_INPUT
    if (route?.type !== 'unicast' || passage.packet.ttl <= 1 || !this.isForThisMachine) {
      passage.outcome.droppedBy = DROPPED_BY_IP
      return ROUTE_ENDED
    }
    passage.outInterface = route.interface
    return HOOK_FORWARD
  }
}
