import { isIcmpError } from '../../conntrack/icmp-type.ts'
import { parseIPv4 } from '../../packet/address.ts'
import { type Box, isInside } from '../box.ts'
import { between, type Intervals, one, union, where } from '../intervals.ts'
import { FIELD_DESTINATION, FIELD_FLAGS, FIELD_FRAGMENT, FIELD_ICMP, FIELD_PROTOCOL } from '../space.ts'
import type { LintContext } from './context.ts'
import type { Check, Found } from './finding.ts'

const RST = 0x04
const ICMP = 1
const ICMPV6 = 58
const FIRST_QUERY = 128

export const rejectCannotAnswer: Check = {
  code: 'reject-cannot-answer',
  severity: 'note',
  summary: 'REJECT where Linux sends no answer: it only drops',
  meaning:
    'REJECT answers no packet to a group or to all, no ICMP error, no reset with a reset, and no second or further ' +
    'fragment (RFC 1122, 3.2.2; RFC 4443, 2.4). The rule drops such packets in silence, so its sender waits all the same.',
  silence: 'the rule is kept like its neighbours on purpose',
  example: ['*filter', '-A INPUT -d 224.0.0.0/4 -j REJECT --reject-with icmp-port-unreachable', 'COMMIT'],
  *find(context: LintContext): Iterable<Found> {
    const silent = silences(context)
    for (const reach of context.tables) {
      for (const rule of context.living(reach)) {
        if (rule.effect.kind !== 'verdict' || rule.effect.verdict !== 'REJECT') continue
        const found = silent.find(({ boxes }) =>
          rule.boxes.every((box) => boxes.some((one) => isInside(box, one))),
        )
        if (found === undefined) continue
        yield context.found(reach, rule, {
          message: `${context.placeOf(rule, reach.node.table.name)} answers nothing: ${found.why}; it only drops`,
          advice: 'write DROP, which is what it does',
          lines: [context.text(rule).replace(/ -j REJECT.*$/, ' -j DROP')],
        })
      }
    }
  },
}

interface Silence {
  readonly boxes: readonly Box[]
  readonly why: string
}

function silences({ isIPv6, space }: LintContext): Silence[] {
  const errors: Intervals = union(
    where(256, (type) => (isIPv6 ? type < FIRST_QUERY : isIcmpError(type))).flatMap((end, i, ends) =>
      i % 2 === 0 ? [between(end * 256, ends[i + 1]! * 256 - 1)] : [],
    ),
  )
  const reset: Box = [
    { field: FIELD_PROTOCOL, set: one(6) },
    { field: FIELD_FLAGS, set: where(64, (bits) => (bits & RST) !== 0) },
  ]
  return [
    {
      boxes: groups(space.family === 'ipv6', space),
      why: 'Linux sends no answer to what went to a group or to all',
    },
    {
      boxes: [
        [
          { field: FIELD_PROTOCOL, set: one(isIPv6 ? ICMPV6 : ICMP) },
          { field: FIELD_ICMP, set: errors },
        ],
      ],
      why: 'an ICMP error is not answered with another one',
    },
    { boxes: [reset], why: 'a reset is not answered' },
    {
      boxes: [[{ field: FIELD_FRAGMENT, set: one(1) }]],
      why: 'only the first fragment of a datagram is answered',
    },
  ]
}

function groups(isIPv6: boolean, space: LintContext['space']): Box[] {
  // Of IPv6, only where the rules themselves name the groups is there a cut in the scale.
  if (isIPv6) {
    const first = space.addresses!.placeOf(0xff00n << 112n)
    const isCut = space.addresses!.first(first) === 0xff00n << 112n
    return isCut ? [[{ field: FIELD_DESTINATION, set: [first, space.addresses!.size] }]] : []
  }
  const group = parseIPv4('224.0.0.0')! >>> 0
  const all = parseIPv4('255.255.255.255')! >>> 0
  return [[{ field: FIELD_DESTINATION, set: union([between(group, group + 0x0fff_ffff), one(all)]) }]]
}
