/** The whole capture over time: packets by what became of them, the size of the table, and the cursor. */
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { Timeline } from '../protocol.ts'
import { type Store, useStore } from './store.ts'
import { dayAndTime, grouped, timeOfDay } from './words.ts'

const HEIGHT = 132
/** Pixels of a span of time. */
const SPAN_PIXELS = 4

const series = [
  { key: 'established', label: 'established', color: '--established' },
  { key: 'opening', label: 'new', color: '--opening' },
  { key: 'invalid', label: 'INVALID', color: '--invalid' },
  { key: 'blocked', label: 'dropped', color: '--blocked' },
] as const

export function TimelinePane({ store }: { readonly store: Store }) {
  const run = useStore(store, (state) => state.run)
  const packet = useStore(store, (state) => state.packet)
  const place = useStore(store, (state) => state.place)
  const overview = useStore(store, (state) => state.overview)
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [timeline, setTimeline] = useState<Timeline | null>(null)
  const time = useRef(0)
  if (place !== null && place.packet === packet) time.current = Number(place.time)

  useEffect(() => {
    const width = box.current?.clientWidth ?? 800
    if (run === 0) return
    const buckets = Math.max(20, Math.floor(width / SPAN_PIXELS))
    void store.link.ask('timeline', { buckets }).then(setTimeline, () => {})
  }, [run])

  useEffect(() => {
    const element = box.current
    if (element === null || timeline === null) return
    const draw = () => {
      plot.current?.destroy()
      plot.current = chart(element, timeline, time, (to) => void store.move(to))
    }
    draw()
    const observer = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    observer.observe(element)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    scheme.addEventListener('change', draw)
    return () => {
      observer.disconnect()
      scheme.removeEventListener('change', draw)
      plot.current?.destroy()
      plot.current = null
    }
  }, [timeline])
  useEffect(() => plot.current?.redraw(false, false), [place])

  if (overview === null) return null
  const { packets, start } = overview
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
        <span class="quiet">{dayAndTime(start)}</span>
      </header>
      <div ref={box} class="chart" aria-hidden="true" />
      <label class="cursor">
        <span>Packet</span>
        <input
          type="range"
          min={1}
          max={packets}
          step={1}
          value={packet}
          aria-label="Packet under the cursor"
          aria-valuetext={`packet ${packet} of ${packets}`}
          onInput={({ currentTarget }) => void store.move(currentTarget.valueAsNumber)}
        />
        <output>
          {grouped(packet)} of {grouped(packets)}
          {place !== null && place.packet === packet ? `, ${timeOfDay(Number(place.time))}` : ''}
        </output>
      </label>
    </section>
  )
}

/** Bars upon each other, so that the whole height is all packets; the table as a line on its own scale. */
function chart(
  element: HTMLElement,
  timeline: Timeline,
  time: { readonly current: number },
  move: (packet: number) => void,
): uPlot {
  const style = getComputedStyle(element)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const stacked = stack(series.map(({ key }) => timeline[key]))
  const steps = uPlot.paths.stepped!({ align: 1 })
  const bars = uPlot.paths.bars!({ size: [1, 8], gap: 1 })
  const axis = {
    stroke: color('--quiet'),
    grid: { stroke: color('--rule'), width: 1 },
    ticks: { stroke: color('--rule'), width: 1 },
    font: '11px system-ui, sans-serif',
  }
  const packetAt = (index: number | null | undefined) => (index == null ? 0 : (timeline.packets[index] ?? 0))
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: true },
        y: { range: (_, __, most) => [0, Math.max(1, most)] },
        table: { range: (_, __, most) => [0, Math.max(1, most)] },
      },
      axes: [
        { ...axis, size: 24, grid: { show: false } },
        { ...axis, size: 44 },
        { ...axis, side: 1, scale: 'table', size: 44, grid: { show: false } },
      ],
      series: [
        {},
        // The highest first, so that those in front are seen.
        ...[...series].reverse().map(({ label, color: name }) => ({
          label,
          stroke: color(name),
          fill: color(name),
          width: 0,
          paths: bars,
          points: { show: false },
        })),
        {
          label: 'table',
          scale: 'table',
          stroke: color('--ink'),
          width: 1,
          paths: steps,
          points: { show: false },
        },
      ],
      hooks: {
        draw: [
          (drawn) => {
            const x = Math.round(drawn.valToPos(time.current, 'x', true))
            const { ctx, bbox } = drawn
            ctx.save()
            ctx.fillStyle = color('--accent')
            ctx.fillRect(x - 1, bbox.top, 2, bbox.height)
            ctx.restore()
          },
        ],
      },
    },
    [[...timeline.times], ...stacked.reverse(), [...timeline.table]],
    element,
  )
  const go = () => {
    const packet = packetAt(plot.cursor.idx)
    if (packet > 0) move(packet)
  }
  plot.over.addEventListener('pointerdown', go)
  plot.over.addEventListener('pointermove', ({ buttons }) => {
    if ((buttons & 1) !== 0) go()
  })
  return plot
}

/** Each on top of those before. */
function stack(lists: readonly (readonly number[])[]): number[][] {
  const sums: number[][] = []
  for (const list of lists) {
    const below = sums.at(-1)
    sums.push(list.map((value, index) => value + (below?.[index] ?? 0)))
  }
  return sums
}
