/** How the chosen connection is saved. */
import { useRef, useState } from 'preact/hooks'
import { type Store, textOf, useStore } from '../store.ts'
import { savePcapng, savePng, saveScenario, saveSvg } from './save.ts'

const ways: readonly (readonly [name: string, about: string, save: (store: Store) => Promise<void>])[] = [
  ['pcapng', 'its packets, each with what became of it as a comment', savePcapng],
  ['Scenario', 'its packets as text, for sallyport test', saveScenario],
  ['SVG', 'the picture', saveSvg],
  ['PNG', 'the picture', savePng],
]

export function SaveMenu({ store }: { readonly store: Store }) {
  const isScenario = useStore(store, (state) => state.load.scenario !== null)
  const box = useRef<HTMLDetailsElement>(null)
  const [isBusy, setBusy] = useState(false)
  const close = () => {
    const element = box.current
    if (element === null || !element.open) return
    element.open = false
    element.querySelector('summary')?.focus()
  }
  const run = async (save: (store: Store) => Promise<void>) => {
    close()
    setBusy(true)
    try {
      await save(store)
    } catch (error) {
      store.say(textOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <details
      ref={box}
      class="save-menu"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
      onFocusOut={({ relatedTarget, currentTarget }) => {
        if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget))
          currentTarget.open = false
      }}
    >
      <summary>{isBusy ? 'Saving…' : 'Save'}</summary>
      <ul>
        {ways
          .filter(([name]) => name !== 'Scenario' || !isScenario)
          .map(([name, about, save]) => (
            <li key={name}>
              <button type="button" onClick={() => void run(save)}>
                <b>{name}</b> <span class="quiet">{about}</span>
              </button>
            </li>
          ))}
      </ul>
    </details>
  )
}
