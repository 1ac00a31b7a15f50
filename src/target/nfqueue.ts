import type { Action, Environment } from '../hook/environment.ts'
import type { Packet } from '../packet/packet.ts'
import { defineTarget, type Kind, neverOmitted, option, Refusal, without } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { number, type Range, range } from '../ruleset/kind/number.ts'
import { toQueue } from './to-queue.ts'

const GREATEST = 65535
const anyQueues = range({ max: GREATEST })

/** Two or more queues. */
const queues: Kind<Range> = {
  ...anyQueues,
  usage: 'A:B',
  expected: `a range of queues A:B (0–${GREATEST}), not all of them`,
  examples: () => ['0:1', '1:65535', '0:65534', '7:', ':7'],
  read([text], context) {
    const found = anyQueues.read([text!], context)
    if (found instanceof Refusal) return found
    if (!text!.includes(':')) return new Refusal('one queue is chosen with --queue-num; a range is A:B')
    if (found.from >= found.to) return new Refusal('the range does not end behind its beginning')
    // nfqueue_tg_check: their number has 16 bits.
    if (found.to - found.from === GREATEST) return new Refusal('all queues are one too many')
    return found
  },
}

/**
 * The same number from 0 to 2^32 − 1 for all packets between two addresses by one protocol, whatever their ports. Linux
 * mixes the same values with a secret (nfqueue_hash), so any such number is as good as its own.
 */
function flowNumber(packet: Packet): number {
  const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } =
    packet
  const upper = source0 ^ destination0 ^ Math.imul(source1 ^ destination1, 0x85ebca6b)
  const lower = source3 ^ destination3 ^ Math.imul(source2 ^ destination2, 0xc2b2ae35)
  return Math.imul(upper ^ lower ^ packet.protocol, 0x9e3779b1) >>> 0
}

export const nfqueue = defineTarget({
  name: 'NFQUEUE',
  summary: 'hands the packet to a program that listens to a queue, which decides on it',
  options: {
    num: option(number({ max: GREATEST }), {
      names: ['--queue-num'],
      summary: 'the queue',
      initial: 0,
      omit: neverOmitted,
      excludes: ['balance'],
    }),
    balance: option(queues, {
      names: ['--queue-balance'],
      summary: 'one of these queues, the same for all packets of a connection',
    }),
    bypass: option(flag, {
      names: ['--queue-bypass'],
      summary: 'while nothing listens the packet is accepted instead of dropped',
    }),
    cpuFanout: option(flag, {
      names: ['--queue-cpu-fanout'],
      summary: 'the queue depends on the processor, not on the connection',
    }),
  },
  normalise: (options) => (options['balance'] ? without(options, 'num') : options),
  check({ balance, cpuFanout }) {
    if (!cpuFanout || balance) return []
    const message = '--queue-cpu-fanout needs --queue-balance'
    return [{ code: 'missing-option', option: 'cpuFanout', message }]
  },
  // Whether a program listens is not known: the packet goes to it, and --queue-bypass, which is for when none does, has
  // no effect. Without a listener Linux would drop the packet, or with it accept it for this table.
  compile({ num, balance, cpuFanout }, { tracker: { table } }: Environment): Action {
    const from = balance?.value.from ?? num.value
    const count = balance === undefined || cpuFanout !== undefined ? 0 : balance.value.to - from + 1
    return (passage) =>
      toQueue(passage, from + Math.floor((flowNumber(passage.packet) * count) / 2 ** 32), table)
  },
})
