/** All targets. A new one is its own file, and a line here. */
import type { AnyExtension } from '../ruleset/extension.ts'
import { accept } from './accept.ts'
import { audit } from './audit.ts'
import { checksum } from './checksum.ts'
import { classify } from './classify.ts'
import { clusterip } from './clusterip.ts'
import { connmark } from './connmark.ts'
import { connsecmark } from './connsecmark.ts'
import { ct } from './ct.ts'
import { dnat } from './dnat.ts'
import { drop } from './drop.ts'
import { dscp } from './dscp.ts'
import { ecn } from './ecn.ts'
import { hl } from './hl.ts'
import { hmark } from './hmark.ts'
import { idletimer } from './idletimer.ts'
import { led } from './led.ts'
import { log } from './log.ts'
import { mark } from './mark.ts'
import { masquerade } from './masquerade.ts'
import { netmap } from './netmap.ts'
import { nflog } from './nflog.ts'
import { nfqueue } from './nfqueue.ts'
import { notrack } from './notrack.ts'
import { dnpt, snpt } from './npt.ts'
import { queue } from './queue.ts'
import { rateest } from './rateest.ts'
import { redirect } from './redirect.ts'
import { reject } from './reject.ts'
import { returnTarget } from './return.ts'
import { secmark } from './secmark.ts'
import { set } from './set.ts'
import { snat } from './snat.ts'
import { synproxy } from './synproxy.ts'
import { tcpmss } from './tcpmss.ts'
import { tcpoptstrip } from './tcpoptstrip.ts'
import { tee } from './tee.ts'
import { tos } from './tos.ts'
import { tproxy } from './tproxy.ts'
import { trace } from './trace.ts'
import { ttl } from './ttl.ts'
import { ulog } from './ulog.ts'

export const targets: readonly AnyExtension[] = [
  accept,
  audit,
  checksum,
  classify,
  clusterip,
  connmark,
  connsecmark,
  ct,
  dnat,
  dnpt,
  drop,
  dscp,
  ecn,
  hl,
  hmark,
  idletimer,
  led,
  log,
  mark,
  masquerade,
  netmap,
  nflog,
  nfqueue,
  notrack,
  queue,
  rateest,
  redirect,
  reject,
  returnTarget,
  secmark,
  set,
  snat,
  snpt,
  synproxy,
  tcpmss,
  tcpoptstrip,
  tee,
  tos,
  tproxy,
  trace,
  ttl,
  ulog,
]
