import { attributes, bigEndian, type Message, type Netlink, NLM_F_ACK, number } from './netlink.ts'

const SUBSYSTEM = 4 << 8
const MESSAGE_PACKET = SUBSYSTEM | 0
const MESSAGE_CONFIG = SUBSYSTEM | 1

// enum nfulnl_attr_config, nfulnl_attr_type
const CONFIG_COMMAND = 1
const CONFIG_MODE = 2
const CONFIG_THRESHOLD = 5
const COMMAND_BIND = 1
const COPY_NONE = 0
const COPY_PACKET = 2
const PACKET_HEADER = 1
const MARK = 2
const IN_INTERFACE = 4
const OUT_INTERFACE = 5
const PAYLOAD = 9
const PREFIX = 10

const latin1 = new TextDecoder('latin1')
const nothing = new Uint8Array(0)

/** Subscribes to a log group: each packet at once, with its first `copy` bytes. */
export function bindGroup(netlink: Netlink, group: number, copy: number): void {
  const mode = copy > 0 ? COPY_PACKET : COPY_NONE
  const steps: [number, Uint8Array][] = [
    [CONFIG_COMMAND, bigEndian(COMMAND_BIND, 1)],
    [CONFIG_MODE, new Uint8Array([...bigEndian(copy, 4), mode, 0])],
    [CONFIG_THRESHOLD, bigEndian(1, 4)],
  ]
  for (const [type, payload] of steps) {
    netlink.request.start(MESSAGE_CONFIG, NLM_F_ACK, 0, group).add(type, payload)
    const error = netlink.transact()
    if (error !== 0) throw new Error(`NFLOG group ${group}: errno ${error}`)
  }
}

export interface LoggedPacket {
  readonly group: number
  /** NF_INET_* */
  readonly hook: number
  readonly mark: number
  /** Interface indices, 0 for none. */
  readonly inInterface: number
  readonly outInterface: number
  readonly prefix: string
  /** The packet from its IP header on, as far as asked for; valid until the next receive. */
  readonly payload: Uint8Array
}

export function isLoggedPacket(message: Message): boolean {
  return message.type === MESSAGE_PACKET
}

export function parseLoggedPacket(message: Message): LoggedPacket {
  const found = attributes(message.bytes)
  const prefix = found.get(PREFIX)
  return {
    group: message.resource,
    hook: found.get(PACKET_HEADER)?.[2] ?? 0,
    mark: number(found.get(MARK)),
    inInterface: number(found.get(IN_INTERFACE)),
    outInterface: number(found.get(OUT_INTERFACE)),
    prefix: prefix ? latin1.decode(prefix.subarray(0, -1)) : '',
    payload: found.get(PAYLOAD) ?? nothing,
  }
}
