/** The scenario that is shown: its text, typed in and run again, with what its tests come to at their lines. */
import { useEffect, useState } from 'preact/hooks'
import type { ScenarioResults, TextMark } from '../../protocol.ts'
import { useChecked } from '../editor/checked.ts'
import { TextEditor } from '../editor/text-editor.tsx'
import { type Store, useStore } from '../store.ts'
import { classes, counted } from '../words.ts'
import { itemOfFile, neighbour } from './catalog.ts'
import { headOf } from './groups.ts'
import { show } from './shown.ts'

export const SCENARIO_FIELD = 'scenario-text'

export function ScenarioPane({ store }: { readonly store: Store }) {
  const run = useStore(store, (state) => state.run)
  const opened = useStore(store, (state) => state.opened)
  const scenario = useStore(store, (state) => state.load.scenario)!
  const given = useStore(store, (state) => state.given.scenario)
  const played = useStore(store, (state) => state.overview?.scenario ?? null)
  const packet = useStore(store, (state) => state.packet)
  const [results, setResults] = useState<(ScenarioResults & { readonly text: string }) | null>(null)
  const checked = useChecked<TextMark>(
    `scenario ${opened}`,
    store.drafts,
    scenario.text,
    async (text) => (await store.link.ask('checkScenario', { ...scenario, text })).marks,
    (text) => store.edit({ scenario: { ...store.state.load.scenario!, text } }),
  )
  useEffect(() => {
    let isWanted = true
    const { text } = scenario
    store.link.ask('results', scenario).then(
      (answer) => isWanted && setResults({ ...answer, text }),
      () => {},
    )
    return () => {
      isWanted = false
    }
  }, [run])

  const { text, marks, refused, isWaiting } = checked
  const isSettled = !isWaiting && results !== null && results.text === text
  const item = itemOfFile(scenario.name)
  const tests = played?.tests ?? []
  const passed = results?.passed ?? []
  const failed = passed.filter((is) => !is).length
  const isWrong = marks.some(({ kind }) => kind === 'error')
  return (
    <section class="pane scenario" aria-labelledby="scenario-title">
      <header class="pane-head">
        <h2 id="scenario-title">{headOf(text).title || scenario.name}</h2>
        {item !== null && (
          <span class="steps">
            <Step store={store} name={item.name} step={-1} label="The scenario before" sign="‹" />
            <Step store={store} name={item.name} step={1} label="The next scenario" sign="›" />
          </span>
        )}
      </header>
      {tests.length > 1 && (
        <label class="tests">
          <span>Test</span>
          <select
            value={String(played?.test ?? 0)}
            onChange={({ currentTarget }) => store.playTest(Number(currentTarget.value))}
          >
            {tests.map(({ name }, at) => (
              <option key={at} value={String(at)}>
                {passed[at] === undefined ? '·' : passed[at] ? '✓' : '✗'} {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <TextEditor
        id={SCENARIO_FIELD}
        label={`Text of the scenario ${scenario.name}`}
        text={text}
        marks={isSettled ? merged(marks, results.marks) : marks}
        current={text === scenario.text ? (played?.lines[packet - 1] ?? null) : null}
        onText={checked.set}
        onLine={(line) => {
          const to = text === scenario.text ? (played?.lines.indexOf(line) ?? -1) : -1
          if (to >= 0 && played?.lines[packet - 1] !== line) void store.move(to + 1)
        }}
      >
        {refused !== null && <pre class="problem">{refused}</pre>}
        <p class="editor-foot">
          <span class={classes('state', (isWrong || failed > 0) && 'failed')}>
            {isWrong
              ? 'Cannot be run like this: the last run that could is shown.'
              : !isSettled
                ? 'Running…'
                : failed > 0
                  ? `✗ ${counted(failed, 'test')} of ${passed.length} failed`
                  : `✓ ${counted(passed.length, 'test')} passed`}
          </span>
          {given !== null && text !== given.text && (
            <button type="button" onClick={() => checked.set(given.text)}>
              Revert
            </button>
          )}
        </p>
      </TextEditor>
    </section>
  )
}

interface StepProps {
  readonly store: Store
  readonly name: string
  readonly step: -1 | 1
  readonly label: string
  readonly sign: string
}

function Step({ store, name, step, label, sign }: StepProps) {
  const to = neighbour(name, step)
  return (
    <button
      type="button"
      aria-label={to === null ? label : `${label}: ${to.title}`}
      title={to?.title}
      disabled={to === null}
      onClick={() => to !== null && void show(store, to)}
    >
      {sign}
    </button>
  )
}

function merged(one: readonly TextMark[], other: readonly TextMark[]): TextMark[] {
  return [...one, ...other].sort((a, b) => a.start - b.start)
}
