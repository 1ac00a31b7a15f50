/**
 * What a run took for granted: said ahead of everything, a line each, because each can make a result differ from what
 * the host itself saw.
 */
import type { CaptureProblem } from '../capture/record.ts'
import type { LinuxEra } from '../conntrack/settings.ts'
import { printable } from '../diagnostic/printable.ts'
import type { Replay } from '../replay/replay.ts'
import { count } from './number-words.ts'

/** One thing that a run took for granted. */
export interface Assumption {
  /** What kind of assumption it is; codes are stable. */
  readonly code:
    | 'linux-2.4'
    | 'rules-left-out'
    | 'no-rules'
    | 'queued'
    | 'tracking'
    | 'consequences'
    | 'capture-problem'
    | 'checksums-offloaded'
    | 'checksums-ignored'
    | 'flows-began-before'
    | 'loaded-entries'
    | 'one-sided'
    | 'incomplete-datagrams'
    | 'cut-packets'
    | 'oversize-packets'
    | 'time-backwards'
    | 'host'
    | 'interfaces'
    | 'ip-layer'
    | 'multicast'
    | 'not-ours'
    | 'second-copies'
    | 'readdressed'
  /** Packets, flows or problems that it is about. */
  readonly count: number
  /** The whole of it as a clause without a full stop, safe to print on a terminal. */
  readonly sentence: string
}

/** The beginning of its sentence, where that says enough for a first look. */
export function briefAssumption({ code, sentence }: Assumption): string {
  if (code === 'capture-problem') return sentence
  if (code === 'host')
    return /^the host is taken to be [^:]*|^captured [^(]*/.exec(sentence)?.[0].trim() ?? sentence
  return sentence.split(/: |; | \(|, (?:after|begun|which) /, 1)[0]!
}

/** What a replay that has run to its end took for granted. */
export function assumptionsOf(replay: Replay): Assumption[] {
  const { summary, capture, tracker } = replay
  const list: Assumption[] = [
    ...eraOf(tracker.settings.linux, summary.packets),
    ...captureProblemsOf(capture),
  ]
  const add = (code: Assumption['code'], number: number, sentence: string): void => {
    if (number > 0) list.push({ code, count: number, sentence })
  }
  const { offloadedChecksums, offloadedHeaders } = tracker
  add(
    'checksums-offloaded',
    Math.max(offloadedChecksums, offloadedHeaders.packets),
    `${offloadedText(offloadedChecksums, offloadedHeaders.packets)}: taken as right (--checksum=verify judges them)`,
  )
  if (tracker.checksums === 'ignore')
    add('checksums-ignored', summary.packets, 'checksums were not looked at')
  else if (tracker.settings.checksum === 0)
    add('checksums-ignored', summary.packets, 'transport checksums were not looked at')
  const pickedUp = summary.withReason('tcp-picked-up')
  add(
    'flows-began-before',
    pickedUp,
    `${count(pickedUp, 'flow')} picked up in mid-stream, begun before the capture or gone on after their entry had expired: their windows are not judged here; the host itself, which saw the handshake, may have`,
  )
  add(
    'loaded-entries',
    tracker.census.loaded,
    `${count(tracker.census.loaded, 'entry', 'entries')} from a saved table, which has no windows: those of TCP entries are not judged`,
  )
  add(
    'incomplete-datagrams',
    summary.incomplete,
    `${count(summary.incomplete, 'datagram')} of which a fragment never came: the others were held, and nothing ever tracked them`,
  )
  add(
    'one-sided',
    summary.oneSided,
    `${count(summary.oneSided, 'flow')} seen in one direction only: the other side's packets took another way, or were not captured`,
  )
  add(
    'cut-packets',
    summary.cut,
    `${count(summary.cut, 'packet')} cut by the snap length: tracked by ${summary.cut === 1 ? 'its' : 'their'} IP length; what is missing counts as unknown, not as wrong${unjudgedText(summary.unjudged)}`,
  )
  add(
    'oversize-packets',
    summary.oversize,
    `${count(summary.oversize, 'packet')} longer than 1,500 bytes: segments merged by offload, or jumbo frames; each is judged as one packet`,
  )
  add(
    'time-backwards',
    tracker.clock.backwards,
    `${count(tracker.clock.backwards, 'packet')} with a time before the previous one's: taken at that one's time`,
  )
  return list
}

/** What is wrong with the capture itself, as far as it was read. */
export function captureProblemsOf(capture: Replay['capture']): Assumption[] {
  const { problems, omittedProblems, names } = capture
  const list = problems.map(
    (problem): Assumption => ({
      code: 'capture-problem',
      count: 1,
      sentence: problemSentence(problem, names),
    }),
  )
  const sentence = `${count(omittedProblems, 'further problem')} of the capture not listed`
  if (omittedProblems > 0) list.push({ code: 'capture-problem', count: omittedProblems, sentence })
  return list
}

/** A packet can be one of both. */
function offloadedText(transport: number, header: number): string {
  const captured = (packets: number, what: string): string =>
    `${count(packets, 'packet')} captured before the network card completed the checksum${what}`
  if (header === 0) return captured(transport, '')
  const ofHeader = captured(header, ' of the IPv4 header')
  return transport === 0 ? ofHeader : `${captured(transport, '')}, ${ofHeader}`
}

function eraOf(linux: LinuxEra, packets: number): Assumption[] {
  const sentence =
    'packets are tracked as Linux 2.4 did (--linux 2.4): IPv4 alone; any TCP segment opens an entry; neither windows nor checksums are looked at; timeouts are fixed'
  return linux === '2.4' ? [{ code: 'linux-2.4', count: packets, sentence }] : []
}

function problemSentence(problem: CaptureProblem, names: readonly string[]): string {
  const name = names[problem.file] ?? ''
  const where = problem.frame > 0 ? ` after frame ${problem.frame}` : ''
  // Names of files and interfaces are in it.
  return printable(`${name}: byte ${problem.offset}${where}: ${problem.message}`)
}

function unjudgedText(unjudged: number): string {
  return unjudged === 0 ? '' : `; ${count(unjudged, 'packet')} could not be judged for lack of a header`
}
