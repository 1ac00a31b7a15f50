/** What a target does with the packets that its rule takes. */
import type { Rule } from '../ruleset/model.ts'
import {
  CHANGES_ALL,
  CHANGES_BYTES,
  CHANGES_CONNMARK,
  CHANGES_MARK,
  CHANGES_SETS,
  CHANGES_STATE,
} from './space.ts'

export type Effect =
  /** The walk through this table ends. */
  | { readonly kind: 'verdict'; readonly verdict: 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE' }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** The next rule is asked. `mayEnd`: or the walk ends, which nobody can say. */
  | { readonly kind: 'continue'; readonly changes: number; readonly mayEnd: boolean }

const verdict = (name: 'ACCEPT' | 'DROP' | 'REJECT' | 'QUEUE'): Effect => ({ kind: 'verdict', verdict: name })
const goesOn = (changes = 0, mayEnd = false): Effect => ({ kind: 'continue', changes, mayEnd })

const effects: Readonly<Record<string, Effect>> = {
  ACCEPT: verdict('ACCEPT'),
  DROP: verdict('DROP'),
  REJECT: verdict('REJECT'),
  QUEUE: verdict('QUEUE'),
  NFQUEUE: verdict('QUEUE'),
  DNAT: verdict('ACCEPT'),
  SNAT: verdict('ACCEPT'),
  MASQUERADE: verdict('ACCEPT'),
  REDIRECT: verdict('ACCEPT'),
  NETMAP: verdict('ACCEPT'),
  TPROXY: verdict('ACCEPT'),
  RETURN: { kind: 'return' },
  AUDIT: goesOn(),
  CHECKSUM: goesOn(CHANGES_BYTES),
  CLASSIFY: goesOn(),
  CONNMARK: goesOn(CHANGES_MARK | CHANGES_CONNMARK),
  CONNSECMARK: goesOn(),
  CT: goesOn(CHANGES_STATE),
  DSCP: goesOn(CHANGES_BYTES),
  ECN: goesOn(CHANGES_BYTES, true),
  HL: goesOn(CHANGES_BYTES),
  HMARK: goesOn(CHANGES_MARK),
  IDLETIMER: goesOn(),
  LED: goesOn(),
  LOG: goesOn(),
  MARK: goesOn(CHANGES_MARK),
  NFLOG: goesOn(),
  NOTRACK: goesOn(CHANGES_STATE),
  RATEEST: goesOn(),
  SECMARK: goesOn(),
  SET: goesOn(CHANGES_SETS | CHANGES_MARK),
  SYNPROXY: goesOn(CHANGES_ALL, true),
  TCPMSS: goesOn(CHANGES_BYTES, true),
  TCPOPTSTRIP: goesOn(CHANGES_BYTES, true),
  TEE: goesOn(),
  TOS: goesOn(CHANGES_BYTES),
  TRACE: goesOn(),
  TTL: goesOn(CHANGES_BYTES),
}

const unknown = goesOn(CHANGES_ALL, true)
const counts = goesOn()

export function effectOf({ target }: Rule): Effect {
  if (target === null) return counts
  if (target.kind !== 'extension') return target
  return effects[target.name] ?? unknown
}
