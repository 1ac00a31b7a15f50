/** Rulesets whose rules ask about few values, so that many stand in each other's way; and packets with those values. */
import { buildPacket, type PacketPlan } from '../../src/packet/build.ts'
import type { Family } from '../../src/ruleset/model.ts'

type Random = () => number

const addresses: Readonly<Record<Family, readonly string[]>> = {
  ipv4: ['10.0.0.1', '10.0.0.2', '10.0.1.1', '192.0.2.9'],
  ipv6: ['fd00::1', 'fd00::2', 'fd00:0:0:1::1', '2001:db8::9'],
}
const networks: Readonly<Record<Family, readonly string[]>> = {
  ipv4: [
    ...addresses.ipv4,
    '10.0.0.0/24',
    '10.0.0.0/8',
    '10.0.0.2/31',
    '0.0.0.0/1',
    '128.0.0.0/1',
    '0.0.0.1/0.0.0.255',
  ],
  ipv6: [...addresses.ipv6, 'fd00::/64', 'fd00::/8', 'fd00::2/127', '::/1', '8000::/1', '::1/::ffff'],
}
const devices = ['eth0', 'eth1', 'wan0', 'eth+', 'w+'] as const
export const deviceNames = ['eth0', 'eth1', 'wan0'] as const
const flagTests = [
  'SYN,RST,ACK,FIN SYN',
  'SYN SYN',
  'ALL NONE',
  'RST RST',
  'SYN,ACK SYN,ACK',
  'ACK ACK',
  'FIN,ACK FIN',
]
const states = [
  'NEW',
  'ESTABLISHED',
  'RELATED',
  'INVALID',
  'NEW,ESTABLISHED',
  'RELATED,ESTABLISHED',
  'UNTRACKED',
  'DNAT',
]
const ports = ['22', '80', '22:80', ':79', '80:', '81:65535', '0:21']
const lists = ['22,80', '22:80,443', '443', '0:1024']

export class OverlappingRules {
  readonly #random: Random
  readonly #family: Family

  constructor(family: Family, random: Random) {
    this.#family = family
    this.#random = random
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!
  }

