/** A comparison of two rulesets for a terminal: the finding first, then each group of changes, then the rules. */
import { printable } from '../diagnostic/printable.ts'
import type { Assumption } from '../explain/assumption.ts'
import { count } from '../explain/number-words.ts'
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
import { hang } from './hang.ts'
import { plainText } from './phrase.ts'

/** Flows shown of a group; groups; rules; sessions of a group. */
const FLOWS = 3
const GROUPS = 30
const ROWS = 30

export interface DifferenceTextOptions {
  readonly assumptions: readonly Assumption[]
  readonly offsetAt: OffsetAt
  /** Columns. */
  readonly width: number
  readonly style: (style: 'heading' | 'dim' | 'bad' | 'good', text: string) => string
}

/** Ends with a line feed. */
export function formatDifference(difference: Difference, options: DifferenceTextOptions): string {
  const { changes } = difference
  const left = changes.length - GROUPS
  const blocks = [
    headBlock(difference, options),
    ...changes.slice(0, GROUPS).map((group) => groupBlock(group, options)),
    left > 0 ? options.style('dim', `and ${count(left, 'further kind')} of change: --json has all`) : '',
    swapBlock(difference, options),
    rulesBlock(difference, options),
    assumptionBlock(options),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function headBlock(difference: Difference, { style, width }: DifferenceTextOptions): string {
  const { flows, packets, same } = difference
  const lines = [style(same ? 'good' : 'bad', headline(difference))]
  if (packets.reclassified > 0) {
    const text = `${count(packets.reclassified, 'packet')} of another ctstate (told here only; by itself it changes nothing)`
    lines.push(...hang(text, '  ', '    ', width))
  }
  if (flows.forgotten > 0) {
    const text = `${count(flows.forgotten, 'flow')} made room for others: what came of them later counts as further flows`
    lines.push(...hang(text, '  ', '    ', width))
  }
  return lines.join('\n')
}

function groupBlock(group: ChangeGroup, options: DifferenceTextOptions): string {
  const { style, width, offsetAt } = options
  const [first] = group.examples
  const title = `${groupTitle(group)}: ${count(group.flows, 'flow')}, ${count(group.packets, 'packet')}`
  const lines = [style('heading', title)]
  lines.push(
    ...judgementLines(
      [
        ['old', group.old, first!.first.old],
        ['new', group.new, first!.first.new],
      ],
      width,
    ),
  )
  const sentences = [...effectSentences(first!), ...whySentences(first!, group)]
  sentences.forEach((sentence, index) => {
    lines.push(
      ...hang(printable(plainText(sentence)), index === 0 ? '  why  ' : '       ', '         ', width),
    )
  })
  for (const change of group.examples.slice(0, FLOWS)) {
    lines.push(
      ...hang(`${printable(flowName(change))}  ${flowNumbers(change, offsetAt)}`, '  - ', '    ', width),
    )
  }
  const left = group.flows - Math.min(FLOWS, group.examples.length)
  if (left > 0) lines.push(style('dim', `    and ${count(left, 'more flow')}`))
  return lines.join('\n')
}

type Side = readonly [label: string, judgement: Judgement, record: PacketRecord]

function judgementLines(sides: readonly Side[], width: number): string[] {
  const columns = sides.map(([, { by }]) =>
    by === null ? ['', ''] : [placeWord(by), lineWord(by)].map(printable),
  )
  const widest = (index: number) => Math.max(...columns.map((column) => column[index]!.length))
  return sides.flatMap(([label, judgement, record], index) => {
    const { by } = judgement
    if (by === null) return hang(nobodyWord(judgement, record), `  ${label}  `, '         ', width)
    const [place, line] = columns[index]!
    const columnsOf = [place!.padEnd(widest(0)), line!.padEnd(widest(1))].filter((text) => text !== '')
    return hang(printable(by.text), `  ${label}  ${columnsOf.join('  ')}  `, '           ', width)
  })
}

function swapBlock({ swap }: Difference, { style, width, offsetAt }: DifferenceTextOptions): string {
  if (swap === null) return ''
  const lines = [
    ...hang(
      `${style('heading', `Swap at ${swapTime(swap, offsetAt)}`)}: ${swapHeadline(swap)}`,
      '',
      '  ',
      width,
    ),
  ]
  if (swap.kept.length > 0) {
    const text = `NEW does not name ${swap.kept.join(', ')}: as with iptables-restore, what OLD had there stays`
    lines.push(...hang(printable(text), '  ', '    ', width))
  }
  for (const { title, sessions } of sessionGroups(swap)) {
    lines.push(
      ...hang(printable(`${count(sessions.length, 'connection')}: ${plainText(title)}`), '  ', '    ', width),
    )
    for (const session of sessions.slice(0, FLOWS))
      lines.push(...hang(printable(plainText(sessionWord(session))), '    - ', '      ', width))
    if (sessions.length > FLOWS)
      lines.push(style('dim', `      and ${count(sessions.length - FLOWS, 'more', 'more')}`))
  }
  return lines.join('\n')
}

function rulesBlock({ rules }: Difference, { style, width }: DifferenceTextOptions): string {
  const rows = hitRows(rules)
  if (rows.length === 0) return ''
  const shown = rows.slice(0, ROWS)
  const table = [{ sign: ' ', old: 'old', now: 'new', place: '', text: '' }, ...shown]
  const widest = (key: 'old' | 'now' | 'place') => Math.max(...table.map((row) => printable(row[key]).length))
  const lines = table.flatMap(({ sign, old, now, place, text }) => {
    const first = `${sign} ${old.padStart(widest('old'))}  ${now.padStart(widest('now'))}  ${printable(place).padEnd(widest('place'))}  `
    return hang(printable(text), first, ' '.repeat(Math.min(first.length, width >> 1)), width).map((line) =>
      line.trimEnd(),
    )
  })
  if (rows.length > shown.length)
    lines.push(style('dim', `  and ${count(rows.length - shown.length, 'more', 'more')}: --json has all`))
  return [`${style('heading', 'Rules')}: packets that they took; - gone, + new, ~ moved`, ...lines].join('\n')
}

function assumptionBlock({ assumptions, style, width }: DifferenceTextOptions): string {
  if (assumptions.length === 0) return ''
  const lines = assumptions.flatMap(({ sentence }) => hang(sentence, '  ', '    ', width))
  return [style('heading', 'Assumed'), ...lines].join('\n')
}
