import { printable } from '../diagnostic/printable.ts'
import { count } from '../explain/number-words.ts'
import { flowWord } from '../explain/packet-words.ts'
import { type Filter, parseFilter } from '../filter/filter.ts'
import { formatFilterError } from '../filter/refusal.ts'
import { formatExplainedJson } from '../format/explain-json.ts'
import { formatExplained } from '../format/explain-text.ts'
import { EXIT_OK, EXIT_UNREADABLE, EXIT_WRONG_USE } from './exit-codes.ts'
import { Explainer } from './explain/explainer.ts'
import type { FoundFlow } from './explain/flow-search.ts'
import type { ExplainOptions } from './explain.ts'
import { wrongUse } from './failure.ts'
import { Output, writeStandardError } from './output.ts'
import { terminalOf } from './terminal.ts'
import { UTC } from './zone.ts'

/** Connections that are explained in one call. */
const FLOWS = 3
/** Connections that are named where there are more. */
const NAMED = 12

export interface ExplainRequest {
  readonly options: ExplainOptions
  /** At least one. */
  readonly files: readonly string[]
}

/** Answers an exit code. @throws Failure */
export async function runExplain({ options, files }: ExplainRequest): Promise<number> {
  if (files.includes('-'))
    throw wrongUse(
      'the capture is read more than once, so it has to be a file: tcpdump -w FILE, then explain FILE',
    )
  if ((options.packet === null) === (options.flow === null))
    throw wrongUse(
      "say what is to be explained: --packet N, or --flow 'SELECTION'; sallyport replay FILE shows the packets out of the ordinary with their numbers",
    )
  const { width } = terminalOf(process.stderr, process.env)
  const explainer = new Explainer(options, files, width)
  try {
    const code = await explain(explainer, options, width)
    return explainer.isUnreadable ? EXIT_UNREADABLE : code
  } finally {
    tellProblems(explainer.problems)
  }
}

async function explain(explainer: Explainer, options: ExplainOptions, width: number): Promise<number> {
  const output = new Output()
  if (options.packet !== null) {
    const found = await explainer.findPacket(options.packet)
    if (found === null) return EXIT_UNREADABLE
    output.write(await shown(explainer, found, options))
    output.flush()
    return EXIT_OK
  }
  const filter = readFilter(options.flow!, width)
  const flows = await explainer.findFlows(filter)
  const [first] = flows
  if (first === undefined) {
    if (explainer.isUnreadable) return EXIT_UNREADABLE
    throw wrongUse(`no packet is selected (${filter})`)
  }
  if (flows.length > FLOWS) {
    output.write(tooMany(flows, filter))
    output.flush()
    return EXIT_WRONG_USE
  }
  for (const flow of flows) {
    if (flow !== first && !options.json) output.write('\n')
    output.write(await shown(explainer, flow, options))
  }
  output.flush()
  return EXIT_OK
}

/** What is wrong with the captures, on standard error, as replay tells it beside data. */
function tellProblems(problems: readonly string[]): void {
  const { style } = terminalOf(process.stderr, process.env)
  for (const problem of problems) writeStandardError(`${style('dim', `sallyport explain: ${problem}`)}\n`)
}

async function shown(
  explainer: Explainer,
  found: Parameters<Explainer['explain']>[0],
  options: ExplainOptions,
): Promise<string> {
  const explained = await explainer.explain(found)
  if (options.json) return `${formatExplainedJson(explained)}\n`
  const terminal = terminalOf(process.stdout, process.env)
  const zone = options.tz ?? UTC
  return formatExplained(explained, {
    width: terminal.width,
    offsetAt: (seconds) => zone.offsetAt(seconds),
    style: (style, text) => terminal.style(style, text),
  })
}

function readFilter(text: string, width: number): Filter {
  const result = parseFilter(text)
  if ('filter' in result) return result.filter
  throw wrongUse(`the selection of --flow cannot be read\n${formatFilterError(result.error, text, width)}`)
}

/** The most telling first. */
function tooMany(flows: readonly FoundFlow[], filter: Filter): string {
  const named = [...flows].sort((a, b) => b.score - a.score || a.number - b.number).slice(0, NAMED)
  const lines = named.map(
    ({ first, packets, number }) =>
      `  ${printable(flowWord(first))}  ${count(packets, 'packet')}, the most telling: --packet ${number}`,
  )
  const more = flows.length > named.length ? [`  and ${flows.length - named.length} more`] : []
  return [
    `${count(flows.length, 'connection')} ${filter}: say which, with more words (and port …, and ctstate INVALID) or by a packet`,
    ...lines,
    ...more,
    '',
  ].join('\n')
}