  #some(share: number): boolean {
    return this.#random() < share
  }

  /** A file of one table, and of table raw where connections are told from others. */
  make(rules: number): string {
    const table = this.#pick(['filter', 'filter', 'mangle', 'raw', 'nat'])
    const builtIn = table === 'filter' ? ['FORWARD', 'INPUT'] : ['PREROUTING']
    const chains = ['a', 'b', 'c']
    const lines = [
      `*${table}`,
      ...builtIn.map((name) => `:${name} ACCEPT [0:0]`),
      ...chains.map((name) => `:${name} - [0:0]`),
    ]
    for (let i = 0; i < rules; i++) {
      const from = this.#some(0.5) ? -1 : Math.floor(this.#random() * chains.length)
      lines.push(
        `-A ${from < 0 ? this.#pick(builtIn) : chains[from]!}${this.#conditions()}${this.#target(table, from, chains)}`,
      )
    }
    return `${lines.join('\n')}\nCOMMIT\n`
  }

  #target(table: string, from: number, chains: readonly string[]): string {
    const later = chains.slice(from + 1)
    const plain = table === 'nat' ? ['ACCEPT', 'RETURN'] : ['ACCEPT', 'DROP', 'DROP', 'RETURN']
    const choice = this.#random()
    if (choice < 0.3 && later.length > 0) return ` -${this.#some(0.8) ? 'j' : 'g'} ${this.#pick(later)}`
    if (choice < 0.4) return ''
    if (choice < 0.5) return ` -j MARK --set-xmark ${this.#pick(['0x1/0x1', '0x2/0xff', '0x0/0xffffffff'])}`
    if (choice < 0.55) return ` -j CONNMARK --set-xmark 0x1/0xffffffff`
    if (table === 'raw' && choice < 0.65) return ' -j CT --notrack'
    if (table === 'mangle' && choice < 0.65)
      return this.#family === 'ipv4' ? ' -j TTL --ttl-set 9' : ' -j HL --hl-set 9'
    return ` -j ${this.#pick(plain)}`
  }

  #not(): string {
    return this.#some(0.25) ? '! ' : ''
  }

  #conditions(): string {
    const words: string[] = []
    const family = this.#family
    if (this.#some(0.3)) words.push(`${this.#not()}-s ${this.#pick(networks[family])}`)
    if (this.#some(0.3)) words.push(`${this.#not()}-d ${this.#pick(networks[family])}`)
    if (this.#some(0.15)) words.push(`${this.#not()}-i ${this.#pick(devices)}`)
    if (this.#some(0.5)) words.push(this.#protocol())
    if (this.#some(0.2)) words.push(this.#state())
    if (this.#some(0.2)) words.push(this.#other())
    return words.map((word) => ` ${word}`).join('')
  }

  #protocol(): string {
    const icmp = this.#family === 'ipv4' ? 'icmp' : 'icmpv6'
    switch (this.#pick(['tcp', 'tcp', 'tcp', 'udp', 'udp', 'icmp', 'not'])) {
      case 'tcp': {
        const words = ['-p tcp']
        const list = `--${this.#pick(['dports', 'ports', 'sports'])} ${this.#pick(lists)}`
        const asked = this.#random()
        if (asked < 0.5) words.push(`-m tcp ${this.#not()}--dport ${this.#pick(ports)}`)
        else if (asked < 0.75) words.push(`-m multiport ${this.#not()}${list}`)
        if (this.#some(0.4)) words.push(`-m tcp ${this.#not()}--tcp-flags ${this.#pick(flagTests)}`)
        return words.join(' ')
      }
      case 'udp':
        return `-p udp${this.#some(0.7) ? ` -m udp ${this.#not()}--${this.#pick(['dport', 'sport'])} ${this.#pick(ports)}` : ''}`
      case 'icmp': {
        const type =
          this.#family === 'ipv4'
            ? this.#pick(['8', '0', '3', '3/1', 'any'])
            : this.#pick(['128', '129', '1', '1/4'])
        return `-p ${icmp}${this.#some(0.7) ? ` -m icmp${this.#family === 'ipv4' ? '' : '6'} ${this.#not()}--${icmp}-type ${type}` : ''}`
      }
      default:
        return `! -p ${this.#pick(['tcp', 'udp', icmp])}`
    }
  }

  #state(): string {
    const state = this.#pick(states)
    if (state !== 'DNAT' && this.#some(0.3)) return `-m state ${this.#not()}--state ${state}`
    return `-m conntrack ${this.#not()}--ctstate ${state}${this.#some(0.1) ? ' --ctdir ORIGINAL' : ''}`
  }

  #other(): string {
    const address = this.#pick(addresses[this.#family])
    return this.#pick([
      `-m mark ${this.#not()}--mark ${this.#pick(['0x0', '0x1/0x1', '0x0/0x1', '0x2/0xff'])}`,
      `-m connmark ${this.#not()}--mark 0x1`,
      `-m length ${this.#not()}--length 0:60`,
      this.#family === 'ipv4' ? `-m ttl ${this.#not()}--ttl-eq 9` : `-m hl ${this.#not()}--hl-eq 9`,
      '-m limit --limit 1/second --limit-burst 2',
      `-m statistic --mode nth ${this.#not()}--every 2 --packet 0`,
      `-m string ${this.#not()}--string GET --algo bm`,
      `-m iprange ${this.#not()}--src-range ${address}`,
      '-m comment --comment word',
    ])
  }

  /** Values that the rules ask about; mostly of few connections, so that there are answers. */
  packet(): Uint8Array {
    const [source, destination] = [this.#pick(addresses[this.#family]), this.#pick(addresses[this.#family])]
    const port = () => this.#pick([22, 80, 443, 4000, 4000])
    const ends = { sourcePort: port(), destinationPort: port() }
    const payload = this.#pick([
      '',
      '',
      'GET /',
      'a longer payload that has more than sixty bytes with its headers',
    ])
    const plan: PacketPlan = { source, destination, ...(this.#some(0.3) ? { ttl: 9 } : {}) }
    const v6 = this.#family === 'ipv6'
    switch (this.#pick(['tcp', 'tcp', 'tcp', 'udp', 'udp', 'icmp', 'piece', 'odd'])) {
      case 'tcp':
        return buildPacket({
          ...plan,
          tcp: {
            ...ends,
            payload,
            flags: this.#pick(['S', 'SA', 'A', 'PA', 'FA', 'R', 'RA', '', 'SF', 'FPU']),
          },
        })
      case 'udp':
        return buildPacket({ ...plan, udp: { ...ends, payload } })
      case 'icmp': {
        const error = this.#some(0.3)
        const quoted = buildPacket({ source: destination, destination: source, udp: ends })
        const about = error ? { code: this.#pick([1, 4]), payload: quoted } : { id: 7, sequence: 1 }
        return v6
          ? buildPacket({ ...plan, icmpv6: { type: error ? 1 : this.#pick([128, 129]), ...about } })
          : buildPacket({ ...plan, icmp: { type: error ? 3 : this.#pick([8, 0]), ...about } })
      }
      case 'piece':
        return buildPacket({
          ...plan,
          protocol: this.#pick([6, 17]),
          payload: new Uint8Array(this.#pick([3, 7, 8, 19])),
        })
      default:
        return buildPacket({ ...plan, protocol: this.#pick([47, 50, 253]), payload: new Uint8Array(16) })
    }
  }

  device(): string {
    return this.#pick(deviceNames)
  }
}
