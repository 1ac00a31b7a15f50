/** The whole capture in a strip, and in it the part that is looked at: drawn with the pointer, or set by its two ends. */
import { useMemo, useRef } from 'preact/hooks'
import type { Timeline, TimeSpan } from '../../protocol.ts'
import { type Store, useStore } from '../store.ts'
import { spanText, timeOfDay } from '../words.ts'
import { useTimeline } from './timeline.ts'

const BUCKETS = 240
const HEIGHT = 26
/** Of the whole: what is less was a click, and looks at all. */
const LEAST = 0.004
const KEY_STEP = 0.01

export function Brush({ store }: { readonly store: Store }) {
  const overview = useStore(store, (state) => state.overview)
  const span = useStore(store, (state) => state.span)
  const whole = useTimeline(store, null, BUCKETS)
  const box = useRef<HTMLDivElement>(null)
  /** Where the pointer went down, and what was there. */
  const drag = useRef<{ at: number; part: 'from' | 'to' | 'whole' | 'new'; span: TimeSpan } | null>(null)
  const shape = useMemo(() => (whole === null ? null : shapesOf(whole)), [whole])
  if (overview === null) return null
  const { start } = overview
  const length = Math.max(1e-6, overview.end - start)
  const shareOf = (time: number) => Math.max(0, Math.min(1, (time - start) / length))
  const from = span === null ? 0 : shareOf(span.from)
  const to = span === null ? 1 : shareOf(span.to)
  const look = (first: number, last: number) => {
    const [low, high] = first < last ? [first, last] : [last, first]
    if (low <= 0 && high >= 1) void store.look(null)
    else void store.look({ from: start + Math.max(0, low) * length, to: start + Math.min(1, high) * length })
  }
  const shareUnder = (event: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect()
    return Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width)))
  }
  const move = (event: PointerEvent) => {
    if (drag.current === null) return
    const at = shareUnder(event)
    const { at: began, part, span: was } = drag.current
    if (part === 'new') {
      if (Math.abs(at - began) > LEAST) look(began, at)
    } else if (part === 'whole') {
      const by = Math.max(-was.from, Math.min(1 - was.to, at - began))
      look(was.from + by, was.to + by)
    } else look(part === 'from' ? at : was.from, part === 'to' ? at : was.to)
  }
  const end = (end: 'from' | 'to') => {
    const share = end === 'from' ? from : to
    return (
      <div
        class={`brush-end ${end}`}
        role="slider"
        tabIndex={0}
        aria-label={end === 'from' ? 'Start of the span of time' : 'End of the span of time'}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={`${timeOfDay(start + share * length)}, ${spanText(share * length)} from the start`}
        style={{ left: `${share * 100}%` }}
        onPointerDown={(event) => {
          event.stopPropagation()
          box.current?.setPointerCapture(event.pointerId)
          drag.current = { at: shareUnder(event), part: end, span: { from, to } }
        }}
        onKeyDown={(event) => {
          const step = KEY_STEP * (event.shiftKey ? 10 : 1)
          const steps: Readonly<Record<string, number>> = {
            ArrowLeft: share - step,
            ArrowRight: share + step,
            Home: end === 'from' ? 0 : from + KEY_STEP,
            End: end === 'to' ? 1 : to - KEY_STEP,
          }
          const wanted = steps[event.key]
          if (event.key === 'Escape') void store.look(null)
          if (wanted === undefined) return
          event.preventDefault()
          event.stopPropagation()
          if (end === 'from') look(Math.min(wanted, to - LEAST), to)
          else look(from, Math.max(wanted, from + LEAST))
        }}
      />
    )
  }
  return (
    <div
      ref={box}
      class="brush"
      role="group"
      aria-label="Span of time that is looked at"
      onPointerDown={(event) => {
        if (event.button !== 0) return
        const at = shareUnder(event)
        const isInside = span !== null && at > from && at < to
        event.currentTarget.setPointerCapture(event.pointerId)
        drag.current = { at, part: isInside ? 'whole' : 'new', span: { from, to } }
      }}
      onPointerMove={move}
      onPointerUp={(event) => {
        // A click beside the span looks at all again.
        if (drag.current?.part === 'new' && Math.abs(shareUnder(event) - drag.current.at) <= LEAST)
          void store.look(null)
        drag.current = null
      }}
      onPointerCancel={() => {
        drag.current = null
      }}
      onDblClick={() => void store.look(null)}
    >
      {shape !== null && (
        <svg
          class="brush-shape"
          viewBox={`0 0 ${BUCKETS} ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <path class="all" d={shape.all} />
          <path class="odd" d={shape.odd} />
        </svg>
      )}
      {span !== null && (
        <>
          <div class="brush-outside" style={{ left: 0, width: `${from * 100}%` }} />
          <div class="brush-outside" style={{ left: `${to * 100}%`, right: 0 }} />
        </>
      )}
      {end('from')}
      {end('to')}
    </div>
  )
}

/** Heights by their square roots, so that a few packets are seen beside many. */
function shapesOf({ established, opening, invalid, blocked }: Timeline): { all: string; odd: string } {
  const odd = invalid.map((count, at) => count + blocked[at]!)
  const all = odd.map((count, at) => count + established[at]! + opening[at]!)
  const most = Math.sqrt(all.reduce((a, b) => Math.max(a, b), 1))
  const path = (counts: readonly number[]) =>
    counts
      .map((count, at) =>
        count === 0
          ? ''
          : `M${at} ${HEIGHT}v${-Math.max(1.5, (Math.sqrt(count) / most) * HEIGHT).toFixed(1)}h1V${HEIGHT}z`,
      )
      .join('')
  return { all: path(all), odd: path(odd) }
}
