/** What the gallery has: the scenarios that came with the page, and its example. */
import { example } from 'inlined:example'
import { scenarios } from 'inlined:gallery'
import { type Load, type ScenarioText, usualSettings } from '../../protocol.ts'
import { EXAMPLE, groups, headOf } from './groups.ts'

export interface Item {
  readonly name: string
  readonly title: string
  readonly summary: string
  /** Null: the example, which is a capture. */
  readonly scenario: ScenarioText | null
}

const bytes = () => Uint8Array.from(atob(example.capture.base64), (character) => character.charCodeAt(0))

/** A capture, and its rules. */
export function exampleLoad(): Load {
  const { capture, rules } = example
  return {
    captures: [{ name: capture.name, blob: new Blob([bytes()]) }],
    rules,
    rules6: null,
    settings: usualSettings,
    scenario: null,
  }
}

/** Files that scenarios of the gallery name, by their paths from there. */
function filesFor(text: string): ScenarioText['files'] {
  const { capture, rules } = example
  const files = [
    { path: `../examples/${rules.name}`, bytes: () => new TextEncoder().encode(rules.text) },
    { path: `../examples/${capture.name}`, bytes },
  ]
  return files.filter(({ path }) => text.includes(path)).map(({ path, bytes: of }) => ({ path, bytes: of() }))
}

export function itemOf(name: string): Item | null {
  if (name === EXAMPLE) {
    const summary = 'Thirty-three packets of a server: eight connections, and what the rules made of them.'
    return { name, title: 'A capture, and rules for it', summary, scenario: null }
  }
  const text = scenarios.find((one) => one.name === name)?.text
  if (text === undefined) return null
  return { name, ...headOf(text), scenario: { name: `${name}.scenario`, text, files: filesFor(text) } }
}

/** The item that a scenario of this file's name is; null for one from elsewhere. */
export function itemOfFile(file: string): Item | null {
  return itemOf(file.replace(/\.scenario$/, ''))
}

export const catalog: readonly { readonly title: string; readonly items: readonly Item[] }[] = groups.map(
  ({ title, names }) => ({ title, items: names.flatMap((name) => itemOf(name) ?? []) }),
)

/** The one before or behind another, in the order of the gallery. */
export function neighbour(name: string, step: -1 | 1): Item | null {
  const items = catalog.flatMap(({ items: some }) => some)
  return items[items.findIndex((item) => item.name === name) + step] ?? null
}
