/** Entries of every kind in a namespace: by packets through a TUN device, by `conntrack -I`, by rules. */
import { execFileSync } from 'node:child_process'
import type { Namespace } from '../../src/live/namespace.ts'
import { Tun } from '../../src/live/tun.ts'
import { parseAddress } from '../../src/packet/address.ts'

const CLIENT = '10.0.1.2'
const SERVER = '10.0.2.2'
const CLIENT6 = 'fd00:1::2'
const SERVER6 = 'fd00:2::2'

/** Bytes of an IP packet; checksums of the transport are 0, the namespace does not look at them. */
function packet(
  source: string,
  destination: string,
  protocol: number,
  payload: readonly number[],
): Uint8Array {
  const from = parseAddress(source)!
  const to = parseAddress(destination)!
  const ipv4 = source.includes('.')
  const header = ipv4 ? 20 : 40
  const bytes = new Uint8Array(header + payload.length)
  const view = new DataView(bytes.buffer)
  bytes.set(payload, header)
  if (ipv4) {
    view.setUint16(0, 0x4500)
    view.setUint16(2, bytes.length)
    view.setUint16(8, (64 << 8) | protocol)
    view.setInt32(12, from.words[0]!)
    view.setInt32(16, to.words[0]!)
    let sum = 0
    for (let at = 0; at < 20; at += 2) sum += view.getUint16(at)
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
    view.setUint16(10, ~sum & 0xffff)
  } else {
    view.setUint32(0, 0x60000000)
    view.setUint16(4, payload.length)
    view.setUint16(6, (protocol << 8) | 64)
    for (let i = 0; i < 4; i++) {
      view.setInt32(8 + 4 * i, from.words[i]!)
      view.setInt32(24 + 4 * i, to.words[i]!)
    }
  }
  return bytes
}

const word = (value: number) => [(value >>> 8) & 255, value & 255]
const long = (value: number) => [...word(value >>> 16), ...word(value)]

function tcp(sport: number, dport: number, seq: number, ack: number, flags: number, text = ''): number[] {
  const ports = [...word(sport), ...word(dport)]
  return [...ports, ...long(seq), ...long(ack), 0x50, flags, 0xff, 0xff, 0, 0, 0, 0, ...Buffer.from(text)]
}

function udp(sport: number, dport: number, text = ''): number[] {
  return [...word(sport), ...word(dport), ...word(8 + text.length), 0, 0, ...Buffer.from(text)]
}

function echo(type: number, id: number): number[] {
  return [type, 0, 0, 0, ...word(id), 0, 1]
}

const SYN = 2
const RST = 4
const PSH = 8
const ACK = 16

export class Traffic {
  readonly #namespace: Namespace
  readonly #client: Tun
  readonly #server: Tun

