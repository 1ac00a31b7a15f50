/** The connections: a long table, sorted, chosen by a selection in the words of the command line. */
import { useEffect, useState } from 'preact/hooks'
import type { FlowPage, FlowRow, Progress, SortKey } from '../protocol.ts'
import { firstSort } from './address.ts'
import { HitsChip } from './editor/hits.tsx'
import { useFlowPlace } from './flow-place.ts'
import { usePages } from './pages.ts'
import { saveBlob } from './saving/save.ts'
import { type Store, textOf, useStore } from './store.ts'
import { movedBy, VirtualList } from './virtual-list.tsx'
import { bytesText, classes, counted, grouped } from './words.ts'

const columns: readonly { readonly sort: SortKey; readonly name: string; readonly title: string }[] = [
  { sort: 'tuple', name: 'Connection', title: 'By protocol, server and client' },
  {
    sort: 'state',
    name: 'State',
    title: 'TCP or SCTP state that its entry had last, and what happened in letters as Zeek has them',
  },
  { sort: 'packets', name: 'Packets', title: 'Packets from the client and from the server' },
  { sort: 'bytes', name: 'Bytes', title: 'Bytes of IP from the client and from the server' },
  {
    sort: 'odd',
    name: 'Findings',
    title: 'Packets that were dropped or INVALID, and the most telling reason',
  },
]

export function FlowPane({ store }: { readonly store: Store }) {
  const run = useStore(store, (state) => state.run)
  const flow = useStore(store, (state) => state.flow)
  const hits = useStore(store, (state) => state.hits)
  const rule = hits?.row ?? null
  const filter = useStore(store, (state) => state.filter)
  const sort = useStore(store, (state) => state.sort)
  const span = useStore(store, (state) => state.span)
  const grown = useStore(store, (state) => state.grown)
  const [problem, setProblem] = useState<string | null>(null)
  const [selecting, setSelecting] = useState<Progress | null>(null)
  const order = {
    filter,
    rule,
    span: span === null ? null : { first: span.first, last: span.last },
    sort: sort.key,
    descending: sort.descending,
  }
  const key = run === 0 ? null : JSON.stringify([run, order])
  // Ahead of the question for the new list, which waits for that of the old one.
  useEffect(() => void store.link.ask('unselect', null), [filter, rule])
  const pages = usePages<FlowRow, FlowPage>(
    key,
    async (from, count) => {
      try {
        const page = await store.link.ask('flows', { ...order, from, count }, setSelecting)
        setProblem('message' in page ? page.message : null)
        return 'message' in page ? null : page
      } catch (error) {
        if (textOf(error) !== 'cancelled') setProblem(textOf(error))
        return null
      } finally {
        setSelecting(null)
      }
    },
    () => {},
    grown,
  )
  const place = useFlowPlace(store, key === null || flow === 0 ? null : { ...order, flow }, pages.total)
  const seen = pages.indexOf((row) => row.flow === flow)
  const active = seen >= 0 ? seen : place
  const choose = (row: FlowRow | undefined) => {
    if (row !== undefined) void store.move(row.telling, row.flow)
  }
  /** Of rows that are far away, none is at hand. */
  const chooseAt = async (index: number) => {
    const row = pages.row(index)
    if (row !== undefined) return choose(row)
    const page = await store.link.ask('flows', { ...order, from: index, count: 1 }).catch(() => null)
    if (page !== null && 'rows' in page && store.state.run === run) choose(page.rows[0])
  }
  const saveAll = async () => {
    try {
      const { name, blob } = await store.link.ask('savePcapng', order, setSelecting)
      saveBlob(blob, name)
    } catch (error) {
      store.say(textOf(error))
    } finally {
      setSelecting(null)
    }
  }
  return (
    <section class="pane flows" aria-labelledby="flows-title">
      <header class="pane-head">
        <h2 id="flows-title">Connections</h2>
        <span class="quiet">
          {counted(pages.total, 'connection')}
          {span === null ? '' : ' in the span'}
        </span>
        {hits !== null && <HitsChip store={store} hits={hits} />}
        <button
          type="button"
          class="save-all"
          disabled={pages.total === 0}
          title="The packets of these connections, each with what became of it as a comment"
          onClick={() => void saveAll()}
        >
          Save pcapng
        </button>
      </header>
      <form
        class="filter"
        onSubmit={(event) => {
          event.preventDefault()
          const field = event.currentTarget.elements.namedItem('filter')
          if (field instanceof HTMLInputElement) store.show({ filter: field.value.trim() })
        }}
      >
        <input
          name="filter"
          type="text"
          key={filter}
          defaultValue={filter}
          aria-label="Selection"
          aria-describedby={problem === null ? undefined : 'filter-problem'}
          aria-invalid={problem !== null}
          placeholder="host 10.0.0.2 and port 443 · ctstate INVALID · verdict DROP"
          spellcheck={false}
          autocomplete="off"
        />
        <button type="submit">Select</button>
      </form>
      {selecting !== null && (
        <p class="rerun" role="status">
          <progress
            max={Math.max(1, selecting.bytes)}
            value={selecting.bytesRead}
            aria-label="Looking at every packet"
          />
          looking at every packet
          <button type="button" onClick={() => store.leaveSelection()}>
            Cancel
          </button>
        </p>
      )}
      {problem !== null && (
        <pre id="filter-problem" class="problem" role="alert">
          {problem}
        </pre>
      )}
      <VirtualList
        id="flow-list"
        label="Connections"
        head={
          <div class="flow-row flow-head" role="row">
            {columns.map(({ sort: by, name, title }) => (
              <span
                key={by}
                role="columnheader"
                class={by === 'packets' || by === 'bytes' ? 'number' : ''}
                aria-sort={sort.key !== by ? 'none' : sort.descending ? 'descending' : 'ascending'}
              >
                <button
                  type="button"
                  title={title}
                  onClick={() =>
                    store.show({
                      sort:
                        sort.key === by
                          ? sort.descending
                            ? { key: by, descending: false }
                            : firstSort
                          : { key: by, descending: true },
                    })
                  }
                >
                  {name}
                  <span aria-hidden="true">{sort.key === by ? (sort.descending ? ' ↓' : ' ↑') : ''}</span>
                </button>
              </span>
            ))}
          </div>
        }
        count={pages.total}
        rowHeight={44}
        active={active}
        onRange={pages.onRange}
        onKey={(event) => {
          const to = movedBy(event.key, active, pages.total)
          if (to === null) return
          event.preventDefault()
          void chooseAt(to)
        }}
      >
        {(index) => (
          <FlowLine
            index={index}
            row={pages.row(index)}
            isChosen={index === active}
            onChoose={() => choose(pages.row(index))}
          />
        )}
      </VirtualList>
    </section>
  )
}

