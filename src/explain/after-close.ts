/** What comes for a connection that is no more: after its close, after its timeout, or with an answer that is late. */
import { wasClosed } from '../replay/former.ts'
import { decisionClause } from './decision-words.ts'
import type { Change, PacketFacts, Told } from './explanation.ts'
import { duration } from './number-words.ts'
import { flowWord, packetWord, segmentWord } from './packet-words.ts'
import { article } from './protocol-words.ts'
import { baseOf, insertCommand, loggers, stepPlace } from './rule-advice.ts'
import { timeoutSysctl } from './timeout-words.ts'

/** Codes of what cannot begin a connection, or begins one in its middle. */
const outside: ReadonlySet<string> = new Set(['tcp-new', 'tcp-picked-up', 'tcp-not-loose', 'icmp-not-query'])

/** An ICMP error about a connection that is no more. */
function lateError(facts: PacketFacts): Told | null {
  const { record, former, seconds } = facts
  if (former === null || !record.reasons.some(({ code }) => code === 'icmp-unrelated')) return null
  const flow = flowWord({ protocol: former.protocol, ...former.original })
  return {
    situation: 'after-close',
    weight: 'harmless',
    sentences: [
      `${packetWord(record)} is about ${flow}, whose entry ended ${duration(seconds - former.ended)} ago; an error about no known connection is INVALID.`,
    ],
    changes: [...quietLog(facts), ...longer(facts)],
  }
}

export function afterClose(facts: PacketFacts): Told | null {
  const { record, former, before } = facts
  if (before !== null) return null
  const error = lateError(facts)
  if (error !== null) return error
  const isOutside = record.reasons.some(({ code }) => outside.has(code))
  if (former === null) return isOutside ? unknownBeginning(facts) : null
  if (record.protocol === 'tcp') {
    if (!isOutside) return null
    return wasClosed(former) ? stray(facts) : expired(facts)
  }
  return isOutside || record.ctstate === 'NEW' ? lateAnswer(facts) : null
}

/** `The server's RST (#18) closed the connection 12.2 s earlier; its entry expired 10 s after that, 2.1 s ago.` */
function endClause({ former, closedBy, seconds, settings, lastTimeout, lines }: PacketFacts): string {
  const { ended, endedBy, state } = former!
  const ago = duration(seconds - ended)
  if (endedBy === 'packet') {
    const end = lines.filter((line) => line.kind === 'end').at(-1)
    const by = end?.packet == null ? '' : ` by packet ${end.packet}`
    const room = end?.by === 'room' ? ', which needed its place' : ''
    return `The entry of this connection was deleted${by}${room}, ${ago} earlier.`
  }
  const sysctl =
    lastTimeout === null
      ? null
      : timeoutSysctl(settings, { protocol: former!.protocol, state, timeout: lastTimeout.seconds })
  const name = sysctl === null ? '' : ` (${sysctl.replace('net.netfilter.nf_conntrack_', '')})`
  if (closedBy === null || closedBy.from === null)
    return `The entry of this connection, last in ${state}, expired ${ago} ago${name}.`
  const whose = `The ${closedBy.from}'s ${segmentWord(closedBy.tcpFlags)} (packet ${closedBy.packet})`
  const what = state === 'CLOSE' ? 'reset the connection' : 'finished the close'
  const last =
    lastTimeout !== null && lastTimeout.packet !== closedBy.packet
      ? `; packet ${lastTimeout.packet} came last`
      : ''
  const lived = lastTimeout === null ? '' : `${duration(lastTimeout.seconds)} after that, `
  return `${whose} ${what} ${duration(seconds - closedBy.seconds)} earlier${last}; its entry expired ${lived}${ago} ago${name}.`
}

function kindClause({ record, after }: PacketFacts): string {
  const word = packetWord(record)
  if (record.ctstate !== 'INVALID')
    return `A lone ${word} ${after === null ? 'would open' : 'opens'} a new entry, so it is NEW (net.netfilter.nf_conntrack_tcp_loose=1).`
  if (record.reasons.some(({ code }) => code === 'tcp-not-loose'))
    return `${article(word).replace(/^a/, 'A')} cannot open one with net.netfilter.nf_conntrack_tcp_loose=0, so it is INVALID.`
  return `${article(word).replace(/^a/, 'A')} cannot open one, so it is INVALID.`
}

function stray(facts: PacketFacts): Told {
  const { record } = facts
  const verdict = decisionClause(facts)
  const harmless =
    record.verdict === 'DROP' || record.verdict === 'REJECT'
      ? 'Harmless: both ends are done with this connection.'
      : 'Harmless: its receiver has closed the connection too, and answers with a RST or not at all.'
  return {
    situation: 'after-close',
    weight: 'harmless',
    sentences: [endClause(facts), kindClause(facts), ...(verdict === null ? [] : [verdict]), harmless],
    changes: [...quietLog(facts), ...longer(facts)],
    hasVerdict: true,
  }
}

