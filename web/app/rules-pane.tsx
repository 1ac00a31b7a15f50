/** The ruleset with what was counted in the margin, and the way of the packet under the cursor marked in it. */
import { Fragment } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Explained, RuleRow } from '../protocol.ts'
import { HitsBar } from './editor/hits.tsx'
import { RulesEditor } from './editor/rules-editor.tsx'
import type { Explaining } from './explained.ts'
import { SCENARIO_FIELD } from './gallery/scenario-pane.tsx'
import { type Store, useStore } from './store.ts'
import { classes, grouped } from './words.ts'

/** Rows that are shown; the rest is named. */
const MOST = 2000

export function RulesPane({ store, explained }: { readonly store: Store; readonly explained: Explaining }) {
  const run = useStore(store, (state) => state.run)
  const packet = useStore(store, (state) => state.packet)
  const hits = useStore(store, (state) => state.hits)
  const hasRules = useStore(store, (state) => state.overview?.hasRules ?? false)
  const isScenario = useStore(store, (state) => state.load.scenario !== null)
  const [rows, setRows] = useState<readonly RuleRow[]>([])
  const [isEditing, setEditing] = useState(false)
  useEffect(() => {
    if (run > 0) void store.link.ask('rules', null).then(setRows, () => setRows([]))
  }, [run])
  const way =
    explained !== null && 'trace' in explained && explained.packet === packet
      ? wayOf(explained, rows)
      : new Map<string, Explained['trace'][number]>()
  if (isEditing && !isScenario) {
    const line = (family: RuleRow['family']) =>
      [...rows].reverse().find((row) => row.family === family && way.get(keyOf(row))?.matched === true)
        ?.line ?? null
    return <RulesEditor store={store} line={line} onDone={() => setEditing(false)} />
  }
  return (
    <div class="rules-pane">
      <div class="editor-head">
        {hits === null ? (
          <p class="quiet">
            {hasRules
              ? `Marked: the way of packet ${packet}. A rule shows its packets.`
              : 'No rules are loaded.'}
          </p>
        ) : (
          <HitsBar store={store} hits={hits} />
        )}
        <button type="button" onClick={() => (isScenario ? goToRules(store, rows) : setEditing(true))}>
          {isScenario ? 'Edit in the scenario' : hasRules ? 'Edit' : 'Add rules'}
        </button>
      </div>
      {rows.length > 0 && (
        <div class="pane-body rules" tabIndex={0} role="region" aria-label="Ruleset">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  Packets
                </th>
                <th scope="col" class="number">
                  Decided
                </th>
                <th scope="col">Rule</th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, MOST).map((row, at) => (
                <Fragment key={keyOf(row)}>
                  {row.since > 1 && row.since !== rows[at - 1]?.since && (
                    <tr class="since">
                      <th scope="rowgroup" colSpan={3}>
                        From packet {row.since} on
                      </th>
                    </tr>
                  )}
                  <Line
                    row={row}
                    step={way.get(keyOf(row))}
                    isChosen={hits?.row === at}
                    onChoose={() => void store.chooseRule(at, nameOf(row))}
                  />
                </Fragment>
              ))}
            </tbody>
          </table>
          {rows.length > MOST && <p class="quiet">… and {grouped(rows.length - MOST)} rows more</p>}
        </div>
      )}
    </div>
  )
}

/** `FORWARD 3`, or `FORWARD policy`. */
function nameOf({ kind, chain, number }: RuleRow): string {
  return kind === 'chain' ? `${chain} policy` : `${chain} ${number}`
}

/** The rules of a scenario stand in its text. */
function goToRules(store: Store, rows: readonly RuleRow[]): void {
  const field = document.getElementById(SCENARIO_FIELD)
  if (!(field instanceof HTMLTextAreaElement)) return
  const line = rows.find((row) => row.line > 0)?.line
  const lines = field.value.split('\n')
  const at = line === undefined ? field.value.length : lines.slice(0, line - 1).join('\n').length + 1
  field.focus()
  field.setSelectionRange(at, at)
  store.leaveRule()
}

interface LineProps {
  readonly row: RuleRow
  readonly step: Explained['trace'][number] | undefined
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function Line({ row, step, isChosen, onChoose }: LineProps) {
  const isChain = row.kind === 'chain'
  const text = isChain ? (
    <>
      <b>{row.chain}</b> <span class="quiet">{row.table}</span>
      {row.text === '-' ? '' : ` policy ${row.text}`}
    </>
  ) : (
    <>
      <span class="quiet">{row.number}</span> {row.text}
    </>
  )
  return (
    <tr class={classes(isChain && 'chain', step !== undefined && (step.matched ? 'matched' : 'met'))}>
      <td class="number">{isChain && row.text === '-' ? '' : grouped(row.packets)}</td>
      <td class="number">{row.decided === 0 ? '' : grouped(row.decided)}</td>
      <td>
        {isChain && row.text === '-' ? (
          <code>{text}</code>
        ) : (
          <button
            type="button"
            class="rule"
            aria-pressed={isChosen}
            title="Show its packets"
            onClick={onChoose}
          >
            <code>{text}</code>
          </button>
        )}
        {step !== undefined && !isChain && (
          <span class="step">{step.matched ? '✓ took the packet' : `✗ not ${step.failed}`}</span>
        )}
        {step !== undefined && isChain && <span class="step">✓ the policy decided</span>}
      </td>
    </tr>
  )
}

function keyOf({ family, table, chain, number, since }: RuleRow): string {
  return `${family} ${table} ${chain} ${number} ${since}`
}

/** By rule, of those in force; what met a policy stands with its chain. */
function wayOf({ trace, family, packet }: Explained, rows: readonly RuleRow[]) {
  const found = new Map<string, Explained['trace'][number]>()
  for (const step of trace) {
    if (step.kind === 'return') continue
    const number = step.kind === 'policy' ? 0 : step.number
    const row = [...rows]
      .reverse()
      .find(
        (one) =>
          one.family === family &&
          one.table === step.table &&
          one.chain === step.chain &&
          one.number === number &&
          one.since <= packet,
      )
    if (row !== undefined) found.set(keyOf(row), step)
  }
  return found
}
