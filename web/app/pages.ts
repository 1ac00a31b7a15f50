/** The rows of a long list, fetched by page as they come into sight. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

const PAGE = 100
/** Pages that are kept. */
const KEPT = 40

export interface Fetched<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

export interface Pages<Row> {
  readonly total: number
  row(index: number): Row | undefined
  /** Of a row that is at hand; -1 for none. */
  indexOf(isIt: (row: Row) => boolean): number
  readonly onRange: (from: number, to: number) => void
}

interface List<Row> {
  readonly key: string
  total: number
  readonly pages: Map<number, readonly Row[]>
}

/**
 * `key`: what the list is of; with another one, everything is fetched anew. Null: nothing. `version`: with another one, what is in
 * sight is fetched anew, as the list has grown. What was there stays in sight until the first page of the new list is there; and one
 * list is asked for at a time, so that nothing piles up behind a cursor that is dragged.
 */
export function usePages<Row, Page extends Fetched<Row>>(
  key: string | null,
  fetch: (from: number, count: number) => Promise<Page | null>,
  onPage: (page: Page) => void = () => {},
  version = 0,
): Pages<Row> {
  const [, redraw] = useState(0)
  const shown = useRef<List<Row>>({ key: '', total: 0, pages: new Map() })
  const range = useRef({ from: 0, to: PAGE })
  const wanted = useRef({ key, version, fetch, onPage })
  wanted.current = { key, version, fetch, onPage }
  /** Pages that are being fetched, and for which list. */
  const asked = useRef({ key: '', version: 0, pages: new Set<number>() })

  const look = useCallback(() => {
    const { key: now, version: newest } = wanted.current
    if (now === null) return
    const under = asked.current
    if (under.key !== now || under.version !== newest) {
      if (under.pages.size > 0) return
      asked.current = { key: now, version: newest, pages: new Set() }
      // A list that has grown: what is in sight comes again.
      if (under.key === now) for (const page of inSight(range.current)) ask(page)
    }
    for (const page of inSight(range.current)) {
      const isThere = shown.current.key === now && shown.current.pages.has(page)
      if (!isThere && !asked.current.pages.has(page)) ask(page)
    }
  }, [])

  const ask = (page: number) => {
    const under = asked.current
    under.pages.add(page)
    void wanted.current.fetch(page * PAGE, PAGE).then((answer) => {
      under.pages.delete(page)
      if (answer !== null && under.key === wanted.current.key) take(under.key, page, answer)
      // Of an answer that cannot be had, nothing is asked again until something changes.
      if (answer !== null || under.key !== wanted.current.key) look()
    })
  }

  const take = (of: string, page: number, answer: Page) => {
    if (shown.current.key !== of) shown.current = { key: of, total: 0, pages: new Map() }
    const { pages } = shown.current
    shown.current.total = answer.total
    pages.delete(page)
    pages.set(page, answer.rows)
    if (pages.size > KEPT) pages.delete(pages.keys().next().value!)
    wanted.current.onPage(answer)
    redraw((turn) => turn + 1)
  }

  useEffect(() => {
    if (key !== null) look()
    else {
      shown.current = { key: '', total: 0, pages: new Map() }
      redraw((turn) => turn + 1)
    }
  }, [key, version])
  const onRange = useCallback((from: number, to: number) => {
    range.current = { from, to }
    look()
  }, [])
  const { pages, total } = shown.current
  return {
    total,
    row: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE],
    indexOf: (isIt) => {
      for (const [page, rows] of pages) {
        const at = rows.findIndex(isIt)
        if (at >= 0) return page * PAGE + at
      }
      return -1
    },
    onRange,
  }
}

function inSight({ from, to }: { readonly from: number; readonly to: number }): number[] {
  const first = Math.floor(from / PAGE)
  return Array.from({ length: Math.max(1, Math.ceil(to / PAGE) - first) }, (_, i) => first + i)
}
