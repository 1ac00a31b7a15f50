/** Two runs over the same packets, as the page tells of them: the words are those of `sallyport diff`. */
import { printable } from '../../src/diagnostic/printable.ts'
import { count } from '../../src/explain/number-words.ts'
import {
  effectSentences,
  flowName,
  flowNumbers,
  groupTitle,
  headline,
  hitRows,
  lineWord,
  nobodyWord,
  placeWord,
  whySentences,
} from '../../src/format/difference-words.ts'
import { plainText } from '../../src/format/phrase.ts'
import type { ChangeGroup, Judgement } from '../../src/replay/difference/change.ts'
import type { Difference } from '../../src/replay/difference/difference.ts'
import type { PacketRecord } from '../../src/replay/record.ts'
import { assumptionsOfBoth, compareRuns } from '../../src/run/compare-runs.ts'
import type { ComparedGroup, ComparedSide, CompareQuestion, Comparison, Progress } from '../protocol.ts'
import { RunMaker } from './run-maker.ts'
import { Refusal } from './source.ts'

/** What the page shows at most; how many more there are is told. */
const GROUPS = 60
const FLOWS = 25
const ROWS = 200

/** `onProgress` may throw, which ends it. @throws Refusal */
export async function compare(
  { old, now }: CompareQuestion,
  onProgress: (progress: Progress) => void,
): Promise<Comparison> {
  if (old.scenario !== null)
    throw new Refusal('a scenario has its own rules and packets: captures are what can be compared')
  const compared = await compareRuns(await RunMaker.pairs(old, now), {
    onProgress: (bytesRead, packets, bytes) =>
      onProgress({ bytesRead, bytes: bytes ?? bytesRead, packets, flows: 0, isShown: false }),
  })
  const { difference } = compared
  const rows = hitRows(difference.rules)
  return {
    headline: headline(difference),
    same: difference.same,
    notes: notesOf(difference),
    groups: difference.changes.slice(0, GROUPS).map(groupOf),
    moreGroups: Math.max(0, difference.changes.length - GROUPS),
    rules: rows
      .slice(0, ROWS)
      .map((row) => ({ ...row, place: printable(row.place), text: printable(row.text) })),
    moreRules: Math.max(0, rows.length - ROWS),
    assumptions: assumptionsOfBoth(compared).map(({ sentence }) => sentence),
  }
}

function notesOf({ flows, packets }: Difference): string[] {
  const notes: string[] = []
  if (packets.reclassified > 0)
    notes.push(`${count(packets.reclassified, 'packet')} of another ctstate, which by itself changes nothing`)
  if (flows.forgotten > 0)
    notes.push(
      `${count(flows.forgotten, 'flow')} made room for others: what came of them later counts as further flows`,
    )
  return notes
}

function groupOf(group: ChangeGroup): ComparedGroup {
  const { examples, flows, packets } = group
  const first = examples[0]!
  return {
    title: printable(groupTitle(group)),
    flows,
    packets,
    old: sideOf(group.old, first.first.old),
    now: sideOf(group.new, first.first.new),
    why: [...effectSentences(first), ...whySentences(first, group)].map((one) => printable(plainText(one))),
    examples: examples.slice(0, FLOWS).map((change) => ({
      name: printable(flowName(change)),
      numbers: printable(flowNumbers(change, () => 0)),
      packet: change.first.old.packet,
    })),
  }
}

function sideOf(judgement: Judgement, record: PacketRecord): ComparedSide {
  const { fate, by } = judgement
  if (by === null) return { fate, place: '', line: '', text: printable(nobodyWord(judgement, record)) }
  return {
    fate,
    place: printable(placeWord(by)),
    line: printable(lineWord(by)),
    text: printable(by.text),
  }
}
