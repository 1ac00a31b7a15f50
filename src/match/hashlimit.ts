import { type Environment, NotEvaluated, type Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { bitsOf, prefixMask } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, type Problem, Refusal, without } from '../ruleset/extension.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'
import type { Family, Setting, Settings } from '../ruleset/model.ts'
import { UINT32_MAX } from '../ruleset/number.ts'
import { type BucketSettings, BucketTable, packetBurstFits } from './bucket-table.ts'
import { TICKS_PER_SECOND } from './limit.ts'
import { printRate, readRate } from './rate.ts'

/** XT_HASHLIMIT_SCALE_v2: microseconds between two packets. */
const SCALE = 1_000_000
/** XT_HASHLIMIT_BYTE_SHIFT: bytes count in sixteens. */
const BYTE_UNIT = 16
const BURST_MAX = 1_000_000
/** A bucket of bytes lives so long without packets, in milliseconds. */
const BYTE_EXPIRE = 15_000

/**
 * Packets: microseconds between two. Bytes: what sixteen of them cost, of a budget of 2^32 a second.
 */
export interface HashRate {
  readonly bytes: boolean
  /** Packets in a window of time; 0 without `--hashlimit-rate-match`. */
  readonly count: number
  readonly amount: number
  /** How long the bucket of a key lives unless `--hashlimit-htable-expire` tells, in milliseconds. */
  readonly expire: number
}

const byteUnits = [
  ['m', 1024 * 1024],
  ['k', 1024],
] as const

/** bytes_to_cost of libxt_hashlimit. */
function byteCost(bytesPerSecond: number): number {
  return Math.floor(UINT32_MAX / (Math.floor(bytesPerSecond / BYTE_UNIT) + 1))
}

/** cost_to_bytes. */
export function bytesPerSecond(cost: number): number {
  return (Math.floor(UINT32_MAX / cost) - 1) * BYTE_UNIT
}

function readBytes(text: string): number | null {
  const found = /^(\d{1,10})(k|m)?b$/.exec(text)
  if (!found) return null
  return Number(found[1]) * (found[2] === 'm' ? 1024 * 1024 : found[2] === 'k' ? 1024 : 1)
}

const rate: Kind<HashRate> = {
  usage: 'RATE',
  expected:
    'packets (5/second, 5/minute, 5/hour, 5/day; 1000000/second at most) or bytes (10b/s, 10kb/s, 10mb/s)',
  examples: () => ['1/s', '1000000/s', '7/min', '2/day', '16b/s', '10kb/s', '3mb/s', '90/m'],
  words: 1,
  read([text]) {
    const bytes = /^(\d+[km]?b)\/s/.exec(text!)?.[1]
    if (bytes !== undefined) {
      const perSecond = readBytes(bytes) ?? 0
      if (perSecond === 0 || perSecond > UINT32_MAX) {
        return new Refusal(`${shown(text!)} is not between 1b/s and 4095mb/s`)
      }
      return { bytes: true, count: 0, amount: byteCost(perSecond), expire: BYTE_EXPIRE }
    }
    const read = readRate(text!, SCALE)
    if (typeof read === 'string') return new Refusal(`${shown(text!)}: ${read}`)
    return { bytes: false, count: read.count, amount: read.interval, expire: read.unitSeconds * 1000 }
  },
  print({ bytes, count, amount }) {
    if (count > 0) return `${count}/sec`
    if (!bytes) return printRate(amount, SCALE).text
    const perSecond = bytesPerSecond(amount)
    // The longest unit that costs the same.
    for (const [name, size] of byteUnits) {
      const count = Math.floor(perSecond / size)
      if (count > 0 && byteCost(count * size) === amount) return `${count}${name}b/s`
    }
    return `${perSecond}b/s`
  },
}

/** As written: packets, or bytes with a unit. `normalise` counts bytes in buckets of a second's rate. */
export interface HashBurst {
  readonly count: number
  /** What one of them is, in bytes; 0 for packets. */
  readonly unit: number
}

