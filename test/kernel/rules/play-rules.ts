import { differsInChosenPort } from '../../../src/live/random-port.ts'
import { Refused } from '../../../src/live/router.ts'
import type { Difference } from '../compare.ts'
import { describePacket } from '../trace.ts'
import { compareCounts, compareEntries, compareObserved } from './compare-rules.ts'
import type { Journey, Observed } from './observed.ts'
import type { RuleCase, RuleStep } from './rule-case.ts'
import type { RuleEngine } from './rule-engine.ts'
import type { RuleKernel } from './rule-kernel.ts'

export interface RulePlayer {
  readonly kernel: RuleKernel
  /** Our side, or one that is spoiled on purpose. */
  readonly engine: Pick<
    RuleEngine,
    'load' | 'faults' | 'begin' | 'send' | 'entries' | 'entriesOfTuple' | 'counts'
  >
}

export interface RuleOutcome {
  readonly packets: number
  readonly difference: Difference | null
  /** Step of the difference; the number of steps when it shows only in the end; -1 when the rules were not even loaded. */
  readonly at: number
  readonly trace: readonly string[]
  /** What the engine says that it cannot evaluate: nothing was compared. */
  readonly unevaluated: readonly string[]
  /** What happened in the kernel, for coverage. */
  readonly observed: readonly Observed[]
  /** NAT searched for a port at random: nothing behind that can be compared. */
  readonly choseAnotherPort?: boolean
  /** What was sent. */
  readonly steps: readonly RuleStep[]
}

const THREE_TICKS_MS = 12
const nothing = { packets: 0, trace: [], unevaluated: [], observed: [], steps: [] } as const

/** What comes next, told what became of the packet before; null at the end. */
export type Traffic = (last: Observed | null) => RuleStep | null

/** Steps that are known. */
function stepsOf(steps: readonly RuleStep[]): Traffic {
  let next = 0
  return () => steps[next++] ?? null
}

/** Loads the rules into both, sends the packets through both, and stops at the first difference. */
export function playRules(player: RulePlayer, one: RuleCase, traced = false): RuleOutcome {
  return playTraffic(player, one, stepsOf(one.steps), traced)
}

/** The same with traffic that depends on what becomes of it; `steps` of the outcome are what was sent. */
export function playTraffic(
  { kernel, engine }: RulePlayer,
  one: Pick<RuleCase, 'family' | 'rules'>,
  traffic: Traffic,
  traced = false,
): RuleOutcome {
  const unloadable = engine.load(one)
  if (unloadable && unloadable.unevaluated.length > 0)
    return { ...nothing, difference: null, at: -1, unevaluated: unloadable.unevaluated }
  let refusal: string | null = null
  try {
    kernel.load(one)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    refusal = error.message
  }
  const refused = unloadable ? unloadable.errors.join('\n') : null
  if (refused !== null || refusal !== null) {
    const difference =
      refused !== null && refusal !== null
        ? null
        : { what: 'loading', kernel: refusal ?? 'loads', engine: refused ?? 'loads' }
    return { ...nothing, difference, at: -1 }
  }
  // Connections that came to nothing are counted until they are two ticks old.
  const pace = one.rules.some((line) => line.includes('-m connlimit')) ? THREE_TICKS_MS : 0
  const trace: string[] = []
  const observed: Observed[] = []
  const started = performance.now()
  engine.begin()
  const steps: RuleStep[] = []
  for (let step = traffic(null); step !== null; step = traffic(observed.at(-1) ?? null)) {
    const index = steps.length
    steps.push(step)
    if (step.kind === 'sleep') {
      if (traced) trace.push(`${index + 1}  -- ${step.milliseconds} ms pass`)
      kernel.sleep(step.milliseconds)
      continue
    }
    if (pace > 0) kernel.sleep(pace)
    const elapsed = performance.now() - started
    const theirs = kernel.send(step)
    let ours: Observed | null = null
    let thrown = ''
    try {
      ours = engine.send(step, elapsed)
    } catch (error) {
      thrown = error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
    observed.push(theirs)
    if (traced) {
      trace.push(
        `${index + 1}  ${step.entrance} ${describePacket(step.bytes)}`,
        `     kernel ${describe(theirs)}`,
        `     engine ${ours ? describe(ours) : 'throws'}`,
      )
    }
    const difference = ours
      ? compareObserved(theirs, ours, engine)
      : { what: 'the engine throws', kernel: '', engine: thrown }
    const [left, right] = [theirs.journey.exit, ours?.journey.exit]
    if (
      difference?.what === 'packet' &&
      left &&
      right &&
      differsInChosenPort(step.bytes, left.bytes, right.bytes)
    )
      return {
        packets: observed.length,
        difference: null,
        at: index,
        trace,
        unevaluated: [],
        observed,
        steps,
        choseAnotherPort: true,
      }
    if (difference)
      return { packets: observed.length, difference, at: index, trace, unevaluated: [], observed, steps }
  }
  const difference =
    compareCounts(kernel.counts(), engine.counts()) ?? compareEntries(kernel.entries(), engine.entries())
  return { packets: observed.length, difference, at: steps.length, trace, unevaluated: [], observed, steps }
}

function describe({ journey, answers, said, entry }: Observed): string {
  const parts = [journeyText(journey), ...answers.map((answer) => `answer ${journeyText(answer)}`)]
  for (const { group, prefix } of said) parts.push(`NFLOG ${group} ${prefix}`)
  if (entry) parts.push(`entry ${entry.state ?? ''} 0x${entry.status.toString(16)} mark ${entry.mark}`)
  return parts.join('; ')
}

function journeyText({ ctstate, exit }: Journey): string {
  if (!exit) return `${ctstate ?? 'not judged'}, gone`
  const { hook, device, bytes, mark } = exit
  const extra = mark === 0 ? '' : ` mark 0x${mark.toString(16)}`
  return `${ctstate}, ${hook} ${device}${extra} ${describePacket(bytes)}`
}
