import {
  STATUS_ASSURED,
  STATUS_DST_NAT_DONE,
  STATUS_EXPECTED,
  STATUS_FIXED_TIMEOUT,
  STATUS_HW_OFFLOAD,
  STATUS_OFFLOAD,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT_DONE,
} from '../conntrack/status.ts'
import type { EntryView } from '../conntrack/view.ts'
import { PROTOCOL_ICMP, PROTOCOL_SCTP } from '../packet/packet.ts'
import { toolProtocolName, tupleKind } from './protocol-name.ts'
import { zoneKind } from './tuple.ts'

const FLAGS = [
  [STATUS_EXPECTED, 'EXPECTED'],
  [STATUS_SEEN_REPLY, 'SEEN_REPLY'],
  [STATUS_ASSURED, 'ASSURED'],
  [STATUS_FIXED_TIMEOUT, 'FIXED_TIMEOUT'],
  [STATUS_OFFLOAD, 'OFFLOAD'],
  [STATUS_HW_OFFLOAD, 'HW_OFFLOAD'],
] as const

function flags(status: number): string {
  const names = FLAGS.filter(([bit]) => (status & bit) !== 0).map(([, name]) => name)
  return names.length === 0 ? 'UNSET' : names.join(',')
}

function zone(entry: EntryView): string {
  switch (zoneKind(entry)) {
    case 'both':
      return entry.zoneOriginal === 0 ? '' : `-w ${entry.zoneOriginal} `
    case 'original':
      return `--orig-zone ${entry.zoneOriginal} `
    case 'reply':
      return `--reply-zone ${entry.zoneReply} `
  }
}

/** Addresses of the reply: `-g` and `-n` where NAT put another in place, `-r` and `-q` where not. */
function replyAddresses(entry: EntryView): string {
  const { original, reply, status } = entry
  const destinationNat = (status & STATUS_DST_NAT_DONE) !== 0 && reply.source !== original.destination
  const sourceNat = (status & STATUS_SRC_NAT_DONE) !== 0 && reply.destination !== original.source
  return `${destinationNat ? '-g' : '-r'} ${reply.source} ${sourceNat ? '-n' : '-q'} ${reply.destination} `
}

/** The tool has no name for this state of SCTP, and prints a null pointer. */
function stateName(protocol: number, state: string): string {
  return protocol === PROTOCOL_SCTP && state === 'HEARTBEAT_SENT' ? '(null)' : state
}

/** The tool takes the four bytes of a verification tag for a number of the (little-endian) machine. */
function swapped(tag: number): number {
  return ((tag << 24) | ((tag & 0xff00) << 8) | ((tag >>> 8) & 0xff00) | (tag >>> 24)) >>> 0
}

function protocolOptions(entry: EntryView): string {
  const { protocol, original, reply } = entry
  switch (tupleKind(protocol)) {
    case 'ports': {
      let text = `--sport ${original.sourcePort ?? 0} --dport ${original.destinationPort ?? 0} `
      text += `--reply-port-src ${reply.sourcePort ?? 0} --reply-port-dst ${reply.destinationPort ?? 0} `
      if (entry.state !== null) text += `--state ${stateName(protocol, entry.state)} `
      if (protocol === PROTOCOL_SCTP && entry.tags) {
        text += `--orig-vtag ${swapped(entry.tags.original)} --reply-vtag ${swapped(entry.tags.reply)} `
      }
      return text
    }
    case 'icmp': {
      const name = protocol === PROTOCOL_ICMP ? 'icmp' : 'icmpv6'
      const { type = 0, code = 0, id = 0 } = original
      return `--${name}-type ${type} --${name}-code ${code} --${name}-id ${id} `
    }
    case 'keys':
      return (
        `--srckey ${original.sourceKey ?? 0} --dstkey ${original.destinationKey ?? 0} ` +
        `--reply-key-src ${reply.sourceKey ?? 0} --reply-key-dst ${reply.destinationKey ?? 0} `
      )
    case 'none':
      return ''
  }
}

/**
 * A line of `conntrack -L -o save`, without its end of line (tool version 1.4.7): options that the same
 * tool adds the entry from. Mark, counters and helper are not in it.
 */
export function formatSave(entry: EntryView): string {
  const { protocol, original, status } = entry
  const name = toolProtocolName(protocol)
  let line = '-A '
  if ((status & (STATUS_OFFLOAD | STATUS_HW_OFFLOAD)) === 0) line += `-t ${entry.timeout} `
  line += `-u ${flags(status)} ${zone(entry)}-s ${original.source} -d ${original.destination} `
  line += `${replyAddresses(entry)}-p ${name === 'unknown' ? protocol : name} ${protocolOptions(entry)}`
  return line.slice(0, -1)
}
