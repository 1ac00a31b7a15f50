/** Packets in packetdrill's notation: `client:40000 > server:80 S 0:0(0) win 64240 <mss 1460>`. */
import { suggest } from '../diagnostic/suggest.ts'
import { icmpTypes } from '../match/icmp.ts'
import type { IcmpType } from '../match/icmp-type.ts'
import { icmp6Types } from '../match/icmp6.ts'
import type { TcpOptionPlan } from '../packet/build-transport.ts'
import { parseTcpFlags } from '../packet/tcp-flags.ts'
import { type Amount, evaluate, fixed, isFixed, noCounters, type Range, readAmount } from './amount.ts'
import { type Hosts, readEndpoint } from './endpoint.ts'
import type { Body, IcmpBody, PacketStep, Payload, SequenceNumber, TcpBody, TcpOptionWords } from './model.ts'
import { Refusal, type Span } from './problem.ts'
import { isByteEscape, type Scanner, shown, type Word } from './scanner.ts'

/** What a packet's line may name. */
export interface PacketScope {
  readonly hosts: Hosts
  /** Of the repetitions around it. */
  readonly counters: ReadonlySet<string>
}

/** Without its time, its span and its expectations. */
export type PacketWords = Omit<PacketStep, 'kind' | 'span' | 'delay' | 'expectations'>

const BYTE: Range = { what: 'the field', minimum: 0, maximum: 255 }
const SHORT: Range = { what: 'the field', minimum: 0, maximum: 65_535 }
const LONG: Range = { what: 'a number of 32 bits', minimum: 0, maximum: 4_294_967_295 }
const RELATIVE: Range = { what: 'a relative number', minimum: -4_294_967_295, maximum: 4_294_967_295 }
/** The longest payload of any packet. */
export const LENGTH: Range = { what: 'the length of a payload', minimum: 0, maximum: 65_495 }

/** Ranges of what a packet's line gives, by its word. */
export const ranges = {
  ttl: { ...BYTE, what: 'the TTL' },
  tos: { ...BYTE, what: 'the TOS' },
  id: { ...SHORT, what: 'the identification' },
  win: { ...SHORT, what: 'the window' },
  urg: { ...SHORT, what: 'the urgent pointer' },
  seq: { ...SHORT, what: 'the sequence number of a message' },
  mtu: { ...SHORT, what: 'the MTU' },
  call: { ...SHORT, what: 'the call id' },
  tag: LONG,
  isn: { ...LONG, what: 'an initial number' },
  literal: { ...LONG, what: 'a sequence number' },
  relative: RELATIVE,
  len: LENGTH,
} as const satisfies Record<string, Range>

const MOST_OPTION_BYTES = 40
const LONGEST_PAYLOAD_TEXT = 65_495

const tcpWords = ['ack', 'win', 'urg', 'raw', 'isn', 'seq='] as const
const commonWords = ['len', 'hex', 'ttl', 'tos', 'ipid', 'df', 'via', 'bad-checksum'] as const
const protocols = ['udp', 'udplite', 'icmp', 'sctp', 'gre', 'proto'] as const

/** What stands behind the time, up to the end of the line. @throws Refusal */
export function readPacket(scanner: Scanner, scope: PacketScope): PacketWords {
  const label = scanner.take('@') ? scanner.word('a label behind @').text : null
  const source = readEndpoint(scanner, scope.hosts, scope.counters)
  scanner.expect('>', 'between the two ends of a packet')
  const destination = readEndpoint(scanner, scope.hosts, scope.counters)
  return new PacketReader(scanner, scope).read({ label, source, destination })
}

class PacketReader {
  readonly #scanner: Scanner
  readonly #scope: PacketScope
  readonly #given = new Set<string>()
  #ttl: Amount | null = null
  #tos: Amount | null = null
  #identification: Amount | null = null
  #via: string | null = null
  #payload: Payload | null = null

  constructor(scanner: Scanner, scope: PacketScope) {
    this.#scanner = scanner
    this.#scope = scope
  }

