/** A line of the kernel log in words: what LOG or nf_conntrack_log_invalid wrote about a packet. */
import { reasonEntry } from '../../explain/catalogue.ts'
import { bytes, duration } from '../../explain/number-words.ts'
import { icmpMessage } from '../../explain/protocol-words.ts'
import { reasonOfLogText } from '../log-invalid.ts'
import type { Decoded, Fact } from './fact.ts'
import { flagWords, TCP_FLAG_WORDS } from './flag-words.ts'

/** `IN=… OUT=…` is what every such line has. */
const START = /(^|[^A-Z])IN=(\S*)\s+OUT=(\S*)/
/** What syslog and the kernel put in front: time, host, `kernel:`, seconds since the machine started. */
const SYSLOG =
  /^(?:(\w{3}\s+\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+)\s+(?:(\S+)\s+)?)?(?:kernel:\s*)?(?:\[\s*(\d+\.\d+)\]\s*)?/
const MOST_WORDS = 400

/** Does a line of the kernel log begin here? */
export function isLogLine(text: string): boolean {
  return START.test(text)
}

/** Of a text for which `isLogLine` holds; its line breaks count as blanks. */
export function decodeLog(text: string, line: number): Decoded {
  const flat = text.replace(/\s+/g, ' ').trim()
  const found = START.exec(flat)!
  const ahead = flat.slice(0, found.index + found[1]!.length)
  const words = flat.slice(ahead.length).split(' ').slice(0, MOST_WORDS)
  const reader = new LogReader(words)
  const facts = [...aheadFacts(ahead), ...reader.facts()]
  return { kind: 'log', line, headline: reader.headline(), facts }
}

function aheadFacts(ahead: string): Fact[] {
  const [matched, time, host, uptime] = SYSLOG.exec(ahead)!
  const prefix = ahead.slice(matched.length).trim()
  const facts: Fact[] = []
  if (time !== undefined)
    facts.push({ field: time, words: `when it was written${host === undefined ? '' : `, by ${host}`}` })
  if (uptime !== undefined)
    facts.push({ field: `[${uptime}]`, words: `${duration(Number(uptime))} after the machine had started` })
  if (prefix === '') return facts
  const [, protocol, told] = /^(?:nf_ct_proto_(\d+): )?(.*)$/.exec(prefix)!
  const code = reasonOfLogText(told!, Number(protocol ?? -1))
  if (code === null) facts.push({ field: prefix, words: 'the text of the rule (--log-prefix)' })
  else {
    const { meaning, remedy } = reasonEntry(code)
    facts.push({ field: prefix, words: `connection tracking says why: ${code}. ${meaning} ${remedy}` })
  }
  return facts
}

class LogReader {
  /** In order; a field without a value has null. */
  readonly #fields: (readonly [name: string, value: string | null])[] = []
  /** What an ICMP error quotes stands in brackets. */
  readonly #quoted: (readonly [name: string, value: string | null])[] = []

