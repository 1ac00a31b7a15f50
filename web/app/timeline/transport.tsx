/** Play, step, and where the cursor is. */
import type { JSX } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { type Store, useStore } from '../store.ts'
import { grouped, spanText, timeOfDay } from '../words.ts'
import { Player, type Playing, type Speed } from './player.ts'

const speeds: readonly (readonly [string, Speed])[] = [
  ['4 packets a second', { kind: 'packets', value: 4 }],
  ['a tenth of real time', { kind: 'times', value: 0.1 }],
  ['real time', { kind: 'times', value: 1 }],
  ['10 × real time', { kind: 'times', value: 10 }],
  ['100 × real time', { kind: 'times', value: 100 }],
  ['all in 20 seconds', { kind: 'whole', value: 20 }],
]
const WHOLE = speeds.length - 1
/** With more packets, one after the other would take too long. */
const FEW = 500

export function Transport({ store }: { readonly store: Store }) {
  const run = useStore(store, (state) => state.run)
  const packet = useStore(store, (state) => state.packet)
  const place = useStore(store, (state) => state.place)
  const packets = useStore(store, (state) => state.overview?.packets ?? 0)
  const span = useStore(store, (state) => state.span)
  const [{ isPlaying, gap }, setPlaying] = useState<Playing>({ isPlaying: false, gap: 0 })
  const [chosen, setChosen] = useState<number | null>(null)
  const [said, say] = useState('')
  const player = useMemo(() => new Player(store, setPlaying), [store])
  const speed = chosen ?? (packets > FEW ? WHOLE : 0)
  player.speed = speeds[speed]![1]
  useEffect(() => () => player.stop(), [run])
  const first = span?.first ?? 1
  const last = Math.max(first, span?.last ?? packets)
  const odd = async (step: 1 | -1) => {
    say('')
    if (!(await store.moveToOdd(step))) say(step > 0 ? 'nothing odd behind it' : 'nothing odd before it')
  }
  const now = place !== null && place.packet === packet ? timeOfDay(Number(place.time)) : ''
  return (
    <div class="transport">
      <div class="step-buttons" role="group" aria-label="Move the cursor">
        <Step name="To the odd packet before" icon={icons.oddBack} onClick={() => void odd(-1)} />
        <Step name="One packet back" icon={icons.back} onClick={() => void store.move(packet - 1)} />
        <Step
          name={isPlaying ? 'Pause' : 'Play'}
          icon={isPlaying ? icons.pause : icons.play}
          onClick={() => (isPlaying ? player.stop() : player.start())}
        />
        <Step name="One packet on" icon={icons.on} onClick={() => void store.move(packet + 1)} />
        <Step name="To the next odd packet" icon={icons.oddOn} onClick={() => void odd(1)} />
      </div>
      <select
        class="speed"
        aria-label="Speed"
        value={String(speed)}
        onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}
      >
        {speeds.map(([name], index) => (
          <option key={name} value={String(index)}>
            {name}
          </option>
        ))}
      </select>
      <label class="cursor">
        <span class="unseen">Packet</span>
        <input
          type="range"
          min={first}
          max={last}
          step={1}
          value={packet}
          aria-label="Packet under the cursor"
          aria-valuetext={`packet ${packet} of ${packets}${now === '' ? '' : `, ${now}`}`}
          onInput={({ currentTarget }) => void store.move(currentTarget.valueAsNumber)}
        />
      </label>
      <output class="now">
        <b>{grouped(packet)}</b> of {grouped(packets)} <span class="clock">{now}</span>
      </output>
      {gap > 0 && <span class="gap-note">⋮ {spanText(gap)} without a packet</span>}
      {gap === 0 && said !== '' && (
        <span class="gap-note" role="status">
          {said}
        </span>
      )}
    </div>
  )
}

function Step(props: { readonly name: string; readonly icon: JSX.Element; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      class="step-button"
      aria-label={props.name}
      title={props.name}
      onClick={props.onClick}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {props.icon}
      </svg>
    </button>
  )
}

const icons = {
  play: <path d="M4 2.5v11l9-5.5z" />,
  pause: <path d="M4 3h3v10H4zM9 3h3v10H9z" />,
  back: <path d="M10.5 3v10L3.5 8zM12 3h1.5v10H12z" />,
  on: <path d="M5.500 3v10l7-5zM2.500 3H4v10H2.500z" />,
  oddBack: (
    <>
      <path d="M7 3v10L0.500 8z" />
      <path d="M11 3h2.200l-.4 6.500h-1.400zM11.100 11h2v2h-2z" />
    </>
  ),
  oddOn: (
    <>
      <path d="M9 3v10l6.500-5z" />
      <path d="M2.800 3H5l-.4 6.500H3.200zM2.900 11h2v2h-2z" />
    </>
  ),
}
