/** The whole page: its panes show the same moment. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { firstTab, type TabName } from './address.ts'
import { ComparePane } from './compare/compare-pane.tsx'
import { Comparing } from './compare/comparing.ts'
import { ExplainPane } from './explain-pane.tsx'
import { useExplained } from './explained.ts'
import { FlowPane } from './flow-pane.tsx'
import { ScenarioPane } from './gallery/scenario-pane.tsx'
import { Header } from './header.tsx'
import { RulesPane } from './rules-pane.tsx'
import { SequencePane } from './sequence-pane.tsx'
import { type Store, useStore } from './store.ts'
import { TablePane } from './table-pane.tsx'
import { TimelinePane } from './timeline-pane.tsx'

/** Of the explanation's type, in pixels. */
const COLUMN_PIXELS = 7.3

export function Page({ store }: { readonly store: Store }) {
  const message = useStore(store, (state) => state.message)
  const overview = useStore(store, (state) => state.overview)
  const isScenario = useStore(store, (state) => state.load.scenario !== null)
  const [isOver, setOver] = useState(false)
  useEffect(() => {
    const keys = (event: KeyboardEvent) => moveByKey(store, event)
    const follow = () => void store.follow()
    addEventListener('keydown', keys)
    addEventListener('hashchange', follow)
    return () => {
      removeEventListener('keydown', keys)
      removeEventListener('hashchange', follow)
    }
  }, [store])
  return (
    <div
      class={isOver ? 'page over' : 'page'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setOver(false)
      }}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        const files = [...(event.dataTransfer?.files ?? [])]
        if (files.length > 0) void store.take(files)
      }}
    >
      <Header store={store} />
      {message !== null && (
        <div class="message" role="alert">
          <pre>{message}</pre>
          <button type="button" onClick={() => store.say(null)}>
            Dismiss
          </button>
        </div>
      )}
      <main>
        <TimelinePane store={store} />
        {overview !== null && (
          <div class="panes">
            {isScenario ? (
              <div class="text-and-flows">
                <ScenarioPane store={store} />
                <FlowPane store={store} />
              </div>
            ) : (
              <FlowPane store={store} />
            )}
            <SequencePane store={store} />
            <Side store={store} />
          </div>
        )}
      </main>
    </div>
  )
}

const tabs: readonly (readonly [TabName, string])[] = [
  ['why', 'Why'],
  ['table', 'State table'],
  ['rules', 'Rules'],
  ['compare', 'Compare'],
]

/** What there is about the packet under the cursor, one at a time. */
function Side({ store }: { readonly store: Store }) {
  const packet = useStore(store, (state) => state.packet)
  const chosen = useStore(store, (state) => state.tab)
  const [comparing] = useState(() => new Comparing(store))
  const [columns, setColumns] = useState(72)
  const box = useRef<HTMLElement>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() =>
      setColumns(Math.floor((element.clientWidth - 32) / COLUMN_PIXELS)),
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const explained = useExplained(store, columns)
  const tab = tabs.some(([name]) => name === chosen) ? chosen : firstTab
  return (
    <section class="pane side" ref={box} aria-label="The packet under the cursor">
      <div class="pane-head tabs" role="tablist" aria-label="About the packet under the cursor">
        {tabs.map(([name, label], index) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === name}
            aria-controls="side-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => store.show({ tab: name })}
            onKeyDown={(event) => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
              if (step === 0) return
              event.stopPropagation()
              const [next] = tabs[(index + step + tabs.length) % tabs.length]!
              store.show({ tab: next })
              document.getElementById(`tab-${next}`)?.focus()
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="side-panel" class="panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'why' && <ExplainPane explained={explained} packet={packet} />}
        {tab === 'table' && <TablePane store={store} />}
        {tab === 'rules' && <RulesPane store={store} explained={explained} />}
        {tab === 'compare' && <ComparePane store={store} comparing={comparing} />}
      </div>
    </section>
  )
}

/** Left and right move the cursor, wherever the focus is, but in fields that use these keys themselves. */
function moveByKey(store: Store, event: KeyboardEvent): void {
  const { target } = event
  const isField = target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null
  if (isField || event.altKey || event.ctrlKey || event.metaKey) return
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (step === 0 || store.state.packet === 0) return
  event.preventDefault()
  void store.move(store.state.packet + step * (event.shiftKey ? 10 : 1))
}