  constructor(words: readonly string[]) {
    let depth = 0
    for (const word of words) {
      const opens = word.startsWith('[')
      if (opens && /^\[\w+=/.test(word)) depth++
      const bare = word.replace(/^\[(?=\w+=)/, '').replace(/\]$/, '')
      if (bare !== '') {
        const equals = bare.indexOf('=')
        const field =
          equals > 0 ? ([bare.slice(0, equals), bare.slice(equals + 1)] as const) : ([bare, null] as const)
        if (depth > 0) this.#quoted.push(field)
        else this.#fields.push(field)
      }
      if (depth > 0 && word.endsWith(']')) depth--
    }
  }

  headline(): string {
    const way = this.#wayWords()
    return `${packetWords(this.#fields)}${way === '' ? '' : `, ${way}`}`
  }

  facts(): Fact[] {
    const facts: Fact[] = []
    const flags = this.#fields.filter(([name, value]) => value === null && name in TCP_FLAG_WORDS)
    for (const [name, value] of this.#fields) {
      if (value === null && name in TCP_FLAG_WORDS) continue
      const words = fieldWords(name, value, this.#fields)
      if (words !== null) facts.push({ field: value === null ? name : `${name}=${value}`, words })
    }
    if (fieldValue(this.#fields, 'PROTO') === 'TCP')
      facts.push({
        field: flags.map(([name]) => name).join(' ') || 'no flags',
        words: flagWords(flags.map(([name]) => name)),
      })
    if (this.#quoted.length > 0)
      facts.push({
        field: '[SRC=…]',
        words: `the packet that the error is about: ${packetWords(this.#quoted)}`,
      })
    return facts
  }

  #wayWords(): string {
    const inInterface = fieldValue(this.#fields, 'IN') ?? ''
    const outInterface = fieldValue(this.#fields, 'OUT') ?? ''
    if (inInterface !== '' && outInterface !== '')
      return `forwarded from ${inInterface} to ${outInterface} (a rule in FORWARD or POSTROUTING)`
    if (inInterface !== '') return `received on ${inInterface} (a rule in PREROUTING or INPUT)`
    return outInterface === ''
      ? ''
      : `sent by this machine on ${outInterface} (a rule in OUTPUT or POSTROUTING)`
  }
}

type Fields = readonly (readonly [name: string, value: string | null])[]

function fieldValue(fields: Fields, name: string): string | null {
  return fields.find(([one]) => one === name)?.[1] ?? null
}

/** `a FIN+ACK from 192.0.2.9:80 to 10.0.0.2:40000`. */
function packetWords(fields: Fields): string {
  const protocol = fieldValue(fields, 'PROTO') ?? 'IP'
  const flags = fields
    .filter(([name, value]) => value === null && name in TCP_FLAG_WORDS)
    .map(([name]) => name)
  const what =
    protocol === 'TCP'
      ? `TCP ${flags.length === 0 ? 'without flags' : shortFlags(flags)}`
      : protocol === 'ICMP' || protocol === 'ICMPv6'
        ? icmpText(protocol, numberOf(fields, 'TYPE'), numberOf(fields, 'CODE'))
        : protocol
  return `${what} from ${end(fields, 'SRC', 'SPT')} to ${end(fields, 'DST', 'DPT')}`
}

function icmpText(protocol: string, type: number, code: number): string {
  if (type < 0) return protocol
  const context = { protocol: protocol.toLowerCase() }
  return code > 0 ? icmpMessage(type, context, code) : icmpMessage(type, context)
}

/** SYN first, as the flags are spoken. */
function shortFlags(flags: readonly string[]): string {
  const order = ['SYN', 'FIN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR']
  return order.filter((flag) => flags.includes(flag)).join('+')
}

function numberOf(fields: Fields, name: string): number {
  const value = fieldValue(fields, name)
  return value !== null && /^\d{1,5}$/.test(value) ? Number(value) : -1
}

function end(fields: Fields, address: string, port: string): string {
  const host = fieldValue(fields, address) ?? 'an unknown address'
  const number = fieldValue(fields, port)
  if (number === null) return host
  return host.includes(':') ? `[${host}]:${number}` : `${host}:${number}`
}

/** Null: the headline says it. */
function fieldWords(name: string, value: string | null, fields: Fields): string | null {
  switch (name) {
    case 'MAC':
      return macWords(value ?? '')
    case 'LEN': {
      // The second one is UDP's.
      const isFirst = fieldValue(fields, 'LEN') === value
      return isFirst
        ? `length of the whole IP packet: ${bytes(Number(value) || 0)}`
        : 'length that UDP says, header included'
    }
    case 'TTL':
      return `so many routers may still forward it${startTtl(Number(value))}`
    case 'HOPLIMIT':
      return `so many routers may still forward it${startTtl(Number(value))}`
    case 'ID':
      return fieldValue(fields, 'ID') === value
        ? 'the number that pieces of one packet share; a later copy of the same packet has it too'
        : 'the identifier of the question; its answer has the same'
    default: {
      const words = plainWords[name]
      return words === undefined ? null : words
    }
  }
}

const plainWords: Readonly<Record<string, string>> = {
  TOS: 'type of service, the part of it that is not precedence; the lowest two bits are ECN',
  PREC: 'the precedence of the type of service, the upper three bits',
  TC: 'traffic class: the TOS byte of IPv6',
  FLOWLBL: 'the flow label of IPv6',
  DF: 'routers must not split it: the sender looks for the MTU of the path',
  MF: 'more pieces of this packet follow',
  CE: 'the highest bit of the fragment field is set, which nobody should set',
  SEQ: 'sequence number of its first byte (--log-tcp-sequence)',
  ACK: 'what its sender expects next (--log-tcp-sequence)',
  WINDOW: 'how many bytes its sender would take, before scaling: the factor was in the SYN',
  RES: 'reserved bits of the TCP header',
  URGP: 'urgent pointer; it counts with URG alone',
  OPT: 'options of IP or TCP as bytes (--log-ip-options, --log-tcp-options)',
  UID: 'the user whose socket sent it (--log-uid)',
  GID: 'the group of that user',
  MARK: 'the mark of the packet (-j MARK)',
  PHYSIN: 'the port of the bridge that it came in by',
  PHYSOUT: 'the port of the bridge that it leaves by',
  FRAG: 'a later piece: so many times eight bytes into the packet',
  'FRAG:': 'a later piece: so many times eight bytes into the packet',
  INCOMPLETE: 'the packet ends in the middle of its header',
  TRUNCATED: 'the packet ends in the middle of its header',
  MTU: 'the length that the next link takes',
  GATEWAY: 'the router to use instead',
}

/** Destination, source, EtherType. */
function macWords(value: string): string | null {
  const parts = value.split(':')
  if (parts.length !== 14) return value === '' ? null : 'the link header of the packet'
  const type = `0x${parts.slice(12).join('')}`
  return `Ethernet: to ${parts.slice(0, 6).join(':')}, from ${parts.slice(6, 12).join(':')}, type ${type}`
}

/** Senders begin at 64, 128 or 255. */
function startTtl(ttl: number): string {
  const start = [64, 128, 255].find((one) => ttl <= one)
  if (start === undefined || !(ttl > 0)) return ''
  return start === ttl
    ? '; none has yet, as far as it tells'
    : `; from ${start} on, ${start - ttl} have, as far as it tells`
}