  /** Word by word: a spread of this many fields takes a fifth of all reading. */
  read({ label, source, destination }: Pick<PacketWords, 'label' | 'source' | 'destination'>): PacketWords {
    const body = this.#body()
    return {
      label,
      source,
      destination,
      body,
      ttl: this.#ttl,
      tos: this.#tos,
      identification: this.#identification,
      dontFragment: this.#given.has('df'),
      badChecksum: this.#given.has('bad-checksum'),
      via: this.#via,
    }
  }

  #body(): Body {
    const scanner = this.#scanner
    const word = scanner.peekWord()
    if (word === null) {
      throw scanner.refusal('expected TCP flags such as S. or a protocol such as udp')
    }
    if (/^(?:[SFRPAUEWC.]+|-)$/.test(word.text)) {
      scanner.at = word.end
      return this.#tcp(word.text === '-' ? 0 : parseTcpFlags(word.text))
    }
    scanner.at = word.end
    switch (word.text) {
      case 'udp':
      case 'udplite':
        this.#rest([])
        return { protocol: word.text, payload: this.#payload }
      case 'icmp':
        return this.#icmp()
      case 'sctp':
        return this.#sctp()
      case 'gre':
        return this.#gre()
      case 'proto': {
        scanner.skip()
        const number = this.#number('a protocol number', { ...BYTE, what: 'a protocol number' })
        if (!isFixed(number)) throw new Refusal(number.span, 'a protocol number is written in digits')
        this.#rest([])
        return { protocol: evaluate(number, noCounters, BYTE), payload: this.#payload }
      }
    }
    const lower = word.text.toLowerCase()
    if (/^(?:syn|ack|fin|rst|psh)/.test(lower))
      throw new Refusal(word, 'flags are letters: S, S., ., P., F., R, R.')
    throw new Refusal(
      word,
      `expected TCP flags such as S, S., ., P. or a protocol, not ${shown(word.text)}`,
      suggest(word.text, protocols),
    )
  }

  #tcp(flags: number): TcpBody {
    const scanner = this.#scanner
    scanner.skip()
    const range = this.#sequenceRange()
    let { sequence, length } = range
    let acknowledgment: SequenceNumber | null = null
    let window: Amount | null = null
    let urgent: Amount | null = null
    let initial: Amount | null = null
    let options: readonly TcpOptionWords[] = []
    this.#rest(tcpWords, (word) => {
      switch (word.text) {
        case 'ack':
          scanner.skip()
          acknowledgment = this.#sequenceNumber('an acknowledgment number')
          return true
        case 'win':
          window = this.#amount('win')
          return true
        case 'urg':
          urgent = this.#amount('urg')
          return true
        case 'isn':
          initial = this.#amount('isn')
          return true
        case 'raw':
          return true
        case '<':
          options = this.#options()
          return true
      }
      if (!word.text.startsWith('seq=')) return false
      if (sequence !== null) throw new Refusal(word, 'the sequence number is there already')
      scanner.at = word.start + 4
      sequence = this.#sequenceNumber('a sequence number such as #1000')
      return true
    })
    const payload = this.#payloadOf(length, range.span)
    return {
      protocol: 'tcp',
      flags,
      sequence,
      acknowledgment,
      window,
      urgent,
      options,
      isRaw: this.#given.has('raw'),
      payload,
      initial,
    }
  }

  /** `1:101(100)`; nulls where none begins. */
  #sequenceRange(): { sequence: SequenceNumber | null; length: Amount | null; span: Span } {
    const scanner = this.#scanner
    const start = scanner.at
    const span = () => ({ start, end: scanner.at })
    if (!/[0-9#{-]/.test(scanner.next)) return { sequence: null, length: null, span: span() }
    const sequence = this.#sequenceNumber('a sequence number')
    if (scanner.next !== ':')
      throw new Refusal(
        span(),
        'a range of sequence numbers is START:END(LENGTH), such as 0:0(0) or 1:101(100)',
      )
    scanner.at++
    const last = this.#sequenceNumber('the number behind the last byte')
    scanner.expect('(', 'and the number of bytes, such as 1:101(100)')
    const length = this.#number('the number of bytes', LENGTH)
    scanner.expect(')', 'behind the number of bytes')
    if (isFixed(sequence.amount) && isFixed(last.amount) && isFixed(length)) {
      const begin = numberOf(sequence)
      const size = evaluate(length, noCounters, LENGTH)
      const end = numberOf(last)
      const meant = begin + size
      const isSame = sequence.isLiteral === last.isLiteral && (end === meant || end === meant % 2 ** 32)
      if (!isSame) {
        const written = `${sequence.isLiteral ? '#' : ''}${begin}:${sequence.isLiteral ? '#' : ''}${meant}(${size})`
        throw new Refusal(span(), `${size} bytes from ${begin} end at ${meant}: ${written}`)
      }
    }
    return { sequence, length, span: span() }
  }

  #sequenceNumber(what: string): SequenceNumber {
    const scanner = this.#scanner
    const isLiteral = scanner.next === '#'
    if (isLiteral) scanner.at++
    if (!isLiteral && scanner.next === '-') {
      const start = scanner.at++
      const amount = this.#number(what, LONG)
      if (!isFixed(amount)) throw new Refusal(amount.span, 'behind a minus sign stand digits')
      return { amount: fixed(-evaluate(amount, noCounters, LONG), { start, end: scanner.at }), isLiteral }
    }
    return { amount: this.#number(what, isLiteral ? ranges.literal : RELATIVE), isLiteral }
  }

  #options(): readonly TcpOptionWords[] {
    const scanner = this.#scanner
    const start = scanner.at - 1
    const options: TcpOptionWords[] = []
    if (!scanner.take('>')) {
      do options.push(this.#option())
      while (scanner.take(','))
      scanner.expect('>', 'behind the last option')
    }
    const size = options.reduce((sum, option) => sum + optionSize(option), 0)
    if (size > MOST_OPTION_BYTES)
      throw new Refusal({ start, end: scanner.at }, `options take at most 40 bytes, and these are ${size}`)
    return options
  }

  #option(): TcpOptionWords {
    const scanner = this.#scanner
    const word = scanner.word('an option such as mss 1460')
    const plain = (range: Range) => {
      scanner.skip()
      const amount = this.#number('a number', range)
      if (!isFixed(amount)) throw new Refusal(amount.span, 'options are written in digits')
      return evaluate(amount, noCounters, range)
    }
    switch (word.text) {
      case 'mss':
        return { mss: plain({ ...SHORT, what: 'the MSS' }) }
      case 'wscale':
        return { windowScale: plain({ ...BYTE, what: 'the window scale' }) }
      case 'sackOK':
        return 'sackPermitted'
      case 'nop':
        return 'nop'
      case 'eol':
        return { raw: [0] }
      case 'TS': {
        if (scanner.takeWord('val') === null) throw scanner.refusal('expected TS val N ecr N')
        const value = plain(LONG)
        if (scanner.takeWord('ecr') === null) throw scanner.refusal('expected TS val N ecr N')
        return { timestamps: [value, plain(LONG)] }
      }
      case 'sack': {
        const blocks: (readonly [SequenceNumber, SequenceNumber])[] = []
        scanner.skip()
        while (/[0-9#{-]/.test(scanner.next)) {
          const left = this.#sequenceNumber('the left edge of a block')
          scanner.expect(':', 'between the edges of a block')
          blocks.push([left, this.#sequenceNumber('the right edge of a block')])
          scanner.skip()
        }
        if (blocks.length === 0) throw scanner.refusal('expected a block such as 1001:2001')
        return { blocks }
      }
      case 'hex': {
        const digits = scanner.word('bytes such as fe04abcd')
        return { raw: hexBytes(digits) }
      }
    }
    const known = ['mss', 'wscale', 'sackOK', 'TS', 'sack', 'nop', 'eol', 'hex']
    throw new Refusal(
      word,
      `${shown(word.text)} is no option; there are ${known.join(', ')}`,
      suggest(word.text, known),
    )
  }

  #icmp(): IcmpBody {
    const scanner = this.#scanner
    const word = scanner.word('a type such as echo-request or 3/1')
    const types = icmpTypesOf(word)
    let id: Amount | null = null
    let sequence: Amount | null = null
    let mtu: Amount | null = null
    let about: IcmpBody['about'] = null
    this.#rest(['id', 'seq', 'mtu', 'about'], (part) => {
      switch (part.text) {
        case 'id':
          id = this.#amount('id')
          return true
        case 'seq':
          sequence = this.#amount('seq')
          return true
        case 'mtu':
          mtu = this.#amount('mtu')
          return true
        case 'about': {
          scanner.skip()
          const start = scanner.at
          if (scanner.take('@')) {
            const label = scanner.word('a label behind @')
            about = { span: { start, end: label.end }, packet: label.text }
          } else {
            const number = this.#number('the number or the @label of an earlier packet', {
              what: 'a packet',
              minimum: 1,
              maximum: 1e9,
            })
            if (!isFixed(number))
              throw new Refusal(number.span, 'the number of a packet is written in digits')
            about = { span: number.span, packet: number }
          }
          return true
        }
      }
      return false
    })
    if (about !== null && this.#payload !== null)
      throw new Refusal(word, 'an error quotes a packet or has a payload, not both')
    return { protocol: 'icmp', span: word, types, id, sequence, mtu, payload: this.#payload, about }
  }

  #sctp(): Body {
    const scanner = this.#scanner
    const chunks: { type: number; flags: number }[] = []
    do {
      const word = scanner.word('a chunk such as INIT')
      const [name, flags = '0'] = word.text.split('/')
      const type = Object.hasOwn(sctpChunks, name!) ? sctpChunks[name!]! : Number(name)
      if (!Number.isInteger(type) || type < 0 || type > 255)
        throw new Refusal(word, `${shown(word.text)} is no chunk`, suggest(name!, Object.keys(sctpChunks)))
      if (!/^\d{1,3}$/.test(flags) || Number(flags) > 255)
        throw new Refusal(word, 'flags of a chunk are a number from 0 to 255')
      if (chunks.length === MOST_CHUNKS) throw new Refusal(word, `a packet has ${MOST_CHUNKS} chunks at most`)
      chunks.push({ type, flags: Number(flags) })
    } while (scanner.take(','))
    let tag: Amount | null = null
    let initTag: Amount | null = null
    this.#rest(['tag', 'init-tag'], (word) => {
      if (word.text === 'tag') tag = this.#amount('tag')
      else if (word.text === 'init-tag') initTag = this.#amount('tag')
      else return false
      return true
    })
    if (this.#payload !== null) throw scanner.refusal('SCTP has chunks, no payload of its own')
    return { protocol: 'sctp', chunks, tag, initTag }
  }

  #gre(): Body {
    let callId: Amount | null = null
    this.#rest(['call'], (word) => {
      if (word.text !== 'call') return false
      callId = this.#amount('call')
      return true
    })
    return { protocol: 'gre', callId, payload: this.#payload }
  }

  /** Words up to the end of the line, in any order; `own` takes those of the protocol. */
  #rest(words: readonly string[], own: (word: Word) => boolean = () => false): void {
    const scanner = this.#scanner
    while (!scanner.done) {
      const text = scanner.quoted()
      if (text !== null) {
        this.#setPayload(text, { bytes: utf8(text) })
        continue
      }
      if (scanner.next === '<') {
        const bracket = { text: '<', start: scanner.at, end: ++scanner.at }
        this.#once(bracket, 'options')
        if (!own(bracket)) throw new Refusal(bracket, 'only TCP has options here')
        continue
      }
      const word = scanner.peekWord()
      if (word === null)
        throw scanner.refusal(`expected ${[...words, ...commonWords].join(', ')} or a payload`)
      scanner.at = word.end
      this.#once(word, word.text.startsWith('seq=') ? 'seq=' : word.text)
      if (!own(word) && !this.#common(word)) {
        const known = [...words, ...commonWords]
        throw new Refusal(
          word,
          `${shown(word.text)} is no part of this packet; there are ${known.join(', ')} and a payload in quotes`,
          suggest(word.text, known),
        )
      }
    }
  }

  #common(word: Word): boolean {
    switch (word.text) {
      case 'ttl':
        this.#ttl = this.#amount('ttl')
        return true
      case 'tos':
        this.#tos = this.#amount('tos')
        return true
      case 'ipid':
        this.#identification = this.#amount('id')
        return true
      case 'via':
        this.#via = this.#scanner.word('an interface').text
        return true
      case 'len':
        this.#setPayload(word, { length: this.#amount('len') })
        return true
      case 'hex':
        this.#setPayload(word, { bytes: hexBytes(this.#scanner.word('bytes such as 00ff')) })
        return true
      case 'df':
      case 'bad-checksum':
        return true
      default:
        return false
    }
  }

  #setPayload(span: Span, payload: Payload): void {
    if (this.#payload !== null) throw new Refusal(span, 'the payload is there already')
    if ('bytes' in payload && payload.bytes.length > LONGEST_PAYLOAD_TEXT)
      throw new Refusal(span, `a packet holds ${LONGEST_PAYLOAD_TEXT} bytes at most`)
    this.#payload = payload
  }

  /** Payload and the length in the sequence range must agree. */
  #payloadOf(length: Amount | null, span: Span): Payload | null {
    const payload = this.#payload
    if (length === null) return payload
    if (payload === null) return { length }
    if (!('bytes' in payload)) throw new Refusal(span, 'the length is told twice: here and behind len')
    if (isFixed(length) && evaluate(length, noCounters, LENGTH) !== payload.bytes.length) {
      throw new Refusal(span, `the payload has ${payload.bytes.length} bytes`)
    }
    return payload
  }

  #once(span: Span, name: string): void {
    if (this.#given.has(name)) throw new Refusal(span, `${name} is there already`)
    this.#given.add(name)
  }

  #amount(name: keyof typeof ranges): Amount {
    this.#scanner.skip()
    return this.#number('a number', ranges[name])
  }

  #number(expected: string, range: Range): Amount {
    const amount = readAmount(this.#scanner, this.#scope.counters)
    if (amount === null) throw this.#scanner.refusal(`expected ${expected}`)
    if (isFixed(amount)) evaluate(amount, noCounters, range)
    return amount
  }
}

