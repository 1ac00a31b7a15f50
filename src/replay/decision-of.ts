/** What rules made of a packet, added to its record: for output only, everything here allocates. */
import { ctstateOf } from '../conntrack/status.ts'
import type { Answer } from '../firewall/answers.ts'
import {
  DECIDED_BY_CONNTRACK,
  DECIDED_BY_HELPER,
  DECIDED_BY_HOTDROP,
  DECIDED_BY_IP,
  DECIDED_BY_NAT,
  DECIDED_BY_NONE,
  DECIDED_BY_POLICY,
  DECIDED_BY_RULE,
  DECIDED_BY_UNKNOWN,
  type Decision,
} from '../firewall/decision.ts'
import type { Firewall } from '../firewall/firewall.ts'
import { HOOK_NONE, VERDICT_ACCEPT, VERDICT_DROP, VERDICT_QUEUE, VERDICT_REJECT } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import { FAMILY_IPV4, FAMILY_NONE, type Packet, PROTOCOL_TCP } from '../packet/packet.ts'
import { protocolName } from '../packet/protocol.ts'
import { formatTcpFlags } from '../packet/tcp-flags.ts'
import { hooks } from '../ruleset/tables.ts'
import type { DecidedBy, PacketRecord, RecordAnswer, RecordEgress, RecordTuple } from './record.ts'

const verdicts: Readonly<Record<number, PacketRecord['verdict']>> = {
  [VERDICT_ACCEPT]: 'ACCEPT',
  [VERDICT_DROP]: 'DROP',
  [VERDICT_QUEUE]: 'QUEUE',
  [VERDICT_REJECT]: 'REJECT',
}

const kinds: Readonly<Record<number, DecidedBy['kind']>> = {
  [DECIDED_BY_NONE]: 'none',
  [DECIDED_BY_RULE]: 'rule',
  [DECIDED_BY_POLICY]: 'policy',
  [DECIDED_BY_HOTDROP]: 'hotdrop',
  [DECIDED_BY_IP]: 'ip',
  [DECIDED_BY_CONNTRACK]: 'conntrack',
  [DECIDED_BY_HELPER]: 'helper',
  [DECIDED_BY_UNKNOWN]: 'unknown',
  [DECIDED_BY_NAT]: 'nat',
}

/** Has this firewall rules for the packet's family? */
export function isFiltered(firewall: Firewall, packet: Packet): boolean {
  if (packet.family === FAMILY_NONE) return false
  return firewall.programs[packet.family === FAMILY_IPV4 ? 'ipv4' : 'ipv6'] !== null
}

/** Fills `verdict`, `decidedBy`, `hook` and `egress` from the firewall's last packet. */
export function addDecision(record: PacketRecord, firewall: Firewall, tupleOf: TupleReader): void {
  const { decision, passage, host } = firewall
  const nameOf = ({ outInterface }: Passage) => host.interfaces.nameOf(outInterface) || null
  if (decision.by === DECIDED_BY_NONE && decision.way === HOOK_NONE) return // it entered no hook
  record.verdict = verdicts[decision.verdict] ?? null
  record.decidedBy = decidedByOf(decision)
  record.hook = hooks[decision.way] ?? record.hook
  if (record.verdict !== 'ACCEPT') record.egress = null
  else {
    const egress: RecordEgress = { interface: nameOf(passage), ...tupleOf(passage.packet) }
    if (passage.mark !== 0) egress.mark = passage.mark >>> 0
    egress.ttl = passage.ttl
    egress.tos = passage.packet.tos
    record.egress = egress
  }
  const answers = firewall.answers!.list
  if (answers.length > 0) record.answers = answers.map((answer) => answerOf(answer, nameOf, tupleOf))
}

function answerOf(
  { packet, passage, outcome, decision }: Answer,
  nameOf: (passage: Passage) => string | null,
  tupleOf: TupleReader,
): RecordAnswer {
  const answer: RecordAnswer = {
    protocol: protocolName(packet.protocol),
    ...tupleOf(passage.packet),
    ctstate: ctstateOf(outcome.ctinfo),
    verdict: verdicts[decision.verdict] ?? null,
    decidedBy: decidedByOf(decision),
    interface: nameOf(passage),
  }
  if (packet.protocol === PROTOCOL_TCP) answer.tcpFlags = formatTcpFlags(packet.tcpFlags)
  return answer
}

/** Addresses and ports of a packet as it is now. */
type TupleReader = (packet: Packet) => RecordTuple

/** As data. */
export function decidedByOf({ by, chain, rule }: Decision): DecidedBy {
  const kind = kinds[by]!
  if (chain === null) return { kind }
  const where = { table: chain.table, chain: chain.name }
  if (rule === null) return { kind, ...where }
  const { file, line } = rule.rule.place
  return { kind, file, line, ...where, number: rule.number }
}
