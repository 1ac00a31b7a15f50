/**
 * The way of a packet through the hooks: what the stack refuses before any, the tracker, (rules, to come,) helpers,
 * confirm.
 */
import type { Outcome } from '../conntrack/outcome.ts'
import { DROPPED_BY_IP, DROPPED_BY_NOBODY } from '../conntrack/outcome.ts'
import { reasonNumber } from '../conntrack/reason.ts'
import type { Tracker } from '../conntrack/tracker.ts'
import type { Tuple } from '../conntrack/tuple.ts'
import {
  BAD_HEADER_CHECKSUM,
  BAD_HEADER_LENGTH,
  BAD_TOTAL_LENGTH,
  BAD_VERSION,
  ISSUE_LINK_SHORT,
  ISSUE_LINK_TYPE,
  ISSUE_NETWORK_BAD,
  ISSUE_NETWORK_CUT,
  ISSUE_NONE,
  ISSUE_NOT_IP,
  type Packet,
} from '../packet/packet.ts'

const reason = {
  notIp: reasonNumber['not-ip'],
  linkType: reasonNumber['link-type'],
  linkShort: reasonNumber['link-short'],
  cutNetwork: reasonNumber['cut-network'],
  version: reasonNumber['ip-version'],
  headerLength: reasonNumber['ip-header-length'],
  totalLength: reasonNumber['ip-total-length'],
  checksum: reasonNumber['ip-checksum'],
  hopByHop: reasonNumber['ip-hop-by-hop'],
} as const

export class Firewall {
  readonly tracker: Tracker

  constructor(tracker: Tracker) {
    this.tracker = tracker
  }

  /** Ahead of `process`, for each packet of a batch: its tuple, and a first look at where its flow's entry is. */
  prepare(packet: Packet, tuple: Tuple): void {
    this.tracker.prepare(packet, tuple)
  }

  /** Sends a prepared packet on its way; `outcome` says what became of it. */
  process(packet: Packet, tuple: Tuple, outcome: Outcome): void {
    const { tracker } = this
    outcome.reset()
    tracker.setTime(packet.seconds, packet.nanoseconds)
    if (packet.issue !== ISSUE_NONE && !enters(packet, outcome)) return
    tracker.track(packet, tuple, outcome)
    if (outcome.droppedBy === DROPPED_BY_NOBODY) tracker.confirm(packet, tuple, outcome)
  }
}

/** Does a packet that could not be decoded in full reach the hooks at all? */
function enters(packet: Packet, outcome: Outcome): boolean {
  const { reasons } = outcome
  const { issueFound, issueExpected } = packet
  switch (packet.issue) {
    case ISSUE_NOT_IP:
      reasons.add(reason.notIp, packet.etherType)
      return false
    case ISSUE_LINK_TYPE:
      reasons.add(reason.linkType, packet.linkType)
      return false
    case ISSUE_LINK_SHORT:
      reasons.add(reason.linkShort)
      return false
    case ISSUE_NETWORK_CUT:
      reasons.add(reason.cutNetwork, issueFound)
      return false
    case ISSUE_NETWORK_BAD:
      outcome.droppedBy = DROPPED_BY_IP
      switch (packet.issueDetail) {
        case BAD_VERSION:
          reasons.add(reason.version, issueFound)
          break
        case BAD_HEADER_LENGTH:
          reasons.add(reason.headerLength, issueFound)
          break
        case BAD_TOTAL_LENGTH:
          reasons.add(reason.totalLength, issueFound, issueExpected)
          break
        case BAD_HEADER_CHECKSUM:
          reasons.add(reason.checksum, issueFound, issueExpected)
          break
        default:
          reasons.add(reason.hopByHop)
      }
      return false
    default:
      return true
  }
}
