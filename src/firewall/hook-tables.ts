/** The chains of one family by where a packet meets them. */
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT, HOOK_POSTROUTING, HOOK_PREROUTING } from '../hook/hook.ts'
import type { CompiledChain } from './compiled-chain.ts'
import type { Program } from './program.ts'

type Chains = readonly CompiledChain[] | null

/** Null where no chain stands: so much is asked about each packet, and no more where a hook is empty. */
export class HookTables {
  /** The family is tracked. */
  readonly tracks: boolean
  // Ahead of connection tracking.
  readonly rawPrerouting: CompiledChain | null
  readonly rawOutput: CompiledChain | null
  // All other tables, in the order of their priorities.
  readonly prerouting: Chains
  readonly input: Chains
  readonly forward: Chains
  readonly output: Chains
  readonly postrouting: Chains

  /** Without a program no chain stands anywhere. */
  constructor(program: Program | null, tracks: boolean) {
    const behindRaw = (hook: number): Chains => {
      const chains = program?.behindRaw[hook] ?? []
      return chains.length > 0 ? chains : null
    }
    this.tracks = tracks
    this.rawPrerouting = program?.raw[HOOK_PREROUTING] ?? null
    this.rawOutput = program?.raw[HOOK_OUTPUT] ?? null
    this.prerouting = behindRaw(HOOK_PREROUTING)
    this.input = behindRaw(HOOK_INPUT)
    this.forward = behindRaw(HOOK_FORWARD)
    this.output = behindRaw(HOOK_OUTPUT)
    this.postrouting = behindRaw(HOOK_POSTROUTING)
  }
}
