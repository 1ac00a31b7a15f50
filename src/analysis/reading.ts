/** What a match asks of a packet, as sets of packets. */
import { ANY_TYPE, type IcmpType } from '../match/icmp-type.ts'
import type { AddressRange } from '../match/iprange.ts'
import type { FlagTest } from '../match/tcp.ts'
import type { MaskedNumber, Range } from '../ruleset/kind/number.ts'
import type { Setting, Settings, Use } from '../ruleset/model.ts'
import type { Side } from './box.ts'
import { between, complement, type Intervals, one, union, where } from './intervals.ts'
import {
  CHANGES_ALL,
  CHANGES_BYTES,
  CHANGES_CONNMARK,
  CHANGES_LABELS,
  CHANGES_MARK,
  CHANGES_SETS,
  CHANGES_STATE,
  FIELD_DESTINATION,
  FIELD_DESTINATION_PORT,
  FIELD_FLAGS,
  FIELD_FRAGMENT,
  FIELD_ICMP,
  FIELD_SOURCE,
  FIELD_SOURCE_PORT,
  FIELD_STATE,
  type Space,
  states,
  statesWith,
} from './space.ts'

const PORTS = 65_536
const FLAGS = 64
const ICMP = 65_536
const ICMP_CODES = 256
const MARKS = 2 ** 32

/**
 * The packets that a match takes: those of one of the boxes, where a side may be empty. Null: which it takes depends on
 * more than the packet (a rate, a number, the time).
 */
export type Reading = readonly (readonly Side[])[] | null

/** Nobody can say beforehand what these answer: it depends on packets before, on time, or on what the host does. */
const depends: ReadonlySet<string> = new Set([
  'connbytes',
  'connlimit',
  'cpu',
  'hashlimit',
  'limit',
  'nfacct',
  'osf',
  'quota',
  'recent',
  'statistic',
  'time',
])

/** Matches that answer the same each time while a packet walks a table, unless a target has changed what they look at. */
const steady: Readonly<Record<string, number>> = {
  addrtype: 0,
  ah: 0,
  bpf: CHANGES_ALL,
  cgroup: 0,
  cluster: CHANGES_STATE,
  connlabel: CHANGES_STATE | CHANGES_LABELS,
  connmark: CHANGES_STATE | CHANGES_CONNMARK,
  conntrack: CHANGES_STATE,
  dccp: CHANGES_BYTES,
  devgroup: 0,
  dscp: CHANGES_BYTES,
  dst: CHANGES_BYTES,
  ecn: CHANGES_BYTES,
  esp: 0,
  eui64: 0,
  frag: 0,
  hbh: CHANGES_BYTES,
  helper: CHANGES_STATE,
  hl: CHANGES_BYTES,
  ipcomp: 0,
  iprange: 0,
  ipv6header: 0,
  length: CHANGES_BYTES,
  mac: 0,
  mark: CHANGES_MARK,
  mh: 0,
  owner: 0,
  physdev: 0,
  pkttype: 0,
  policy: 0,
  realm: 0,
  rpfilter: CHANGES_MARK,
  rt: CHANGES_BYTES,
  sctp: CHANGES_BYTES,
  set: CHANGES_SETS,
  socket: 0,
  srh: CHANGES_BYTES,
  string: CHANGES_BYTES,
  tcp: CHANGES_BYTES,
  tcpmss: CHANGES_BYTES,
  tos: CHANGES_BYTES,
  ttl: CHANGES_BYTES,
  u32: CHANGES_BYTES,
}

/** Inverted, these answer no exactly where they answer yes else, as far as one option is given. */
const exactInverse: ReadonlySet<string> = new Set([
  'addrtype',
  'dscp',
  'hl',
  'length',
  'pkttype',
  'set',
  'string',
  'tcp',
  'tos',
  'ttl',
  'u32',
])

/** Options of a set that count, or ask for counts: they change from packet to packet. */
const setCounters = ['packetsEq', 'packetsLt', 'packetsGt', 'bytesEq', 'bytesLt', 'bytesGt']

type Reader = (settings: Settings, space: Space, name: string) => Reading

const readers: Readonly<Record<string, Reader>> = {
  comment: () => [[]],
  tcp: ({ sport, dport, tcpFlags, tcpOption }, space) => {
    const sides = [...ports(sport, dport), ...flags(tcpFlags as Setting<FlagTest> | undefined)]
    return [tcpOption === undefined ? sides : [...sides, answer(space, 'tcp', { tcpOption })]]
  },
  udp: ({ sport, dport }) => [ports(sport, dport)],
  sctp: (settings, space) => withRest(settings, space, 'sctp'),
  dccp: (settings, space) => withRest(settings, space, 'dccp'),
  multiport: (settings) =>
    multiport(settings as Readonly<Record<string, Setting<readonly Range[]> | undefined>>),
  icmp: ({ type }) => [icmp(type as Setting<IcmpType>, true)],
  icmp6: ({ type }) => [icmp(type as Setting<IcmpType>, false)],
  state: ({ state }) => [[stateSide(state as Setting<number>)]],
  conntrack: (settings, space) => {
    const { ctstate, ...rest } = settings
    const sides = ctstate === undefined ? [] : [stateSide(ctstate as Setting<number>)]
    if (Object.keys(rest).length === 0) return [sides]
    // What is left of a timeout is counted down while the packet walks.
    if ('ctexpire' in rest) return null
    // Beside a state, the rest is asked only of packets that have a connection.
    return [[...sides, answer(space, ctstate === undefined ? 'conntrack' : 'conntrack behind ctstate', rest)]]
  },
  iprange: ({ src, dst }, space) => [
    [...range(FIELD_SOURCE, src, space), ...range(FIELD_DESTINATION, dst, space)],
  ],
  mark: ({ mark }, space, name) => {
    const { value, inverted } = mark as Setting<MaskedNumber>
    const field = space.markField(name, value.mask, steady[name]!)
    if (field === null) return [[answer(space, name, { mark: mark! })]]
    const wanted = (value.value & ~value.mask) === 0 ? one(value.value >>> 0) : []
    return [[{ field, set: inverted ? complement(wanted, MARKS) : wanted }]]
  },
  connlabel: (settings, space) =>
    settings['set'] === undefined ? plainAnswer(settings, space, 'connlabel') : null,
  set: (settings, space) =>
    setCounters.some((key) => settings[key] !== undefined) ? null : plainAnswer(settings, space, 'set'),
}

