/** What a run took for granted: about the host and the rules, then about the capture. */
import { printable } from '../diagnostic/printable.ts'
import { type Assumption, assumptionsOf } from '../explain/assumption.ts'
import { hostAssumptionsOf } from '../explain/host-assumption.ts'
import { count } from '../explain/number-words.ts'
import type { HostWay } from '../firewall/host-way.ts'
import type { Unevaluated } from '../firewall/program.ts'
import {
  HOOK_FORWARD,
  HOOK_INPUT,
  HOOK_OUTPUT,
  VERDICT_DROP,
  VERDICT_QUEUE,
  VERDICT_REJECT,
} from '../hook/hook.ts'
import type { Consequences } from '../replay/consequences.ts'
import type { Replay } from '../replay/replay.ts'
import { needsOf } from '../replay/rule-needs.ts'
import type { Standpoint } from '../replay/standpoint.ts'
import type { PreparedHost } from './prepared-host.ts'
import { unevaluatedText } from './unevaluated-text.ts'

/** A replay that has run to its end, and what it was made with. */
export interface FinishedRun {
  readonly replay: Replay
  readonly prepared: PreparedHost
  readonly way: HostWay
  readonly standpoint: Standpoint | null
  readonly unevaluated: readonly Unevaluated[]
  readonly consequences: Consequences | null
}

export function runAssumptions(run: FinishedRun): Assumption[] {
  const { replay, prepared, way, standpoint } = run
  const { firewall, summary } = replay
  if (!firewall.hasRules) return assumptionsOf(replay)
  const rulesets = Object.values(firewall.programs).flatMap((program) => program?.ruleset ?? [])
  const sentences = [...prepared.notes, ...prepared.sentences]
  const asksInterfaces = needsOf(rulesets).interfaces.length > 0
  return [
    ...hostAssumptionsOf({ way, standpoint, summary, sentences, asksInterfaces }),
    ...routerAssumptions(run),
    ...ruleAssumptions(run),
    ...assumptionsOf(replay),
  ]
}

/** A guessed host: is it a router? */
function routerAssumptions({ replay, prepared }: FinishedRun): Assumption[] {
  const { summary, firewall } = replay
  const { host, told } = prepared
  if (told || host.used.length === 0) return []
  const forwarded = firewall.ways[HOOK_FORWARD]!
  const ended = summary.withReason('ip-not-forwarding')
  if (forwarded > 0) {
    const sentence = `the host is taken to be a router: ${count(forwarded, 'packet')} forwarded, for its rules accept in FORWARD, or give packets to other machines; those lie behind the interface that a rule of FORWARD has with -d and -o, else behind its one (--local, --route, --host)`
    return [{ code: 'host', count: forwarded, sentence }]
  }
  if (ended === 0) return []
  const sentence = `the host is taken to be no router: ${count(ended, 'packet')} for others ended ahead of FORWARD, for no rule there accepts, and none gives packets to other machines (--local, --host: a router)`
  return [{ code: 'host', count: ended, sentence }]
}

function ruleAssumptions({ replay, prepared, unevaluated, consequences }: FinishedRun): Assumption[] {
  const { programs, tracks, withoutRules, ways } = replay.firewall
  const list = unevaluated.map((one): Assumption => {
    const sentence = `${unevaluatedText(one)}; left out, and ${count(one.asked, 'packet')} came as far as it`
    return { code: 'rules-left-out', count: one.asked, sentence: printable(sentence) }
  })
  for (const [family, option] of [
    ['ipv4', '--rules'],
    ['ipv6', '--rules6'],
  ] as const) {
    const packets = withoutRules[family]
    const name = family === 'ipv4' ? 'IPv4' : 'IPv6'
    const sentence = `${count(packets, `${name} packet`)} met no rule: none are given for ${name} (${option})`
    if (packets > 0) list.push({ code: 'no-rules', count: packets, sentence })
  }
  const untracked = (['ipv4', 'ipv6'] as const).filter(
    (family) => tracks[family] && programs[family]?.needsTracking === false,
  )
  if (untracked.length > 0) {
    const sentence =
      'no rule needs connection tracking, so Linux would not track; here it does (--conntrack=auto: as Linux)'
    list.push({ code: 'tracking', count: untracked.length, sentence })
  }
  const rulesets = Object.values(programs).flatMap((program) => program?.ruleset ?? [])
  if (prepared.told && needsOf(rulesets).actsLocally && ways[HOOK_INPUT] === 0 && ways[HOOK_OUTPUT] === 0) {
    const sentence =
      'no packet is to or from the addresses of the host that were told: INPUT and OUTPUT met none (--local, --host)'
    list.push({ code: 'host', count: 0, sentence })
  }
  const queued = replay.firewall.verdicts[VERDICT_QUEUE]!
  if (queued > 0) {
    const sentence = `${count(queued, 'packet')} given to a queue (NFQUEUE), and not followed any further: what listens there is not known, nor what it would have let on`
    list.push({ code: 'queued', count: queued, sentence })
  }
  if (
    consequences === null &&
    replay.firewall.verdicts[VERDICT_DROP]! + replay.firewall.verdicts[VERDICT_REJECT]! > 0
  ) {
    const sentence =
      'every packet is judged as it was recorded (--as-recorded), also where these rules would have prevented it'
    list.push({ code: 'consequences', count: 0, sentence })
  }
  const silenced = consequences?.silenced ?? 0
  if (silenced > 0) {
    const sentence = `${count(silenced, 'packet')} that would not have been sent, after an opening packet that these rules drop (--as-recorded judges such packets all the same)`
    list.push({ code: 'consequences', count: silenced, sentence })
  }
  return list
}
