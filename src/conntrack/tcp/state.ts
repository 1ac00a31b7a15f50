/** TCP states of the table, in Linux's order (enum tcp_conntrack), and packet kinds. */
export const NONE = 0
export const SYN_SENT = 1
export const SYN_RECV = 2
export const ESTABLISHED = 3
export const FIN_WAIT = 4
export const CLOSE_WAIT = 5
export const LAST_ACK = 6
export const TIME_WAIT = 7
export const CLOSE = 8
export const SYN_SENT2 = 9

/** Places in `Settings.tcp` behind those of the states: the two timeouts that belong to none. */
export const TIMEOUT_MAX_RETRANS = 10
export const TIMEOUT_UNACKNOWLEDGED = 11

/** Table results that are not states. */
export const INVALID = 14
export const IGNORE = 15

export const TCP_STATE_NAMES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
] as const

export const KIND_SYN = 0
export const KIND_SYNACK = 1
export const KIND_FIN = 2
export const KIND_ACK = 3
export const KIND_RST = 4
export const KIND_NONE = 5

export const KIND_NAMES = ['syn', 'synack', 'fin', 'ack', 'rst', 'none'] as const

/** The kind of a segment (get_conntrack_index): RST, SYN and FIN are asked in this order; PSH, URG, ECE, CWR never. */
export function kindOf(flags: number): number {
  if ((flags & 0x04) !== 0) return KIND_RST
  if ((flags & 0x02) !== 0) return (flags & 0x10) !== 0 ? KIND_SYNACK : KIND_SYN
  if ((flags & 0x01) !== 0) return KIND_FIN
  return (flags & 0x10) !== 0 ? KIND_ACK : KIND_NONE
}

/**
 * Next state by direction, kind and state. IV: INVALID. IG: let it pass, change nothing. The table does not know who
 * sent a FIN: FIN_WAIT and an ACK from either side give CLOSE_WAIT.
 */
const ORIGINAL_TABLE = `
  kind    NO SS SR ES FW CW LA TW CL S2
  syn     SS SS IG IG IG IG IG SS SS S2
  synack  IV IV SR IV IV IV IV IV IV SR
  fin     IV IV FW FW LA LA LA TW CL IV
  ack     ES IV ES ES CW CW TW TW CL IV
  rst     IV CL CL CL CL CL CL CL CL CL
  none    IV IV IV IV IV IV IV IV IV IV`

const REPLY_TABLE = `
  kind    NO SS SR ES FW CW LA TW CL S2
  syn     IV S2 IV IV IV IV IV SS IV S2
  synack  IV SR IG IG IG IG IG IG IG SR
  fin     IV IV FW FW LA LA LA TW CL IV
  ack     IV IG SR ES CW CW TW TW CL IG
  rst     IV CL CL CL CL CL CL CL CL CL
  none    IV IV IV IV IV IV IV IV IV IV`

const CELLS = ['NO', 'SS', 'SR', 'ES', 'FW', 'CW', 'LA', 'TW', 'CL', 'S2', '', '', '', '', 'IV', 'IG']

function readTable(text: string): number[] {
  const rows = text.trim().split('\n').slice(1)
  return rows.flatMap((row) =>
    row
      .trim()
      .split(/\s+/)
      .slice(1)
      .map((cell) => CELLS.indexOf(cell)),
  )
}

const transitions = Uint8Array.from([...readTable(ORIGINAL_TABLE), ...readTable(REPLY_TABLE)])

export function nextState(direction: number, kind: number, state: number): number {
  return transitions[direction * 60 + kind * 10 + state]!
}
