/** Concrete packets of a set, with what the firewall must have seen before so that they are of a state. */
import type { EntryView } from '../../conntrack/view.ts'
import { formatAddress, formatIPv4 } from '../../packet/address.ts'
import { buildPacket, type PacketPlan } from '../../packet/build.ts'
import { FAMILY_IPV6 } from '../../packet/packet.ts'
import { type Box, sideOf } from '../box.ts'
import { holds, type Intervals } from '../intervals.ts'
import {
  ESTABLISHED,
  FIELD_DESTINATION,
  FIELD_DESTINATION_PORT,
  FIELD_FLAGS,
  FIELD_ICMP,
  FIELD_IN,
  FIELD_OUT,
  FIELD_PROTOCOL,
  FIELD_SOURCE,
  FIELD_SOURCE_PORT,
  INVALID,
  RELATED,
  type Space,
} from '../space.ts'

const TCP = 6
const UDP = 17
const SCTP = 132
const UDPLITE = 136
const ICMP = 1
const FTP = 21
const ICMPV6 = 58
/** Of UDP, in bytes: its header has 8. */
const TOO_SHORT = 7

/** A packet that can be sent, with the connections that must exist before. */
export interface Case {
  readonly plan: PacketPlan
  readonly entries: readonly EntryView[]
  /** A connection that the only one there is announced, as a helper would have it; null: none. */
  readonly expected: Expected | null
  /** In words: `tcp 192.0.2.1:40000 > 10.0.0.5:22 S`. */
  readonly text: string
  readonly inInterface: string
  readonly outInterface: string
}

/** Where an announced connection goes. */
export interface Expected {
  readonly protocol: number
  readonly source: string
  readonly destination: string
  readonly destinationPort: number
}

const flagLetters = ['F', 'S', 'R', 'P', 'A', 'U'] as const
const bits = (letters: string) =>
  flagLetters.reduce((set, letter, i) => (letters.includes(letter) ? set | (1 << i) : set), 0)

/** What a packet of a state mostly has, the most usual first; any others of the set come behind. */
const usualFlags: Readonly<Record<number, readonly string[]>> = {
  [INVALID]: ['SA', 'FA', 'R', 'RA', 'A', 'S'],
  [ESTABLISHED]: ['A', 'PA', 'FA', 'SA', 'R', 'S'],
}
const openingFlags = ['S', 'A', 'PA', 'FA', 'R']

/** So many flags, and types of ICMP, are tried. */
const MOST_TRIED = 8

const names = ['eth0', 'eth1', 'wan0', 'lan0', 'wg0', 'docker0', 'ppp0', 'x0']

/** Several packets of the box that may be of the state (one of INVALID to UNTRACKED). */
export function* casesOf(box: Box, state: number, space: Space): Iterable<Case> {
  const v6 = space.family === 'ipv6'
  const source = addressIn(sideOf(box, FIELD_SOURCE), v6 ? '2001:db8:1::7' : '198.51.100.7', space)
  const destination = addressIn(sideOf(box, FIELD_DESTINATION), v6 ? '2001:db8:2::9' : '192.0.2.9', space)
  const inInterface = nameIn(sideOf(box, FIELD_IN), space, 0)
  const outInterface = nameIn(sideOf(box, FIELD_OUT), space, 1)
  if (inInterface === null || outInterface === null) return
  const ports = {
    sourcePort: pick(sideOf(box, FIELD_SOURCE_PORT), [40_000, 50_000]),
    destinationPort: pick(sideOf(box, FIELD_DESTINATION_PORT), [80, 443, 33_434]),
  }
  const base = { source, destination, inInterface, outInterface, v6 }
  const icmp = v6 ? ICMPV6 : ICMP
  for (const protocol of protocolsOf(sideOf(box, FIELD_PROTOCOL), state, icmp)) {
    if (protocol === TCP) yield* tcpCases(box, state, base, ports)
    else if (protocol === icmp) yield* icmpCases(box, state, base)
    else yield* otherCases(protocol, state, base, ports)
  }
}

interface Base {
  readonly source: string
  readonly destination: string
  readonly inInterface: string
  readonly outInterface: string
  readonly v6: boolean
}

interface Ports {
  readonly sourcePort: number
  readonly destinationPort: number
}

function protocolsOf(set: Intervals | null, state: number, icmp: number): number[] {
  const usual = state === RELATED ? [icmp, TCP, UDP] : [TCP, UDP, icmp]
  if (set === null) return usual
  const found = usual.filter((protocol) => holds(set, protocol))
  return found.length > 0 ? found : [set[0]!]
}

function pick(set: Intervals | null, wanted: readonly number[]): number {
  if (set === null) return wanted[0]!
  return wanted.find((value) => holds(set, value)) ?? set[0]!
}

