/** Findings of a run as sentences: what was found, where, what it comes to, and which packet to look at. */
import { printable } from '../diagnostic/printable.ts'
import type { Finding, FindingCode, FindingFlow } from '../replay/finding.ts'
import { count, duration, grouped } from './number-words.ts'
import { flowWord } from './packet-words.ts'
import { placeText } from './place-words.ts'
import { censusSentence } from './table-full.ts'

/** A finding, safe to print. */
export interface ToldFinding {
  /** One to three sentences. */
  readonly text: string
  /** Conversations, where there are several. */
  readonly flows: readonly string[]
  /** The first packet of it; 0 where no packet is known. */
  readonly packet: number
}

/** Told in one line, however many. */
const harmless: ReadonlySet<FindingCode> = new Set(['after-close', 'no-connection', 'reset-refused'])

export function findingWords(finding: Finding): ToldFinding {
  const { examples } = finding
  const isListed = examples.length > 1 && !harmless.has(finding.code)
  return {
    text: printable(tellers[finding.code](finding)),
    packet: finding.first,
    flows: isListed ? examples.map((flow) => printable(flowLine(flow))) : [],
  }
}

function flowLine(flow: FindingFlow): string {
  const number = flow.packets === 0 ? '' : `: ${count(flow.packets, 'packet')} from ${flow.first} on`
  return `${flowWord(flow)}${number}`
}

/** `9 packets of 2 connections`, or the connection itself. */
function where({ packets, flows, isMore, examples, first }: Finding): string {
  const [flow] = examples
  const number = packets === 1 ? `packet ${first}` : `${count(packets, 'packet')} from ${first} on`
  if (flows === 1 && !isMore && flow !== undefined) return `${flowWord(flow)}, ${number}`
  return `${count(flows, 'connection')}${isMore ? ' and more' : ''}, ${number}`
}

/** `; INPUT 4 drops them`, `; 3 of them were dropped, by INPUT 4`. */
function blockedWords({ packets, blocked, decidedBy }: Finding): string {
  if (blocked === 0 || decidedBy === null) return ''
  const by = decidedBy['table'] === undefined ? decidedBy.kind : placeText(decidedBy)
  return blocked === packets ? `; dropped by ${by}` : `; ${grouped(blocked)} dropped, by ${by}`
}

const LIBERAL = 'net.netfilter.nf_conntrack_tcp_be_liberal=1'

const tellers: Readonly<Record<FindingCode, (finding: Finding) => string>> = {
  'table-full': (finding) => {
    const { packets, blocked, census } = finding
    const what =
      blocked > 0
        ? `The table was full: ${grouped(blocked)} new ${blocked === 1 ? 'connection was' : 'connections were'} dropped, from packet ${finding.first} on`
        : `The table was full: ${count(packets, 'entry', 'entries')} had to make room, from packet ${finding.first} on`
    return census === null ? `${what}.` : `${what}. ${censusSentence(census).replace(/^It holds/, 'It held')}`
  },
  'nat-skipped': (finding) =>
    `Packets of translated connections are INVALID, and not translated: ${where(finding)}${blockedWords(finding)}.${finding.blocked === finding.packets ? '' : ' Answers end at this host, which resets the connection.'} Drop INVALID, or ${LIBERAL}.`,
  'after-expiry': (finding) =>
    `Open connections outlived their entry: ${where(finding)}, up to ${duration(finding.latest)} too late${blockedWords(finding)}.${finding.blocked > 0 ? ' They hang.' : ''} Keep-alives, or a longer timeout.`,
  'out-of-window': (finding) =>
    `Segments are out of window: ${where(finding)}${blockedWords(finding)}.${finding.blocked > 0 ? ` Connections stall by it; ${LIBERAL} lets them pass.` : ''}`,
  'handshake-order': (finding) =>
    `A SYN+ACK came ahead of its SYN, on the way or in the capture: ${where(finding)}, INVALID${blockedWords(finding)}. Tracking never sees such a connection open${finding.blocked > 0 ? '; it hangs' : '; a rule that drops INVALID breaks it'}.`,
  'out-of-state': (finding) =>
    `Packets have no place in the state of their connection, and are INVALID: ${where(finding)}${blockedWords(finding)}.${finding.blocked > 0 ? '' : ' A rule that drops INVALID breaks it.'}`,
  'late-answer': (finding) =>
    `Answers came up to ${duration(finding.latest)} after their entry had expired: ${where(finding)}${blockedWords(finding)}.`,
  'one-sided': (finding) => {
    const { flows, examples } = finding
    const [flow] = examples
    const which = flows === 1 && flow !== undefined ? flowWord(flow) : count(flows, 'connection')
    return `Only one direction passes here (asymmetric routing), or was captured: ${which}.`
  },
  'syn-flood': ({ examples, packets, answered, first, targets, blocked }) => {
    const [flow] = examples
    const service = flow === undefined ? '' : `${flow.destination} tcp port ${flow.destinationPort}`
    const dropped = blocked === 0 ? '' : `; ${grouped(blocked)} were dropped`
    return `SYN flood: ${grouped(packets)} connections begun with ${service} from packet ${first} on, by about ${grouped(targets?.hosts ?? 0)} ${targets?.hosts === 1 ? 'address' : 'addresses'}, and ${answered === 0 ? 'none' : grouped(answered)} finished${dropped}.`
  },
  scan: ({ examples, packets, answered, first, targets, blocked }) => {
    const { hosts = 0, ports = 0 } = targets ?? {}
    const what =
      ports >= hosts
        ? `about ${count(ports, 'port')} of ${hosts === 1 ? 'one host' : `${grouped(hosts)} hosts`}`
        : `about ${count(hosts, 'host')}`
    const dropped =
      blocked === 0 ? '' : `; ${grouped(blocked)} of ${grouped(packets)} were dropped or rejected`
    return `${examples[0]?.source ?? ''} scans: ${what} tried from packet ${first} on, ${answered === 0 ? 'none' : grouped(answered)} answered${dropped}.`
  },
  'mid-stream': (finding) =>
    `Connections that were open before the capture are dropped: ${where(finding)}${blockedWords(finding)}. The host itself may have had their entries (--table-in).`,
  refused: (finding) => {
    const { decidedBy, examples } = finding
    const by = decidedBy === null ? '' : ` by ${placeText(decidedBy)}`
    const port = examples[0]?.destinationPort
    const what = port === undefined ? '' : ` to ${examples[0]?.protocol} port ${port}`
    return `New connections${what} are refused${by}: ${where(finding)}.`
  },
  'port-reused': (finding) =>
    `Ports were used again while their old connection was in the table: ${where(finding)}${blockedWords(finding)}.`,
  'reset-refused': (finding) =>
    `Resets that are late or forged ended nothing: ${where(finding)}${blockedWords(finding)}.`,
  'no-connection': (finding) =>
    `Packets of no known connection, older than the capture, or echoes of something elsewhere: ${where(finding)}${blockedWords(finding)}. Harmless.`,
  'after-close': (finding) =>
    `Strays behind a close: ${where(finding)}, up to ${duration(finding.latest)} after their entry was gone${blockedWords(finding)}. Harmless.`,
}
