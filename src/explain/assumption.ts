/**
 * What a run took for granted: said ahead of everything, a line each, because each can make a result differ from what
 * the host itself saw.
 */
import type { CaptureProblem } from '../capture/record.ts'
import { printable } from '../diagnostic/printable.ts'
import type { Summary } from '../replay/summary.ts'
import { count } from './number-words.ts'

export interface Assumption {
  readonly code:
    | 'capture-problem'
    | 'checksums-offloaded'
    | 'checksums-ignored'
    | 'flows-began-before'
    | 'one-sided'
    | 'cut-packets'
    | 'oversize-packets'
    | 'time-backwards'
  /** Packets, flows or problems that it is about. */
  readonly count: number
  readonly sentence: string
}

export interface AssumptionSource {
  readonly summary: Summary
  readonly problems: readonly CaptureProblem[]
  readonly omittedProblems: number
  readonly names: readonly string[]
  readonly offloadedChecksums: number
  readonly checksumsIgnored: boolean
  readonly backwards: number
}

export function assumptionsOf(source: AssumptionSource): Assumption[] {
  const { summary } = source
  const list: Assumption[] = source.problems.map((problem) => ({
    code: 'capture-problem',
    count: 1,
    sentence: problemSentence(problem, source.names),
  }))
  const add = (code: Assumption['code'], number: number, sentence: string): void => {
    if (number > 0) list.push({ code, count: number, sentence })
  }
  add(
    'capture-problem',
    source.omittedProblems,
    `${count(source.omittedProblems, 'further problem')} of the capture not listed`,
  )
  add(
    'checksums-offloaded',
    source.offloadedChecksums,
    `${count(source.offloadedChecksums, 'packet')} captured before the network card completed the checksum: taken as right (--checksum=verify judges them)`,
  )
  if (source.checksumsIgnored)
    add('checksums-ignored', summary.packets, 'transport checksums were not looked at')
  const pickedUp = summary.withReason('tcp-picked-up')
  add(
    'flows-began-before',
    pickedUp,
    `${count(pickedUp, 'flow')} began before the capture: picked up, so ${pickedUp === 1 ? 'its windows are' : 'their windows are'} not judged here; the host itself, which saw the handshake, may have`,
  )
  add(
    'one-sided',
    summary.oneSided,
    `${count(summary.oneSided, 'flow')} seen in one direction only: the other side's packets took another way, or were not captured`,
  )
  add(
    'cut-packets',
    summary.cut,
    `${count(summary.cut, 'packet')} cut by the snap length: tracked by ${summary.cut === 1 ? 'its' : 'their'} IP length; what is missing counts as unknown, not as wrong`,
  )
  add(
    'oversize-packets',
    summary.oversize,
    `${count(summary.oversize, 'packet')} longer than 1,500 bytes: segments merged by offload, or jumbo frames; each is judged as one packet`,
  )
  add(
    'time-backwards',
    source.backwards,
    `${count(source.backwards, 'packet')} with a time before the previous one's: taken at that one's time`,
  )
  return list
}

function problemSentence(problem: CaptureProblem, names: readonly string[]): string {
  const name = names[problem.file] ?? ''
  const where = problem.frame > 0 ? ` after frame ${problem.frame}` : ''
  // Names of files and interfaces are in it.
  return printable(`${name}: byte ${problem.offset}${where}: ${problem.message}`)
}