/** What one match asks. */
export function readMatch({ name, options }: Use, space: Space): Reading {
  const reader = readers[name]
  if (reader !== undefined) return reader(options, space, name)
  if (depends.has(name) || steady[name] === undefined) return null
  return plainAnswer(options, space, name)
}

/** What matches change themselves. */
export function changesOfMatch({ name, options }: Use): number {
  if (name === 'connlabel' && options['set'] !== undefined) return CHANGES_LABELS
  return name === 'socket' && options['restore'] !== undefined ? CHANGES_MARK : 0
}

function plainAnswer(settings: Settings, space: Space, name: string): Reading {
  return [[answer(space, name, settings)]]
}

/** The match as a question that is answered with yes or no. */
function answer(space: Space, name: string, settings: Settings): Side {
  const keys = Object.keys(settings).sort()
  const inverted = keys.filter((key) => settings[key]!.inverted)
  const isAlone =
    name !== 'addrtype' || settings['srcType'] === undefined || settings['dstType'] === undefined
  const isInverse = inverted.length === 1 && exactInverse.has(name) && isAlone
  const parts = keys.map((key) => [key, settings[key]!.value, isInverse ? false : settings[key]!.inverted])
  const question = `${name} ${JSON.stringify(parts, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`
  const field = space.answerField(question, steady[name.split(' ', 1)[0]!]!)
  return { field, set: one(isInverse ? 0 : 1) }
}

/** No port of a second or further fragment is known. */
const wholePacket: Side = { field: FIELD_FRAGMENT, set: one(0) }

function ports(sport: Setting | undefined, dport: Setting | undefined): Side[] {
  return [
    ...port(FIELD_SOURCE_PORT, sport as Setting<Range> | undefined),
    ...port(FIELD_DESTINATION_PORT, dport as Setting<Range> | undefined),
    wholePacket,
  ]
}

function port(field: number, setting: Setting<Range> | undefined): Side[] {
  if (setting === undefined) return []
  const set = between(setting.value.from, setting.value.to)
  return [{ field, set: setting.inverted ? complement(set, PORTS) : set }]
}

function flags(setting: Setting<FlagTest> | undefined): Side[] {
  if (setting === undefined) return []
  const { mask, comparison } = setting.value
  const set = where(FLAGS, (bits) => ((bits & mask) === comparison) !== setting.inverted)
  return [{ field: FIELD_FLAGS, set }]
}

/** Ports as a set, the rest as a question. */
function withRest({ sport, dport, ...rest }: Settings, space: Space, name: string): Reading {
  const sides = ports(sport, dport)
  return [Object.keys(rest).length === 0 ? sides : [...sides, answer(space, name, rest)]]
}

function multiport({
  sports,
  dports,
  ports,
}: Readonly<Record<string, Setting<readonly Range[]> | undefined>>): Reading {
  const { value, inverted } = (sports ?? dports ?? ports)!
  const listed = union(value.map(({ from, to }) => between(from, to)))
  const set = inverted ? complement(listed, PORTS) : listed
  const source: Side = { field: FIELD_SOURCE_PORT, set }
  const destination: Side = { field: FIELD_DESTINATION_PORT, set }
  if (sports !== undefined) return [[source, wholePacket]]
  if (dports !== undefined) return [[destination, wholePacket]]
  // One of both; inverted, neither.
  return inverted
    ? [[source, destination, wholePacket]]
    : [
        [source, wholePacket],
        [destination, wholePacket],
      ]
}

function icmp({ value, inverted }: Setting<IcmpType>, hasAny: boolean): Side[] {
  const { type, codeFrom, codeTo } = value
  const every = hasAny && type === ANY_TYPE
  const set: Intervals = every ? [0, ICMP] : between(type * ICMP_CODES + codeFrom, type * ICMP_CODES + codeTo)
  return [{ field: FIELD_ICMP, set: inverted ? complement(set, ICMP) : set }, wholePacket]
}

function stateSide({ value, inverted }: Setting<number>): Side {
  const set = statesWith(value)
  return { field: FIELD_STATE, set: inverted ? complement(set, states.length) : set }
}

function range(field: number, setting: Setting | undefined, space: Space): Side[] {
  if (setting === undefined) return []
  const { from, to } = setting.value as AddressRange
  const set = space.addressRange(from, to)
  return [{ field, set: setting.inverted ? complement(set, space.sizes[field]!) : set }]
}
