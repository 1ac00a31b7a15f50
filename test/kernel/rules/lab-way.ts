import { DROPPED_BY_IP } from '../../../src/conntrack/outcome.ts'
import { BEGINS_RECEIVED, BEGINS_SENT, ROUTE_ENDED, type Way } from '../../../src/firewall/way.ts'
import { HOOK_FORWARD, HOOK_INPUT } from '../../../src/hook/hook.ts'
import type { Passage } from '../../../src/hook/passage.ts'
import type { Host, Route } from '../../../src/host/host.ts'
import { adjustChecksum } from '../../../src/packet/adjust.ts'
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

  #lookUp({ packet }: Passage): Route | null {
    const { family, destination0, destination1, destination2, destination3 } = packet
    const { entrance } = this
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

  route(passage: Passage): number {
    const route = this.#lookUp(passage)
    if (route?.type === 'local' || route?.type === 'broadcast') return HOOK_INPUT
    if (route?.type !== 'unicast' || passage.packet.ttl <= 1 || !this.isForThisMachine) {
      passage.outcome.droppedBy = DROPPED_BY_IP
      return ROUTE_ENDED
    }
    passage.outInterface = route.interface
    lowerTtl(passage)
    return HOOK_FORWARD
  }
}

/** ip_forward */
function lowerTtl(passage: Passage): void {
  const packet = passage.writable()
  packet.ttl--
  const { view, networkOffset, bytes } = packet
  if (packet.family === FAMILY_IPV6) {
    bytes[networkOffset + 7] = packet.ttl
    return
  }
  const before = view.getUint16(networkOffset + 8)
  view.setUint16(networkOffset + 8, before - 0x100)
  adjustChecksum(view, networkOffset + 10, before, before - 0x100)
}
