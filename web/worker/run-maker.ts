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
import type { RunPair } from '../../src/run/compare-runs.ts'
import type { MoreSysctl } from '../../src/run/explainer.ts'
import type { PreparedHost, RunInput } from '../../src/run/prepared-host.ts'
import { Run } from '../../src/run/run.ts'
import { oneSecret } from '../../src/run/secret.ts'
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
  readonly #fillRandom: FillRandom

  private constructor(
    load: Load,
    rulesets: readonly Ruleset[],
    prepared: Omit<PreparedHost, 'inputs'>,
    fillRandom = oneSecret(),
  ) {
    this.#load = load
    this.#rulesets = rulesets
    this.#prepared = prepared
    this.#fillRandom = fillRandom
  }

  /** Reads the rules, and looks at the beginning of the captures. @throws Refusal */
  static async of(load: Load): Promise<RunMaker> {
    refuseMistakes(load.settings)
    const rulesets = rulesetsOf(load)
    return new RunMaker(load, rulesets, await prepare(load, rulesets))
  }

  /**
   * Makes pairs to be compared: the captures, the host and the seed are those of `old`, rules and other settings each has its own.
   * @throws Refusal
   */
  static async pairs(old: Load, now: Load): Promise<() => Promise<RunPair>> {
    refuseMistakes(old.settings)
    refuseMistakes(now.settings)
    const [before, after] = [comparedRulesets(old), comparedRulesets(now)]
    const prepared = await prepare(old, [...before, ...after])
    const { host, captured, seed } = old.settings
    const later: Load = {
      ...now,
      captures: old.captures,
      settings: { ...now.settings, host, captured, seed },
    }
    const makers = [new RunMaker(old, before, prepared)]
    makers.push(new RunMaker(later, after, prepared, makers[0]!.#fillRandom))
    return async () => {
      const run = makers[0]!.#run([])
      return { old: run, now: makers[1]!.#run([], run.capture) }
    }
  }

  /** With settings of its own. All decide alike: they share the seed and the secret of the hash table. */
  make(more: readonly MoreSysctl[] = []): CaptureRun {
    return new CaptureRun(this.#run(more))
  }

  #run(more: readonly MoreSysctl[], capture?: MergedCapture): Run {
    const { settings: told } = this.#load
    const prepared: PreparedHost = { ...this.#prepared, inputs: this.#load.captures.map(inputOf) }
    const reversePath = new ReversePath(prepared.host.interfaces)
    const settings = settingsOf(told, reversePath, more)
    return new Run({
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
      ...(capture !== undefined && { capture }),
    })
  }
}

/** @throws Refusal */
function rulesetsOf({ rules, rules6 }: Load): Ruleset[] {
  return [
    ...(rules === null ? [] : [readRules(rules, 'ipv4')]),
    ...(rules6 === null ? [] : [readRules(rules6, 'ipv6')]),
  ]
}

/** Without rules all is let through, which can be compared as well. @throws Refusal */
function comparedRulesets(load: Load): Ruleset[] {
  const rulesets = rulesetsOf(load)
  return rulesets.length > 0 ? rulesets : [readRules({ name: 'no rules', text: '*filter\nCOMMIT\n' }, 'ipv4')]
}

/** Where the page takes what the options of the command line say. */
const here = 'In the page: Settings, the host, where a line such as local eth0=192.0.2.1/24 says it.'

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
  if (vantage.kind === 'unclear') throw new Refusal(`${vantage.sentence}\n${here}`)
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

/** Each is a task of its own, so that what the page asks meanwhile is answered in between. The next one is read ahead. */
async function* chunksOf(blob: Blob): AsyncGenerator<Uint8Array, void> {
  const read = (at: number) => (at < blob.size ? blob.slice(at, at + CHUNK).arrayBuffer() : null)
  let next = read(0)
  for (let at = CHUNK; next !== null; at += CHUNK) {
    const chunk = await next
    next = read(at)
    // Who does not come to read it need not hear that it cannot be read.
    next?.catch(() => {})
    yield new Uint8Array(chunk)
    await otherTasks()
  }
}

/** Unlike a timeout, of which browsers make 4 ms each. */
function otherTasks(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    const heard = () => {
      port1.close()
      resolve()
    }
    port1.addEventListener('message', heard, { once: true })
    port1.start()
    port2.postMessage(null)
  })
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
