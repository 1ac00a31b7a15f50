import type { Environment, Test } from '../hook/environment.ts'
import { HOOK_FORWARD, HOOK_POSTROUTING } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import { FAMILY_IPV6 } from '../packet/packet.ts'
import { bitsOf, formatHost, parseFullHost, prefixMask } from '../ruleset/address-text.ts'
import { defineMatch, type Kind, neverOmitted, option, type Problem, without } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { text } from '../ruleset/kind/text.ts'
import type { Setting, Settings } from '../ruleset/model.ts'
import { inRange, UINT32_MAX } from '../ruleset/number.ts'
import { RecentList, ringSize } from './recent-list.ts'

/** XT_RECENT_NAME_LEN, without the final zero. */
const NAME_MAX = 199
/** XT_RECENT_MAX_NSTAMPS of Linux 6.18; older kernels stop at 255. */
const HITS_MAX = 65_535

/** What is larger, the tool prints as a negative number, which it does not read. */
const SECONDS_MAX = 0x7fff_ffff

/** Written out as an address: `24` is 0.0.0.24 in IPv4, and hardly what was meant. */
const mask: Kind<readonly number[]> = {
  usage: 'MASK',
  expected: 'a mask, written as an address',
  examples: (family) => (family === 'ipv4' ? ['255.255.255.0', '255.0.255.0'] : ['ffff::', '::']),
  words: 1,
  read([text], { family }) {
    const number = family === 'ipv4' ? inRange(text!, 0, UINT32_MAX) : null
    if (number !== null) return [number | 0]
    return parseFullHost(text!, family) ?? notAnAddress(text!, family)
  },
  print: formatHost,
}

const action = (name: string, summary: string, excludes: readonly string[]) =>
  option(flag, { names: [name], summary, invertible: true, excludes })

const isZero = ({ value }: Setting<number>) => value === 0

/** The side that was named last counts. */
function lastSide(options: Settings): Settings {
  const sides = Object.keys(options).filter((key) => key === 'source' || key === 'dest')
  if (sides.length === 0) return { ...options, source: { value: true, inverted: false } }
  return sides.length === 1 ? options : without(options, sides[0]!)
}

