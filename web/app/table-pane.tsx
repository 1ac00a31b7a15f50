/** The state table as the packet under the cursor leaves it, in the words of conntrack -L. */
import { useState } from 'preact/hooks'
import type { TablePage, TableRow } from '../protocol.ts'
import { usePages } from './pages.ts'
import { type Store, useStore } from './store.ts'
import { VirtualList } from './virtual-list.tsx'
import { classes, counted } from './words.ts'

export function TablePane({ store }: { readonly store: Store }) {
  const run = useStore(store, (state) => state.run)
  const packet = useStore(store, (state) => state.packet)
  const flow = useStore(store, (state) => state.flow)
  const [ended, setEnded] = useState<string | null>(null)
  const pages = usePages<TableRow, TablePage>(
    run === 0 || packet === 0 ? null : `${run} ${packet}`,
    async (from, count) => {
      try {
        return await store.link.ask('table', { packet, from, count })
      } catch {
        // The run was replaced meanwhile.
        return null
      }
    },
    (page) => setEnded(page.ended),
  )
  return (
    <div class="pane-body table-pane">
      <p class="quiet">
        Behind packet {packet}: {counted(pages.total, 'entry', 'entries')}
      </p>
      {ended !== null && (
        <p class="ended">
          <span class="mark blocked">− ended by this packet</span> <code>{ended}</code>
        </p>
      )}
      <VirtualList
        id="table-list"
        label="State table"
        count={pages.total}
        rowHeight={40}
        onRange={pages.onRange}
      >
        {(index) => {
          const row = pages.row(index)
          return row === undefined ? (
            <div class="entry waiting" role="option" aria-selected="false" />
          ) : (
            <div
              class={classes('entry', row.flow === flow && 'chosen')}
              role="option"
              aria-selected={row.flow === flow}
              title={row.line}
              onClick={() => void store.move(packet, row.flow)}
            >
              <span class="change">
                {row.changed === null ? '' : row.changed === 'new' ? '+ new' : '~ changed'}
              </span>
              <code>{row.line}</code>
            </div>
          )
        }}
      </VirtualList>
    </div>
  )
}