const MOST_CHUNKS = 20

/** RFC 9260, 3.2. */
const sctpChunks: Readonly<Record<string, number>> = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
}

function numberOf({ amount, isLiteral }: SequenceNumber): number {
  return evaluate(amount, noCounters, isLiteral ? ranges.literal : RELATIVE)
}

function optionSize(option: TcpOptionWords): number {
  if (option === 'nop') return 1
  if (option === 'sackPermitted') return 2
  if ('blocks' in option) return 2 + 8 * option.blocks.length
  const plan: TcpOptionPlan = option
  if (typeof plan === 'string') return 1
  if ('mss' in plan) return 4
  if ('windowScale' in plan) return 3
  if ('timestamps' in plan) return 10
  return 'raw' in plan ? plan.raw.length : 0
}

/** @throws Refusal for what is no type in either family. */
function icmpTypesOf(word: Word): IcmpBody['types'] {
  const numbers = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(word.text)
  if (numbers !== null) {
    const [type, code] = [Number(numbers[1]), Number(numbers[2] ?? 0)]
    if (type > 255 || code > 255) throw new Refusal(word, 'type and code are numbers from 0 to 255')
    return { ipv4: { type, code }, ipv6: { type, code } }
  }
  const plain = (found: IcmpType) => ({ type: found.type, code: found.codeFrom })
  const [four, six] = [icmpTypes.get(word.text), icmp6Types.get(word.text)]
  if (word.text === 'any' || (four === undefined && six === undefined)) {
    throw new Refusal(
      word,
      `${shown(word.text)} is no type of ICMP or ICMPv6`,
      suggest(word.text, [...icmpTypes.keys(), ...icmp6Types.keys()]),
    )
  }
  return {
    ...(four === undefined ? {} : { ipv4: plain(four) }),
    ...(six === undefined ? {} : { ipv6: plain(six) }),
  }
}

function hexBytes(word: Word): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(word.text))
    throw new Refusal(word, 'expected an even number of hexadecimal digits')
  return Uint8Array.from(word.text.match(/../g)!, (digits) => Number.parseInt(digits, 16))
}

/** UTF-8, in which `\xNN` of the scanner stands for the byte itself. */
function utf8({ text }: Word): Uint8Array {
  const bytes: number[] = []
  for (const letter of text) {
    const code = letter.codePointAt(0)!
    if (code < 0x80) bytes.push(code)
    else if (isByteEscape(code)) bytes.push(code & 0xff)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code))
    else
      bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6), continuation(code))
  }
  return Uint8Array.from(bytes)
}

const continuation = (bits: number): number => 0x80 | (bits & 63)
