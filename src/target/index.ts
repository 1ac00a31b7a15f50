/** All targets. A new one is its own file, and a line here. */
import type { AnyExtension } from '../ruleset/extension.ts'
import { accept } from './accept.ts'
import { connmark } from './connmark.ts'
import { ct } from './ct.ts'
import { dnat } from './dnat.ts'
import { drop } from './drop.ts'
import { log } from './log.ts'
import { mark } from './mark.ts'
import { masquerade } from './masquerade.ts'
import { redirect } from './redirect.ts'
import { reject } from './reject.ts'
import { returnTarget } from './return.ts'
import { snat } from './snat.ts'

export const targets: readonly AnyExtension[] = [
  accept,
  connmark,
  ct,
  dnat,
  drop,
  log,
  mark,
  masquerade,
  redirect,
  reject,
  returnTarget,
  snat,
]
