import type { Test } from '../hook/environment.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { FAMILY_IPV4 } from '../packet/packet.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal, shorthand, without } from '../ruleset/extension.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number } from '../ruleset/kind/number.ts'
import { portRange } from '../ruleset/kind/port.ts'
import { dropFullRange, isFullRange } from './full-range.ts'
import { portOptions } from './port-options.ts'
import { PortTest } from './port-test.ts'
import { hasHeader } from './transport-header.ts'

/** The order of the bits in the header; ECE and CWR have no names here. */
const flagNames = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'] as const
const FIN = 0x01
const SYN = 0x02
const RST = 0x04
const ACK = 0x10
const URG = 0x20
const ALL = 0x3f

export interface FlagTest {
  /** Bits of byte 13 of the header that are looked at, and those of them that must be set. */
  readonly mask: number
  readonly comparison: number
}

const flagList = bits({ usage: 'FLAGS', names: flagNames, none: 'NONE' })

function readFlags(text: string): number | string {
  let set = 0
  // As strtok: empty elements do not count.
  for (const part of text.split(',', 64)) {
    if (part === '') continue
    const name = part.toUpperCase()
    const index = flagNames.indexOf(name as (typeof flagNames)[number])
    if (name === 'ALL') set |= ALL
    else if (index >= 0) set |= 1 << index
    else if (name !== 'NONE') return part
  }
  return set
}

const flagTest: Kind<FlagTest> = {
  usage: 'MASK FLAGS',
  expected: `two lists of ${flagNames.join(', ')}, ALL or NONE: the flags to look at, and those that must be set`,
  examples: () => ['SYN,ACK SYN', 'ALL NONE', 'FIN,SYN,RST,PSH,ACK,URG FIN', 'RST RST', 'NONE NONE'],
  words: 2,
  read([first, second]) {
    const mask = readFlags(first!)
    const comparison = readFlags(second!)
    if (typeof mask === 'string') return new Refusal(`${shown(mask)} is no TCP flag`)
    if (typeof comparison === 'string') return new Refusal(`${shown(comparison)} is no TCP flag`, { word: 1 })
    return { mask, comparison }
  },
  print: ({ mask, comparison }, context) =>
    `${flagList.print(mask, context)} ${flagList.print(comparison, context)}`,
}

const ports = portRange({ reversed: 'refused' })
const SYN_ONLY: FlagTest = { mask: FIN | SYN | RST | ACK, comparison: SYN }

