/** What rules made of a packet, added to its record: for output only, everything here allocates. */
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
import { FAMILY_IPV4, FAMILY_NONE, type Packet } from '../packet/packet.ts'
import { hooks } from '../ruleset/tables.ts'
import type { DecidedBy, PacketRecord } from './record.ts'

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
export function addDecision(record: PacketRecord, firewall: Firewall, egressOf: EgressReader): void {
  const { decision, passage, host } = firewall
  if (decision.by === DECIDED_BY_NONE && decision.way === HOOK_NONE) return // it entered no hook
  record.verdict = verdicts[decision.verdict] ?? null
  record.decidedBy = decidedBy(decision)
  record.hook = hooks[decision.way] ?? record.hook
  record.egress =
    record.verdict === 'ACCEPT'
      ? { interface: host.interfaces.nameOf(passage.outInterface) || null, ...egressOf(passage.packet) }
      : null
}

/** Addresses and ports of a packet as it is now. */
type EgressReader = (packet: Packet) => Omit<NonNullable<PacketRecord['egress']>, 'interface'>

function decidedBy({ by, chain, rule }: Decision): DecidedBy {
  const kind = kinds[by]!
  if (chain === null) return { kind }
  const where = { table: chain.table, chain: chain.name }
  if (rule === null) return { kind, ...where }
  const { file, line } = rule.rule.place
  return { kind, file, line, ...where, number: rule.number }
}
