/**
 * Makes first-look.pcapng, the capture that `npm start` replays through the rules of first-look.v4: a few connections to
 * a server, captured on the server, of which some go as they should and some do not.
 *
 *     npx tsx examples/first-look.ts
 */
import { buildPacket, type PacketPlan } from '../src/packet/build.ts'
import { ExampleCapture } from './example-capture.ts'

const client = '10.0.0.2'
const server = '192.0.2.9'

export const firstLook = new ExampleCapture('sallyport examples/first-look.ts', ['eth0'])

/** A conversation of one client port with one server port, told packet by packet. */
class Conversation {
  readonly #client: number
  readonly #server: number

  constructor(clientPort: number, serverPort: number) {
    this.#client = clientPort
    this.#server = serverPort
  }

  /** From the client: flags, sequence and acknowledgment numbers, payload length. */
  out(flags: string, sequence: number, acknowledgment = 0, length = 0, window = 64_240): void {
    this.#send(true, flags, sequence, acknowledgment, length, window)
  }

  /** From the server. */
  back(flags: string, sequence: number, acknowledgment = 0, length = 0, window = 65_160): void {
    this.#send(false, flags, sequence, acknowledgment, length, window)
  }

  open(clientStart: number, serverStart: number, window = 64_240): void {
    this.out('S', clientStart, 0, 0, window)
    this.back('SA', serverStart, clientStart + 1)
    this.out('A', clientStart + 1, serverStart + 1, 0, window)
  }

  #send(
    fromClient: boolean,
    flags: string,
    sequence: number,
    acknowledgment: number,
    length: number,
    window: number,
  ): void {
    firstLook.add({
      source: fromClient ? client : server,
      destination: fromClient ? server : client,
      tcp: {
        sourcePort: fromClient ? this.#client : this.#server,
        destinationPort: fromClient ? this.#server : this.#client,
        flags,
        sequence,
        acknowledgment,
        window,
        payload: new Uint8Array(length).fill(0x2e),
        ...(flags.includes('S') ? { options: [{ mss: 1460 }] } : {}),
      },
    })
  }
}

// A page is fetched, and the connection closed in order.
const web = new Conversation(40_000, 80)
web.open(1000, 5000)
web.out('PA', 1001, 5001, 120)
web.back('A', 5001, 1121)
web.back('PA', 5001, 1121, 1200)
web.out('A', 1121, 6201)
web.out('FA', 1121, 6201)
web.back('FA', 6201, 1122)
web.out('A', 1122, 6202)

// The server resets a connection.
const mail = new Conversation(40_001, 25)
mail.open(2000, 7000)
mail.back('PA', 7001, 2001, 40)
mail.out('A', 2001, 7041)
mail.back('RA', 7041, 2001)

// Nobody listens there.
const refused = new Conversation(40_002, 8080)
refused.out('S', 3000)
refused.back('RA', 0, 3001)

// A session that was open before the capture began: its first packet here is a lone ACK.
const shell = new Conversation(40_003, 22)
shell.out('PA', 900_000, 800_000, 48)
shell.back('PA', 800_000, 900_048, 64)
shell.out('A', 900_048, 800_064)

// The client's window is 1,000 bytes; a segment begins far beyond it, and an ACK is for data that was never sent.
const bulk = new Conversation(40_004, 873)
bulk.open(4000, 9000, 1000)
bulk.back('A', 9001, 4001, 500)
bulk.back('A', 12_001, 4001, 500)
bulk.out('A', 4001, 90_001, 0, 1000)
bulk.out('A', 4001, 9501, 0, 1000)

// The server asks a resolver that is not running, and gets the error that says so.
const question: PacketPlan = {
  source: server,
  destination: '192.0.2.53',
  udp: { sourcePort: 40_005, destinationPort: 53, payload: new Uint8Array(29).fill(0x2e) },
}
firstLook.add(question)
firstLook.add({
  source: '192.0.2.53',
  destination: server,
  icmp: { type: 3, code: 3, payload: buildPacket(question) },
})

// Somebody looks for SNMP.
firstLook.add({
  source: '198.51.100.7',
  destination: server,
  udp: { sourcePort: 51_000, destinationPort: 161, payload: new Uint8Array(43).fill(0x2e) },
})

// 12 s later the reset connection's entry has expired (10 s), and the client's FIN finds nothing.
firstLook.pass(12_000)
mail.out('FA', 2001, 7041)

// Two minutes later that of the closed one has, too: a FIN that the server sends again is a stray.
firstLook.pass(125_000)
web.back('FA', 6201, 1122)

firstLook.writeBeside(import.meta.url)
