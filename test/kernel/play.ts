import { pause } from '../../src/live/pause.ts'
import { comparePacket, compareTables, type Difference } from './compare.ts'
import type { Coverage } from './coverage.ts'
import type { Engine, Judgement } from './engine.ts'
import { saltFragment } from './fragment-id.ts'
import type { Kernel, Observation } from './kernel.ts'
import { describeStep } from './trace.ts'
import type { Case, PacketStep, Step } from './traffic/case.ts'

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
const UDP_LATE_MS = 1700

export interface Player {
  readonly kernel: Kernel
  /** Without it the kernel runs alone: for looking at the traffic. */
  readonly engine: Engine | null
  readonly coverage: Coverage | null
}

export interface Played {
  readonly observation: Observation
  readonly judgement: Judgement | null
  readonly difference: Difference | null
}

let runs = 0

/** Kernel and engine, from empty tables, one step after the other. */
export class Session {
  readonly #player: Player
  readonly #run = ++runs
  /** When both clocks last stood alike. */
  #alike = performance.now()
  /** When the first UDP packet was sent since the last real pause; 0 for none. */
  #udpSince = 0

  constructor(player: Player, settings: Case['settings']) {
    this.#player = player
    player.kernel.clear()
    player.kernel.configure(settings)
    player.engine?.restart(settings)
    player.coverage?.setEntries([])
  }

  /**
   * Keeps the clocks together. False when whole seconds passed meanwhile, because the machine was too slow: then the
   * kernel's timers can no longer be told apart from the engine's.
   */
  keepTime(): boolean {
    const apart = performance.now() - this.#alike
    if (apart > TOO_LATE_MS) return false
    if (apart > LATE_MS) this.#age(0)
    return true
  }

  /** True when UDP's two seconds are nearly over by the kernel's clock, while the engine's stands still. */
  get udpIsLate(): boolean {
    return this.#udpSince > 0 && performance.now() - this.#udpSince > UDP_LATE_MS
  }

  send(step: PacketStep): Played {
    const { kernel, engine, coverage } = this.#player
    const bytes = saltFragment(step.bytes, this.#run)
    const observation = kernel.send(bytes, step.side)
    const judgement = engine?.send(bytes, step.side) ?? null
    const difference = engine && judgement && comparePacket(bytes, observation, judgement, engine)
    coverage?.add(bytes, observation, judgement)
    if (observation.tuple?.protocol === 17 && this.#udpSince === 0) this.#udpSince = performance.now()
    return { observation, judgement, difference }
  }

  wait(step: Exclude<Step, PacketStep>): void {
    if (step.kind === 'age') this.#age(step.seconds)
    else {
      pause(step.seconds * 1000)
      this.#udpSince = 0
      this.#alike += step.seconds * 1000
    }
    this.#player.engine?.advance(step.seconds)
  }

  compareTables(): Difference | null {
    const { kernel, engine } = this.#player
    return engine && compareTables(kernel.entries(), engine.entries())
  }

  #age(seconds: number): void {
    const { kernel, coverage } = this.#player
    kernel.age(seconds)
    this.#alike = performance.now()
    if (seconds > 0) coverage?.setEntries(kernel.entries())
  }
}

/**
 * Runs a case through both and stops at the first difference. Returns null when the machine was too slow, and the
 * case has to be run again.
 */
export function playCase(player: Player, { settings, steps }: Case, traced = false): Outcome | null {
  const session = new Session(player, settings)
  const trace: string[] = []
  let packets = 0
  for (const [index, step] of steps.entries()) {
    if (!session.keepTime() || session.udpIsLate) return null
    if (step.kind !== 'packet') {
      if (traced) trace.push(describeStep(index, step, null, null))
      session.wait(step)
      continue
    }
    packets++
    const { observation, judgement, difference } = session.send(step)
    if (traced) trace.push(describeStep(index, step, observation, judgement))
    // A pause of the machine in the middle of a packet looks like a difference: the case is run again.
    if (difference) return session.keepTime() ? { packets, difference, at: index, trace } : null
  }
  if (!session.keepTime()) return null
  return { packets, difference: session.compareTables(), at: steps.length, trace }
}
