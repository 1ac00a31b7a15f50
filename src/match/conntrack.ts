import { DEADLINE } from '../conntrack/entry.ts'
import { entryOf, statusOf } from '../conntrack/outcome.ts'
import { STATUS_CONFIRMED, STATUS_DST_NAT, STATUS_SRC_NAT } from '../conntrack/status.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import type { Environment, Test } from '../hook/environment.ts'
import type { Passage } from '../hook/passage.ts'
import { parseIPv4, parseIPv6 } from '../packet/address.ts'
import { bitsOf, formatHost, formatMask, isAllOnes, parseMask, prefixMask } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { protocolKind } from '../ruleset/generic-values.ts'
import { maskedAddress, notAnAddress } from '../ruleset/kind/address.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { type Range, range } from '../ruleset/kind/number.ts'
import { portRange } from '../ruleset/kind/port.ts'
import type { MaskedAddress, Setting } from '../ruleset/model.ts'
import {
  EntryTuples,
  isJudged,
  isRaw,
  isReply,
  isTracked,
  STATE_DNAT,
  STATE_NEW,
  STATE_SNAT,
  stateBit,
} from './connection.ts'
import { stateNames } from './state-names.ts'

/**
 * `ADDRESS[/MASK]`. The address stays as written, whatever the mask (xt_conntrack masks only what it compares it with).
 * A mask that is no prefix is printed as an address; iptables 1.8.9 prints none.
 */
const address: Kind<MaskedAddress> = {
  usage: 'ADDRESS[/MASK]',
  expected: 'an address, or a network with its prefix length or mask',
  examples: maskedAddress.examples,
  words: 1,
  read([text], { family }) {
    const slash = text!.indexOf('/')
    const host = slash < 0 ? text! : text!.slice(0, slash)
    const words = new Int32Array(4)
    const word = family === 'ipv4' ? parseIPv4(host) : null
    if (family === 'ipv4' ? word === null : !parseIPv6(host, words)) return notAnAddress(host, family)
    const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text!.slice(slash + 1), family)
    if (mask === null) return new Refusal(`${shown(text!.slice(slash + 1))} is no mask`)
    return { address: word === null ? [...words] : [word], mask }
  },
  print: ({ address, mask }) =>
    isAllOnes(mask) ? formatHost(address) : `${formatHost(address)}/${formatMask(mask)}`,
}

const ports = portRange({ reversed: 'accepted', decimal: true })
const protocolNumber: Kind<number> = { ...protocolKind, print: String }

const statusNames = ['EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED']
const tuple = { invertible: true } as const

export const conntrack = defineMatch({
  name: 'conntrack',
  summary: "looks at the packet's connection",
  oneOf: [
    [
      'ctstate',
      'ctproto',
      'ctorigsrc',
      'ctorigdst',
      'ctreplsrc',
      'ctrepldst',
      'ctorigsrcport',
      'ctorigdstport',
      'ctreplsrcport',
      'ctrepldstport',
      'ctstatus',
      'ctexpire',
      'ctdir',
    ],
  ],
  options: {
    ctstate: option(bits({ usage: 'STATE[,…]', names: stateNames, caseless: true, shortened: true }), {
      names: ['--ctstate'],
      summary: 'the state is one of these; SNAT and DNAT: the connection is translated',
      invertible: true,
    }),
    ctproto: option(protocolNumber, {
      names: ['--ctproto'],
      summary: 'the connection is of this protocol',
      ...tuple,
    }),
    ctorigsrc: option(address, { names: ['--ctorigsrc'], summary: "the first packet's source", ...tuple }),
    ctorigdst: option(address, {
      names: ['--ctorigdst'],
      summary: "the first packet's destination",
      ...tuple,
    }),
    ctreplsrc: option(address, { names: ['--ctreplsrc'], summary: 'the source of answers', ...tuple }),
    ctrepldst: option(address, { names: ['--ctrepldst'], summary: 'the destination of answers', ...tuple }),
    ctorigsrcport: option(ports, {
      names: ['--ctorigsrcport'],
      summary: "the first packet's source port",
      ...tuple,
    }),
    ctorigdstport: option(ports, {
      names: ['--ctorigdstport'],
      summary: "the first packet's destination port",
      ...tuple,
    }),
    ctreplsrcport: option(ports, {
      names: ['--ctreplsrcport'],
      summary: 'the source port of answers',
      ...tuple,
    }),
    ctrepldstport: option(ports, {
      names: ['--ctrepldstport'],
      summary: 'the destination port of answers',
      ...tuple,
    }),
    ctstatus: option(
      bits({ usage: 'STATUS[,…]', names: statusNames, caseless: true, shortened: true, none: 'NONE' }),
      { names: ['--ctstatus'], summary: 'one of these is set', invertible: true },
    ),
    ctexpire: option(range({ usage: 'SECONDS[:SECONDS]', unit: 'seconds' }), {
      names: ['--ctexpire'],
      summary: 'what is left of its timeout',
      invertible: true,
    }),
    ctdir: option(choice({ usage: 'DIRECTION', names: ['ORIGINAL', 'REPLY'], caseless: true }), {
      names: ['--ctdir'],
      summary: 'the packet goes this way',
    }),
  },
  isOfFlow: ({ ctexpire, ctstatus }, isAnswerToo) =>
    ctexpire === undefined && !(isAnswerToo && ctstatus !== undefined),
  compile(options, environment: Environment): Test {
    const raw = isRaw(environment)
    const { ctstate } = options
    const tests = connectionTests(options, environment)
    const { table } = environment.tracker
    const states = ctstate?.value ?? 0
    const inverted = ctstate?.inverted ?? false
    const translated = (states & (STATE_SNAT | STATE_DNAT)) !== 0
    const ofTemplate = raw && templateAnswer(options)
    return (passage) => {
      if (!isJudged(passage, raw)) return false
      if (raw && passage.template.given) return ofTemplate
      const { ctinfo } = passage.outcome
      const tracked = isTracked(ctinfo)
      if (ctstate !== undefined) {
        let state = stateBit(ctinfo)
        if (translated && tracked) {
          const status = statusOf(table, passage.outcome)
          if ((status & STATUS_SRC_NAT) !== 0) state |= STATE_SNAT
          if ((status & STATUS_DST_NAT) !== 0) state |= STATE_DNAT
        }
        if (((states & state) !== 0) === inverted) return false
      }
      // Without an entry nothing else is asked, and without a question about the state nothing matches (conntrack_mt).
      if (!tracked) return ctstate !== undefined
      for (let i = 0; i < tests.length; i++) if (!tests[i]!(passage)) return false
      return true
    }
  },
})

