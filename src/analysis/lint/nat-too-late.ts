import type { WideRange } from '../../match/wide-range.ts'
import type { Use } from '../../ruleset/model.ts'
import { sideOf } from '../box.ts'
import type { RuleNode } from '../chain-node.ts'
import { holds } from '../intervals.ts'
import { FIELD_PROTOCOL } from '../space.ts'
import type { Check, Found } from './finding.ts'

const PROTOCOL_TCP = 6
/** Linux joins segments of one connection to no more than so many bytes (GSO_MAX_SIZE). */
const LARGEST = 524_280
/** Bytes of an IP header without options. */
const SMALLEST = 20
/** Bytes of the headers of a SYN, options of IP and TCP included: as many as there can be. */
const MOST_HEADERS = 120

export const natTooLate: Check = {
  code: 'nat-too-late',
  severity: 'warning',
  summary: 'a rule of table nat waits for what comes after the first packet of a connection',
  meaning:
    'Table nat is asked about the first packet of a connection only. Of TCP that is a SYN, and the payload comes with the third ' +
    'or fourth packet: `string` finds nothing in it, but for a SYN with data (TCP Fast Open) and for a connection that is picked up in mid-stream. ' +
    'UDP has its payload there. `connbytes` counts this one packet, and none of the answers: a range that asks for more is never met. ' +
    'What is found later can be dropped in table filter, but the connection stays with the server that its first packet went to.',
  silence: 'only connections that are picked up, or SYNs with data, are meant',
  example: [
    '*nat',
    '-A PREROUTING -p tcp -m tcp --dport 80 -m string --string "GET /setup.exe" --algo bm -j REDIRECT --to-ports 3128',
    '-A PREROUTING -p tcp -m connbytes --connbytes 1000: --connbytes-mode packets --connbytes-dir both -j DNAT --to-destination 192.0.2.9',
    'COMMIT',
  ],
  *find(context): Iterable<Found> {
    const { nat } = context
    if (nat === null) return
    for (const rule of context.living(nat)) {
      if (rule.rule.target === null) continue
      const place = context.placeOf(rule, 'nat')
      const counted = rule.rule.matches.find(isNeverMet)
      if (counted !== undefined)
        yield context.found(nat, rule, {
          message: `${place} never matches: table nat is shown the first packet of a connection only, and connbytes counts ${countOf(counted)} then`,
          advice:
            'ask in table filter or mangle, where every packet comes; where a connection goes cannot be changed any more',
        })
      else if (rule.rule.matches.some(asksForPayload) && isForTcp(rule))
        yield context.found(nat, rule, {
          message: `${place} comes too late for TCP: table nat is shown the first packet of a connection only, a SYN, and the text comes in a later one`,
          advice:
            'look for it in table filter, where it can be dropped; to send it elsewhere takes a proxy that reads the request',
        })
    }
  },
}

/** Connbytes that no first packet meets: one packet of the opening direction, with its bytes, and none of the other. */
function isNeverMet({ name, options }: Use): boolean {
  if (name !== 'connbytes') return false
  const { value, inverted } = options['range']!
  const { from, to } = value as WideRange
  const isMet = (count: number) => (BigInt(count) >= from && BigInt(count) <= to) !== inverted
  if (options['dir']!.value === 'reply') return !isMet(0)
  if (options['mode']!.value === 'packets') return !isMet(1)
  // One of the sizes that a packet can have; a range that is asked for lies on one side of an end of it.
  return inverted
    ? from <= BigInt(SMALLEST) && to >= BigInt(LARGEST)
    : from > BigInt(LARGEST) || to < BigInt(SMALLEST)
}

function countOf({ options }: Use): string {
  if (options['dir']!.value === 'reply') return 'nothing of the answers'
  return options['mode']!.value === 'packets' ? '1 packet' : 'the bytes of 1 packet'
}

/** Inverted, it takes what has no payload. */
function asksForPayload({ name, options }: Use): boolean {
  if (name !== 'string') return false
  const to = Number(options['to']?.value ?? Number.POSITIVE_INFINITY)
  return options['pattern']?.inverted === false && to > MOST_HEADERS
}

/** It asks for TCP, or for no protocol. */
function isForTcp({ boxes }: RuleNode): boolean {
  return boxes.some((box) => {
    const protocol = sideOf(box, FIELD_PROTOCOL)
    return protocol === null || holds(protocol, PROTOCOL_TCP)
  })
}
