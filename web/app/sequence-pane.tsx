/** The chosen connection as a sequence diagram: an arrow a packet, the time between them, what the tracker made of each. */
import { useState } from 'preact/hooks'
import type { Arrow, ArrowPage, FlowRow } from '../protocol.ts'
import { usePages } from './pages.ts'
import { SaveMenu } from './saving/save-menu.tsx'
import { type Store, useStore } from './store.ts'
import { movedBy, VirtualList } from './virtual-list.tsx'
import { classes, counted, grouped, spanText } from './words.ts'

const senders = ['from the client', 'from the server', 'from a router'] as const

/** From here on the time between two packets is said as a gap. */
const GAP_SECONDS = 1

export function SequencePane({ store }: { readonly store: Store }) {
  const run = useStore(store, (state) => state.run)
  const flow = useStore(store, (state) => state.flow)
  const packet = useStore(store, (state) => state.packet)
  const place = useStore(store, (state) => state.place)
  const grown = useStore(store, (state) => state.grown)
  const [row, setRow] = useState<FlowRow | null>(null)
  const pages = usePages<Arrow, ArrowPage & { readonly rows: readonly Arrow[] }>(
    run === 0 || flow === 0 ? null : `${run} ${flow}`,
    async (from, count) => {
      try {
        const page = await store.link.ask('arrows', { flow, from, count })
        return { ...page, rows: page.arrows }
      } catch {
        // The run was replaced meanwhile.
        return null
      }
    },
    (page) => setRow(page.row),
    grown,
  )
  const active = place !== null && place.packet === packet && place.flow === flow ? place.at : -1
  /** Of packets that are far away, none is at hand. */
  const moveTo = async (index: number) => {
    const arrow = pages.row(index)
    if (arrow !== undefined) return store.move(arrow.packet, flow)
    const page = await store.link.ask('arrows', { flow, from: index, count: 1 }).catch(() => null)
    const [found] = page?.arrows ?? []
    if (found !== undefined && store.state.flow === flow) await store.move(found.packet, flow)
  }
  return (
    <section class="pane sequence" aria-labelledby="sequence-title">
      <header class="pane-head">
        <h2 id="sequence-title">Packets</h2>
        {row !== null && flow !== 0 && (
          <span class="quiet">
            {row.protocol}, {counted(pages.total, 'packet')}
          </span>
        )}
        {flow !== 0 && <SaveMenu store={store} />}
      </header>
      {row !== null && flow !== 0 && (
        <div class="hosts" aria-hidden="true">
          <span>{row.client}</span>
          <span>{row.server}</span>
        </div>
      )}
      <VirtualList
        id="arrow-list"
        label="Packets of the chosen connection"
        count={pages.total}
        rowHeight={52}
        active={active}
        onRange={pages.onRange}
        onKey={(event) => {
          const to = movedBy(event.key, active, pages.total)
          if (to === null) return
          event.preventDefault()
          void moveTo(to)
        }}
      >
        {(index) => (
          <ArrowLine
            index={index}
            arrow={pages.row(index)}
            before={index === 0 ? undefined : pages.row(index - 1)}
            isChosen={index === active}
            onChoose={(to) => void store.move(to, flow)}
          />
        )}
      </VirtualList>
    </section>
  )
}

interface LineProps {
  readonly index: number
  readonly arrow: Arrow | undefined
  readonly before: Arrow | undefined
  readonly isChosen: boolean
  readonly onChoose: (packet: number) => void
}

function ArrowLine({ index, arrow, before, isChosen, onChoose }: LineProps) {
  if (arrow === undefined) return <div class="arrow-row waiting" role="option" aria-selected="false" />
  const gap = before === undefined ? 0 : arrow.after - before.after
  const isBlocked = arrow.verdict === 'DROP' || arrow.verdict === 'REJECT'
  const isInvalid = arrow.ctstate === 'INVALID'
  const way = ['right', 'left', 'across'][arrow.side]!
  return (
    <div
      id={`arrow-list-${index}`}
      class={classes('arrow-row', way, isChosen && 'chosen', isBlocked && 'blocked', isInvalid && 'invalid')}
      role="option"
      aria-selected={isChosen}
      onClick={() => onChoose(arrow.packet)}
    >
      <span class="when">
        <span class="packet-number">{arrow.packet}</span>
        <span class={classes('after', gap >= GAP_SECONDS && 'gap')}>
          {gap >= GAP_SECONDS ? `⋮ ${spanText(gap)}` : `+${arrow.after.toFixed(3)}`}
        </span>
      </span>
      <span class="lane">
        <span class="label">
          <span class="unseen">{senders[arrow.side]}: </span>
          <b>{arrow.label}</b> {numbersText(arrow)}
        </span>
        <span class="line" aria-hidden="true">
          {isBlocked && <span class="stop">✕</span>}
        </span>
        <span class="note">
          {isBlocked && (
            <span class="mark blocked">{`${arrow.verdict} ${arrow.decidedBy ?? ''}`.trim()}</span>
          )}
          {arrow.odd && <span class="reason">{arrow.reason}</span>}
        </span>
      </span>
      <span class="fate">
        <span class={classes('ctstate', isInvalid && 'mark invalid')}>
          {isInvalid ? '! INVALID' : (arrow.ctstate ?? '–')}
        </span>
        <span class="quiet">{arrow.state}</span>
        {arrow.timeout !== null && <span class="quiet">{grouped(arrow.timeout)} s</span>}
      </span>
    </div>
  )
}

/** `seq 1, ack 1, 100 bytes`. */
function numbersText({ sequence, acknowledgment, payload, window }: Arrow): string {
  return [
    sequence === null ? null : `seq ${grouped(sequence)}`,
    acknowledgment === null ? null : `ack ${grouped(acknowledgment)}`,
    payload === 0 ? null : counted(payload, 'byte'),
    window === null ? null : `win ${grouped(window)}`,
  ]
    .filter((part) => part !== null)
    .join(', ')
}
