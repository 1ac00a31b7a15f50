/**
 * Packets in words, in the comments of a ruleset: `#> in0 tcp 10.0.1.2:4000 > 10.0.2.2:80 S ttl=64`, `#> 3x …` for three of
 * them, `#> wait 300` for milliseconds that pass.
 */
import { buildPacket, type PacketPlan } from '../../../src/packet/build.ts'
import type { TcpOptionPlan } from '../../../src/packet/build-transport.ts'
import type { Entrance } from './lab.ts'
import { LAN_MAC } from './lab.ts'
import type { RuleStep } from './rule-case.ts'

const MARK = '#> '
const LAN_NEIGHBOUR = '02:00:00:00:03:02'

/** The steps of a ruleset's text. Throws with the line that is not understood. */
export function readPacketLines(text: string): RuleStep[] {
  const steps: RuleStep[] = []
  let identification = 100
  for (const line of text.split('\n')) {
    if (!line.startsWith(MARK)) continue
    const words = wordsOf(line.slice(MARK.length))
    const times = /^(\d+)x$/.exec(words[0] ?? '')
    if (times) words.shift()
    if (words[0] === 'wait') steps.push({ kind: 'sleep', milliseconds: Number(words[1]) })
    else
      for (let i = 0; i < Number(times?.[1] ?? 1); i++) steps.push(readPacket(words, identification++, line))
  }
  return steps
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word)
}

interface Address {
  readonly address: string
  readonly port: number
}

function readAddress(text: string): Address {
  const v6 = /^\[([^\]]+)\]:(\d+)$/.exec(text)
  const v4 = /^(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(text)
  const found = v6 ?? v4
  return found ? { address: found[1]!, port: Number(found[2]) } : { address: text, port: 0 }
}

const unquoted = (text: string) => text.replace(/^"(.*)"$/, '$1')
const fromHex = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

function readPacket(words: readonly string[], identification: number, line: string): RuleStep {
  const [entrance, protocol, from, arrow, to, ...rest] = words
  if (arrow !== '>' || to === undefined) throw new Error(`not understood: ${line}`)
  const [source, destination] = [readAddress(from!), readAddress(to)]
  const settings = new Map<string, string>()
  let kind = ''
  for (const word of rest) {
    const equals = word.indexOf('=')
    if (equals > 0) settings.set(word.slice(0, equals), unquoted(word.slice(equals + 1)))
    else if (/^(?:df|bad|sack)$/.test(word)) settings.set(word, '')
    else kind = word
  }
  const number = (key: string) => (settings.has(key) ? Number(settings.get(key)) : undefined)
  const payload = settings.has('hex')
    ? fromHex(settings.get('hex')!)
    : settings.has('len')
      ? new Uint8Array(number('len')!)
      : (settings.get('data') ?? '')
  const ports = { sourcePort: source.port, destinationPort: destination.port, payload }
  const checksum = settings.has('bad') ? { checksum: 'bad' as const } : {}
  const plan: PacketPlan = {
    source: source.address,
    destination: destination.address,
    identification: number('id') ?? identification,
    ttl: number('ttl') ?? 64,
    tos: number('tos') ?? 0,
    dontFragment: settings.has('df'),
    ...transport(protocol!, kind, ports, checksum, settings, number),
  }
  const bytes = buildPacket(plan)
  const step = { kind: 'packet', entrance: entrance as Entrance, bytes } as const
  if (entrance !== 'lan0') return step
  const frame = { source: settings.get('mac') ?? LAN_NEIGHBOUR, destination: settings.get('to') ?? LAN_MAC }
  return { ...step, frame }
}

type Ports = { sourcePort: number; destinationPort: number; payload: string | Uint8Array }

function transport(
  protocol: string,
  kind: string,
  ports: Ports,
  checksum: { checksum?: 'bad' },
  settings: ReadonlyMap<string, string>,
  number: (key: string) => number | undefined,
): Partial<PacketPlan> {
  const [type = 0, code = 0] = kind.split('/').map(Number)
  switch (protocol) {
    case 'tcp': {
      const options: TcpOptionPlan[] = []
      if (settings.has('mss')) options.push({ mss: number('mss')! })
      if (settings.has('wscale')) options.push('nop', { windowScale: number('wscale')! })
      if (settings.has('sack')) options.push('sackPermitted')
      const { seq, ack } = { seq: number('seq') ?? 1, ack: number('ack') ?? 0 }
      return { tcp: { ...ports, flags: kind, sequence: seq, acknowledgment: ack, options, ...checksum } }
    }
    case 'udp':
      return { udp: { ...ports, ...checksum } }
    case 'udplite':
      return { udplite: { ...ports } }
    case 'sctp': {
      const chunks = kind.split(',').map((chunk) => {
        const [chunkType, flags] = chunk.split('/').map(Number)
        const body = chunkType === 1 || chunkType === 2 ? new Uint8Array(16).fill(1) : new Uint8Array(4)
        return { type: chunkType!, flags: flags ?? 0, body }
      })
      const { sourcePort, destinationPort } = ports
      return { sctp: { sourcePort, destinationPort, vtag: number('tag') ?? 0, chunks } }
    }
    case 'icmp':
    case 'icmp6': {
      const plan = { type, code, id: number('echo') ?? 7, sequence: 1, payload: ports.payload, ...checksum }
      return protocol === 'icmp' ? { icmp: plan } : { icmpv6: plan }
    }
    default:
      return { protocol: Number(protocol), payload: ports.payload }
  }
}
