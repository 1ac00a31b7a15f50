/** The way of a packet through the tables, with long runs of rules that did not take it told as one. */
import { printable } from '../diagnostic/printable.ts'
import { grouped } from '../explain/number-words.ts'
import type { DecidedBy } from '../replay/record.ts'
import type { TraceStep } from '../replay/trace.ts'
import { hang } from './hang.ts'

/** So many rules that did not match are told one by one. */
const FEW = 8
/** Of a long run: so many conditions with how often each failed. */
const CONDITIONS = 4

interface Line {
  readonly place: string
  readonly outcome: string
  readonly isLast: boolean
}

/** The rule or policy that decided is marked with `>`. */
export function shortTrace(steps: readonly TraceStep[], decidedBy: DecidedBy, width: number): string[] {
  const lines: Line[] = []
  // What comes behind REJECT is the way of its answer.
  let whose = ''
  for (let i = 0; i < steps.length; ) {
    const run = missesFrom(steps, i)
    const line = run > FEW ? missedLine(steps.slice(i, i + run)) : stepLine(steps[i]!, decidedBy)
    lines.push({ ...line, place: `${whose}${line.place}` })
    if (line.isLast) whose = 'its answer: '
    i += run > FEW ? run : 1
  }
  const widest = Math.max(0, ...lines.map(({ place }) => place.length))
  return lines.flatMap(({ place, outcome, isLast }) => {
    const start = `${isLast ? '>' : ' '} ${place.padEnd(widest)}  `
    return hang(outcome, start, ' '.repeat(start.length + 5), width)
  })
}

/** Rules of one chain that follow each other and did not match, from here on. */
function missesFrom(steps: readonly TraceStep[], from: number): number {
  const first = steps[from]!
  let end = from
  while (end < steps.length && isMiss(steps[end]!) && isSameChain(steps[end]!, first)) end++
  return end - from
}

const isMiss = ({ kind, matched }: TraceStep) => kind === 'rule' && !matched
const isSameChain = (a: TraceStep, b: TraceStep) =>
  a.table === b.table && a.chain === b.chain && a.hook === b.hook

function missedLine(steps: readonly TraceStep[]): Line {
  const first = steps[0]!
  const last = steps[steps.length - 1]!
  return {
    place: printable(`${first.table} ${first.chain} ${first.number}-${last.number}`),
    outcome: printable(`no   ${grouped(steps.length)} rules; failed first: ${conditionsText(steps)}`),
    isLast: false,
  }
}

/** Whole conditions where there are few, else by their option. */
function conditionsText(steps: readonly TraceStep[]): string {
  const whole = counted(steps.map(({ failed }) => failed))
  const told = whole.length <= CONDITIONS ? whole : counted(steps.map(({ failed }) => optionOf(failed)))
  const shown = told
    .slice(0, CONDITIONS)
    .map(([text, number]) => (number === 1 ? text : `${text} (${grouped(number)})`))
  return told.length > CONDITIONS ? `${shown.join(', ')} and others` : shown.join(', ')
}

function counted(texts: readonly string[]): [text: string, number: number][] {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])
}

/** `-p`, `! -s`, `-m tcp`. */
function optionOf(condition: string): string {
  const words = condition.split(' ').filter((word) => word !== '!')
  return words[0] === '-m' ? `-m ${words[1]}` : (words[0] ?? '')
}

function stepLine(step: TraceStep, decidedBy: DecidedBy): Line {
  const { kind, table, chain, number, matched, failed, text } = step
  const isRule = kind === 'rule'
  const outcome =
    kind === 'return'
      ? 'end  back to the chain that jumped here'
      : kind === 'policy'
        ? `end  policy ${text}`
        : matched
          ? `yes  ${text}`
          : `no   ${failed}`
  return {
    place: printable(isRule ? `${table} ${chain} ${number}` : `${table} ${chain}`),
    outcome: printable(outcome),
    isLast:
      decidedBy['table'] === table &&
      decidedBy['chain'] === chain &&
      (isRule ? decidedBy['number'] === number : kind === 'policy' && decidedBy.kind === 'policy'),
  }
}
