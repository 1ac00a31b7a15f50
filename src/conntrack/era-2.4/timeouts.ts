/** Lifetimes of Linux 2.4 in whole seconds: constants of the kernel, which 2.4.32 made sysctls. */
import {
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  FIN_WAIT,
  LAST_ACK,
  NONE,
  SYN_RECV,
  SYN_SENT,
  TIME_WAIT,
} from '../tcp/state.ts'
import { LISTEN } from './state.ts'

/** By TCP state. */
export const TCP_SECONDS: Int32Array = new Int32Array(10)
TCP_SECONDS[NONE] = 1_800
TCP_SECONDS[SYN_SENT] = 120
TCP_SECONDS[SYN_RECV] = 60
TCP_SECONDS[ESTABLISHED] = 432_000
TCP_SECONDS[FIN_WAIT] = 120
TCP_SECONDS[CLOSE_WAIT] = 60
TCP_SECONDS[LAST_ACK] = 30
TCP_SECONDS[TIME_WAIT] = 120
TCP_SECONDS[CLOSE] = 10
TCP_SECONDS[LISTEN] = 120

export const UDP_SECONDS = 30
/** From the first packet after the first reply on. */
export const UDP_STREAM_SECONDS = 180
export const ICMP_SECONDS = 30
/** Every protocol but TCP, UDP and ICMP. */
export const GENERIC_SECONDS = 600