  constructor(namespace: Namespace) {
    this.#namespace = namespace
    const [client, server] = namespace.inside(() => [new Tun('client'), new Tun('server')] as const)
    this.#client = client
    this.#server = server
    const { ip, rule, rule6 } = this.#tools()
    namespace.set('net.ipv6.conf.default.accept_dad', 0)
    ip('link set lo up')
    for (const [device, network, network6] of [
      ['client', '10.0.1.1/24', 'fd00:1::1/64'],
      ['server', '10.0.2.1/24', 'fd00:2::1/64'],
    ]) {
      namespace.set(`net.ipv6.conf.${device}.accept_dad`, 0)
      namespace.set(`net.ipv4.conf.${device}.rp_filter`, 0)
      ip(`link set ${device} up`)
      ip(`addr add ${network} dev ${device}`)
      ip(`-6 addr add ${network6} dev ${device} nodad`)
    }
    namespace.set('net.ipv4.conf.all.rp_filter', 0)
    namespace.set('net.ipv4.conf.all.forwarding', 1)
    namespace.set('net.ipv6.conf.all.forwarding', 1)
    namespace.set('net.netfilter.nf_conntrack_checksum', 0)
    namespace.set('net.netfilter.nf_conntrack_acct', 1)
    namespace.set('net.netfilter.nf_conntrack_timestamp', 1)
    // Neighbour discovery and the like of the host itself would be entries nobody asked for.
    rule6('-t raw -A OUTPUT -j CT --notrack')
    rule6('-t raw -A PREROUTING ! -s fd00::/16 -j CT --notrack')
    for (const add of [rule, rule6]) {
      add('-t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp')
      add('-t raw -A PREROUTING -p udp --dport 69 -j CT --helper tftp')
      add('-t raw -A PREROUTING -p udp --dport 70 -j CT --zone 5')
      add('-t raw -A PREROUTING -p udp --dport 71 -j CT --zone-orig 6')
      add('-t raw -A PREROUTING -p udp --dport 72 -j CT --zone-reply 7')
      add('-t mangle -A FORWARD -p udp --dport 70 -j CONNMARK --set-mark 4294967295')
      add('-t mangle -A FORWARD -p tcp --dport 90 -m tcp --tcp-flags PSH PSH -j CONNMARK --set-mark 9')
    }
    rule(`-t nat -A PREROUTING -p udp --dport 73 -j DNAT --to-destination 10.0.2.3:74`)
    rule6(`-t nat -A PREROUTING -p udp --dport 73 -j DNAT --to-destination [fd00:2::3]:74`)
    rule(`-t nat -A POSTROUTING -p udp --dport 75 -j SNAT --to-source 10.0.2.1`)
    rule6(`-t nat -A POSTROUTING -p udp --dport 75 -j SNAT --to-source fd00:2::1`)
    rule(`-t nat -A POSTROUTING -p udp --dport 76 -j SNAT --to-source ${CLIENT}:999`)
  }

