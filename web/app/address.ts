/** Where the page stands, as the part of its address behind the #: `packet=1234&flow=7&tab=table&capture=…`. */
import type { SortKey } from '../protocol.ts'

/** What is shown of the packet under the cursor. */
export const tabNames = ['why', 'table', 'rules', 'compare'] as const
export type TabName = (typeof tabNames)[number]

export interface Sort {
  readonly key: SortKey
  readonly descending: boolean
}

/** As the page begins. */
export const firstTab: TabName = 'why'
export const firstSort: Sort = { key: 'first', descending: false }

export interface Address {
  /** A name of the gallery, and which of its tests, from 1; null: not said. */
  readonly show: string | null
  readonly test: number
  /** From 1; null: not said. */
  readonly packet: number | null
  readonly flow: number | null
  readonly tab: TabName
  /** The selection of connections; '' for all. */
  readonly filter: string
  readonly sort: Sort
  /** Fingerprint of the capture that the numbers are about; null: not said. */
  readonly capture: string | null
}

export const nowhere: Address = {
  show: null,
  test: 1,
  packet: null,
  flow: null,
  tab: firstTab,
  filter: '',
  sort: firstSort,
  capture: null,
}

const sortKeys: readonly SortKey[] = ['first', 'tuple', 'state', 'packets', 'bytes', 'odd']
/** Characters of a selection; a longer one is none that a person wrote. */
const MOST_FILTER = 2000

const NUMBER = /^[1-9]\d{0,14}$/
const NAME = /^[a-z0-9-]{1,40}$/
const FINGERPRINT = /^[0-9a-z]{10}$/

/** Of whatever stands there: what cannot be read counts as not said. */
export function readAddress(hash: string): Address {
  const words = new URLSearchParams(hash.replace(/^#/, ''))
  const number = (name: string) => {
    const text = words.get(name) ?? ''
    return NUMBER.test(text) ? Number(text) : null
  }
  const capture = words.get('capture') ?? ''
  const filter = (words.get('filter') ?? '').trim()
  const show = words.get('show') ?? ''
  return {
    show: NAME.test(show) ? show : null,
    test: number('test') ?? 1,
    packet: number('packet'),
    flow: number('flow'),
    tab: tabNames.find((name) => name === words.get('tab')) ?? firstTab,
    filter: filter.length > MOST_FILTER ? '' : filter,
    sort: readSort(words.get('sort') ?? ''),
    capture: FINGERPRINT.test(capture) ? capture : null,
  }
}

/** `odd`; `-odd` the largest first. */
function readSort(text: string): Sort {
  const key = sortKeys.find((name) => name === text.replace(/^-/, ''))
  return key === undefined ? firstSort : { key, descending: text.startsWith('-') }
}

/** With its #; what is as the page begins is not said. */
export function formatAddress({ show, test, packet, flow, tab, filter, sort, capture }: Address): string {
  const words = new URLSearchParams()
  if (show !== null) words.set('show', show)
  if (show !== null && test > 1) words.set('test', String(test))
  if (packet !== null) words.set('packet', String(packet))
  if (flow !== null) words.set('flow', String(flow))
  if (tab !== firstTab) words.set('tab', tab)
  if (filter !== '') words.set('filter', filter)
  if (sort.key !== firstSort.key || sort.descending !== firstSort.descending)
    words.set('sort', `${sort.descending ? '-' : ''}${sort.key}`)
  if (capture !== null) words.set('capture', capture)
  return `#${words}`
}

/** Is it about this capture, as far as it says? */
export function isAbout({ capture }: Address, fingerprint: string): boolean {
  return capture === null || capture === fingerprint
}