/** Out of the log: dropped ahead of the rule that logs it. */
export function quietLog({ record }: PacketFacts): Change[] {
  const [logger] = loggers(record)
  if (logger === undefined || record.trace === undefined || record.ctstate !== 'INVALID') return []
  const base = baseOf(record.trace, logger)
  return [
    {
      sentence: `to keep it out of the log, drop INVALID ahead of ${stepPlace(base)}`,
      command: insertCommand(record, base, '-m conntrack --ctstate INVALID -j DROP'),
    },
  ]
}

/** The timeout with which the entry would still have been there. */
function longer({ former, seconds, settings, lastTimeout }: PacketFacts): Change[] {
  if (former === null || former.endedBy !== 'timeout' || lastTimeout === null) return []
  const name = timeoutSysctl(settings, {
    protocol: former.protocol,
    state: former.state,
    timeout: lastTimeout.seconds,
  })
  if (name === null) return []
  const value = Math.ceil(lastTimeout.seconds + (seconds - former.ended)) + 1
  return [
    { sentence: `${name} of ${value} or more: the entry would still be there`, sysctl: { name, value } },
  ]
}

/** The session was open, and silent for too long. */
function expired(facts: PacketFacts): Told {
  const { former, seconds, settings, lastTimeout, record } = facts
  const name =
    lastTimeout === null
      ? null
      : timeoutSysctl(settings, { protocol: 'tcp', state: former!.state, timeout: lastTimeout.seconds })
  const silent =
    lastTimeout === null
      ? ''
      : ` after ${duration(lastTimeout.seconds)} of silence since packet ${lastTimeout.packet}`
  const which = name === null ? '' : ` (${name}=${lastTimeout!.seconds})`
  const isBlocked = record.verdict === 'DROP' || record.verdict === 'REJECT'
  return {
    situation: 'after-expiry',
    weight: isBlocked ? 'trouble' : 'harmless',
    sentences: [
      `The connection was still open (${former!.state}), but its entry expired ${duration(seconds - former!.ended)} ago${silent}${which}.`,
      kindClause(facts),
      decisionClause(facts) ?? '',
      isBlocked ? 'The session hangs: neither end knows that the other is not heard any more.' : '',
    ].filter((text) => text !== ''),
    changes: [
      ...longer(facts),
      {
        sentence:
          'keep-alives of the hosts below that timeout (net.ipv4.tcp_keepalive_time, ServerAliveInterval of ssh)',
      },
    ],
    hasVerdict: true,
  }
}

function lateAnswer(facts: PacketFacts): Told | null {
  const { record, former, seconds, settings, lastTimeout } = facts
  const isAnswer =
    former !== null && record.source === former.reply.source && record.sourcePort === former.reply.sourcePort
  if (!isAnswer || former === null || former.endedBy !== 'timeout') return null
  const name =
    lastTimeout === null
      ? null
      : timeoutSysctl(settings, {
          protocol: former.protocol,
          state: former.state,
          timeout: lastTimeout.seconds,
        })
  const which =
    lastTimeout === null
      ? ''
      : `, ${duration(lastTimeout.seconds)} after packet ${lastTimeout.packet}${name === null ? '' : ` (${name})`}`
  const what =
    record.ctstate === 'NEW'
      ? 'so it looks like a new connection from the other side: NEW'
      : 'and an answer alone begins nothing: INVALID'
  return {
    situation: 'late-answer',
    weight: record.verdict === 'DROP' || record.verdict === 'REJECT' ? 'trouble' : 'harmless',
    sentences: [
      `The answer is late: its entry expired ${duration(seconds - former.ended)} ago${which}, ${what}.`,
    ],
    changes: longer(facts),
  }
}

/** Nothing that is known of it has ended here. */
function unknownBeginning(facts: PacketFacts): Told {
  const { record } = facts
  const word = packetWord(record)
  const isBlocked = record.verdict === 'DROP' || record.verdict === 'REJECT'
  if (record.ctstate === 'NEW') {
    return {
      situation: 'mid-stream',
      weight: isBlocked ? 'trouble' : 'ordinary',
      sentences: [
        `The beginning of this connection was not seen: it was open before the capture began, or its SYN took another way. Its first packet here, ${article(word)}, ${facts.after === null ? 'would open' : 'opens'} an entry, so it is NEW (net.netfilter.nf_conntrack_tcp_loose=1).`,
      ],
      changes: [
        { sentence: 'the table of that time, if you have it (--table-in), or a capture that begins earlier' },
        ...(isBlocked
          ? [
              {
                sentence:
                  'on the host itself the entry may still have been there: then it was ESTABLISHED, and this verdict is only that of an empty table',
              },
            ]
          : []),
      ],
    }
  }
  const loose = record.reasons.some(({ code }) => code === 'tcp-not-loose')
  return {
    situation: 'no-connection',
    weight: 'harmless',
    sentences: [
      `Nothing is known of this connection here, and ${article(word)} cannot begin one${loose ? ' with net.netfilter.nf_conntrack_tcp_loose=0' : ''}: INVALID.`,
    ],
    changes: [
      ...(loose
        ? [
            {
              sentence: 'picked up in mid-stream instead',
              sysctl: { name: 'net.netfilter.nf_conntrack_tcp_loose', value: 1 },
            },
          ]
        : []),
      ...quietLog(facts),
    ],
  }
}
