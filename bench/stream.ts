/** A replay that is fed a chunk at a time, so that several can be run in turn and each chunk be timed. */
import { MergedCapture } from '../src/capture/merge.ts'
import { Settings } from '../src/conntrack/settings.ts'
import { Tracker, type TrackerOptions } from '../src/conntrack/tracker.ts'
import { Firewall } from '../src/firewall/firewall.ts'
import { Replay } from '../src/replay/replay.ts'
import type { Ruleset } from '../src/ruleset/model.ts'
import { Traffic } from './traffic.ts'

/** Room for every entry that a benchmark makes. */
const ROOMY = 16_000_000

export type Sysctls = Readonly<Record<string, number>>

export function makeTracker(sysctls: Sysctls = {}, options: TrackerOptions = {}): Tracker {
  const settings = new Settings()
  settings.set('nf_conntrack_max', ROOMY)
  for (const [name, value] of Object.entries(sysctls)) settings.set(name, value)
  return new Tracker({ settings, ...options })
}

/** An input that hands out what it is given, when it is given it. */
class Hatch {
  #give: (result: IteratorResult<Uint8Array>) => void = () => {}
  #asked: () => void = () => {};

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const answer = new Promise<IteratorResult<Uint8Array>>((resolve) => {
      this.#give = resolve
    })
    this.#asked()
    return answer
  }

  /** Resolves when the reader, done with the chunk, asks for the next. */
  push(chunk: Uint8Array): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#asked = resolve
    })
    this.#give({ done: false, value: chunk })
    return done
  }

  end(): void {
    this.#give({ done: true, value: undefined })
  }
}

export class Stream {
  readonly replay: Replay
  readonly #hatch = new Hatch()
  readonly #ended: Promise<void>

  private constructor(tracker: Tracker, rulesets: readonly Ruleset[]) {
    const capture = new MergedCapture([{ name: 'traffic', chunks: this.#hatch }])
    this.replay = new Replay(capture, new Firewall(tracker, { rulesets }))
    this.#ended = this.replay.run()
  }

  static async open(tracker: Tracker, rulesets: readonly Ruleset[] = []): Promise<Stream> {
    const stream = new Stream(tracker, rulesets)
    await stream.#hatch.push(Traffic.fileHeader())
    return stream
  }

  /** Runs whole records through the replay. */
  run(chunk: Uint8Array): Promise<void> {
    return this.#hatch.push(chunk)
  }

  end(): Promise<void> {
    this.#hatch.end()
    return this.#ended
  }
}
