import { STATUS_ASSURED } from '../conntrack/status.ts'
import type { EntryView, ExpectationView } from '../conntrack/view.ts'
import {
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { tupleKind } from './protocol-name.ts'
import { counterText, nameColumn, tupleText, unrepliedText } from './tuple.ts'

/**
 * A line of the file of old, `/proc/net/ip_conntrack` as 2.6 printed it, without its end of line; null for
 * IPv6, which that file never held.
 *
 * Kernels built with marks printed `mark=` always, others never; we print it where it is not 0. Zones,
 * helper and age did not exist there and are left out. `use` is that of an idle reader, as then.
 */
export function formatIpConntrack(entry: EntryView): string | null {
  const { protocol, status } = entry
  if (entry.family === 'ipv6') return null
  // UDP-Lite and ICMPv6 had no tracker there: a protocol without ports.
  const known = protocol !== PROTOCOL_UDPLITE && protocol !== PROTOCOL_ICMPV6
  const kind = known ? tupleKind(protocol) : 'none'
  let line = nameColumn(known ? protocolName(protocol) : 'unknown', protocol)
  line += `${entry.timeout} `
  if (entry.state !== null) line += `${entry.state} `
  if (entry.gre) line += `timeout=${entry.gre.timeout}, stream_timeout=${entry.gre.streamTimeout} `
  line += tupleText(kind, entry.original)
  line += counterText(entry.counters?.original)
  line += unrepliedText(status)
  line += tupleText(kind, entry.reply)
  line += counterText(entry.counters?.reply)
  if ((status & STATUS_ASSURED) !== 0) line += '[ASSURED] '
  if (entry.mark !== 0) line += `mark=${entry.mark} `
  return `${line}use=${entry.use}`
}

/** The protocols that Linux 2.4 had a tracker for; all others are `unknown`, and without ports. */
const known24: ReadonlySet<number> = new Set([PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMP])

/**
 * The same as 2.4 printed it (list_conntracks), without its end of line: everything ends with a blank, the last item
 * too. A mark, which only patched kernels had, stands behind `use=`.
 */
export function formatIpConntrack24(entry: EntryView): string | null {
  const { protocol, status, mark } = entry
  if (entry.family === 'ipv6') return null
  const known = known24.has(protocol)
  const kind = known ? tupleKind(protocol) : 'none'
  let line = nameColumn(known ? protocolName(protocol) : 'unknown', protocol)
  line += `${entry.timeout} `
  if (protocol === PROTOCOL_TCP) line += `${entry.state} `
  line += tupleText(kind, entry.original)
  line += unrepliedText(status)
  line += tupleText(kind, entry.reply)
  if ((status & STATUS_ASSURED) !== 0) line += '[ASSURED] '
  line += `use=${entry.use} `
  return mark === 0 ? line : `${line}mark=${mark} `
}

/** An expectation as 2.4 listed it behind the entries of the same file; null for IPv6. */
export function formatExpecting24(expectation: ExpectationView): string | null {
  const { protocol, timeout } = expectation
  if (expectation.family === 'ipv6') return null
  const kind = known24.has(protocol) ? tupleKind(protocol) : 'none'
  return `EXPECTING: ${timeout ?? '-'} use=1 proto=${protocol} ${tupleText(kind, expectation)}`
}
