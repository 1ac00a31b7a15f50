/** The capture over time: packets by what became of them, the size of the table, the part that is looked at, and the cursor. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Store, useStore } from './store.ts'
import { Brush } from './timeline/brush.tsx'
import { type Chart, makeChart, series } from './timeline/chart.ts'
import { useTimeline } from './timeline/timeline.ts'
import { Transport } from './timeline/transport.tsx'
import { counted, dayAndTime, spanText } from './words.ts'

/** Pixels of a span of time. */
const SPAN_PIXELS = 4

export function TimelinePane({ store }: { readonly store: Store }) {
  const packet = useStore(store, (state) => state.packet)
  const place = useStore(store, (state) => state.place)
  const clock = useStore(store, (state) => state.clock)
  const start = useStore(store, (state) => state.overview?.start ?? null)
  const span = useStore(store, (state) => state.span)
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<Chart | null>(null)
  const [width, setWidth] = useState(0)
  const timeline = useTimeline(store, span, width === 0 ? 0 : Math.max(20, Math.floor(width / SPAN_PIXELS)))
  const hasTimeline = timeline !== null
  const time = clock ?? (place !== null && place.packet === packet ? Number(place.time) : null)
  const shown = useRef({ time: 0, timeline })
  shown.current = { time: time ?? shown.current.time, timeline }

  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [start === null])
  useEffect(() => {
    const element = box.current
    if (element === null || shown.current.timeline === null) return
    let wanted = 0
    let isSeeking = false
    /** One at a time: of the times that a drag passes meanwhile, only the last is asked for. */
    const seek = async (to: number) => {
      wanted = to
      if (isSeeking) return
      isSeeking = true
      for (let done = Number.NaN; done !== wanted; ) {
        done = wanted
        const found = await store.link.ask('seek', { time: done }).catch(() => null)
        if (found !== null && done === wanted) void store.move(found.packet)
      }
      isSeeking = false
    }
    const draw = () => {
      chart.current?.destroy()
      chart.current = makeChart(element, shown.current.timeline!, (to) => void seek(to))
      chart.current.showCursor(shown.current.time)
    }
    draw()
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    return () => {
      scheme.removeEventListener('change', draw)
      chart.current?.destroy()
      chart.current = null
    }
  }, [hasTimeline, start === null])
  useEffect(() => {
    if (timeline !== null) chart.current?.show(timeline)
  }, [timeline])
  useEffect(() => {
    if (width > 0) chart.current?.resize(width)
  }, [width])
  useEffect(() => chart.current?.showCursor(shown.current.time), [time])

  if (start === null) return null
  return (
    <section class="timeline" aria-labelledby="timeline-title">
      <header class="pane-head">
        <h2 id="timeline-title">Time</h2>
        <ul class="legend">
          {series.map(({ key, label }) => (
            <li key={key} class={key}>
              {label}
            </li>
          ))}
          <li class="table">entries in the table</li>
        </ul>
        {span === null ? (
          <span class="quiet">{dayAndTime(start)}</span>
        ) : (
          <span class="span-note">
            {spanText(span.to - span.from)}, {counted(Math.max(0, span.last - span.first + 1), 'packet')}
            <button type="button" onClick={() => void store.look(null)}>
              Whole capture
            </button>
          </span>
        )}
      </header>
      <div ref={box} class="chart" aria-hidden="true" />
      <Brush store={store} />
      <Transport store={store} />
    </section>
  )
}
