/** What a test's setup names, read: rules, sets, policies, captures. */

import { Settings } from '../conntrack/settings.ts'
import { readTimeoutPolicies, TimeoutPolicyError } from '../conntrack/timeout-policy.ts'
import { parseRuleset } from '../firewall/ruleset-text.ts'
import { formatSetProblem, readSets } from '../ipset/reader.ts'
import { Sets } from '../ipset/sets.ts'
import { formatDiagnostics } from '../ruleset/diagnostic.ts'
import type { Family, Ruleset } from '../ruleset/model.ts'
import type { RulesText, Setup, TextSource } from './model.ts'
import { Refusal, type Span } from './problem.ts'

/** Where files come from that a scenario names; paths are as they stand there. Throws an Error that says why not. */
export interface Files {
  text(path: string): string
  bytes(path: string): Uint8Array
}

/** Nothing can be read. */
export const noFiles: Files = {
  text: (path) => {
    throw new Error(`${path}: this scenario has no files`)
  },
  bytes: (path) => {
    throw new Error(`${path}: this scenario has no files`)
  },
}

export interface LoadedText {
  readonly span: Span
  readonly file: string
  readonly text: string
}

export interface LoadedRules extends LoadedText {
  readonly family: Family
  readonly ruleset: Ruleset
}

/** A setup with all that it names. */
export interface LoadedSetup {
  readonly words: Setup
  readonly rules: readonly LoadedRules[]
  /** What `ipset save` printed. */
  readonly ipsets: readonly LoadedText[]
  readonly timeouts: readonly LoadedText[]
}

/** Reads texts for the tests of one file, and parses each text of rules once. */
export class Loader {
  readonly #file: string
  readonly #files: Files
  readonly #rulesets = new Map<string, LoadedRules>()

  /** `file`: the scenario's own name, for the rules in it. */
  constructor(file: string, files: Files) {
    this.#file = file
    this.#files = files
  }

  /** @throws Refusal for what cannot be read, or has mistakes. */
  setup(words: Setup): LoadedSetup {
    return {
      words,
      rules: words.rules.map((rules) => this.rules(rules)),
      ipsets: words.ipsets.map((source) => checkedSets(this.#text(source))),
      timeouts: words.timeouts.map((source) => checkedPolicies(this.#text(source))),
    }
  }

  /** @throws Refusal for what cannot be read, or has mistakes. */
  rules({ family, source }: RulesText): LoadedRules {
    const key = `${family} ${'path' in source ? source.path : `:${source.span.start}`}`
    const known = this.#rulesets.get(key)
    if (known !== undefined) return known
    const { span, file, text } = this.#text(source)
    const { ruleset, diagnostics } = parseRuleset(text, { family, file })
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) {
      const details = formatDiagnostics(errors.slice(0, MOST_DIAGNOSTICS), text)
      throw new Refusal(
        span,
        'the rules have mistakes',
        null,
        details.flatMap((one) => one.split('\n')),
      )
    }
    const loaded = { span, file, text, family, ruleset }
    this.#rulesets.set(key, loaded)
    return loaded
  }

  /** @throws Refusal */
  bytes(span: Span, path: string): Uint8Array {
    return reading(span, () => this.#files.bytes(path))
  }

  #text(source: TextSource): LoadedText {
    const { span } = source
    if ('path' in source)
      return { span, file: source.path, text: reading(span, () => this.#files.text(source.path)) }
    return { span, file: this.#file, text: '\n'.repeat(source.before) + source.text }
  }
}

const MOST_DIAGNOSTICS = 20

function reading<Read>(span: Span, read: () => Read): Read {
  try {
    return read()
  } catch (error) {
    throw new Refusal(span, error instanceof Error ? error.message : String(error))
  }
}

function checkedSets(loaded: LoadedText): LoadedText {
  const problems = readSets(loaded.text, loaded.file, new Sets())
  if (problems.length === 0) return loaded
  const details = problems.slice(0, MOST_DIAGNOSTICS).map((one) => formatSetProblem(one, loaded.text))
  throw new Refusal(
    loaded.span,
    'the sets have mistakes',
    null,
    details.flatMap((one) => one.split('\n')),
  )
}

function checkedPolicies(loaded: LoadedText): LoadedText {
  try {
    readTimeoutPolicies(loaded.text, new Settings())
    return loaded
  } catch (error) {
    if (!(error instanceof TimeoutPolicyError)) throw error
    throw new Refusal(loaded.span, error.message)
  }
}
