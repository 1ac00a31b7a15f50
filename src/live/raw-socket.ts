import { close, sendTo, setSocketOption, socket } from './libc.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_RAW = 3
const IPPROTO_RAW = 255
const SOL_IP = 0
const IP_HDRINCL = 3
const SOL_IPV6 = 41
const IPV6_HDRINCL = 36
const SOL_SOCKET = 1
const SO_MARK = 36

/** Sends whole IP packets as this host does: by way of OUTPUT, with a mark that tells them from the stack's. */
export class RawSocket {
  readonly #v4: number
  readonly #v6: number

  /** Call inside the namespace that is to send. */
  constructor(mark: number) {
    this.#v4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW)
    this.#v6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW)
    setSocketOption(this.#v4, SOL_IP, IP_HDRINCL, 1)
    setSocketOption(this.#v6, SOL_IPV6, IPV6_HDRINCL, 1)
    for (const fd of [this.#v4, this.#v6]) setSocketOption(fd, SOL_SOCKET, SO_MARK, mark)
  }

  /** 0, or the errno with which the stack refused the packet (a rule's DROP is EPERM). */
  send(packet: Uint8Array): number {
    const v6 = packet[0]! >> 4 === 6
    const address = new Uint8Array(v6 ? 28 : 16)
    address[0] = v6 ? AF_INET6 : AF_INET
    if (v6) address.set(packet.subarray(24, 40), 8)
    else address.set(packet.subarray(16, 20), 4)
    const sent = sendTo(v6 ? this.#v6 : this.#v4, packet, address)
    return sent < 0 ? -sent : 0
  }

  close(): void {
    close(this.#v4)
    close(this.#v6)
  }
}
