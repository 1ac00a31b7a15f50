/** A comparison of two rulesets as Markdown, for a comment on a pull request: the finding, a table, details folded. */
import { printable } from '../diagnostic/printable.ts'
import type { Assumption } from '../explain/assumption.ts'
import { count, grouped } from '../explain/number-words.ts'
import type { ChangeGroup, Judgement } from '../replay/difference/change.ts'
import type { Difference } from '../replay/difference/difference.ts'
import type { PacketRecord } from '../replay/record.ts'
import {
  effectSentences,
  flowName,
  flowNumbers,
  groupTitle,
  headline,
  hitRows,
  lineWord,
  nobodyWord,
  type OffsetAt,
  placeWord,
  sessionGroups,
  sessionWord,
  swapHeadline,
  swapTime,
  whySentences,
} from './difference-words.ts'
import type { Phrase } from './phrase.ts'

/** GitHub takes 65,536 characters a comment: rows of each table, details, flows of one, and characters of a text. */
const ROWS = 30
const DETAILS = 15
const FLOWS = 5
const LONGEST = 300
const MOST_ROWS_OF_RULES = 50

export interface DifferenceMarkdownOptions {
  readonly assumptions: readonly Assumption[]
  readonly offsetAt: OffsetAt
  readonly files: {
    readonly old: string
    readonly now: string
    readonly captures: readonly string[]
    /** Settings of NEW alone: `NAME=VALUE`. */
    readonly sysctls: readonly string[]
  }
}

/** Ends with a line feed. */
export function formatDifferenceMarkdown(difference: Difference, options: DifferenceMarkdownOptions): string {
  const blocks = [
    `### ${difference.same ? '✅' : '⚠️'} ${headline(difference)}`,
    filesBlock(options),
    changesTable(difference),
    swapBlock(difference, options),
    ...difference.changes.slice(0, DETAILS).map((group) => detailBlock(group, options)),
    rulesBlock(difference),
    assumptionBlock(options),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** Our words, in which nothing is to be taken for markup. */
function escaped(text: string): string {
  return text
    .replace(/[&<>]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!)
    .replace(/[\\`*_[\]#|~$]/g, '\\$&')
}

/** What comes from outside: in a code span nothing is markup, a link, a name that is called, or the number of an issue. */
function code(text: string): string {
  const shown = shortened(printable(text))
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  // A blank at both ends is taken off again.
  const gap = longest > 0 || shown.startsWith(' ') ? ' ' : ''
  return shown === '' ? '' : `${fence}${gap}${shown}${gap}${fence}`
}

/** The same in a cell of a table, which ends at a bar, whatever is in front of it. */
function cellCode(text: string): string {
  return /[|\\]/.test(text) ? `<code>${entities(shortened(text))}</code>` : code(text)
}

function entities(text: string): string {
  return printable(text).replace(/[^a-zA-Z0-9 ]/gu, (character) => `&#${character.codePointAt(0)};`)
}

function markdown(of: Phrase): string {
  return of.map((part) => (typeof part === 'string' ? escaped(part) : code(part.quoted))).join('')
}

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
}

function filesBlock({ files }: DifferenceMarkdownOptions): string {
  const { old, now, captures, sysctls } = files
  const shown = captures.slice(0, 5).map(code).join(', ')
  const more = captures.length > 5 ? ` and ${grouped(captures.length - 5)} more` : ''
  const settings = sysctls.length === 0 ? '' : ` with ${sysctls.map(code).join(', ')}`
  return `${code(old)} → ${code(now)}${settings}, over ${shown}${more}`
}

function changesTable({ changes }: Difference): string {
  if (changes.length === 0) return ''
  const rows = changes.slice(0, ROWS).map((group) => {
    const { old, new: now } = group.examples[0]!.first
    return `| ${grouped(group.flows)} | ${escaped(groupTitle(group))} | ${judgementCell(group.old, old)} | ${judgementCell(group.new, now)} |`
  })
  const left = changes.length - rows.length
  const more = left > 0 ? `\n\nand ${count(left, 'further kind')} of change` : ''
  return `| flows | change | old rule | new rule |\n| ---: | --- | --- | --- |\n${rows.join('\n')}${more}`
}

function judgementCell(judgement: Judgement, record: PacketRecord): string {
  const { by } = judgement
  if (by === null) return escaped(nobodyWord(judgement, record))
  const line = lineWord(by)
  return `${cellCode(placeWord(by))} ${cellCode(by.text)}${line === '' ? '' : ` (${cellCode(line)})`}`
}

function detailBlock(group: ChangeGroup, { offsetAt }: DifferenceMarkdownOptions): string {
  const [first] = group.examples
  const reasons = [...effectSentences(first!), ...whySentences(first!, group)].map(
    (sentence) => `- ${markdown(sentence)}`,
  )
  const flows = group.examples.slice(0, FLOWS).map((change) => {
    return `- ${code(flowName(change))} ${escaped(flowNumbers(change, offsetAt))}`
  })
  const left = group.flows - flows.length
  const more = left > 0 ? [`- and ${count(left, 'more flow')}`] : []
  const parts = [reasons.join('\n'), [...flows, ...more].join('\n')].filter((part) => part !== '')
  return folded(`${escaped(groupTitle(group))}: ${count(group.flows, 'flow')}`, parts.join('\n\n'))
}

function swapBlock({ swap }: Difference, { offsetAt }: DifferenceMarkdownOptions): string {
  if (swap === null) return ''
  const groups = sessionGroups(swap).slice(0, DETAILS)
  const lines = groups.flatMap(({ title, sessions }) => [
    `- ${count(sessions.length, 'connection')}: ${markdown(title)}`,
    ...sessions.slice(0, FLOWS).map((session) => `  - ${markdown(sessionWord(session))}`),
  ])
  const kept =
    swap.kept.length === 0
      ? []
      : [`- NEW does not name ${swap.kept.map(code).join(', ')}: what OLD had there stays`]
  const head = `**Swap at ${escaped(swapTime(swap, offsetAt))}**: ${escaped(swapHeadline(swap))}`
  const list = [...kept, ...lines]
  return list.length === 0 ? head : `${head}\n\n${folded('Connections', list.join('\n'))}`
}

function rulesBlock({ rules }: Difference): string {
  const rows = hitRows(rules)
  if (rows.length === 0) return ''
  const shown = rows.slice(0, MOST_ROWS_OF_RULES).map(({ sign, old, now, place, text }) => {
    return `| ${sign === ' ' ? '' : code(sign)} | ${old} | ${now} | ${cellCode(place)} | ${cellCode(text)} |`
  })
  const table = `| | old | new | place | rule |\n| --- | ---: | ---: | --- | --- |\n${shown.join('\n')}`
  const left = rows.length - shown.length
  const more = left > 0 ? `\n\nand ${grouped(left)} more` : ''
  return folded(`Rules: packets that they took (- gone, + new, ~ moved)`, `${table}${more}`)
}

function assumptionBlock({ assumptions }: DifferenceMarkdownOptions): string {
  if (assumptions.length === 0) return ''
  const lines = assumptions
    .slice(0, ROWS)
    .map(
      ({ sentence }) =>
        `- ${shortened(printable(sentence)).replace(/[&<>@]/g, (character) => `&#${character.charCodeAt(0)};`)}`,
    )
  // As it is, in one block: sentences name files.
  return folded('Assumed', `<pre>${lines.join('\n')}</pre>`)
}

function folded(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`
}