interface LineProps {
  readonly index: number
  readonly row: FlowRow | undefined
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function FlowLine({ index, row, isChosen, onChoose }: LineProps) {
  if (row === undefined) return <div class="flow-row waiting" role="row" aria-rowindex={index + 2} />
  const { protocol, client, server, state, packets, bytes, history, invalid, blocked, reason } = row
  return (
    <div
      id={`flow-list-${index}`}
      class={classes('flow-row', isChosen && 'chosen')}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      onClick={onChoose}
    >
      <span role="gridcell" class="ends">
        <span class="protocol">{protocol}</span> {client}
        <br />
        <span class="to" aria-hidden="true">
          →{' '}
        </span>
        {server}
      </span>
      <span role="gridcell">
        {state ?? <span class="quiet">–</span>}
        <br />
        <span class="history">{history}</span>
      </span>
      <span role="gridcell" class="number">
        {grouped(packets[0])}
        <br />
        {grouped(packets[1])}
      </span>
      <span role="gridcell" class="number">
        {bytesText(bytes[0])}
        <br />
        {bytesText(bytes[1])}
      </span>
      <span role="gridcell" class="findings">
        {blocked > 0 && <span class="mark blocked">✕ {grouped(blocked)} dropped</span>}
        {invalid > 0 && <span class="mark invalid">! {grouped(invalid)} INVALID</span>}
        {reason !== null && <span class="reason">{reason}</span>}
      </span>
    </div>
  )
}
