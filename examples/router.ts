/**
 * Makes router.pcapng: a router with a network behind it, captured on both of its interfaces, so that what it forwarded is
 * there twice. It masquerades that network, and passes port 80 on to a server in it.
 *
 *     npx tsx examples/router.ts
 */
import type { TcpPlan } from '../src/packet/build-transport.ts'
import { ExampleCapture } from './example-capture.ts'

const LAN = 0
const WAN = 1
const router = '203.0.113.5'

/** Hardware addresses: the router has one on either side, and all others are behind one of a switch or a provider. */
const own = [
  [2, 0, 0, 0, 1, 1],
  [2, 0, 0, 0, 2, 1],
]
const other = [
  [2, 0, 0, 0, 1, 9],
  [2, 0, 0, 0, 2, 9],
]

export const routed = new ExampleCapture('sallyport examples/router.ts', ['lan0', 'wan0'])

type Segment = Omit<TcpPlan, 'sourcePort' | 'destinationPort'>

interface End {
  readonly address: string
  readonly port: number
}

function add(side: number, isSent: boolean, from: End, to: End, tcp: Segment): void {
  routed.add(
    {
      source: from.address,
      destination: to.address,
      ttl: isSent ? 63 : 64,
      tcp: { ...tcp, sourcePort: from.port, destinationPort: to.port },
    },
    side,
    { source: (isSent ? own : other)[side]!, destination: (isSent ? other : own)[side]! },
  )
}

/** A connection as both sides of the router see it. */
class Connection {
  readonly #lan: readonly [inner: End, outer: End]
  readonly #wan: readonly [inner: End, outer: End]

  constructor(lan: readonly [inner: End, outer: End], wan: readonly [inner: End, outer: End]) {
    this.#lan = lan
    this.#wan = wan
  }

  /** From the inside to the outside. */
  out(flags: string, sequence: number, acknowledgment = 0, length = 0): void {
    const tcp = segment(flags, sequence, acknowledgment, length)
    add(LAN, false, this.#lan[0], this.#lan[1], tcp)
    add(WAN, true, this.#wan[0], this.#wan[1], tcp)
  }

  in(flags: string, sequence: number, acknowledgment = 0, length = 0): void {
    const tcp = segment(flags, sequence, acknowledgment, length)
    add(WAN, false, this.#wan[1], this.#wan[0], tcp)
    add(LAN, true, this.#lan[1], this.#lan[0], tcp)
  }
}

function segment(flags: string, sequence: number, acknowledgment: number, length: number): Segment {
  return {
    flags,
    sequence,
    acknowledgment,
    window: 64_240,
    payload: new Uint8Array(length).fill(0x2e),
    ...(flags.includes('S') ? { options: [{ mss: 1460 }] } : {}),
  }
}

const end = (address: string, port: number): End => ({ address, port })

// Somebody inside fetches a page.
const page = end('198.51.100.180', 443)
const browser = new Connection([end('192.168.1.10', 50_000), page], [end(router, 50_000), page])
browser.out('S', 1000)
browser.in('SA', 5000, 1001)
browser.out('A', 1001, 5001)
browser.out('PA', 1001, 5001, 200)
browser.in('PA', 5001, 1201, 1200)
browser.out('A', 1201, 6201)

/** A connection from outside to the server inside. */
function visit(visitor: End): Connection {
  return new Connection([end('192.168.1.20', 8080), visitor], [end(router, 80), visitor])
}

const guest = visit(end('198.51.100.7', 40_100))
guest.in('S', 2000)
guest.out('SA', 7000, 2001)
guest.in('A', 2001, 7001)
guest.in('PA', 2001, 7001, 90)
guest.out('PA', 7001, 2091, 500)

// One from a network that the rules in router.v4 do not let in. The router had other rules at the time.
const unwelcome = visit(end('198.51.100.66', 41_000))
unwelcome.in('S', 3000)
unwelcome.out('SA', 9000, 3001)
unwelcome.in('A', 3001, 9001)

// Somebody tries the router itself, which does not answer.
add(WAN, false, end('198.51.100.66', 41_001), end(router, 22), segment('S', 4000, 0, 0))

routed.writeBeside(import.meta.url)
