import { render } from 'preact'
import { type Load, usualSettings } from '../protocol.ts'
import { readAddress } from './address.ts'
import { exampleLoad, itemOf } from './gallery/catalog.ts'
import { FIRST } from './gallery/groups.ts'
import { show, shownName } from './gallery/shown.ts'
import { Page } from './page.tsx'
import { Store, textOf } from './store.ts'

/** What `sallyport serve` was called with: paths on the page's own server. The static page has none. */
interface Served {
  readonly captures: readonly { readonly name: string; readonly path: string }[]
  readonly rules: { readonly name: string; readonly path: string } | null
  readonly rules6: { readonly name: string; readonly path: string } | null
}

const store = new Store({ example: exampleLoad(), nameOf: shownName })
render(<Page store={store} />, document.body)
addEventListener('hashchange', () => {
  const address = readAddress(location.hash)
  const item = itemOf(address.show ?? '')
  const shown = store.state.load.scenario?.test ?? 0
  if (item === null || (item.name === shownName(store.state) && address.test - 1 === shown)) return
  void show(store, item, address.test - 1)
})
void begin()

async function begin(): Promise<void> {
  const served = document.getElementById('served')?.textContent
  try {
    const load = served == null ? null : await fetched(JSON.parse(served) as Served)
    if (load === null) {
      const address = readAddress(location.hash)
      await show(store, itemOf(address.show ?? '') ?? itemOf(FIRST)!, address.test - 1)
    } else if (load.captures.length > 0) await store.load(load, false)
    else await store.load({ ...exampleLoad(), ...rulesOnly(load) }, load.rules === null)
  } catch (error) {
    store.say(textOf(error))
  }
}

function rulesOnly(load: Load | null): Partial<Load> {
  return load?.rules == null ? {} : { rules: load.rules, rules6: load.rules6 }
}

async function fetched({ captures, rules, rules6 }: Served): Promise<Load> {
  const bodyOf = async (path: string) => {
    const response = await fetch(path)
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return response.blob()
  }
  const textAt = async (file: Served['rules']) =>
    file === null ? null : { name: file.name, text: await (await bodyOf(file.path)).text() }
  return {
    captures: await Promise.all(captures.map(async ({ name, path }) => ({ name, blob: await bodyOf(path) }))),
    rules: await textAt(rules),
    rules6: await textAt(rules6),
    settings: usualSettings,
    scenario: null,
  }
}
