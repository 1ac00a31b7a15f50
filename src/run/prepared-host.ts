/** For whom the rules of a run are, and where its captures stand: what was told, and what a first look concluded. */
import type { CaptureInput } from '../capture/merge.ts'
import type { Host } from '../host/host.ts'
import type { Captured } from '../replay/standpoint.ts'

/** A capture of a run. */
export interface RunInput extends CaptureInput {
  /** In bytes as they come, packed where they are gzip; null where the input does not tell, as a pipe. */
  readonly size: number | null
}

/** What was told of the host. */
export interface ToldHost {
  readonly host: Host
  /** An address, a route or a pair was told; else the host is to be guessed. */
  readonly told: boolean
  /** All was told: sources, destinations and the MTU are checked as well. */
  readonly strict: boolean
  /** What of it could not be taken up: clauses without a full stop. */
  readonly notes: readonly string[]
  /** For `CapturePlace`: by what captures call them, and by file. */
  readonly names: ReadonlyMap<string, string>
  readonly ofFile: readonly (string | undefined)[]
}

export interface PreparedHost extends ToldHost {
  readonly captured: Captured
  /** What was concluded, as clauses. */
  readonly sentences: readonly string[]
  /** To be run. */
  readonly inputs: readonly RunInput[]
}