const burst: Kind<HashBurst> = {
  usage: 'N',
  expected: `packets (1–${BURST_MAX}), or bytes with b, kb or mb behind`,
  examples: () => ['1', '5', '1000000', '3mb', '512kb'],
  words: 1,
  read([text]) {
    const bytes = readBytes(text!)
    const count = bytes ?? (/^\d{1,10}/.test(text!) ? Number.parseInt(text!, 10) : 0)
    if (count < 1) return new Refusal(`${shown(text!)} is no burst`)
    return { count, unit: 0 }
  },
  print({ count, unit }) {
    if (unit === 0) return String(count)
    const bytes = count * unit
    for (const [name, size] of byteUnits) if (bytes >= size) return `${Math.floor(bytes / size)}${name}b`
    return `${bytes}b`
  },
}

function rateOf(options: Settings): HashRate | undefined {
  return (options['above'] ?? options['upto'])?.value as HashRate | undefined
}

/** Of the unit that the rate is printed with; then a rule that leaves it out comes out the same. */
function printedExpire({ bytes, count, amount, expire }: HashRate): number {
  if (count > 0) return 1000
  return bytes ? expire : printRate(amount, SCALE).unitSeconds * 1000
}

const modes = ['srcip', 'srcport', 'dstip', 'dstport'] as const
const modeList = bits({ usage: 'KEY[,…]', names: modes })
/** An empty list is one bucket for all, and so is what a final comma adds nothing to. */
const mode: Kind<number> = {
  ...modeList,
  read: ([text], context) => {
    const parts = text!.split(',', 64).filter((part) => part !== '')
    return parts.length === 0 ? 0 : modeList.read([parts.join(',')], context)
  },
}

const prefix = (name: string, summary: string) =>
  option(number({ max: 128, usage: 'PREFIX' }), {
    names: [name],
    summary,
    initial: bitsOf,
    omit: isFullPrefix,
  })

function isFullPrefix({ value }: Setting<number>, _: Settings, { family }: { family: Family }): boolean {
  return value === bitsOf(family)
}

const isZero = ({ value }: Setting<number>) => value === 0

/** HASHLIMIT_MAX_SIZE of the kernel: what is larger is cut, silently. */
const MAX_SIZE = 1_048_576

function atMost(setting: Setting | undefined, most: number): Setting {
  return { value: Math.min(setting!.value as number, most), inverted: false }
}

