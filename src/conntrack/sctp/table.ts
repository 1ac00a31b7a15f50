/** States of an SCTP association and the transitions between them (RFC 9260, 4; Linux `sctp_conntracks`). */
import {
  CHUNK_ABORT,
  CHUNK_COOKIE_ACK,
  CHUNK_COOKIE_ECHO,
  CHUNK_ERROR,
  CHUNK_HEARTBEAT,
  CHUNK_HEARTBEAT_ACK,
  CHUNK_INIT,
  CHUNK_INIT_ACK,
  CHUNK_SHUTDOWN,
  CHUNK_SHUTDOWN_ACK,
  CHUNK_SHUTDOWN_COMPLETE,
} from './chunks.ts'

export const SCTP_NONE = 0
export const SCTP_CLOSED = 1
export const SCTP_COOKIE_WAIT = 2
export const SCTP_COOKIE_ECHOED = 3
export const SCTP_ESTABLISHED = 4
export const SCTP_SHUTDOWN_SENT = 5
export const SCTP_SHUTDOWN_RECD = 6
export const SCTP_SHUTDOWN_ACK_SENT = 7
export const SCTP_HEARTBEAT_SENT = 8

/** By state number, as Linux prints them. */
export const sctpStateNames: readonly string[] = [
  'NONE',
  'CLOSED',
  'COOKIE_WAIT',
  'COOKIE_ECHOED',
  'ESTABLISHED',
  'SHUTDOWN_SENT',
  'SHUTDOWN_RECD',
  'SHUTDOWN_ACK_SENT',
  'HEARTBEAT_SENT',
]

/** The chunk is not allowed in this state and direction. */
export const SCTP_INVALID = -1

const IV = SCTP_INVALID
const NO = SCTP_NONE
const CL = SCTP_CLOSED
const CW = SCTP_COOKIE_WAIT
const CE = SCTP_COOKIE_ECHOED
const ES = SCTP_ESTABLISHED
const SS = SCTP_SHUTDOWN_SENT
const SR = SCTP_SHUTDOWN_RECD
const SA = SCTP_SHUTDOWN_ACK_SENT
const HS = SCTP_HEARTBEAT_SENT

const columns = [NO, CL, CW, CE, ES, SS, SR, SA, HS]

// biome-ignore format: a table
const original: readonly (readonly number[])[] = [
  // state before:           NO  CL  CW  CE  ES  SS  SR  SA  HS
  [CHUNK_INIT,               CL, CL, CW, CE, ES, CL, CL, SA, CW],
  [CHUNK_INIT_ACK,           CL, CL, CW, CE, ES, SS, SR, SA, CL],
  [CHUNK_ABORT,              CL, CL, CL, CL, CL, CL, CL, CL, CL],
  [CHUNK_SHUTDOWN,           CL, CL, CW, CE, SS, SS, SR, SA, CL],
  [CHUNK_SHUTDOWN_ACK,       SA, CL, CW, CE, ES, SA, SA, SA, SA],
  [CHUNK_ERROR,              CL, CL, CW, CE, ES, SS, SR, SA, CL],
  [CHUNK_COOKIE_ECHO,        CL, CL, CE, CE, ES, SS, SR, SA, CL],
  [CHUNK_COOKIE_ACK,         CL, CL, CW, ES, ES, SS, SR, SA, CL],
  [CHUNK_SHUTDOWN_COMPLETE,  CL, CL, CW, CE, ES, SS, SR, CL, CL],
  [CHUNK_HEARTBEAT,          HS, CL, CW, CE, ES, SS, SR, SA, HS],
  [CHUNK_HEARTBEAT_ACK,      CL, CL, CW, CE, ES, SS, SR, SA, HS],
]

// biome-ignore format: a table
const reply: readonly (readonly number[])[] = [
  // state before:           NO  CL  CW  CE  ES  SS  SR  SA  HS
  [CHUNK_INIT,               IV, CL, CW, CE, ES, SS, SR, SA, IV],
  [CHUNK_INIT_ACK,           IV, CW, CW, CE, ES, SS, SR, SA, IV],
  [CHUNK_ABORT,              IV, CL, CL, CL, CL, CL, CL, CL, IV],
  [CHUNK_SHUTDOWN,           IV, CL, CW, CE, SR, SS, SR, SA, IV],
  [CHUNK_SHUTDOWN_ACK,       IV, CL, CW, CE, ES, SA, SA, SA, IV],
  [CHUNK_ERROR,              IV, CL, CW, CL, ES, SS, SR, SA, IV],
  [CHUNK_COOKIE_ECHO,        IV, CL, CE, CE, ES, SS, SR, SA, IV],
  [CHUNK_COOKIE_ACK,         IV, CL, CW, ES, ES, SS, SR, SA, IV],
  [CHUNK_SHUTDOWN_COMPLETE,  IV, CL, CW, CE, ES, SS, SR, CL, IV],
  [CHUNK_HEARTBEAT,          IV, CL, CW, CE, ES, SS, SR, SA, HS],
  [CHUNK_HEARTBEAT_ACK,      IV, CL, CW, CE, ES, SS, SR, SA, ES],
]

const TYPES = 16
const STATES = columns.length

function flatten(): Int8Array {
  const cells = new Int8Array(2 * TYPES * STATES)
  // Chunks that the tables leave out (DATA, SACK, …) change nothing.
  cells.forEach((_, index) => {
    cells[index] = index % STATES
  })
  ;[original, reply].forEach((rows, direction) => {
    for (const [type, ...row] of rows) cells.set(row, (direction * TYPES + type!) * STATES)
  })
  return cells
}

const cells = flatten()

/** State after a chunk of any type (0–255) in a direction, or SCTP_INVALID. */
export function sctpNextState(direction: number, type: number, state: number): number {
  return type < TYPES ? cells[(direction * TYPES + type) * STATES + state]! : state
}
