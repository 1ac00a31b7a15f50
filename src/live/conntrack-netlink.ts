import type { EntryView, TupleView } from '../conntrack/view.ts'
import { ENOENT } from './libc.ts'
import {
  attributes,
  bigEndian,
  type Message,
  type Netlink,
  NLM_F_ACK,
  NLM_F_DUMP,
  number,
} from './netlink.ts'
import { type RawTuple, tupleView } from './packet-tuple.ts'

const SUBSYSTEM = 1 << 8
const MESSAGE_NEW = SUBSYSTEM | 0
const MESSAGE_GET = SUBSYSTEM | 1
const MESSAGE_DELETE = SUBSYSTEM | 2

// enum ctattr_* of nfnetlink_conntrack.h
const TUPLE_ORIG = 1
const TUPLE_REPLY = 2
const STATUS = 3
const PROTOINFO = 4
const HELP = 5
const TIMEOUT = 7
const MARK = 8
const COUNTERS_ORIG = 9
const COUNTERS_REPLY = 10
const USE = 11
const ID = 12
const ZONE = 18
const TUPLE_IP = 1
const TUPLE_PROTO = 2
const TUPLE_ZONE = 3

const FAMILY_IPV6 = 10

const tcpStates = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
]
const sctpStates = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
]

/** An entry as the kernel tells it. */
export interface KernelEntry {
  readonly family: 'ipv4' | 'ipv6'
  readonly protocol: number
  readonly state: string | null
  /** Whole seconds left, rounded down. */
  readonly timeout: number
  readonly original: TupleView
  readonly reply: TupleView
  readonly status: number
  readonly mark: number
  /** Of both directions; 0 where each has its own. */
  readonly zone: number
  readonly zoneOriginal: number
  readonly zoneReply: number
  /** References: one, and one for each child. */
  readonly use: number
  readonly counters: { readonly original: KernelCounter; readonly reply: KernelCounter } | null
  readonly helper: string | null
  readonly id: number
  /** TCP flags and window scales of both directions. */
  readonly tcp: {
    readonly flags: readonly [number, number]
    readonly scales: readonly [number, number]
  } | null
  /** SCTP verification tags of both directions. */
  readonly vtags: readonly [number, number] | null
  /** To ask for this entry again: by its original direction, and by the other one. */
  readonly key: RawTuple
  readonly replyKey: RawTuple
}

export interface KernelCounter {
  readonly packets: number
  readonly bytes: number
}

function rawTuple(family: number, bytes: Uint8Array | undefined): RawTuple {
  const tuple = attributes(bytes ?? new Uint8Array(0))
  const ip = attributes(tuple.get(TUPLE_IP)!)
  const proto = attributes(tuple.get(TUPLE_PROTO)!)
  const v6 = family === FAMILY_IPV6
  return {
    family,
    source: ip.get(v6 ? 3 : 1)!.slice(),
    destination: ip.get(v6 ? 4 : 2)!.slice(),
    protocol: number(proto.get(1)),
    sourcePort: proto.has(2) ? number(proto.get(2)) : null,
    destinationPort: proto.has(3) ? number(proto.get(3)) : null,
    id: proto.has(4) ? number(proto.get(4)) : proto.has(7) ? number(proto.get(7)) : null,
    type: number(proto.get(5) ?? proto.get(8)),
    code: number(proto.get(6) ?? proto.get(9)),
    ...(tuple.has(TUPLE_ZONE) && { zone: number(tuple.get(TUPLE_ZONE)) }),
  }
}

function counter(bytes: Uint8Array): KernelCounter {
  const found = attributes(bytes)
  return { packets: number(found.get(1)), bytes: number(found.get(2)) }
}

/** Reads the attributes of an entry, as ctnetlink sends them and NFLOG encloses them. */
export function parseEntry(family: number, bytes: Uint8Array): KernelEntry {
  const found = attributes(bytes)
  const key = rawTuple(family, found.get(TUPLE_ORIG))
  const replyKey = rawTuple(family, found.get(TUPLE_REPLY))
  const zone = number(found.get(ZONE))
  const info = attributes(found.get(PROTOINFO) ?? new Uint8Array(0))
  const tcp = info.has(1) ? attributes(info.get(1)!) : null
  const sctp = info.has(3) ? attributes(info.get(3)!) : null
  const original = found.get(COUNTERS_ORIG)
  const reply = found.get(COUNTERS_REPLY)
  const help = found.get(HELP)
  const helper = help && attributes(help).get(1)
  return {
    family: family === FAMILY_IPV6 ? 'ipv6' : 'ipv4',
    protocol: key.protocol,
    state: tcp
      ? (tcpStates[number(tcp.get(1))] ?? '?')
      : sctp
        ? (sctpStates[number(sctp.get(1))] ?? '?')
        : null,
    timeout: number(found.get(TIMEOUT)),
    original: tupleView(key),
    reply: tupleView(replyKey),
    status: number(found.get(STATUS)),
    mark: number(found.get(MARK)),
    zone,
    zoneOriginal: zone || (key.zone ?? 0),
    zoneReply: zone || (replyKey.zone ?? 0),
    use: number(found.get(USE)),
    counters: original && reply ? { original: counter(original), reply: counter(reply) } : null,
    helper: helper ? new TextDecoder().decode(helper.subarray(0, -1)) : null,
    id: number(found.get(ID)),
    tcp: tcp && {
      flags: [tcp.get(4)?.[0] ?? 0, tcp.get(5)?.[0] ?? 0],
      scales: [tcp.get(2)?.[0] ?? 0, tcp.get(3)?.[0] ?? 0],
    },
    vtags: sctp && [number(sctp.get(2)), number(sctp.get(3))],
    key: zone === 0 ? key : { ...key, zone },
    replyKey: zone === 0 ? replyKey : { ...replyKey, zone },
  }
}

