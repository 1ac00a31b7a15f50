/** What is wrong with a scenario's text, and what its tests come to, at their places. */
import { parseRuleset } from '../../src/firewall/ruleset-text.ts'
import type { Expectation, RulesText, ScenarioFile, Step, Test } from '../../src/scenario/model.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { NotSetUp, Play } from '../../src/scenario/play.ts'
import type { Problem, Span } from '../../src/scenario/problem.ts'
import { type Failure, ScenarioRun } from '../../src/scenario/run.ts'
import type { ScenarioCheck, ScenarioResults, ScenarioText, TextMark } from '../protocol.ts'
import { LineIndex } from './line-index.ts'
import { diagnosticMark } from './rules-marks.ts'
import { filesOf, testsOf } from './scenario-source.ts'

/** A scenario, read, with all that would keep one of its machines from being set up. */
export function checkScenario(scenario: ScenarioText): ScenarioCheck {
  const { name, text } = scenario
  const { file, problems } = parseScenario(text, name)
  if (file === null) return { tests: [], marks: problems.map(problemMark) }
  const marks = rulesOf(file).flatMap((rules) => inlineMarks(file, rules))
  if (!marks.some(({ kind }) => kind === 'error')) {
    const files = filesOf(scenario)
    for (const test of file.tests) {
      try {
        // All that can be wrong shows as the machine is set up; nothing is sent.
        new Play(file, test, { files })
      } catch (error) {
        if (!(error instanceof NotSetUp)) throw error
        marks.push(problemMark(error.problem))
      }
    }
  }
  return { tests: testsOf(file), marks: unique(marks) }
}

function problemMark({ position, length, line, message, suggestion, details }: Problem): TextMark {
  const told = suggestion === null ? message : `${message}; did you mean ${suggestion}?`
  const end = position + length
  return {
    start: position,
    end,
    line,
    kind: 'error',
    code: null,
    message: told,
    advice: details.length === 0 ? null : details.join('\n'),
    fixes: suggestion === null ? [] : [{ start: position, end, text: suggestion }],
  }
}

/** Texts of rules that stand in the scenario itself; those that several tests share once. */
function rulesOf(file: ScenarioFile): RulesText[] {
  const found = new Map<number, RulesText>()
  const add = (rules: RulesText) => {
    if ('text' in rules.source) found.set(rules.source.span.start, rules)
  }
  for (const { setup, steps } of file.tests) {
    for (const rules of setup.rules) add(rules)
    for (const step of steps) if (step.kind === 'rules') add(step.rules)
  }
  return [...found.values()]
}

/** Mistakes and warnings at their places in the scenario: its lines are those of the rules, indented. */
function inlineMarks({ text, file }: ScenarioFile, { family, source }: RulesText): TextMark[] {
  if (!('text' in source)) return []
  const own = '\n'.repeat(source.before) + source.text
  const [inner, outer] = [new LineIndex(own), new LineIndex(text)]
  const lineAt = (from: string, start: number) => {
    const end = from.indexOf('\n', start)
    return from.slice(start, end < 0 ? from.length : end)
  }
  const moved = (position: number) => {
    const line = inner.lineOf(position)
    const [at, to] = [inner.startOf(line), outer.startOf(line)]
    const indent = lineAt(text, to).length - lineAt(own, at).length
    return Math.min(text.length, to + Math.max(0, indent) + position - at)
  }
  return parseRuleset(own, { family, file }).diagnostics.map((diagnostic) => {
    const mark = diagnosticMark(diagnostic, own)
    return {
      ...mark,
      start: moved(mark.start),
      end: moved(mark.end),
      fixes: mark.fixes.map((fix) => ({ ...fix, start: moved(fix.start), end: moved(fix.end) })),
    }
  })
}

function unique(marks: readonly TextMark[]): TextMark[] {
  const known = new Map(marks.map((mark) => [`${mark.start} ${mark.end} ${mark.message}`, mark]))
  return [...known.values()].sort((a, b) => a.start - b.start)
}

/**
 * Runs all tests of a scenario that can be read. `rest` is awaited between two of them, and throws where nobody waits any
 * more.
 */
export async function resultsOf(scenario: ScenarioText, rest: () => Promise<void>): Promise<ScenarioResults> {
  const { file } = parseScenario(scenario.text, scenario.name)
  if (file === null) return { passed: [], marks: [] }
  const run = new ScenarioRun(file, { files: filesOf(scenario) })
  const index = new LineIndex(file.text)
  const marks: TextMark[] = []
  const passed: boolean[] = []
  for (const test of file.tests) {
    const result = await run.test(test)
    passed.push(result.status === 'passed')
    const failed = result.failures.map((failure) => failureMark(failure, index))
    marks.push(...failed)
    if (result.problem !== null) marks.push(problemMark(result.problem))
    if (result.more === 0) {
      const end = result.problem?.position ?? Number.POSITIVE_INFINITY
      marks.push(...heldMarks(test, failed, index).filter((mark) => mark.end <= end))
    }
    await rest()
  }
  return { passed, marks: unique(marks) }
}

function failureMark({ span, packet, counters, actual, edits }: Failure, index: LineIndex): TextMark {
  const about = packet === null ? '' : ` (packet ${packet}${counters === '' ? '' : `, ${counters}`})`
  return {
    ...span,
    line: index.lineOf(span.start),
    kind: 'failed',
    code: null,
    message: `got ${actual}${about}`,
    advice: null,
    fixes: edits ?? [],
  }
}

function heldMarks(test: Test, failed: readonly TextMark[], index: LineIndex): TextMark[] {
  const isFailed = ({ start, end }: Span) => failed.some((mark) => mark.start < end && start < mark.end)
  return [...expected(test.steps)]
    .filter((span) => !isFailed(span))
    .map((span) => ({
      ...span,
      line: index.lineOf(span.start),
      kind: 'passed',
      code: null,
      message: 'holds',
      advice: null,
      fixes: [],
    }))
}

/** Where something is expected. */
function* expected(steps: readonly Step[]): Generator<Span> {
  const spans = (expectations: readonly Expectation[]) => expectations.map(({ span }) => span)
  for (const step of steps) {
    if (step.kind === 'packet') yield* spans(step.expectations)
    else if (step.kind === 'repeat') yield* expected(step.steps)
    else if (step.kind === 'traffic') {
      for (const { expectations } of step.flows) yield* spans(expectations)
      yield* expected(step.counts)
    } else if (step.kind === 'count') yield* step.counts.map(({ span }) => span)
    else if (step.kind === 'table') yield step.expected.kind === 'size' ? step.span : step.expected.block
    else if (step.kind === 'counters') yield step.span
  }
}
