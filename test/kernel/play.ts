import { comparePacket, compareTables, type Difference } from './compare.ts'
import type { Coverage } from './coverage.ts'
import type { Engine } from './engine.ts'
import { type Kernel, pause } from './kernel.ts'
import { describeStep } from './trace.ts'
import type { Case } from './traffic/case.ts'

/** How a case went: the first difference, if any, and what led to it. */
export interface Outcome {
  readonly packets: number
  readonly difference: Difference | null
  /** Step of the difference, or the number of steps when only the tables differed in the end. */
  readonly at: number
  readonly trace: readonly string[]
}

/**
 * The engine's time stands still between waits, the kernel's does not. Before a second is gone the kernel's timers
 * are set back to where the engine's are.
 */
const LATE_MS = 400
const TOO_LATE_MS = 900

export interface Player {
  readonly kernel: Kernel
  /** Without it the kernel runs alone: for looking at the traffic. */
  readonly engine: Engine | null
  readonly coverage: Coverage | null
}

/**
 * Runs a case through both and stops at the first difference. Returns null when the machine was so slow that whole
 * seconds passed between waits: then the kernel's timers cannot be told apart from the engine's, and the case has to
 * be run again.
 */
export function playCase(player: Player, { settings, steps }: Case, traced = false): Outcome | null {
  const { kernel, engine, coverage } = player
  kernel.clear()
  kernel.configure(settings)
  engine?.restart(settings)
  coverage?.startCase()
  const trace: string[] = []
  let packets = 0
  let alike = performance.now() // when both clocks last stood alike
  for (const [index, step] of steps.entries()) {
    const apart = performance.now() - alike
    if (apart > TOO_LATE_MS) return null
    if (apart > LATE_MS) {
      kernel.age(0)
      alike = performance.now()
    }
    if (step.kind === 'packet') {
      packets++
      const observation = kernel.send(step.bytes, step.side)
      const judgement = engine?.send(step.bytes, step.side) ?? null
      if (traced) trace.push(describeStep(index, step, observation, judgement))
      const difference = engine && judgement && comparePacket(step.bytes, observation, judgement, engine, 0)
      coverage?.add(step.bytes, observation, judgement)
      if (difference) return { packets, difference, at: index, trace }
      continue
    }
    if (traced) trace.push(describeStep(index, step, null, null))
    if (step.kind === 'age') {
      kernel.age(step.seconds)
      alike = performance.now()
    } else {
      pause(step.seconds * 1000)
      alike += step.seconds * 1000
    }
    engine?.advance(step.seconds)
  }
  const difference = engine && compareTables(kernel.entries(), engine.entries(), 0)
  return { packets, difference, at: steps.length, trace }
}