/** Places of source and destination in `EntryTuples`. */
const SOURCE = 0
const DESTINATION = 4

/** What is true of a packet that has a template and no connection yet: the template is NEW, confirmed, and else all zeros. */
function templateAnswer(options: Settings): boolean {
  const zero = ({ address, mask }: MaskedAddress) => address.every((word, i) => (word & mask[i]!) === 0)
  const hasZero = ({ from, to }: Range) => from <= 0 && to >= 0
  const answers: Readonly<Record<string, (value: never) => boolean>> = {
    ctstate: (states: number) => (states & STATE_NEW) !== 0,
    ctproto: (protocol: number) => protocol === 0,
    ctorigsrc: zero,
    ctorigdst: zero,
    ctreplsrc: zero,
    ctrepldst: zero,
    ctorigsrcport: hasZero,
    ctorigdstport: hasZero,
    ctreplsrcport: hasZero,
    ctrepldstport: hasZero,
    ctstatus: (bits: number) => (bits & STATUS_CONFIRMED) !== 0,
    ctexpire: hasZero,
    ctdir: (direction: string) => direction === 'ORIGINAL',
  }
  return Object.entries(options).every(
    ([key, setting]) => !setting || answers[key]!(setting.value as never) !== setting.inverted,
  )
}

type Settings = Readonly<Record<string, Setting | undefined>>

/** What is asked beside the state; the packet has a connection. */
function connectionTests(options: Settings, { tracker, family }: Environment): readonly Test[] {
  const { table, clock } = tracker
  const tuples = new EntryTuples(table)
  const tests: Test[] = []
  const test = <T>(key: string, make: (value: T) => Test): void => {
    const setting = options[key] as Setting<T> | undefined
    if (setting === undefined) return
    const asked = make(setting.value)
    tests.push(setting.inverted ? (passage) => !asked(passage) : asked)
  }
  test('ctdir', (direction: string): Test => {
    const wanted = direction === 'REPLY'
    return ({ outcome }) => isReply(outcome.ctinfo) === wanted
  })
  const words = family === 'ipv4' ? 1 : 4
  const addressTest =
    ({ addresses }: Tuple, place: number) =>
    ({ address, mask }: MaskedAddress): Test =>
    ({ outcome }) => {
      tuples.read(outcome)
      for (let i = 0; i < words; i++)
        if (((addresses[place + i]! ^ address[i]!) & mask[i]!) !== 0) return false
      return true
    }
  test('ctorigsrc', addressTest(tuples.original, SOURCE))
  test('ctorigdst', addressTest(tuples.original, DESTINATION))
  test('ctreplsrc', addressTest(tuples.reply, SOURCE))
  test('ctrepldst', addressTest(tuples.reply, DESTINATION))
  test('ctproto', (protocol: number): Test =>
    ({ outcome }) => {
      tuples.read(outcome)
      return (tuples.original.protocol & 0xff) === protocol
    })
  const portTest =
    (portOf: () => number) =>
    ({ from, to }: Range): Test =>
    ({ outcome }) => {
      tuples.read(outcome)
      const port = portOf()
      return port >= from && port <= to
    }
  test(
    'ctorigsrcport',
    portTest(() => tuples.original.ports >>> 16),
  )
  test(
    'ctorigdstport',
    portTest(() => tuples.original.ports & 0xffff),
  )
  test(
    'ctreplsrcport',
    portTest(() => tuples.reply.ports >>> 16),
  )
  test(
    'ctrepldstport',
    portTest(() => tuples.reply.ports & 0xffff),
  )
  // The bits stand in Linux's order; NONE is no bit, and never there.
  test('ctstatus', (bits: number): Test =>
    ({ outcome }) =>
      (statusOf(table, outcome) & bits) !== 0)
  test('ctexpire', ({ from, to }: Range): Test =>
    ({ outcome }) => {
      const seconds = secondsLeft(outcome)
      return seconds >= from && seconds <= to
    })
  /** nf_ct_expires: an entry that is not confirmed has a lifetime in place of a deadline, which counts as past. */
  function secondsLeft(outcome: Passage['outcome']): number {
    if ((statusOf(table, outcome) & STATUS_CONFIRMED) === 0) return 0
    const entry = entryOf(outcome)
    const ticks = (table.words(entry)[table.at(entry) + DEADLINE]! - clock.now) | 0
    return ticks > 0 ? Math.floor(ticks / clock.hz) : 0
  }
  return tests
}
