/** A run as the options ask for it: their files are read, and what they cannot have is refused. */
import type { MergedCapture } from '../../capture/merge.ts'
import type { FillRandom } from '../../conntrack/hash.ts'
import { ReversePath } from '../../host/reverse-path.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import type { PreparedHost } from '../../run/prepared-host.ts'
import { Run } from '../../run/run.ts'
import { wrongUse } from '../failure.ts'
import { gunzip } from '../gunzip.ts'
import { prepareHost } from './host.ts'
import type { RunOptions } from './options.ts'
import { loadRules, loadSets, loadTimeoutPolicies, refuseUnevaluated } from './rules.ts'
import { readSettings } from './settings.ts'
import { readTable } from './table-in.ts'

/** What is given for a run. */
export interface RunRequest {
  readonly options: RunOptions
  /** Columns of standard error, for messages about files. */
  readonly width: number
  /** At least one; `-` is standard input. */
  readonly files: readonly string[]
  /** One a family at most. */
  readonly rulesets: readonly Ruleset[]
  /** As in `RunParts`. */
  readonly fillRandom?: FillRandom
}

/** Of the files that the options name. @throws Failure */
export async function openRun(options: RunOptions, files: readonly string[], width: number): Promise<Run> {
  return openRunWith({ options, files, width, rulesets: await loadRules(options, width) })
}

/** With these rules, whatever the options name. @throws Failure */
export async function openRunWith(request: RunRequest): Promise<Run> {
  const { options, files, rulesets, width } = request
  return makeRun(request, await prepareHost(options, files, rulesets, width))
}

/** For this host; `capture`: that of another run, which reads it for both. @throws Failure */
export function makeRun(request: RunRequest, prepared: PreparedHost, capture?: MergedCapture): Run {
  const { options, rulesets, width, fillRandom } = request
  refuseLater(options)
  const reversePath = new ReversePath(prepared.host.interfaces)
  const settings = readSettings(options, reversePath)
  const run = new Run({
    choices: options,
    settings,
    reversePath,
    prepared,
    rulesets,
    sets: loadSets(options, width),
    timeoutPolicies: loadTimeoutPolicies(options, settings),
    saved: options.tableIn === null ? null : readTable(options.tableIn),
    gunzip,
    ...(fillRandom && { fillRandom }),
    ...(capture && { capture }),
  })
  if (options.unknown === 'refuse') refuseUnevaluated(run.unevaluated)
  return run
}

/** What is told by options that Linux 2.4 had no use for. */
function refuseLater({ linux, zone, timeouts }: RunOptions): void {
  if (linux !== '2.4') return
  if (zone !== 0) throw wrongUse(`--zone ${zone}: Linux 2.4 had no zones (--linux 2.4)`)
  if (timeouts !== null)
    throw wrongUse('--timeouts: Linux 2.4 had no target CT, its timeouts are fixed (--linux 2.4)')
}
