import { STATUS_HW_OFFLOAD, STATUS_OFFLOAD } from '../conntrack/status.ts'
import type { EntryView, TupleView } from '../conntrack/view.ts'
import { formatIPv6Full, parseIPv6 } from '../packet/address.ts'
import { protocolName } from '../packet/protocol.ts'
import { tupleKind } from './protocol-name.ts'
import {
  assuredText,
  counterText,
  familyColumn,
  nameColumn,
  protocolPart,
  unrepliedText,
  zoneKind,
} from './tuple.ts'

const words = new Int32Array(4)

/** An address as /proc prints it: IPv6 in eight groups of four digits. */
function address(family: 'ipv4' | 'ipv6', text: string): string {
  if (family === 'ipv4' || !parseIPv6(text, words)) return text
  return formatIPv6Full(words[0]!, words[1]!, words[2]!, words[3]!)
}

/** `src=… dst=… ` and the protocol's part in the spelling of /proc, with a trailing blank. */
export function procTuple(family: 'ipv4' | 'ipv6', protocol: number, tuple: TupleView): string {
  return `src=${address(family, tuple.source)} dst=${address(family, tuple.destination)} ${protocolPart(tupleKind(protocol), tuple)}`
}

/**
 * A line of `/proc/net/nf_conntrack`, without its end of line (kernel: ct_seq_show).
 *
 * Whoever reads that file holds a reference, so `use` is one more than in `conntrack -L`.
 */
export function formatProc(entry: EntryView): string {
  const { family, protocol, status } = entry
  const zone = zoneKind(entry)
  let line = familyColumn(family) + nameColumn(protocolName(protocol), protocol)
  // A flow table owns the time of an offloaded entry.
  if ((status & (STATUS_OFFLOAD | STATUS_HW_OFFLOAD)) === 0) line += `${entry.timeout} `
  if (entry.state !== null) line += `${entry.state} `
  if (entry.gre) line += `timeout=${entry.gre.timeout}, stream_timeout=${entry.gre.streamTimeout} `
  line += procTuple(family, protocol, entry.original)
  if (zone === 'original') line += `zone-orig=${entry.zoneOriginal} `
  line += counterText(entry.counters?.original)
  line += unrepliedText(status)
  line += procTuple(family, protocol, entry.reply)
  if (zone === 'reply') line += `zone-reply=${entry.zoneReply} `
  line += counterText(entry.counters?.reply)
  line += assuredText(status)
  line += `mark=${entry.mark} `
  if (zone === 'both') line += `zone=${entry.zoneOriginal} `
  if (entry.deltaTime !== null) line += `delta-time=${entry.deltaTime} `
  return `${line}use=${entry.use + 1}`
}