export const recent = defineMatch({
  name: 'recent',
  summary: 'keeps a list of addresses, and asks when one was seen',
  oneOf: [['set', 'rcheck', 'update', 'remove']],
  options: {
    set: action('--set', 'puts the address on the list; always matches', ['rcheck', 'update', 'remove']),
    rcheck: action('--rcheck', 'the address is on the list', ['update', 'remove']),
    update: action('--update', 'the address is on the list; then this packet counts too', ['remove']),
    remove: action('--remove', 'the address is on the list; then it is taken off', []),
    seconds: option(number({ min: 1, max: SECONDS_MAX, unit: 'seconds' }), {
      names: ['--seconds'],
      summary: 'it was seen within this time',
    }),
    reap: option(flag, { names: ['--reap'], summary: 'drops an address that was not seen within --seconds' }),
    hitcount: option(number({ unit: 'packets' }), {
      names: ['--hitcount'],
      summary: 'it was seen so often',
      initial: 0,
      omit: isZero,
    }),
    rttl: option(flag, {
      names: ['--rttl'],
      summary: 'the time to live is that of the packet that put it on the list',
      excludes: ['set', 'remove'],
    }),
    name: option(text({ usage: 'NAME', min: 1, max: NAME_MAX, cut: true, print: 'bare' }), {
      names: ['--name'],
      summary: 'the list, shared by all rules that name it',
      initial: 'DEFAULT',
      omit: neverOmitted,
    }),
    mask: option(mask, {
      names: ['--mask'],
      summary: 'these bits of addresses count; as told by the first rule that names the list',
      initial: (family) => prefixMask(family, bitsOf(family)),
      omit: neverOmitted,
    }),
    source: option(flag, { names: ['--rsource'], summary: 'the source address (so it is unless told)' }),
    dest: option(flag, { names: ['--rdest'], summary: 'the destination address' }),
  },
  normalise: lastSide,
  check({ set, remove, seconds, reap, hitcount, name }) {
    const problems: Problem[] = []
    const bad = (option: string, message: string) => problems.push({ code: 'bad-value', option, message })
    if (reap && !seconds) {
      problems.push({ code: 'missing-option', option: 'reap', message: '--reap needs --seconds' })
    }
    if (set || remove) {
      const word = set ? '--set' : '--remove'
      if (seconds) bad('seconds', `${word} takes no --seconds: it does not ask when`)
      if (hitcount.value > 0) bad('hitcount', `${word} takes no --hitcount: it does not count`)
    }
    if (hitcount.value > HITS_MAX) bad('hitcount', `the kernel keeps ${HITS_MAX} times of an address at most`)
    if (name.value.includes('/')) bad('name', 'a name with a slash is refused by the kernel: it names a file')
    return problems
  },
  compile(options, environment: Environment): Test {
    const { set, rcheck, update, remove, seconds, reap, hitcount, rttl, name, mask, dest } = options
    const list = listOf(environment, name.value, mask.value, hitcount.value)
    const { clock } = environment.tracker
    // 32 bits that wrap around, as the kernel multiplies.
    const span = seconds === undefined ? 0 : Math.imul(seconds.value, clock.hz) >>> 0
    const inverted = (set ?? rcheck ?? update ?? remove)!.inverted
    const isSet = set !== undefined
    const isRemove = remove !== undefined
    const isUpdate = update !== undefined
    const hits = hitcount.value
    const side = dest === undefined ? 0 : 1
    const address = new Int32Array(4)
    return (passage) => {
      const { packet } = passage
      readAddress(passage, side, list.mask, address)
      const ttl = receivedTtl(passage)
      const place = list.find(address, packet.family, rttl === undefined ? 0 : ttl)
      if (place < 0) {
        if (!isSet) return inverted
        list.add(address, packet.family, ttl, clock.ticks)
        return !inverted
      }
      if (isRemove) {
        list.remove(place)
        return !inverted
      }
      let matched = !inverted
      if (!isSet) {
        const since = seconds === undefined ? Number.NEGATIVE_INFINITY : clock.ticks - span
        if (!list.wasSeen(place, hits, since)) matched = inverted
        if (reap !== undefined) list.reap(since, isUpdate && matched ? place : -1)
      }
      if (isSet || (isUpdate && matched)) list.update(place, ttl, clock.ticks)
      return matched
    }
  },
})

/** Lists are known by their names alone, in both families; what counts of addresses is told by the first rule. */
function listOf(
  environment: Environment,
  name: string,
  mask: readonly number[],
  hitcount: number,
): RecentList {
  const ring = ringSize(hitcount)
  const list = environment.shared(`recent/${name}`, () => {
    // A mask that is written out in IPv4 leaves nothing of the rest of an IPv6 address; the default leaves all.
    const words = mask.length === 4 ? mask : mask[0] === -1 ? [-1, -1, -1, -1] : [mask[0]!, 0, 0, 0]
    return new RecentList(words, ring)
  })
  list.keepTimes(ring)
  return list
}

function readAddress({ packet }: Passage, side: number, mask: Int32Array, into: Int32Array): void {
  into[0] = (side === 0 ? packet.source0 : packet.destination0) & mask[0]!
  if (packet.family !== FAMILY_IPV6) return
  into[1] = (side === 0 ? packet.source1 : packet.destination1) & mask[1]!
  into[2] = (side === 0 ? packet.source2 : packet.destination2) & mask[2]!
  into[3] = (side === 0 ? packet.source3 : packet.destination3) & mask[3]!
}

/** Of a packet that is being forwarded the value that it came with. */
function receivedTtl({ packet, received, hook }: Passage): number {
  return hook === HOOK_FORWARD || hook === HOOK_POSTROUTING ? received.ttl : packet.ttl
}
