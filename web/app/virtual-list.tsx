/**
 * A list of any length of which only the rows in sight exist. Browsers bound the height of an element, so that of a very long list is
 * capped, and positions of the scroll bar stand for positions in the list. A wheel or a finger still moves by pixels: what the
 * scroll bar then lacks is made up for when it rests.
 */
import type { ComponentChildren, JSX, TargetedKeyboardEvent } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Pixels; below what any browser bounds. */
const TALLEST = 8_000_000
/** Rows beyond both edges. */
const SPARE = 8
/** Behind the last movement the scroll bar is put where it belongs. */
const REST_MS = 150

export interface VirtualListProps {
  readonly count: number
  /** Pixels. */
  readonly rowHeight: number
  readonly label: string
  /** Columns have names, which stay in sight: the rows are rows of a grid, else options. */
  readonly head?: ComponentChildren
  /** From 0; the list scrolls so that it is in sight when it changes. -1: none. */
  readonly active?: number
  /** Told of the rows in sight, so that they are fetched. */
  readonly onRange?: (from: number, to: number) => void
  readonly onKey?: (event: TargetedKeyboardEvent<HTMLDivElement>) => void
  readonly children: (index: number) => ComponentChildren
  readonly id: string
}

export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, label, active = -1, onRange, onKey, children, id, head } = props
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, room: 600, offset: 0 })
  const whole = count * rowHeight
  const height = Math.min(whole, TALLEST)
  const { room } = view
  const scale = height > room ? Math.max(1, (whole - room) / (height - room)) : 1
  const offset = Math.max(0, Math.min(view.offset, whole - room))
  const from = Math.max(0, Math.floor(offset / rowHeight) - SPARE)
  const to = Math.min(count, Math.ceil((offset + room) / rowHeight) + SPARE)

  const now = useRef({ scale, height, offset })
  now.current = { scale, height, offset }
  const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  /** Where the scroll bar was put by us. */
  const put = useRef(-1)
  const look = () => {
    const element = box.current
    if (element === null) return
    const { scrollTop: top } = element
    const space = roomOf(element)
    const { scale: mapped, height: most } = now.current
    const isOurs = Math.abs(top - put.current) < 2
    put.current = -1
    setView((was) => {
      const by = top - was.top
      const isEnd = top <= 0 || top >= most - space - 1
      const isStep = mapped > 1 && Math.abs(by) < space && !isEnd
      return {
        top,
        room: space,
        offset: isOurs ? was.offset : isStep ? was.offset + by : top * mapped,
      }
    })
    clearTimeout(rest.current)
    if (mapped > 1) rest.current = setTimeout(settle, REST_MS)
  }
  /** The scroll bar tells where in the list one is, whichever way one came. */
  const settle = () => {
    const element = box.current
    if (element === null) return
    const wanted = now.current.offset / now.current.scale
    if (Math.abs(element.scrollTop - wanted) < 1) return
    put.current = wanted
    element.scrollTop = wanted
  }

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => {
      observer.disconnect()
      clearTimeout(rest.current)
    }
  }, [])
  useEffect(() => onRange?.(from, to), [from, to, onRange])
  useEffect(() => {
    const element = box.current
    if (element === null || active < 0) return
    const start = active * rowHeight
    const shown = offset
    const space = roomOf(element)
    if (start >= shown && start + rowHeight <= shown + space) return
    const wanted = Math.max(0, Math.min(start - space / 3, whole - space))
    put.current = wanted / scale
    element.scrollTop = put.current
    setView({ top: element.scrollTop, room: space, offset: wanted })
  }, [active, count > 0])

  const rows: JSX.Element[] = []
  for (let index = from; index < to; index++) {
    const top = view.top + index * rowHeight - offset
    rows.push(
      <div
        key={index}
        class="virtual-row"
        role="presentation"
        style={{ height: `${rowHeight}px`, top: `${top}px` }}
      >
        {children(index)}
      </div>,
    )
  }
  return (
    <div
      ref={box}
      id={id}
      class="virtual-list"
      role={head === undefined ? 'listbox' : 'grid'}
      {...(head !== undefined && { 'aria-rowcount': count + 1 })}
      aria-label={label}
      tabIndex={0}
      onScroll={look}
      onKeyDown={onKey}
      {...(active >= 0 && { 'aria-activedescendant': `${id}-${active}` })}
    >
      {head !== undefined && (
        <div class="virtual-head" role="rowgroup">
          {head}
        </div>
      )}
      <div
        class="virtual-whole"
        role={head === undefined ? 'presentation' : 'rowgroup'}
        style={{ height: `${height}px` }}
      >
        {rows}
      </div>
    </div>
  )
}

/** Pixels for rows: below the head, which stays. */
function roomOf(element: HTMLElement): number {
  return element.clientHeight - (element.querySelector<HTMLElement>('.virtual-head')?.offsetHeight ?? 0)
}

/** Where a key leads in a list, from 0; null: nowhere. */
export function movedBy(key: string, active: number, count: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + 20,
    PageUp: active - 20,
    Home: 0,
    End: count - 1,
  }
  const to = steps[key]
  return to === undefined || count === 0 ? null : Math.max(0, Math.min(count - 1, to))
}
