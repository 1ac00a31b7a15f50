import { close, ioctl, open, read, write } from './libc.ts'

const TUNSETIFF = 0x400454ca
const IFF_TUN = 0x0001
const IFF_TAP = 0x0002
const IFF_NO_PI = 0x1000
const IFREQ_SIZE = 40

/** A TUN or TAP device: what is written enters the stack there, what the stack sends there is read. */
export class Tun {
  readonly name: string
  readonly #fd: number
  readonly #buffer = new Uint8Array(70_000)

  /** Call inside the namespace that is to own it. */
  constructor(name: string, kind: 'tun' | 'tap' = 'tun') {
    this.name = name
    this.#fd = open('/dev/net/tun', 'read-write')
    const request = new Uint8Array(IFREQ_SIZE)
    request.set(new TextEncoder().encode(name))
    new DataView(request.buffer).setUint16(16, (kind === 'tap' ? IFF_TAP : IFF_TUN) | IFF_NO_PI, true)
    ioctl(this.#fd, TUNSETIFF, request)
  }

  /** The stack has dealt with the packet when this returns. False when the device refused it. */
  write(packet: Uint8Array): boolean {
    return write(this.#fd, packet) === packet.length
  }

  /** The next packet the stack sent here, or null; the bytes stay valid until the next read. */
  read(): Uint8Array | null {
    const length = read(this.#fd, this.#buffer)
    return length < 0 ? null : this.#buffer.subarray(0, length)
  }

  close(): void {
    close(this.#fd)
  }
}
