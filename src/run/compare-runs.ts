/**
 * Two rulesets, or two settings, over the same captures: one pass compares what becomes of each packet, a second one looks where the
 * ways of those part that tell of a change.
 */
import type { Assumption } from '../explain/assumption.ts'
import { count } from '../explain/number-words.ts'
import { logLine } from '../format/log-line.ts'
import { Comparison } from '../replay/difference/comparison.ts'
import type { Difference } from '../replay/difference/difference.ts'
import { NewSide } from '../replay/difference/new-side.ts'
import { Side, type SideParts } from '../replay/difference/side.ts'
import { Tracing } from '../replay/difference/tracing.ts'
import type { Instant, Moment, Replay } from '../replay/replay.ts'
import type { Ruleset } from '../ruleset/model.ts'
import type { MoreSysctl } from './explainer.ts'
import type { Run } from './run.ts'

/** Both know the same host, and have the same seed and secret; `now` has the capture of `old`, which reads it for both. */
export interface RunPair {
  readonly old: Run
  readonly now: Run
}

/** NEW begins as OLD, and becomes what it is at a moment of the capture. */
export interface SwapPlan {
  moments(start: Instant, names: readonly string[]): readonly Moment[]
  readonly rulesets: readonly Ruleset[]
  readonly sysctls: readonly MoreSysctl[]
}

export interface CompareOptions {
  readonly swap?: SwapPlan
  /** In both passes; `bytes` are those of all captures, null where nobody knows. What it throws ends them, and comes out. */
  onProgress?(bytesRead: number, packets: number, bytes: number | null): void
  /** Told about a saved table, in the first pass. */
  say?(text: string): void
}

/** A pair that has run, and in what it differed. */
export interface Compared extends RunPair {
  readonly difference: Difference
  readonly replay: Replay
}

/** `open` makes the same pair each time. */
export async function compareRuns(
  open: () => Promise<RunPair>,
  options: CompareOptions = {},
): Promise<Compared> {
  const pair = sidesOf(await open())
  const comparison = new Comparison(pair.oldSide, pair.nowSide)
  const replay = await look(pair, comparison, options)
  comparison.finish()
  const telling = new Set(comparison.changes.tellingPackets())
  const whys = telling.size === 0 ? null : await trace(sidesOf(await open()), telling, options)
  const difference = comparison.difference((packet) => whys?.get(packet) ?? null)
  return { old: pair.old, now: pair.now, difference, replay }
}

/** What was taken for granted, on both sides. */
export function assumptionsOfBoth({ old, now, replay }: Compared): Assumption[] {
  const [before, after] = [old.consequences?.silenced ?? 0, now.consequences?.silenced ?? 0]
  const list = old.assumptionsOf(replay).filter(({ code }) => code !== 'consequences' && code !== 'queued')
  if (before + after > 0) {
    const sentence = `with OLD ${count(before, 'packet')} would not have been sent, with NEW ${after}: they follow an opening packet that the rules drop (--as-recorded judges them all the same)`
    list.push({ code: 'consequences', count: after, sentence })
  }
  return list
}

interface Sides extends RunPair {
  readonly oldSide: Side
  readonly nowSide: NewSide
}

/** A comparison, or the look at the ways of single packets. */
type Onlooker = Pick<Comparison, 'begin' | 'take' | 'swap'>

/** Ends a run of which the rest tells nothing. */
class Enough extends Error {}

function sidesOf({ old, now }: RunPair): Sides {
  return {
    old,
    now,
    oldSide: new Side({ ...partsOf(old), firewall: old.firewall }),
    nowSide: new NewSide({ ...partsOf(now), station: now.station() }),
  }
}

function partsOf(run: Run): Omit<SideParts, 'firewall'> {
  return {
    recordOf: (packet, outcome, number) => run.recordOf(packet, outcome, number),
    noteText: (note, passage) =>
      note.kind === 'log'
        ? logLine(note, passage, run.firewall.host.interfaces)
        : `NFLOG group ${note.group}: ${note.prefix}`,
  }
}

/** Of the packets that tell of a change, where their ways part. */
async function trace(
  pair: Sides,
  numbers: ReadonlySet<number>,
  { say: _, ...options }: CompareOptions,
): Promise<Tracing['whys']> {
  const tracing = new Tracing(pair.oldSide, pair.nowSide, numbers)
  const onlooker: Onlooker = {
    begin: () => tracing.begin(),
    swap: (rulesets) => tracing.swap(rulesets),
    take: (packet, outcome, number) => {
      tracing.take(packet, outcome, number)
      if (tracing.isDone) throw new Enough()
    },
  }
  try {
    await look(pair, onlooker, options)
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return tracing.whys
}

async function look({ old, now }: Sides, onlooker: Onlooker, options: CompareOptions): Promise<Replay> {
  const { swap, onProgress, say = () => {} } = options
  const replay = old.replay(
    {
      onStart: (start) => {
        now.start(start)
        onlooker.begin()
        return [...(swap?.moments(start, old.capture.names) ?? [])]
      },
      onPacket: (packet, outcome, number) => onlooker.take(packet, outcome, number),
      ...(swap !== undefined && { onMoment: () => swapIn({ old, now }, onlooker, swap) }),
      onProgress: (bytesRead) => onProgress?.(bytesRead, replay.summary.packets, old.size),
    },
    say,
  )
  try {
    await replay.run()
  } finally {
    await old.capture.close()
  }
  return replay
}

function swapIn({ old, now }: RunPair, onlooker: Onlooker, { rulesets, sysctls }: SwapPlan): void {
  const { clock } = old.tracker
  now.tracker.setTime(clock.seconds, clock.nanoseconds)
  now.tracker.settle()
  for (const { name, value } of sysctls) now.tracker.settings.set(name, value)
  onlooker.swap(rulesets)
}
