/**
 * TCP states of Linux 2.4 (ip_conntrack_proto_tcp.c, the same from 2.4.0 on). States have the numbers of today's, so that
 * entries, formats and selections read the same; only LISTEN is not among those.
 */
import { TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../../packet/packet.ts'
import {
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  FIN_WAIT,
  INVALID,
  LAST_ACK,
  NONE,
  SYN_RECV,
  SYN_SENT,
  TIME_WAIT,
} from '../tcp/state.ts'

/** Takes the number of today's SYN_SENT2. The table has it, but no packet leads there. */
export const LISTEN = 9

export const KIND_SYN = 0
export const KIND_FIN = 1
export const KIND_ACK = 2
export const KIND_RST = 3
export const KIND_NONE = 4

/**
 * The kind of a segment (get_conntrack_index): the first of RST, SYN, FIN, ACK that is set. A SYN+ACK is of kind syn; no
 * combination of flags is refused.
 */
export function kindOf(flags: number): number {
  if ((flags & TCP_RST) !== 0) return KIND_RST
  if ((flags & TCP_SYN) !== 0) return KIND_SYN
  if ((flags & TCP_FIN) !== 0) return KIND_FIN
  return (flags & TCP_ACK) !== 0 ? KIND_ACK : KIND_NONE
}

/** The columns as 2.4 numbered its states. */
const COLUMNS = [
  NONE,
  ESTABLISHED,
  SYN_SENT,
  SYN_RECV,
  FIN_WAIT,
  TIME_WAIT,
  CLOSE,
  CLOSE_WAIT,
  LAST_ACK,
  LISTEN,
] as const
const NAMES = ['NO', 'ES', 'SS', 'SR', 'FW', 'TW', 'CL', 'CW', 'LA', 'LI']
const KINDS = 5
const STATES = 10

/** Next state by direction, kind and state (tcp_conntracks). IV: INVALID, the state stays. */
const ORIGINAL_TABLE = `
  kind  NO ES SS SR FW TW CL CW LA LI
  syn   SS ES SS SR SS SS SS SS SS LI
  fin   TW FW SS TW FW TW CL TW LA LI
  ack   ES ES SS ES FW TW CL CW LA ES
  rst   CL CL SS CL CL TW CL CL CL CL
  none  IV IV IV IV IV IV IV IV IV IV`

const REPLY_TABLE = `
  kind  NO ES SS SR FW TW CL CW LA LI
  syn   SR ES SR SR SR SR SR SR SR SR
  fin   CL CW SS TW TW TW CL CW LA LI
  ack   CL ES SS SR FW TW CL CW CL LI
  rst   CL CL CL CL CL CL CL CL LA LI
  none  IV IV IV IV IV IV IV IV IV IV`

const transitions = new Uint8Array(2 * KINDS * STATES)
for (const [direction, text] of [ORIGINAL_TABLE, REPLY_TABLE].entries()) {
  for (const [kind, row] of text.trim().split('\n').slice(1).entries()) {
    for (const [column, cell] of row.trim().split(/\s+/).slice(1).entries()) {
      const next = cell === 'IV' ? INVALID : COLUMNS[NAMES.indexOf(cell)]!
      transitions[(direction * KINDS + kind) * STATES + COLUMNS[column]!] = next
    }
  }
}

export function nextState(direction: number, kind: number, state: number): number {
  return transitions[(direction * KINDS + kind) * STATES + state]!
}