function* tcpCases(box: Box, state: number, base: Base, ports: Ports): Iterable<Case> {
  const allowed = sideOf(box, FIELD_FLAGS)
  const usual = (usualFlags[state] ?? openingFlags).map(bits)
  const all = [...new Set([...usual, ...Array.from({ length: 64 }, (_, flags) => flags)])]
  const tried = all.filter((flags) => allowed === null || holds(allowed, flags)).slice(0, MOST_TRIED)
  for (const set of tried) {
    const flags = flagLetters.filter((_, i) => (set & (1 << i)) !== 0).join('')
    const tcp = { ...ports, flags, sequence: 1000, acknowledgment: flags.includes('A') ? 5000 : 0 }
    const text = `tcp ${ends(base, ports)} ${flags === '' ? 'no flags' : flags}`
    if (state === RELATED) {
      yield announced(base, ports, TCP, { ...addresses(base), tcp }, text)
      continue
    }
    for (const entries of state === ESTABLISHED ? connections(base, ports, TCP) : [[]])
      yield { ...here(base), plan: { ...addresses(base), tcp }, entries, text }
    if (state !== INVALID || isSent(base)) continue
    const plan = { ...addresses(base), tcp: { ...tcp, checksum: 'bad' as const } }
    yield { ...here(base), plan, entries: [], text: `${text}, its checksum wrong` }
  }
}

function* icmpCases(box: Box, state: number, base: Base): Iterable<Case> {
  const { v6 } = base
  const [request, reply, unreachable] = v6 ? [128, 129, 1] : [8, 0, 3]
  const allowed = sideOf(box, FIELD_ICMP)
  const wanted = {
    [ESTABLISHED]: [reply!, request!],
    [RELATED]: [unreachable!],
    [INVALID]: [reply!, unreachable!],
  }[state] ?? [request!]
  const errors = v6 ? [1, 2, 3, 4] : [3, 11, 12]
  const kinds = [
    ...wanted.map((type) => type * 256),
    unreachable! * 256 + 4,
    ...(state === RELATED ? errors.map((type) => type * 256) : []),
  ]
  const usual = kinds.filter((kind) => allowed === null || holds(allowed, kind))
  const all = [...new Set([...usual, ...(allowed === null ? [] : [allowed[0]!])])].slice(0, MOST_TRIED)
  for (const kind of all) {
    const [type, code] = [kind >> 8, kind & 255]
    const isError = errors.includes(type)
    const quoted = buildPacket({
      source: base.destination,
      destination: v6 ? '2001:db8:3::5' : '203.0.113.5',
      udp: { sourcePort: 40_000, destinationPort: 53 },
    })
    const about = isError ? { payload: quoted } : { id: 7, sequence: 1 }
    const plan = (more: object): PacketPlan => ({
      ...addresses(base),
      ...(v6 ? { icmpv6: { type, code, ...about, ...more } } : { icmp: { type, code, ...about, ...more } }),
    })
    const text = `${v6 ? 'icmpv6' : 'icmp'} ${base.source} > ${base.destination} ${type}/${code}`
    if (state === ESTABLISHED)
      for (const entries of pings(base)) yield { ...here(base), plan: plan({}), entries, text }
    else if (state === RELATED) {
      const inner = { ...base, source: base.destination, destination: v6 ? '2001:db8:3::5' : '203.0.113.5' }
      const about = connections(inner, { sourcePort: 40_000, destinationPort: 53 }, UDP)[0]!
      yield {
        ...here(base),
        plan: plan({}),
        entries: about,
        text: `${text}, about udp ${inner.source}:40000 > ${inner.destination}:53`,
      }
    } else yield { ...here(base), plan: plan({}), entries: [], text }
    if (state === INVALID && !isSent(base))
      yield {
        ...here(base),
        plan: plan({ checksum: 'bad' }),
        entries: [],
        text: `${text}, its checksum wrong`,
      }
  }
}

function* otherCases(protocol: number, state: number, base: Base, ports: Ports): Iterable<Case> {
  const name = { [UDP]: 'udp', [UDPLITE]: 'udplite', [SCTP]: 'sctp' }[protocol]
  const text =
    name === undefined
      ? `proto ${protocol} ${base.source} > ${base.destination}`
      : `${name} ${ends(base, ports)}`
  const plan = (wrong: { checksum?: 'bad'; length?: number }): PacketPlan => ({
    ...addresses(base),
    ...(protocol === UDP
      ? { udp: { ...ports, ...wrong } }
      : protocol === UDPLITE
        ? { udplite: { ...ports, ...wrong } }
        : protocol === SCTP
          ? {
              sctp: {
                ...ports,
                vtag: 0,
                chunks: [{ type: 1, body: new Uint8Array(16).fill(1) }],
                ...wrong,
              },
            }
          : { protocol, payload: new Uint8Array(16) }),
  })
  if (state === RELATED) {
    yield announced(base, ports, protocol, plan({}), text)
    return
  }
  if (state === ESTABLISHED) {
    for (const entries of connections(base, ports, protocol))
      yield { ...here(base), plan: plan({}), entries, text }
    return
  }
  if (state !== INVALID) yield { ...here(base), plan: plan({}), entries: [], text }
  else if (!isSent(base))
    yield { ...here(base), plan: plan({ checksum: 'bad' }), entries: [], text: `${text}, its checksum wrong` }
  else if (protocol === UDP)
    yield { ...here(base), plan: plan({ length: TOO_SHORT }), entries: [], text: `${text}, its length wrong` }
}