  #tools() {
    const split = (program: string) => (line: string) => this.#namespace.run(program, ...line.split(' '))
    return { ip: split('ip'), rule: split('iptables'), rule6: split('ip6tables') }
  }

  #there(protocol: number, payload: readonly number[], v6 = false): void {
    this.#client.write(packet(v6 ? CLIENT6 : CLIENT, v6 ? SERVER6 : SERVER, protocol, payload))
  }

  #back(protocol: number, payload: readonly number[], v6 = false): void {
    this.#server.write(packet(v6 ? SERVER6 : SERVER, v6 ? CLIENT6 : CLIENT, protocol, payload))
  }

  /** Entries made by packets. */
  send(): void {
    const handshake = (sport: number, dport: number, v6: boolean) => {
      this.#there(6, tcp(sport, dport, 1000, 0, SYN), v6)
      this.#back(6, tcp(dport, sport, 5000, 1001, SYN | ACK), v6)
      this.#there(6, tcp(sport, dport, 1001, 5001, ACK), v6)
    }
    for (const v6 of [false, true]) {
      handshake(4000, 21, v6)
      handshake(4001, 90, v6)
      this.#there(6, tcp(4002, 80, 1, 0, SYN), v6)
      this.#there(6, tcp(4003, 80, 1, 0, SYN), v6)
      this.#back(6, tcp(80, 4003, 0, 2, RST | ACK), v6)
      for (const port of [53, 69, 70, 71, 72, 73, 75, 76])
        this.#there(17, udp(5000 + port, port, '\0\u0001f'), v6)
      this.#back(17, udp(53, 5053, 'abc'), v6)
      this.#there(17, udp(5053, 53, 'abc'), v6)
      this.#there(136, udp(7, 8), v6)
      this.#there(50, [1, 2, 3, 4, 5, 6, 7, 8], v6)
      this.#there(33, [...word(8), ...word(9), 0, 0, 0, 0, 0, 0, 0, 0], v6)
      this.#there(47, [0, 0, 8, 0], v6)
      this.#there(
        132,
        [0, 9, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20, 0, 0, 0, 170, ...Array(12).fill(0)],
        v6,
      )
    }
    this.#there(132, [0, 5, 0, 6, 0, 0, 0, 9, 0, 0, 0, 0, 4, 0, 0, 4])
    this.#back(47, [0, 0, 8, 0])
    this.#there(1, echo(8, 77))
    this.#back(1, echo(0, 77))
    this.#there(1, [13, 0, 0, 0, 0, 9, 0, 1, ...Array(12).fill(0)])
    this.#there(58, echo(128, 65535), true)
    // The first PORT command is taken as an expectation that waits, the second one is answered by its child.
    const first = 'PORT 10,0,1,2,4,8\r\n'
    const second = 'PORT 10,0,1,2,4,9\r\n'
    this.#there(6, tcp(4000, 21, 1001, 5001, ACK, `USER a\r\n`))
    this.#there(6, tcp(4000, 21, 1009, 5001, ACK, second))
    this.#back(6, tcp(20, 1033, 1, 0, SYN))
    this.#there(6, tcp(4000, 21, 1009 + second.length, 5001, ACK, first))
  }

  /** Entries made by the tool: states and status bits that packets hardly reach. */
  insert(): void {
    const commands: string[] = []
    const add = (line: string) => commands.push(`-I ${line}`)
    const tcpStates =
      'NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2'
    const sctpStates =
      'NONE CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD SHUTDOWN_ACK_SENT'
    let port = 1000
    const ends = () => `-s 10.0.0.1 -d 10.0.0.2 --sport ${++port} --dport 80`
    for (const state of tcpStates.split(' ')) {
      add(`-p tcp ${ends()} --state ${state} -t 1000 -u SEEN_REPLY,ASSURED`)
    }
    for (const state of sctpStates.split(' ')) {
      add(`-p sctp ${ends()} --state ${state} -t 1000 -u SEEN_REPLY --orig-vtag 0 --reply-vtag 4294967295`)
    }
    add(`-p tcp ${ends()} --state ESTABLISHED -t 4000000 -u SEEN_REPLY,ASSURED,FIXED_TIMEOUT`)
    add(`-p udp ${ends()} -t 1000 -w 65535 -m 7`)
    add(`-p udp ${ends()} -t 1000 -u FIXED_TIMEOUT --orig-zone 1`)
    add(`-p udp ${ends()} -t 1000 -r 1.2.3.4 -q 5.6.7.8 --reply-port-src 33 --reply-port-dst 44`)
    add(`-p udp ${ends()} -t 1000 --dst-nat 9.9.9.9:77`)
    add(`-p udp ${ends()} -t 1000 --src-nat 9.9.9.9:77`)
    add('-p gre -s 10.0.0.1 -d 10.0.0.2 --srckey 8 --dstkey 65535 -t 1000')
    add('-p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 17 --icmp-code 0 --icmp-id 1 -t 1000')
    add('-p 253 -s 10.0.0.1 -d 10.0.0.2 -t 1000')
    add('-p 2 -s ::ffff:1.2.3.4 -d ::5.6.7.8 -t 1000')
    // All by one process: the closer together, the more of each second is free of ticks.
    // Node's pipes are sockets, which the tool cannot open by their name: cat makes a real one.
    const script = 'cat | conntrack -R -'
    execFileSync('ip', ['netns', 'exec', this.#namespace.name, 'sh', '-c', script], {
      input: `${commands.join('\n')}\n`,
      stdio: ['pipe', 'ignore', 'pipe'],
    })
  }

  /** Changes and ends, for the events. */
  change(): void {
    const tool = (line: string) =>
      execFileSync('ip', ['netns', 'exec', this.#namespace.name, 'conntrack', ...line.split(' ')], {
        stdio: 'ignore',
      })
    tool('-U -p tcp -s 10.0.0.1 --sport 1004 -m 77')
    tool('-U -p tcp -s 10.0.0.1 --sport 1005 -t 5')
    this.#there(6, tcp(4001, 90, 1001, 5001, PSH | ACK, 'abc'))
    tool('-D')
  }

  close(): void {
    this.#client.close()
    this.#server.close()
  }
}
