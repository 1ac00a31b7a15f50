/** What of the gallery is shown. */
import type { State, Store } from '../store.ts'
import { exampleLoad, type Item, itemOfFile } from './catalog.ts'
import { EXAMPLE } from './groups.ts'

/** Null: something from elsewhere is. */
export function shownName({ load, isExample }: State): string | null {
  if (load.scenario !== null) return itemOfFile(load.scenario.name)?.name ?? null
  return isExample ? EXAMPLE : null
}

export function show(store: Store, { scenario }: Item, test = 0): Promise<unknown> {
  return scenario === null ? store.load(exampleLoad(), true) : store.play(scenario, test)
}