function addTuple(netlink: Netlink, raw: RawTuple): void {
  const v6 = raw.family === FAMILY_IPV6
  netlink.request.nest(TUPLE_ORIG, (tuple) => {
    tuple.nest(TUPLE_IP, (ip) => {
      ip.add(v6 ? 3 : 1, raw.source).add(v6 ? 4 : 2, raw.destination)
    })
    tuple.nest(TUPLE_PROTO, (proto) => {
      proto.add(1, bigEndian(raw.protocol, 1))
      if (raw.id !== null) {
        const first = raw.protocol === 58 ? 7 : 4
        proto.add(first, bigEndian(raw.id, 2))
        proto.add(first + 1, bigEndian(raw.type, 1))
        proto.add(first + 2, bigEndian(raw.code, 1))
      } else if (raw.sourcePort !== null && raw.destinationPort !== null) {
        proto.add(2, bigEndian(raw.sourcePort, 2)).add(3, bigEndian(raw.destinationPort, 2))
      }
    })
  })
  if (raw.zone) netlink.request.add(ZONE, bigEndian(raw.zone, 2))
}

/** As the engine shows an entry; what only the kernel's own books have is left out. */
export function viewOf(entry: KernelEntry): EntryView {
  const { family, protocol, state, timeout, original, reply, status, mark, counters, helper, use, id } = entry
  const { zoneOriginal, zoneReply } = entry
  const shown = { family, protocol, state, timeout, original, reply, status, mark, zoneOriginal, zoneReply }
  return { ...shown, counters, start: null, stop: null, deltaTime: null, helper, gre: null, use, id }
}

/** Asks for the entry with that tuple in either direction; the answer comes as one message. */
export function requestEntry(netlink: Netlink, tuple: RawTuple): void {
  netlink.request.start(MESSAGE_GET, 0, tuple.family)
  addTuple(netlink, tuple)
  netlink.send()
}

export function isEntry(message: Message): boolean {
  return message.type === MESSAGE_NEW
}

export function getEntry(netlink: Netlink, tuple: RawTuple): KernelEntry | null {
  let entry: KernelEntry | null = null
  requestEntry(netlink, tuple)
  netlink.receive((message) => {
    if (isEntry(message)) entry = parseEntry(message.family, message.bytes)
  })
  return entry
}

/** False when there is no such entry. */
export function deleteEntry(netlink: Netlink, tuple: RawTuple): boolean {
  netlink.request.start(MESSAGE_DELETE, NLM_F_ACK, tuple.family)
  addTuple(netlink, tuple)
  return succeeded(netlink.transact(), 'delete')
}

/** Sets the seconds an entry has left. False when there is no such entry. */
export function setTimeout(netlink: Netlink, tuple: RawTuple, seconds: number): boolean {
  netlink.request.start(MESSAGE_NEW, NLM_F_ACK, tuple.family)
  addTuple(netlink, tuple)
  netlink.request.add(TIMEOUT, bigEndian(seconds, 4))
  return succeeded(netlink.transact(), 'update')
}

function succeeded(error: number, what: string): boolean {
  if (error !== 0 && error !== ENOENT) throw new Error(`conntrack ${what}: errno ${error}`)
  return error === 0
}

/** Every entry of the namespace. Walks the whole hash table of the machine: about a millisecond. */
export function dumpEntries(netlink: Netlink): KernelEntry[] {
  const entries: KernelEntry[] = []
  netlink.request.start(MESSAGE_GET, NLM_F_DUMP, 0)
  let done = false
  netlink.send()
  while (!done) {
    netlink.receive((message) => {
      if (isEntry(message)) entries.push(parseEntry(message.family, message.bytes))
      else done = true
    })
  }
  return entries
}

/** Deletes every entry of the namespace; walks the whole hash table of the machine. */
export function flushEntries(netlink: Netlink): void {
  netlink.request.start(MESSAGE_DELETE, NLM_F_ACK, 0)
  succeeded(netlink.transact(), 'flush')
}