export const hashlimit = defineMatch({
  name: 'hashlimit',
  summary: 'limits the rate for each address or port (token buckets)',
  oneOf: [['above', 'upto']],
  options: {
    above: option(rate, {
      names: ['--hashlimit-above'],
      summary: 'matches beyond this rate',
      invertible: true,
      opposite: 'upto',
      excludes: ['upto'],
    }),
    upto: option(rate, {
      names: ['--hashlimit-upto', '--hashlimit'],
      summary: 'matches up to this rate',
      invertible: true,
      opposite: 'above',
    }),
    burst: option(burst, {
      names: ['--hashlimit-burst'],
      summary: 'packets or bytes at once; 5 packets, and no more bytes than the rate, unless told',
    }),
    mode: option(mode, {
      names: ['--hashlimit-mode'],
      summary: 'what has a bucket of its own; one for all unless told',
      initial: 0,
    }),
    name: option(text({ usage: 'NAME', min: 1, max: 254, cut: true, print: 'bare' }), {
      names: ['--hashlimit-name'],
      summary: 'the table of buckets, shared by all rules that name it; the first rule decides how it works',
      required: true,
    }),
    size: option(number(), {
      names: ['--hashlimit-htable-size'],
      summary: 'rows of the hash table',
      initial: 0,
      omit: isZero,
    }),
    max: option(number(), {
      names: ['--hashlimit-htable-max'],
      summary: 'buckets at most',
      initial: 0,
      omit: isZero,
    }),
    gcinterval: option(number({ unit: 'milliseconds' }), {
      names: ['--hashlimit-htable-gcinterval'],
      summary: 'how often expired buckets are looked for',
      initial: 1000,
    }),
    expire: option(number({ unit: 'milliseconds' }), {
      names: ['--hashlimit-htable-expire'],
      summary: 'a bucket without packets is dropped after this time',
      omit: ({ value }, options) => {
        const given = rateOf(options)
        return given !== undefined && value === printedExpire(given)
      },
    }),
    srcmask: prefix('--hashlimit-srcmask', 'source addresses that share this prefix share a bucket'),
    dstmask: prefix('--hashlimit-dstmask', 'destination addresses that share this prefix share a bucket'),
    rateMatch: option(flag, {
      names: ['--hashlimit-rate-match'],
      summary: 'counts in windows of time in place of buckets',
    }),
    rateInterval: option(number({ min: 1, max: 0x7fff_ffff, decimal: true, unit: 'seconds' }), {
      names: ['--hashlimit-rate-interval'],
      summary: 'the length of a window',
      omit: ({ value }) => value === 1,
    }),
  },
  normalise(options) {
    const key = options['above'] ? 'above' : 'upto'
    const given = rateOf(options)!
    const expire = options['expire'] ?? { value: given.expire, inverted: false }
    const window = options['rateMatch'] !== undefined
    const seconds = given.expire / 1000
    // In windows the number counts itself; a unit other than the second is the length of the window.
    const rate: HashRate = window
      ? { ...given, amount: given.bytes ? given.amount : 0 }
      : { ...given, count: 0 }
    const own = options['rateInterval']?.value as number | undefined
    const length = window ? (own ?? (given.bytes ? 1 : seconds)) : 1
    const interval: Settings = {
      ...options,
      [key]: { value: { ...rate, expire: printedExpire(rate) }, inverted: false },
      expire,
      size: atMost(options['size'], MAX_SIZE),
      max: atMost(options['max'], MAX_SIZE),
      rateInterval: { value: length, inverted: false },
    }
    const burst = options['burst']?.value as HashBurst | undefined
    if (!given.bytes)
      return { ...interval, burst: { value: burst ?? { count: 5, unit: 0 }, inverted: false } }
    if (burst === undefined) return without(interval, 'burst')
    // Whole rates of a second; less than one is told below.
    const unit = bytesPerSecond(given.amount)
    if (unit === 0 || burst.count < unit) return interval
    return { ...interval, burst: { value: { count: Math.ceil(burst.count / unit), unit }, inverted: false } }
  },
  check(options, { family }) {
    const { above, upto, burst, name, srcmask, dstmask, gcinterval, expire } = options
    const { bytes, count, amount } = (above ?? upto)!.value
    const problems: Problem[] = []
    const bad = (option: string, message: string) => problems.push({ code: 'bad-value', option, message })
    if (name.value.includes('/')) bad('name', 'a name with a slash is refused by the kernel: it names a file')
    const bits = bitsOf(family)
    if (srcmask.value > bits) bad('srcmask', `a prefix has ${bits} bits at most`)
    if (dstmask.value > bits) bad('dstmask', `a prefix has ${bits} bits at most`)
    if (gcinterval.value === 0) bad('gcinterval', 'an interval of 0 is refused by the kernel')
    if (expire?.value === 0) bad('expire', 'a time of 0 is refused by the kernel')
    if (!burst) return problems
    if (bytes && burst.value.unit === 0)
      bad('burst', `it is less than a second's rate, ${bytesPerSecond(amount)} bytes`)
    if (!bytes && burst.value.count > BURST_MAX) bad('burst', `a burst has ${BURST_MAX} packets at most`)
    else if (!bytes && count === 0 && !packetBurstFits(amount, burst.value.count, TICKS_PER_SECOND)) {
      bad(
        'burst',
        "the interval times the burst is more than the kernel's 64 bits hold: choose a smaller burst",
      )
    }
    return problems
  },
  compile(options, environment: Environment): Test {
    const { above, upto, burst, mode, name, size, max, gcinterval, expire } = options
    const { srcmask, dstmask, rateMatch, rateInterval } = options
    const { family, tracker } = environment
    const { bytes, count, amount } = (above ?? upto)!.value
    const isWindow = rateMatch !== undefined
    const { hz } = tracker.clock
    const many = burst?.value.count ?? 0
    if (!bytes && !isWindow && !packetBurstFits(amount, many, hz)) {
      const message = `the interval times the burst is more than 64 bits hold at ${hz} ticks a second`
      throw new NotEvaluated(`${message}: the kernel refuses it`)
    }
    const rate = bytes
      ? bytesPerSecond(amount)
      : count > 0
        ? Math.floor(SCALE / Math.floor(SCALE / count))
        : 0
    const rows = size.value === 0 ? DEFAULT_SIZE : size.value
    const settings: BucketSettings = {
      kind: isWindow ? 'window' : bytes ? 'bytes' : 'packets',
      amount,
      burst: many,
      rate,
      most: bytes ? rate * Math.max(1, many) : rate + many,
      interval: rateInterval?.value ?? 1,
      max: max.value === 0 ? 8 * rows : Math.max(max.value, rows),
      gcInterval: gcinterval.value,
      expire: expire!.value,
    }
    const shared = environment.shared(`hashlimit/${family}/${name.value}`, () => ({
      table: new BucketTable(settings, tracker.clock),
      bytes,
      mode: mode.value,
      source: prefixMask(family, srcmask.value),
      destination: prefixMask(family, dstmask.value),
    }))
    const { table } = shared
    if (table.settings.kind !== settings.kind || shared.bytes !== bytes) {
      throw new NotEvaluated('another rule uses the same --hashlimit-name for limits of another kind')
    }
    const readKey = keyReader(shared, table.key)
    const isUpto = upto !== undefined
    const countsPackets = isWindow && !bytes
    return (passage) => {
      if (!readKey(passage)) return false
      const bucket = table.take()
      if (bucket < 0) {
        passage.stop = STOP_HOTDROP
        return false
      }
      return table.pay(bucket, countsPackets ? 1 : passage.packet.length) === isUpto
    }
  },
})

