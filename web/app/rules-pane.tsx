/** The ruleset with what was counted in the margin, and the way of the packet under the cursor marked in it. */
import { useEffect, useState } from 'preact/hooks'
import type { Explained, RuleRow } from '../protocol.ts'
import type { Explaining } from './explained.ts'
import { type Store, useStore } from './store.ts'
import { classes, grouped } from './words.ts'

/** Rows that are shown; the rest is named. */
const MOST = 2000

export function RulesPane({ store, explained }: { readonly store: Store; readonly explained: Explaining }) {
  const run = useStore(store, (state) => state.run)
  const packet = useStore(store, (state) => state.packet)
  const [rows, setRows] = useState<readonly RuleRow[]>([])
  useEffect(() => {
    if (run > 0) void store.link.ask('rules', null).then(setRows, () => setRows([]))
  }, [run])
  const way =
    explained !== null && 'trace' in explained && explained.packet === packet
      ? wayOf(explained)
      : new Map<string, Explained['trace'][number]>()
  return (
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
            <th scope="col">
              Rule <span class="quiet">(marked: the way of packet {packet})</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row) => (
            <Line key={keyOf(row)} row={row} step={way.get(keyOf(row))} />
          ))}
        </tbody>
      </table>
      {rows.length > MOST && <p class="quiet">… and {grouped(rows.length - MOST)} rows more</p>}
    </div>
  )
}

function Line({
  row,
  step,
}: {
  readonly row: RuleRow
  readonly step: Explained['trace'][number] | undefined
}) {
  const isChain = row.kind === 'chain'
  return (
    <tr class={classes(isChain && 'chain', step !== undefined && (step.matched ? 'matched' : 'met'))}>
      <td class="number">{isChain && row.text === '-' ? '' : grouped(row.packets)}</td>
      <td class="number">{row.decided === 0 ? '' : grouped(row.decided)}</td>
      <td>
        <code>
          {isChain ? (
            <>
              <b>{row.chain}</b> <span class="quiet">{row.table}</span>
              {row.text === '-' ? '' : ` policy ${row.text}`}
            </>
          ) : (
            <>
              <span class="quiet">{row.number}</span> {row.text}
            </>
          )}
        </code>
        {step !== undefined && !isChain && (
          <span class="step">{step.matched ? '✓ took the packet' : `✗ not ${step.failed}`}</span>
        )}
        {step !== undefined && isChain && <span class="step">✓ the policy decided</span>}
      </td>
    </tr>
  )
}

function keyOf({ family, table, chain, number }: RuleRow): string {
  return `${family} ${table} ${chain} ${number}`
}

/** By rule; what met a policy stands with its chain. */
function wayOf({ trace, family }: Explained): Map<string, Explained['trace'][number]> {
  const steps = trace.filter(({ kind }) => kind !== 'return')
  return new Map(
    steps.map((step) => {
      const number = step.kind === 'policy' ? 0 : step.number
      return [`${family} ${step.table} ${step.chain} ${number}`, step]
    }),
  )
}
