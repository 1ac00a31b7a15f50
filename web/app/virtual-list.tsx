/**
 * A list of any length of which only the rows in sight exist. Browsers bound the height of an element, so that of a very long list is
 * capped, and positions of the scroll bar stand for positions in the list.
 */
import type { ComponentChildren, JSX, TargetedKeyboardEvent } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Pixels; below what any browser bounds. */
const TALLEST = 8_000_000
/** Rows beyond both edges. */
const SPARE = 6

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
  const [view, setView] = useState({ top: 0, height: 600 })
  const whole = count * rowHeight
  const height = Math.min(whole, TALLEST)
  const scale = height > view.height ? Math.max(1, (whole - view.height) / (height - view.height)) : 1
  const offset = Math.max(0, Math.min(view.top * scale, whole - view.height))
  const from = Math.max(0, Math.floor(offset / rowHeight) - SPARE)
  const to = Math.min(count, Math.ceil((offset + view.height) / rowHeight) + SPARE)

  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight })
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => onRange?.(from, to), [from, to, onRange])
  useEffect(() => {
    const element = box.current
    if (element === null || active < 0) return
    const start = active * rowHeight
    const shown = element.scrollTop * scale
    const headHeight = element.querySelector<HTMLElement>('.virtual-head')?.offsetHeight ?? 0
    if (start >= shown && start + rowHeight + headHeight <= shown + element.clientHeight) return
    const wanted = start - element.clientHeight / 3
    element.scrollTop = Math.max(0, wanted / scale)
  }, [active, count > 0])

  const rows: JSX.Element[] = []
  for (let index = from; index < to; index++) {
    const top = view.top + index * rowHeight - offset
    rows.push(
      <div
        key={index}
        class="virtual-row"
        role="presentation"
        style={{ height: `${rowHeight}px`, transform: `translateY(${top}px)` }}
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
      onScroll={({ currentTarget }) =>
        setView({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })
      }
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
