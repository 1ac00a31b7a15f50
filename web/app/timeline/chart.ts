/** Packets over time by what became of them, upon each other, and the table's size as a line on its own scale. */
import uPlot from 'uplot'
import type { Timeline } from '../../protocol.ts'

const CHART_HEIGHT = 124
/** Pixels on either side that axes take: the strip below has the same time under the same place. */
const AXIS_WIDTH = 46

export const series = [
  { key: 'established', label: 'established', color: '--established' },
  { key: 'opening', label: 'new', color: '--opening' },
  { key: 'invalid', label: 'INVALID', color: '--invalid' },
  { key: 'blocked', label: 'dropped', color: '--blocked' },
] as const

export interface Chart {
  /** Seconds since 1970 UTC. */
  showCursor(time: number): void
  show(timeline: Timeline): void
  resize(width: number): void
  destroy(): void
}

/** `go` is told of the time under a pointer that is down. */
export function makeChart(element: HTMLElement, timeline: Timeline, go: (time: number) => void): Chart {
  const style = getComputedStyle(element)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const line = document.createElement('div')
  line.className = 'cursor-line'
  let time = 0
  const place = () => {
    const { min = 0, max = 0 } = plot.scales['x'] ?? {}
    const isInSight = time >= (min ?? 0) && time <= (max ?? 0)
    line.hidden = !isInSight
    // Not by way of the canvas: that would be drawn anew with every packet.
    if (isInSight) line.style.transform = `translateX(${plot.valToPos(time, 'x')}px)`
  }
  const axis = {
    stroke: color('--quiet'),
    grid: { stroke: color('--rule'), width: 1 },
    ticks: { stroke: color('--rule'), width: 1 },
    font: '11px system-ui, sans-serif',
  }
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: CHART_HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 0, 0, 0],
      scales: {
        // To the end of the last span, which is that of the capture.
        x: { time: true, range: (drawn, first, last) => [first, last + spanIn(drawn.data[0])] },
        y: { range: (_, __, most) => [0, Math.max(1, most)] },
        table: { range: (_, __, most) => [0, Math.max(1, most)] },
      },
      axes: [
        { ...axis, size: 24, grid: { show: false }, values: clockValues },
        { ...axis, size: AXIS_WIDTH, values: countValues },
        { ...axis, values: countValues, side: 1, scale: 'table', size: AXIS_WIDTH, grid: { show: false } },
      ],
      series: [
        {},
        // The highest first, so that those in front are seen.
        ...[...series].reverse().map(({ label, color: name }) => ({
          label,
          stroke: color(name),
          fill: color(name),
          width: 0,
          paths: uPlot.paths.bars!({ size: [1, 8], gap: 1, align: 1 }),
          points: { show: false },
        })),
        {
          label: 'table',
          scale: 'table',
          stroke: color('--ink'),
          width: 1,
          paths: uPlot.paths.stepped!({ align: 1 }),
          points: { show: false },
        },
      ],
      hooks: { draw: [place] },
    },
    dataOf(timeline),
    element,
  )
  plot.over.append(line)
  // Taken when the pointer goes down: to ask with each movement would lay out the page in its midst.
  let rect = { left: 0, width: 1 }
  const timeUnder = ({ clientX }: PointerEvent) => {
    go(plot.posToVal(Math.max(0, Math.min(rect.width, clientX - rect.left)), 'x'))
  }
  plot.over.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    plot.over.setPointerCapture(event.pointerId)
    rect = plot.over.getBoundingClientRect()
    timeUnder(event)
  })
  plot.over.addEventListener('pointermove', (event) => {
    if ((event.buttons & 1) !== 0) timeUnder(event)
  })
  return {
    showCursor(to) {
      time = to
      place()
    },
    show: (newest) => plot.setData(dataOf(newest)),
    resize: (width) => plot.setSize({ width, height: CHART_HEIGHT }),
    destroy: () => plot.destroy(),
  }
}

/** Marks of the time axis by the seconds between them. */
const clockValues: uPlot.Axis.Values = [
  [86_400, '{D} {MMM}', null, null, null, null, null, null, 0],
  [60, '{HH}:{mm}', null, null, null, null, null, null, 0],
  [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 0],
  [0.001, '{HH}:{mm}:{ss}.{fff}', null, null, null, null, null, null, 0],
]

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** Whole numbers only: there is no half a packet. */
const countValues = (_: uPlot, counts: readonly number[]) =>
  counts.map((count) => (Number.isInteger(count) ? compact.format(count) : ''))

function spanIn(times: ArrayLike<number>): number {
  return times.length < 2 ? 1e-6 : times[1]! - times[0]!
}

function dataOf(timeline: Timeline): uPlot.AlignedData {
  const stacked = stack(series.map(({ key }) => timeline[key]))
  return [[...timeline.times], ...stacked.reverse(), [...timeline.table]]
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
