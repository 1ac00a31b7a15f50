import { bind, close, receive, sendTo, setSocketOption, socket } from './libc.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const NETLINK_NETFILTER = 12
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33

export const NLM_F_REQUEST = 1
export const NLM_F_ACK = 4
export const NLM_F_DUMP = 0x300
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLA_F_NESTED = 0x8000
const NLA_TYPE_MASK = 0x3fff

const kernelAddress = new Uint8Array(12)
kernelAddress[0] = AF_NETLINK

/** One netlink message that came in; `bytes` begins behind nlmsghdr and nfgenmsg. */
export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** nfgenmsg: address family and resource (NFLOG: the group). */
  readonly family: number
  readonly resource: number
  /** NLMSG_ERROR: errno, positive; 0 acknowledges. */
  readonly error: number
  readonly bytes: Uint8Array
}

/** Attributes by their number; of repeated ones the last. */
export function attributes(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at + 4 <= bytes.length) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > bytes.length) break
    found.set(view.getUint16(at + 2, true) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length))
    at += (length + 3) & ~3
  }
  return found
}

/** Attribute payloads are big-endian numbers in nfnetlink. */
export function number(bytes: Uint8Array | undefined): number {
  let value = 0
  for (const byte of bytes ?? []) value = value * 256 + byte
  return value
}

export function bigEndian(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256
  return bytes
}

/** A request under construction; reused, grows never: requests here are short. */
export class Request {
  readonly #buffer = new Uint8Array(1024)
  readonly #view = new DataView(this.#buffer.buffer)
  #length = 0

  /** @param type nfnetlink subsystem << 8 | message */
  start(type: number, flags: number, family: number, resource = 0): this {
    this.#buffer.fill(0, 0, 20)
    this.#view.setUint16(4, type, true)
    this.#view.setUint16(6, flags | NLM_F_REQUEST, true)
    this.#buffer[16] = family
    this.#view.setUint16(18, resource)
    this.#length = 20
    return this
  }

  add(type: number, payload: Uint8Array): this {
    const at = this.#length
    this.#view.setUint16(at, payload.length + 4, true)
    this.#view.setUint16(at + 2, type, true)
    this.#buffer.set(payload, at + 4)
    const padded = (payload.length + 3) & ~3
    this.#buffer.fill(0, at + 4 + payload.length, at + 4 + padded)
    this.#length = at + 4 + padded
    return this
  }

  nest(type: number, fill: (request: this) => void): this {
    const at = this.#length
    this.#view.setUint16(at + 2, type | NLA_F_NESTED, true)
    this.#length = at + 4
    fill(this)
    this.#view.setUint16(at, this.#length - at, true)
    return this
  }

  finish(sequence: number): Uint8Array {
    this.#view.setUint32(0, this.#length, true)
    this.#view.setUint32(8, sequence, true)
    return this.#buffer.subarray(0, this.#length)
  }
}

/** A netfilter netlink socket, non-blocking. The kernel answers requests before `send` returns. */
export class Netlink {
  readonly request = new Request()
  readonly #fd: number
  readonly #buffer = new Uint8Array(256 * 1024)
  readonly #view = new DataView(this.#buffer.buffer)
  #sequence = 0

  /** Call inside the namespace it is to speak for. */
  constructor() {
    this.#fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)
    setSocketOption(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, 8 * 1024 * 1024)
    bind(this.#fd, kernelAddress)
  }

  send(): void {
    const sent = sendTo(this.#fd, this.request.finish(++this.#sequence), kernelAddress)
    if (sent < 0) throw new Error(`netlink: sending failed with errno ${-sent}`)
  }

  /** Hands over what has come in; the messages' bytes are valid during the call only. */
  receive(take: (message: Message) => void): void {
    for (;;) {
      const length = receive(this.#fd, this.#buffer)
      if (length < 0) return
      for (let at = 0; at + 16 <= length; ) {
        const size = this.#view.getUint32(at, true)
        if (size < 16 || at + size > length) break
        take(this.#message(at, size))
        at += (size + 3) & ~3
      }
    }
  }

  #message(at: number, size: number): Message {
    const type = this.#view.getUint16(at + 4, true)
    const plain = type === NLMSG_ERROR || type === NLMSG_DONE
    return {
      type,
      flags: this.#view.getUint16(at + 6, true),
      sequence: this.#view.getUint32(at + 8, true),
      family: plain ? 0 : this.#buffer[at + 16]!,
      resource: plain ? 0 : this.#view.getUint16(at + 18),
      error: type === NLMSG_ERROR ? -this.#view.getInt32(at + 16, true) : 0,
      bytes: this.#buffer.subarray(at + (plain ? 16 : 20), at + size),
    }
  }

  /** Sends the request and waits for its acknowledgement; returns errno, 0 for success. */
  transact(take?: (message: Message) => void): number {
    this.send()
    let error = -1
    this.receive((message) => {
      if (message.type === NLMSG_ERROR) error = message.error
      else if (message.type === NLMSG_DONE) error = 0
      else take?.(message)
    })
    if (error < 0) throw new Error('netlink: no acknowledgement')
    return error
  }

  close(): void {
    close(this.#fd)
  }
}