/** No checksum of what this host sends is looked at; a length is. */
const isSent = ({ inInterface }: Base) => inInterface === ''

/** The first packet of a connection that another one announced, as FTP's control connections do. */
function announced(base: Base, ports: Ports, protocol: number, plan: PacketPlan, text: string): Case {
  const control = { sourcePort: 50_000, destinationPort: FTP }
  return {
    ...here(base),
    plan,
    entries: connections(base, control, TCP)[1]!,
    expected: { ...addresses(base), protocol, destinationPort: ports.destinationPort },
    text: `${text}, announced by tcp ${ends(base, control)}`,
  }
}

const here = ({ inInterface, outInterface }: Base) => ({ inInterface, outInterface, expected: null })
const addresses = ({ source, destination }: Base) => ({ source, destination })

function ends({ source, destination, v6 }: Base, { sourcePort, destinationPort }: Ports): string {
  const host = (address: string) => (v6 ? `[${address}]` : address)
  return `${host(source)}:${sourcePort} > ${host(destination)}:${destinationPort}`
}

/** A connection that the packet belongs to: as its answer, or of its first direction. */
function connections({ source, destination, v6 }: Base, ports: Ports, protocol: number): EntryView[][] {
  const hasPorts = [TCP, UDP, UDPLITE, SCTP].includes(protocol)
  const forth = { source, destination, ...(hasPorts ? ports : {}) }
  const back = {
    source: destination,
    destination: source,
    ...(hasPorts ? { sourcePort: ports.destinationPort, destinationPort: ports.sourcePort } : {}),
  }
  const states = protocol === TCP ? ['ESTABLISHED', 'SYN_SENT'] : [protocol === SCTP ? 'ESTABLISHED' : null]
  return states.flatMap((state) => {
    // What has been answered; a SYN that has not been.
    const status = state === 'SYN_SENT' ? 0x8 : 0xe
    return [
      [entry({ v6, protocol, state, status, original: back, reply: forth })],
      [entry({ v6, protocol, state, status, original: forth, reply: back })],
    ]
  })
}

function pings({ source, destination, v6 }: Base): EntryView[][] {
  const [request, reply] = v6 ? [128, 129] : [8, 0]
  const one = (from: string, to: string) => ({
    original: { source: from, destination: to, type: request!, code: 0, id: 7 },
    reply: { source: to, destination: from, type: reply!, code: 0, id: 7 },
  })
  const rest = { v6, protocol: v6 ? ICMPV6 : ICMP, state: null, status: 0xa }
  return [
    [entry({ ...rest, ...one(destination, source) })],
    [entry({ ...rest, ...one(source, destination) })],
  ]
}

function entry({
  v6,
  ...rest
}: Pick<EntryView, 'protocol' | 'state' | 'status' | 'original' | 'reply'> & { v6: boolean }): EntryView {
  return {
    family: v6 ? 'ipv6' : 'ipv4',
    timeout: 300,
    mark: 0,
    zoneOriginal: 0,
    zoneReply: 0,
    counters: null,
    start: null,
    stop: null,
    deltaTime: null,
    helper: null,
    gre: null,
    use: 1,
    id: 1,
    ...rest,
  }
}

/** The usual address if the set has it; else a host of it. */
function addressIn(set: Intervals | null, usual: string, space: Space): string {
  if (set === null || space.holdsAddress(set, usual)) return usual
  if (space.addresses === null) {
    const isHost = set[1]! - set[0]! > 2
    return formatIPv4((set[0]! + (isHost ? 1 : 0)) | 0)
  }
  const first = space.addresses.first(set[0]!)
  const next = space.addresses.placeOf(first + 1n) === set[0] ? first + 1n : first
  const word = (index: number) => Number(BigInt.asIntN(32, next >> BigInt(32 * (3 - index))))
  return formatAddress(FAMILY_IPV6, word(0), word(1), word(2), word(3))
}

/** A name of the set; '' for none; null where no name can be written. */
function nameIn(set: Intervals | null, space: Space, usual: number): string | null {
  const wanted = [names[usual]!, ...names]
  if (set === null) return wanted[0]!
  const places = (name: string) => holds(set, space.names.placeOf(name))
  const found = wanted.find(places)
  if (found !== undefined) return found
  for (let i = 0; i < set.length; i += 2) {
    const first = space.names.first(set[i]!)
    for (const name of [first, first.replaceAll('\0', '0'), `${first.replaceAll('\0', '')}0`])
      if (!name.includes('\0') && name.length <= 15 && places(name)) return name
  }
  return holds(set, 0) ? '' : null
}