export const tcp = defineMatch({
  name: 'tcp',
  summary: 'looks at ports, flags and options of TCP',
  implicit: [6],
  protocols: [6],
  options: {
    ...portOptions(ports),
    tcpOption: option(number({ min: 1, max: 255 }), {
      names: ['--tcp-option'],
      summary: 'an option of this kind is present',
      invertible: true,
    }),
    tcpFlags: option(flagTest, {
      names: ['--tcp-flags'],
      summary: 'of the flags in the first list, just those in the second are set',
      invertible: true,
      excludes: ['syn'],
    }),
  },
  shorthands: {
    syn: shorthand(flag, {
      names: ['--syn'],
      summary: 'the packet opens a connection: --tcp-flags FIN,SYN,RST,ACK SYN',
      invertible: true,
      stands: (_, inverted) => ({ tcpFlags: { value: SYN_ONLY, inverted } }),
    }),
  },
  normalise(options) {
    const flags = options['tcpFlags']
    const value = flags?.value as FlagTest | undefined
    const any = flags !== undefined && !flags.inverted && value!.mask === 0 && value!.comparison === 0
    const rest = dropFullRange(dropFullRange(options, 'sport'), 'dport')
    return any ? without(rest, 'tcpFlags') : rest
  },
  check({ tcpFlags, sport, dport }, { rule }) {
    const problems = []
    for (const [key, ports] of [
      ['sport', sport],
      ['dport', dport],
    ] as const) {
      if (ports && isFullRange(ports)) {
        const message = 'no port is outside of all: this never matches'
        problems.push({ severity: 'warning', code: 'never-matches', option: key, message } as const)
      }
    }
    const test = tcpFlags?.value
    if (test && (test.comparison & ~test.mask) !== 0) {
      const message = 'a flag that must be set is not among those that are looked at: this never matches'
      problems.push({ severity: 'warning', code: 'never-matches', option: 'tcpFlags', message } as const)
    }
    // A clamp of the segment size means SYN+ACK too.
    const { target } = rule
    const clamps = target?.kind === 'extension' && target.name === 'TCPMSS'
    if (test && test.mask === SYN && test.comparison === SYN && !clamps) {
      problems.push({
        severity: 'warning',
        code: 'narrow-flags',
        option: 'tcpFlags',
        message: 'a mask of SYN alone takes SYN+ACK for SYN too',
        suggestion: 'SYN,RST,ACK,FIN SYN',
        replaceValue: 'SYN,RST,ACK,FIN SYN',
      } as const)
    }
    return problems
  },
  isOfFlow: ({ tcpOption, tcpFlags }, isAnswerToo) =>
    tcpOption === undefined && isOfFlow(tcpFlags?.value, isAnswerToo),
  /** tcp_mt of xt_tcpudp.c. */
  compile({ sport, dport, tcpOption, tcpFlags }): Test {
    const source = new PortTest(sport)
    const destination = new PortTest(dport)
    const mask = tcpFlags?.value.mask ?? 0
    const comparison = tcpFlags?.value.comparison ?? 0
    const flagsInverted = tcpFlags?.inverted ?? false
    const kind = tcpOption?.value ?? 0
    const optionInverted = tcpOption?.inverted ?? false
    return (passage) => {
      const { packet } = passage
      if (packet.fragmentOffset !== 0) return laterPiece(passage)
      if (packet.transportLength < HEADER) {
        passage.stop = STOP_HOTDROP
        return false
      }
      if (!hasHeader(passage, 4)) return false
      if (!source.matches(packet.sourcePort) || !destination.matches(packet.destinationPort)) return false
      if (tcpFlags !== undefined) {
        if (!hasHeader(passage, 14)) return false
        if (((packet.tcpFlags & mask) === comparison) === flagsInverted) return false
      }
      return kind === 0 || hasOption(passage, kind, optionInverted)
    }
  },
})

/** Plain segments have ACK, and neither RST nor URG; FIN and PSH they may have, and SYN only the answer. */
function isOfFlow(test: FlagTest | undefined, isAnswerToo: boolean): boolean {
  if (test === undefined) return true
  const { mask, comparison } = test
  const known = isAnswerToo ? RST | ACK | URG : SYN | RST | ACK | URG
  const differs = (ACK & mask & known) !== (comparison & known)
  return differs || (mask & ~known) === 0
}

const HEADER = 20

/** A piece at offset 8 would lie over the flags of the first one (RFC 1858, 3). */
function laterPiece(passage: Passage): false {
  const { packet } = passage
  if (packet.fragmentOffset === 8 && packet.family === FAMILY_IPV4) passage.stop = STOP_HOTDROP
  return false
}

/** tcp_find_option: the end of the list does not end the search, and an option of length 0 is one byte long. */
function hasOption(passage: Passage, kind: number, inverted: boolean): boolean {
  const { packet } = passage
  if (!hasHeader(passage, 13)) return false
  const length = packet.tcpHeaderLength
  if (length < HEADER || (length > HEADER && packet.transportLength < length)) {
    passage.stop = STOP_HOTDROP
    return false
  }
  const { view, transportOffset } = packet
  const end = transportOffset + length
  const known = transportOffset + Math.min(length, packet.transportCaptured)
  let at = transportOffset + HEADER
  while (at < known) {
    const found = view.getUint8(at)
    if (found === kind) return !inverted
    if (found < 2) at++
    else if (at + 1 < known) at += view.getUint8(at + 1) || 1
    else at = at + 1 < end ? known : end
  }
  if (at >= end) return inverted
  passage.stop = STOP_UNKNOWN
  return false
}
