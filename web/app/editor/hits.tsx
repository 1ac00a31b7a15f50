/** The rule that was chosen, and a step from one of its packets to the next. */
import type { RuleHits, Store } from '../store.ts'
import { useStore } from '../store.ts'
import { counted } from '../words.ts'

/** Beside the connections: they are those of a rule. */
export function HitsChip({ store, hits }: { readonly store: Store; readonly hits: RuleHits }) {
  return (
    <button type="button" class="chip" onClick={() => store.leaveRule()} title="Show all connections again">
      of {hits.name} <span aria-hidden="true">✕</span>
      <span class="unseen">, show all again</span>
    </button>
  )
}

export function HitsBar({ store, hits }: { readonly store: Store; readonly hits: RuleHits }) {
  const packet = useStore(store, (state) => state.packet)
  const { packets, total, name } = hits
  const at = packets.indexOf(packet)
  const next = packets.findIndex((one) => one > packet)
  const after = next < 0 ? undefined : packets[next]
  const before = packets[(at >= 0 ? at : next < 0 ? packets.length : next) - 1]
  const step = (to: number | undefined) => {
    if (to !== undefined) void store.move(to)
  }
  return (
    <div class="hits" role="group" aria-label={`Packets of ${name}`}>
      <button
        type="button"
        aria-label="The packet of this rule before"
        disabled={before === undefined}
        onClick={() => step(before)}
      >
        ‹
      </button>
      <output>
        {total === 0
          ? `No packet met ${name}`
          : at < 0
            ? `${counted(total, 'packet')} met ${name}`
            : `${at + 1} of ${counted(total, 'packet')} that met ${name}`}
      </output>
      <button
        type="button"
        aria-label="The next packet of this rule"
        disabled={after === undefined}
        onClick={() => step(after)}
      >
        ›
      </button>
      <button type="button" onClick={() => store.leaveRule()}>
        All
      </button>
    </div>
  )
}
