/** Makes runs of what the page gave: the same one as often as it is asked for. */
import { MergedCapture } from '../../src/capture/merge.ts'
import type { Decompressor } from '../../src/capture/source.ts'
import type { FillRandom } from '../../src/conntrack/hash.ts'
import { CapturePlace } from '../../src/firewall/capture-place.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { ReversePath } from '../../src/host/reverse-path.ts'
import { needsOf } from '../../src/replay/rule-needs.ts'
import { surveyCapture } from '../../src/replay/vantage.ts'
import { formatDiagnostics } from '../../src/ruleset/diagnostic.ts'
import type { Family, Ruleset } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import type { MoreSysctl } from '../../src/run/explainer.ts'
import type { PreparedHost, RunInput } from '../../src/run/prepared-host.ts'
import { Run } from '../../src/run/run.ts'
import type { Load, SourceFile, SourceText } from '../protocol.ts'
import { CaptureRun } from './capture-run.ts'
import { Refusal, type Source } from './source.ts'
import { hostOf, policiesOf, refuseMistakes, setsOf, settingsOf } from './told.ts'

/** Packed bytes that are read at once; in between, the worker answers. */
const CHUNK = 256 * 1024
/** Columns of the messages about rules. */
const WIDTH = 76

export class RunMaker implements Source {
  readonly #load: Load
  readonly #rulesets: readonly Ruleset[]
  readonly #prepared: Omit<PreparedHost, 'inputs'>
  readonly #secret = crypto.getRandomValues(new Uint32Array(64))

  private constructor(load: Load, rulesets: readonly Ruleset[], prepared: Omit<PreparedHost, 'inputs'>) {
    this.#load = load
    this.#rulesets = rulesets
    this.#prepared = prepared
  }

  /** Reads the rules, and looks at the beginning of the captures. @throws Refusal */
  static async of(load: Load): Promise<RunMaker> {
    refuseMistakes(load.settings)
    const rulesets = [
      ...(load.rules === null ? [] : [readRules(load.rules, 'ipv4')]),
      ...(load.rules6 === null ? [] : [readRules(load.rules6, 'ipv6')]),
    ]
    return new RunMaker(load, rulesets, await prepare(load, rulesets))
  }

  /** With settings of its own. All decide alike: they share the seed and the secret of the hash table. */
  make(more: readonly MoreSysctl[] = []): CaptureRun {
    const { settings: told } = this.#load
    const prepared: PreparedHost = { ...this.#prepared, inputs: this.#load.captures.map(inputOf) }
    const reversePath = new ReversePath(prepared.host.interfaces)
    const settings = settingsOf(told, reversePath, more)
    const run = new Run({
      choices: { ...told, helper: [] },
      settings,
      reversePath,
      prepared,
      rulesets: this.#rulesets,
      sets: setsOf(told),
      timeoutPolicies: policiesOf(told, settings),
      saved: null,
      gunzip,
      fillRandom: this.#fillRandom,
    })
    return new CaptureRun(run)
  }

  readonly #fillRandom: FillRandom = (words) => {
    for (let i = 0; i < words.length; i++) words[i] = this.#secret[i % this.#secret.length]!
  }
}

async function prepare(
  { captures, settings }: Load,
  rulesets: readonly Ruleset[],
): Promise<Omit<PreparedHost, 'inputs'>> {
  const told = hostOf(settings, captures.length)
  if (rulesets.length === 0) return { ...told, captured: 'wire', sentences: [] }
  const capture = new MergedCapture(captures.map(inputOf), { gunzip })
  const { host, names, ofFile } = told
  const vantage = await surveyCapture(capture, {
    host,
    told: told.told,
    place: new CapturePlace(host, { interfaces: capture.interfaces, names, ofFile }),
    needs: needsOf(rulesets),
    captured: settings.captured === 'auto' ? null : settings.captured,
  })
  if (vantage.kind === 'unclear') throw new Refusal(vantage.sentence)
  return { ...told, captured: vantage.captured, sentences: vantage.sentences }
}

/** @throws Refusal with every mistake */
function readRules({ name, text }: SourceText, family: Family): Ruleset {
  const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions, file: name })
  const mistakes = diagnostics.filter(({ severity }) => severity === 'error')
  if (mistakes.length > 0) throw new Refusal([...formatDiagnostics(mistakes, text, WIDTH)].join('\n'))
  return ruleset
}

function inputOf({ name, blob }: SourceFile): RunInput {
  return { name, size: blob.size, chunks: chunksOf(blob) }
}

/** Each is a task of its own, so that what the page asks meanwhile is answered in between. */
async function* chunksOf(blob: Blob): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < blob.size; at += CHUNK) {
    yield new Uint8Array(await blob.slice(at, at + CHUNK).arrayBuffer())
    await new Promise((resolve) => setTimeout(resolve))
  }
}

/** The platform's; what is behind a damaged place is lost, as the run's problems then tell. */
const gunzip: Decompressor = async function* (chunks) {
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await chunks[Symbol.asyncIterator]().next()
      if (done === true) controller.close()
      else controller.enqueue(value.slice())
    },
  })
  const reader = packed.pipeThrough(new DecompressionStream('gzip')).getReader()
  for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value
}
