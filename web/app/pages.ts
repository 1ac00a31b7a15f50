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
  readonly onRange: (from: number, to: number) => void
}

/** `key`: what the list is of; with another one, everything is fetched anew. Null: nothing. */
export function usePages<Row, Page extends Fetched<Row>>(
  key: string | null,
  fetch: (from: number, count: number) => Promise<Page | null>,
  onPage: (page: Page) => void = () => {},
): Pages<Row> {
  const [, redraw] = useState(0)
  const held = useRef({ key: '', total: 0, pages: new Map<number, readonly Row[] | null>() })
  const range = useRef({ from: 0, to: PAGE })
  const ask = (page: number) => {
    const list = held.current
    if (list.pages.has(page)) return
    list.pages.set(page, null)
    void fetch(page * PAGE, PAGE).then((answer) => {
      if (held.current !== list || answer === null) return
      list.total = answer.total
      list.pages.set(page, answer.rows)
      if (list.pages.size > KEPT) list.pages.delete(list.pages.keys().next().value!)
      onPage(answer)
      redraw((turn) => turn + 1)
    })
  }
  const look = () => {
    const { from, to } = range.current
    for (let page = Math.floor(from / PAGE); page * PAGE < Math.max(to, 1); page++) ask(page)
  }
  useEffect(() => {
    // What was there stays in sight until the first page of the new list is there.
    held.current = { key: key ?? '', total: key === null ? 0 : held.current.total, pages: new Map() }
    if (key !== null) look()
    else redraw((turn) => turn + 1)
  }, [key])
  const latest = useRef(look)
  latest.current = look
  const onRange = useCallback((from: number, to: number) => {
    range.current = { from, to }
    if (held.current.key !== '') latest.current()
  }, [])
  const { pages, total } = held.current
  return { total, row: (index) => pages.get(Math.floor(index / PAGE))?.[index % PAGE], onRange }
}
