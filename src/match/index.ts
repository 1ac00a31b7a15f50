/** All matches. A new one is its own file, and a line here. */
import type { AnyExtension } from '../ruleset/extension.ts'
import { addrtype } from './addrtype.ts'
import { comment } from './comment.ts'
import { connlimit } from './connlimit.ts'
import { conntrack } from './conntrack.ts'
import { hashlimit } from './hashlimit.ts'
import { icmp } from './icmp.ts'
import { icmp6 } from './icmp6.ts'
import { limit } from './limit.ts'
import { mark } from './mark.ts'
import { multiport } from './multiport.ts'
import { set } from './set.ts'
import { state } from './state.ts'
import { string } from './string.ts'
import { tcp } from './tcp.ts'
import { time } from './time.ts'
import { u32 } from './u32.ts'
import { udp } from './udp.ts'

export const matches: readonly AnyExtension[] = [
  addrtype,
  comment,
  connlimit,
  conntrack,
  hashlimit,
  icmp,
  icmp6,
  limit,
  mark,
  multiport,
  set,
  state,
  string,
  tcp,
  time,
  u32,
  udp,
]
