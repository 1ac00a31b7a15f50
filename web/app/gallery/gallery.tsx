/** The gallery: scenarios to choose from, in groups. */
import { useEffect, useRef } from 'preact/hooks'
import { type Store, useStore } from '../store.ts'
import { catalog } from './catalog.ts'
import { show, shownName } from './shown.ts'

export function Gallery({ store, onClose }: { readonly store: Store; readonly onClose: () => void }) {
  const shown = useStore(store, shownName)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current!
    element.showModal()
    const chosen =
      element.querySelector<HTMLElement>('[aria-current=true]') ?? element.querySelector('button')
    chosen?.focus()
    return () => element.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      class="gallery"
      aria-labelledby="gallery-title"
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div class="dialog-head">
        <h2 id="gallery-title">Scenarios</h2>
        <p class="quiet">
          Each one is a claim about connection tracking that runs as you read it, and as you change it.
        </p>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <div class="groups">
        {catalog.map(({ title, items }) => (
          <section key={title}>
            <h3>{title}</h3>
            <ul>
              {items.map((item) => (
                <li key={item.name}>
                  <button
                    type="button"
                    aria-current={item.name === shown}
                    onClick={() => {
                      void show(store, item)
                      onClose()
                    }}
                  >
                    <b>{item.title}</b>
                    <span>{item.summary}</span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </dialog>
  )
}
