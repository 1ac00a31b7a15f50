import { EXPECT_INACTIVE, EXPECT_PERMANENT, EXPECT_USERSPACE } from '../conntrack/expectation.ts'
import type { ExpectationView } from '../conntrack/view.ts'
import { eventTime } from './event.ts'
import { procTuple } from './proc.ts'
import { toolTupleKind } from './protocol-name.ts'
import { tupleText } from './tuple.ts'

const FLAGS = [
  [EXPECT_PERMANENT, 'PERMANENT'],
  [EXPECT_INACTIVE, 'INACTIVE'],
  [EXPECT_USERSPACE, 'USERSPACE'],
] as const

function flagText(flags: number): string {
  const names = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name)
  return names.length === 0 ? '' : `${names.join(',')} `
}

/**
 * A line of `/proc/net/nf_conntrack_expect`, without its end of line (kernel: exp_seq_show). Classes of the
 * helpers we have carry no name, so none is printed.
 */
export function formatExpectationProc(expectation: ExpectationView): string {
  const { family, protocol } = expectation
  const time = expectation.timeout === null ? '-' : `${expectation.timeout}`
  return (
    `${time} l3proto = ${family === 'ipv4' ? 2 : 10} proto=${protocol} ` +
    procTuple(family, protocol, expectation) +
    flagText(expectation.flags) +
    expectation.helper
  )
}

/** A line of `conntrack -L expect`, without its end of line (tool version 1.4.7); it has no other `-o` forms. */
export function formatExpectation(expectation: ExpectationView): string {
  const { protocol, master } = expectation
  const kind = toolTupleKind(protocol)
  const mask = {
    source: expectation.maskSource,
    destination: expectation.maskDestination,
    sourcePort: expectation.maskSourcePort,
    destinationPort: expectation.maskDestinationPort,
  }
  return (
    `${expectation.timeout ?? 0} proto=${protocol} ` +
    tupleText(kind, expectation) +
    tupleText(kind, mask).replace('src=', 'mask-src=').replace('dst=', 'mask-dst=') +
    tupleText(kind, master).replace('src=', 'master-src=').replace('dst=', 'master-dst=') +
    flagText(expectation.flags) +
    `class=${expectation.class} helper=${expectation.helper}`
  )
}

const TAGS = { new: '    [NEW] ', update: ' [UPDATE] ', destroy: '[DESTROY] ' } as const

/** What `conntrack -E expect` tells. */
export interface ExpectationEventView {
  readonly type: 'new' | 'update' | 'destroy'
  readonly seconds: number
  readonly nanoseconds: number
  readonly expectation: ExpectationView
}

/** A line of `conntrack -E expect`, with `timestamp` as `-o timestamp` prints it; without its end of line. */
export function formatExpectationEvent(event: ExpectationEventView, timestamp = false): string {
  const time = timestamp ? eventTime(event.seconds, event.nanoseconds) : ''
  return time + TAGS[event.type] + formatExpectation(event.expectation)
}
