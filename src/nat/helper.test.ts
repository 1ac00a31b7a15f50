import { describe, expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { expectationsOf, tableOf } from '../conntrack/view-entry.ts'
import { formatIPv4 } from '../packet/address.ts'
import type { TcpPlan } from '../packet/build-transport.ts'
import { CHECKSUM_GOOD, type Packet } from '../packet/packet.ts'
import { verifyChecksum } from '../packet/verify.ts'

const CLIENT = '10.0.1.2'
const SERVER = '10.0.2.2'
const OUTSIDE = '10.0.2.177'

/** What a segment or datagram says, behind its header. */
function payload({ bytes, transportOffset, tcpHeaderLength, capturedEnd }: Packet): string {
  return String.fromCharCode(...bytes.subarray(transportOffset + tcpHeaderLength, capturedEnd))
}

/** A control connection of a client behind SNAT, its handshake and greeting behind it. Numbers are those of the speakers. */
class Control {
  readonly bench: RuleBench
  #client = 101
  #server = 501
  /** As the other side numbers what it got. */
  #clientSeen = 101
  #serverSeen = 501

  constructor(rules: string) {
    this.bench = new RuleBench({
      rules: `*raw\n-A PREROUTING -p tcp --dport 21 -j CT --helper ftp\nCOMMIT\n*nat\n${rules}\nCOMMIT`,
    })
    this.#fromClient({ flags: 'S', sequence: 100 })
    this.#fromServer({ flags: 'SA', sequence: 500, acknowledgment: 101 })
    this.client('')
    this.server('220 hello\r\n')
    this.client('USER me\r\n')
  }

  #fromClient(tcp: Partial<TcpPlan> & { flags: string }): Packet {
    return this.#take(
      this.bench.send({
        source: CLIENT,
        destination: SERVER,
        tcp: { sourcePort: 2000, destinationPort: 21, options: ['sackPermitted'], ...tcp },
      }),
    )
  }

  #fromServer(tcp: Partial<TcpPlan> & { flags: string }): Packet {
    return this.#take(
      this.bench.send({
        source: SERVER,
        destination: OUTSIDE,
        tcp: { sourcePort: 21, destinationPort: 2000, options: ['sackPermitted'], ...tcp },
      }),
    )
  }

  #take({ verdict, ctstate, packet }: ReturnType<RuleBench['send']>): Packet {
    expect(verdict).toBe('ACCEPT')
    expect(ctstate).not.toBe('INVALID')
    verifyChecksum(packet)
    expect(packet.checksum).toBe(CHECKSUM_GOOD)
    return packet
  }

  client(text: string): Packet {
    const packet = this.#fromClient({
      flags: 'PA',
      sequence: this.#client,
      acknowledgment: this.#serverSeen,
      options: [],
      payload: text,
    })
    this.#client += text.length
    this.#clientSeen = packet.sequence + payload(packet).length
    return packet
  }

  server(text: string, options: TcpPlan['options'] = []): Packet {
    const packet = this.#fromServer({
      flags: 'PA',
      sequence: this.#server,
      acknowledgment: this.#clientSeen,
      options,
      payload: text,
    })
    this.#server += text.length
    this.#serverSeen = packet.sequence + payload(packet).length
    return packet
  }
}

const snat = `-A POSTROUTING -s ${CLIENT} -j SNAT --to-source ${OUTSIDE}`

describe('FTP behind a translated source', () => {
  test('PORT tells the outside address, and what it announces comes in', () => {
    const control = new Control(snat)
    const { bench } = control
    const port = control.client('PORT 10,0,1,2,4,5\r\n')
    expect(payload(port)).toBe('PORT 10,0,2,177,4,5\r\n')
    expect(port.length).toBe(20 + 20 + 21)
    expect([...expectationsOf(bench.tracker)]).toMatchObject([
      { source: SERVER, destination: OUTSIDE, destinationPort: 1029 },
    ])
    const tcp = { sourcePort: 20, destinationPort: 1029, flags: 'S' }
    const { ctstate, packet } = bench.send({ source: SERVER, destination: OUTSIDE, tcp })
    expect(ctstate).toBe('RELATED')
    expect(formatIPv4(packet.destination0)).toBe(CLIENT)
    const data = [...tableOf(bench.tracker)].at(-1)!
    expect(data.status & 0x1ff).toBe(0x1a9)
    expect(data.reply).toMatchObject({
      source: CLIENT,
      sourcePort: 1029,
      destination: SERVER,
      destinationPort: 20,
    })
    // No rule was asked for it.
    expect(bench.counts('nat', 'POSTROUTING')).toEqual([1, 0])
  })

  test('behind a longer line every number follows, in both directions and in SACKs', () => {
    const control = new Control(snat)
    expect(control.client('PORT 10,0,1,2,4,5\r\n').sequence).toBe(110)
    // Two bytes more went out than were sent: 110 + 19 + 2.
    const ok = control.server('200 ok\r\n', [{ sack: [[126, 131]] }])
    expect(ok.acknowledgment).toBe(129)
    const { view, transportOffset } = ok
    expect([view.getInt32(transportOffset + 22), view.getInt32(transportOffset + 26)]).toEqual([124, 129])
    expect(control.client('NOOP\r\n').sequence).toBe(131)
    expect(control.client('PORT 10,0,1,2,4,6\r\n').sequence).toBe(137)
    expect(control.client('NOOP\r\n').sequence).toBe(158)
    expect([...tableOf(control.bench.tracker)][0]!.status & 0x40).toBe(0x40)
  })

  test('PASV is left as it is: the server is not translated', () => {
    const control = new Control(snat)
    const line = '227 Entering Passive Mode (10,0,2,2,4,5).\r\n'
    expect(payload(control.server(line))).toBe(line)
    expect([...tableOf(control.bench.tracker)][0]!.status & 0x40).toBe(0)
  })

  test('a port that another connection expects already makes way for another one', () => {
    const control = new Control(snat)
    const { expectations } = control.bench.tracker.helpers
    control.client('PORT 10,0,1,2,4,5\r\n')
    const [first] = [...expectations.values()]
    expectations.remove(first!)
    expectations.add(
      { ...first!, master: 99, masterId: 99 },
      { classMaximum: 0, tableMaximum: 100 },
      control.bench.tracker.clock.now,
    )
    const other = payload(control.client('PORT 10,0,1,2,4,5\r\n'))
    expect(other).toMatch(/^PORT 10,0,2,177,\d+,\d+\r\n$/)
    expect(other).not.toBe('PORT 10,0,2,177,4,5\r\n')
  })
})

test('TFTP: the answer from another port finds its way back', () => {
  const bench = new RuleBench({
    rules: `*raw\n-A PREROUTING -p udp --dport 69 -j CT --helper tftp\nCOMMIT\n*nat\n-A POSTROUTING -p udp -j SNAT --to-source ${OUTSIDE}:7000-7009\nCOMMIT`,
  })
  const ask = bench.send({
    source: CLIENT,
    destination: SERVER,
    udp: { sourcePort: 3000, destinationPort: 69, payload: [0, 1, 65, 0, 65, 0] },
  })
  const outsidePort = ask.packet.sourcePort
  expect(outsidePort).toBeGreaterThanOrEqual(7000)
  const { ctstate, packet } = bench.send({
    source: SERVER,
    destination: OUTSIDE,
    udp: { sourcePort: 50_000, destinationPort: outsidePort, payload: [0, 3, 0, 1, 1] },
  })
  expect(ctstate).toBe('RELATED')
  expect([formatIPv4(packet.destination0), packet.destinationPort]).toEqual([CLIENT, 3000])
})