/** Rows of the hash table on a machine with more than a gigabyte of memory. */
const DEFAULT_SIZE = 8192

/** Where the ports are in the transport header (proto_ports_offset): TCP, UDP, DCCP, ESP, AH, SCTP, UDP-Lite. */
const portOffsets: ReadonlyMap<number, number> = new Map([
  [6, 0],
  [17, 0],
  [33, 0],
  [50, 0],
  [51, 4],
  [132, 0],
  [136, 0],
])
const PORTS_BYTES = 4

interface KeyParts {
  readonly mode: number
  readonly source: readonly number[]
  readonly destination: readonly number[]
}

/** Fills the key from a packet; false where it lacks its ports: `passage.stop` is set then (hashlimit_init_dst). */
function keyReader({ mode, source, destination }: KeyParts, key: Int32Array): (passage: Passage) => boolean {
  const has = (name: (typeof modes)[number]) => (mode & (1 << modes.indexOf(name))) !== 0
  const [bySource, byDestination] = [has('srcip'), has('dstip')]
  const portMask = (has('srcport') ? 0xffff_0000 : 0) | (has('dstport') ? 0xffff : 0)
  const ipv6 = source.length === 4
  return (passage) => {
    const { packet } = passage
    if (bySource) {
      key[0] = packet.source0 & source[0]!
      if (ipv6) {
        key[1] = packet.source1 & source[1]!
        key[2] = packet.source2 & source[2]!
        key[3] = packet.source3 & source[3]!
      }
    }
    if (byDestination) {
      key[4] = packet.destination0 & destination[0]!
      if (ipv6) {
        key[5] = packet.destination1 & destination[1]!
        key[6] = packet.destination2 & destination[2]!
        key[7] = packet.destination3 & destination[3]!
      }
    }
    if (portMask === 0) return true
    const offset = portOffsets.get(packet.protocol)
    if (offset === undefined) {
      key[8] = 0
      return true
    }
    const end = offset + PORTS_BYTES
    if (packet.transportLength < end) passage.stop = STOP_HOTDROP
    else if (packet.transportCaptured < end) passage.stop = STOP_UNKNOWN
    else {
      key[8] = packet.view.getInt32(packet.transportOffset + offset) & portMask
      return true
    }
    return false
  }
}
