import {
  attributes,
  bigEndian,
  type Message,
  type Netlink,
  NLM_F_ACK,
  number,
} from '../../../src/live/netlink.ts'

const SUBSYSTEM = 3 << 8
const MESSAGE_PACKET = SUBSYSTEM | 0
const MESSAGE_VERDICT = SUBSYSTEM | 1
const MESSAGE_CONFIG = SUBSYSTEM | 2

// enum nfqnl_attr_config, nfqnl_attr_type, nfqnl_msg_config_cmds
const CONFIG_COMMAND = 1
const CONFIG_PARAMETERS = 2
const COMMAND_BIND = 1
const COPY_META = 1
const PACKET_HEADER = 1
const VERDICT_HEADER = 2
const NF_DROP = 0

/** Listens to a queue. */
export function bindQueue(netlink: Netlink, queue: number): void {
  const steps: [number, Uint8Array][] = [
    [CONFIG_COMMAND, new Uint8Array([COMMAND_BIND, 0, 0, 0])],
    [CONFIG_PARAMETERS, new Uint8Array([...bigEndian(0, 4), COPY_META])],
  ]
  for (const [type, payload] of steps) {
    netlink.request.start(MESSAGE_CONFIG, NLM_F_ACK, 0, queue).add(type, payload)
    const error = netlink.transact()
    if (error !== 0) throw new Error(`NFQUEUE ${queue}: errno ${error}`)
  }
}

export function isQueuedPacket(message: Message): boolean {
  return message.type === MESSAGE_PACKET
}

/** The queue that a packet waits in, which is told to drop it. */
export function dropQueued(netlink: Netlink, message: Message): number {
  const id = number((attributes(message.bytes).get(PACKET_HEADER) ?? new Uint8Array(4)).subarray(0, 4))
  const queue = message.resource
  const verdict = new Uint8Array([...bigEndian(NF_DROP, 4), ...bigEndian(id, 4)])
  netlink.request.start(MESSAGE_VERDICT, 0, 0, queue).add(VERDICT_HEADER, verdict)
  netlink.send()
  return queue
}
