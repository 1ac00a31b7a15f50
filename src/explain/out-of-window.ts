/** Segments and resets that the window check refuses. */
import { reasonSentence } from './catalogue.ts'
import { decisionClause } from './decision-words.ts'
import type { Change, PacketFacts, Told } from './explanation.ts'

const LIBERAL = 'net.netfilter.nf_conntrack_tcp_be_liberal'
const IGNORE_RST = 'net.netfilter.nf_conntrack_tcp_ignore_invalid_rst'

export function outOfWindow(facts: PacketFacts): Told | null {
  const { record, from, before } = facts
  const reason = record.reasons.find(
    ({ code }) => code === 'tcp-seq-high' || code === 'tcp-ack-high' || code === 'tcp-rst',
  )
  if (reason === undefined) return null
  const isReset = reason.code === 'tcp-rst'
  const whose = from === null ? 'This' : `The ${from}'s`
  const entry = before === null ? '' : ` The entry stays as it is (${before.state}), and its timeout runs on.`
  const isBlocked = record.verdict === 'DROP' || record.verdict === 'REJECT'
  return {
    situation: isReset ? 'reset-refused' : 'out-of-window',
    weight: isReset ? 'harmless' : isBlocked ? 'trouble' : 'harmless',
    sentences: [
      `${whose} ${isReset ? 'RST' : 'segment'} is INVALID: ${reasonSentence(reason, record)}.${entry}`,
      decisionClause(facts) ?? '',
      ...(isReset
        ? ['Whoever the reset is meant for would not take it either: it is late, or forged.']
        : isBlocked
          ? ['Its sender repeats it; if what follows is out of window too, the connection stalls.']
          : []),
    ].filter((text) => text !== ''),
    changes: outOfWindowChanges(facts),
    hasVerdict: true,
  }
}

/** Sysctls that would let it pass; none for a packet that is INVALID for something else. */
export function outOfWindowChanges({ record }: PacketFacts): Change[] {
  const codes = record.reasons.map(({ code }) => code)
  if (codes.includes('tcp-rst'))
    return [{ sentence: 'such a RST passes, and still ends nothing', sysctl: { name: IGNORE_RST, value: 1 } }]
  if (!codes.includes('tcp-seq-high') && !codes.includes('tcp-ack-high')) return []
  return [
    { sentence: 'segments out of window pass', sysctl: { name: LIBERAL, value: 1 } },
    { sentence: "better: find where the other direction's packets or the window scale get lost" },
  ]
}
