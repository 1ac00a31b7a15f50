import { bytesOf } from '../../../src/packet/byte-source.ts'
import type { PacketStep, Script } from './case.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import { TcpFlow } from './tcp-flow.ts'
import { sendWild } from './tcp-walk.ts'

/** FTP control connections: addresses announced rightly, wrongly and in part, and the data connections they promise. */
export function* ftpTraffic(network: Network): Script {
  const { random } = network
  const flow = new TcpFlow(network, [random.range(2000, 2003), 21])
  for (;;) {
    yield sendWild(flow, { direction: 0, flags: 'S' })
    yield sendWild(flow, { direction: 1, flags: 'SA' })
    yield sendWild(flow, { direction: 0, flags: 'A' })
    yield* say(flow, 1, '220 ready\r\n')
    yield* say(flow, 0, 'USER anonymous\r\n')
    yield* say(flow, 1, '331 go on\r\n')
    for (let i = random.range(2, 8); i > 0; i--) yield* announce(flow)
    yield sendWild(flow, { direction: 0, flags: random.pick(['R', 'FA']) })
    flow.restart()
  }
}

/** One line as a segment, and now and then its acknowledgment, the line again, or the line in two segments. */
function* say(flow: TcpFlow, direction: 0 | 1, line: string): Script {
  const { random } = flow
  const payload = bytesOf(line)
  if (payload.length > 3 && random.chance(0.08)) {
    const middle = random.range(1, payload.length - 1)
    yield sendWild(flow, { direction, flags: 'PA', payload: payload.subarray(0, middle) })
    yield sendWild(flow, { direction, flags: 'PA', payload: payload.subarray(middle) })
  } else {
    const sequence = flow.states[direction].next
    yield sendWild(flow, { direction, flags: 'PA', payload })
    if (random.chance(0.05)) yield sendWild(flow, { direction, flags: 'PA', payload, sequence })
  }
  if (random.chance(0.5)) yield sendWild(flow, { direction: direction === 0 ? 1 : 0, flags: 'A' })
}

/** PORT, EPRT, 227 or 229, right or not, then perhaps a connection to what was announced. */
function* announce(flow: TcpFlow): Script {
  const { random, ends } = flow
  const direction = random.chance(0.5) ? 0 : 1
  const speaker = ends[direction]
  const v6 = speaker.address.includes(':')
  const port = random.pick([1029, 1030, 65_535, 20, 0, 1030 + 65_536])
  const address = random.chance(0.85) ? speaker.address : ends[direction === 0 ? 1 : 0].address
  const line = direction === 0 ? command(random, address, v6, port) : answer(random, address, v6, port)
  yield* say(flow, direction, random.chance(0.15) ? spoil(random, line) : line)
  if (direction === 0 && random.chance(0.5)) yield* say(flow, 1, '200 done\r\n')
  for (let i = random.range(0, 2); i > 0; i--) yield data(flow, direction, port & 0xffff)
}

function numbers(address: string, port: number): string {
  return `${address.replaceAll('.', ',')},${(port >> 8) & 255},${port & 255}`
}

function command(random: Random, address: string, v6: boolean, port: number): string {
  const extended = `EPRT |${v6 ? 2 : 1}|${address}|${port}|\r\n`
  const plain = `PORT ${v6 ? '1,2,3,4,5,6' : numbers(address, port)}\r\n`
  return random.pick([
    extended,
    plain,
    plain,
    plain.toLowerCase(),
    'PASV\r\n',
    'LIST\r\n',
    extended.replaceAll('|', '!'),
  ])
}

function answer(random: Random, address: string, v6: boolean, port: number): string {
  const passive = `227 Entering Passive Mode (${v6 ? '1,2,3,4,5,6' : numbers(address, port)})\r\n`
  const extended = `229 Entering Extended Passive Mode (|||${port}|)\r\n`
  return random.pick([
    passive,
    extended,
    passive.replace('(', ''),
    '226 done\r\n',
    extended.replaceAll('|', '#'),
  ])
}

/** A line cut short, without its end, or with other digits. */
function spoil(random: Random, line: string): string {
  switch (random.range(0, 4)) {
    case 0:
      return line.slice(0, random.range(1, line.length))
    case 1:
      return line.replace('\r\n', '\n')
    case 2:
      return line.replace('\r\n', '')
    case 3:
      return line.replace(/\d/, () => String(random.range(0, 999)))
    default:
      return line.replace(/[,|]/, random.pick(['.', '', ' ', ',,']))
  }
}

/** The connection that was promised, from the other end, or something near it. */
function data(flow: TcpFlow, direction: 0 | 1, port: number): PacketStep {
  const { random, network, ends } = flow
  const speaker = ends[direction]
  const other = ends[direction === 0 ? 1 : 0]
  const forward = random.chance(0.8)
  const [from, to] = forward ? [other, speaker] : [speaker, other]
  return network.packet(from, to, {
    tcp: {
      sourcePort: forward ? random.pick([20, 4000, 4001]) : port,
      destinationPort: forward ? (random.chance(0.9) ? port : 1031) : 20,
      flags: random.weighted([
        [5, 'S'],
        [2, 'SA'],
        [2, 'A'],
      ]),
      sequence: 1000,
      acknowledgment: 1001,
    },
  })
}

/** TFTP: the request to port 69, and the answer from a port nobody has seen. */
export function* tftpTraffic(network: Network): Script {
  const { random } = network
  const [client, server] = network.pair(network.family())
  for (;;) {
    const port = random.range(3000, 3002)
    const opcode = random.pick([1, 1, 2, 3, 5])
    yield network.packet(client, server, {
      udp: {
        sourcePort: port,
        destinationPort: 69,
        payload: [0, opcode, 0x61, 0].slice(0, random.pick([4, 4, 2, 1])),
      },
    })
    const sourcePort = random.pick([5000, 5001, 69])
    if (random.chance(0.8)) {
      yield network.packet(server, client, {
        udp: { sourcePort, destinationPort: port, payload: [0, 3, 0, 1] },
      })
    }
    if (random.chance(0.5)) {
      yield network.packet(client, server, {
        udp: { sourcePort: port, destinationPort: sourcePort, payload: [0, 4] },
      })
    }
  }
}
