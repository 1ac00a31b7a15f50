/** All targets. A new one is its own file, and a line here. */
import type { AnyExtension } from '../ruleset/extension.ts'
import { accept } from './accept.ts'
import { connmark } from './connmark.ts'
import { ct } from './ct.ts'
import { dnat } from './dnat.ts'
import { drop } from './drop.ts'
import { dscp } from './dscp.ts'
import { hl } from './hl.ts'
import { log } from './log.ts'
import { mark } from './mark.ts'
import { masquerade } from './masquerade.ts'
import { nflog } from './nflog.ts'
import { nfqueue } from './nfqueue.ts'
import { notrack } from './notrack.ts'
import { queue } from './queue.ts'
import { redirect } from './redirect.ts'
import { reject } from './reject.ts'
import { returnTarget } from './return.ts'
import { snat } from './snat.ts'
import { tcpmss } from './tcpmss.ts'
import { tos } from './tos.ts'
import { trace } from './trace.ts'
import { ttl } from './ttl.ts'

export const targets: readonly AnyExtension[] = [
  accept,
  connmark,
  ct,
  dnat,
  drop,
  dscp,
  hl,
  log,
  mark,
  masquerade,
  nflog,
  nfqueue,
  notrack,
  queue,
  redirect,
  reject,
  returnTarget,
  snat,
  tcpmss,
  tos,
  trace,
  ttl,
]
