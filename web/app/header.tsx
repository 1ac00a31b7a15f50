/** What is loaded, and how to load something else. */
import { useRef, useState } from 'preact/hooks'
import { changedSettings, SettingsDialog } from './editor/settings-dialog.tsx'
import { Gallery } from './gallery/gallery.tsx'
import { type Store, useStore } from './store.ts'
import { counted, grouped, spanText } from './words.ts'

export function Header({ store }: { readonly store: Store }) {
  const overview = useStore(store, (state) => state.overview)
  const isExample = useStore(store, (state) => state.isExample)
  const progress = useStore(store, (state) => state.progress)
  const failed = useStore(store, (state) => state.failed)
  const settings = useStore(store, (state) => (state.failed ?? state.load).settings)
  const scenario = useStore(store, (state) => state.load.scenario)
  const [dialog, setDialog] = useState<'gallery' | 'settings' | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const changed = changedSettings(settings)
  return (
    <header class="page-head">
      <h1>Sallyport</h1>
      <p class="loaded">
        {overview === null ? (
          'Drop a capture here, and rules if you have some: nothing leaves this page.'
        ) : (
          <>
            {isExample && <span class="tag">example</span>}
            {scenario !== null && <span class="tag">scenario</span>} <b>{overview.names.join(', ')}</b>
            {scenario !== null
              ? ''
              : overview.rules === null
                ? ', without rules'
                : ` through ${overview.rules}`}
            <span class="quiet">
              {' '}
              · {counted(overview.packets, 'packet')} in {spanText(overview.end - overview.start)} ·{' '}
              {totals(overview.ctstates)}
              {overview.hasRules ? ` · ${totals(overview.verdicts)}` : ''}
              {overview.outside > 0 ? ` · ${counted(overview.outside, 'packet')} of no connection` : ''}
            </span>
          </>
        )}
      </p>
      <div class="actions">
        <button type="button" aria-haspopup="dialog" onClick={() => setDialog('gallery')}>
          Scenarios
        </button>
        {(failed !== null || (overview !== null && scenario === null)) && (
          <button type="button" aria-haspopup="dialog" onClick={() => setDialog('settings')}>
            Settings{changed === 0 ? '' : ` (${changed})`}
          </button>
        )}
        <button type="button" onClick={() => input.current?.click()}>
          Open capture or rules…
        </button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Captures and rules"
          onChange={({ currentTarget }) => {
            const files = [...(currentTarget.files ?? [])]
            currentTarget.value = ''
            if (files.length > 0) void store.take(files)
          }}
        />
        {overview !== null && overview.rules !== null && (
          <button type="button" onClick={() => void store.withoutRules()}>
            Without rules
          </button>
        )}
      </div>
      {dialog === 'gallery' && <Gallery store={store} onClose={() => setDialog(null)} />}
      {dialog === 'settings' && <SettingsDialog store={store} onClose={() => setDialog(null)} />}
      {progress !== null && (
        <p class="progress" role="status">
          <progress max={Math.max(1, progress.bytes)} value={progress.bytesRead} aria-label="Read" />
          {counted(progress.packets, 'packet')}, {counted(progress.flows, 'connection')}
          <button type="button" onClick={() => store.cancel()}>
            Cancel
          </button>
          {progress.isShown && (
            <button type="button" onClick={() => store.stop()}>
              Keep these
            </button>
          )}
        </p>
      )}
      {overview !== null && overview.assumptions.length > 0 && (
        <details class="assumptions">
          <summary>{counted(overview.assumptions.length, 'thing')} taken for granted</summary>
          <ul>
            {overview.assumptions.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </header>
  )
}

function totals(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([word, count]) => `${grouped(count)} ${word}`)
    .join(', ')
}
