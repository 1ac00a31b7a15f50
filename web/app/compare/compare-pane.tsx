/** What another ruleset, or other settings, would change: only what differs, by flow, then by rule. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TextMark } from '../../protocol.ts'
import { TextEditor } from '../editor/text-editor.tsx'
import { kindOf, rulesOf } from '../given-files.ts'
import { type Store, textOf, useStore } from '../store.ts'
import { counted } from '../words.ts'
import { Compared } from './compared.tsx'
import type { Comparing, ComparingState } from './comparing.ts'

export function ComparePane({ store, comparing }: { readonly store: Store; readonly comparing: Comparing }) {
  const state = useComparing(comparing)
  const load = useStore(store, (all) => all.load)
  const given = useStore(store, (all) => all.given)
  const [isOver, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const isEdited =
    load.rules?.text !== given.rules?.text ||
    load.rules6?.text !== given.rules6?.text ||
    load.settings !== given.settings
  const take = (files: readonly File[]) => void takeRules(comparing, files)
  if (load.scenario !== null)
    return (
      <p class="pane-body quiet">
        A scenario has its own rules and packets: change them in its text. Captures can be compared under
        other rules.
      </p>
    )
  return (
    <div
      class={isOver ? 'pane-body compare over' : 'pane-body compare'}
      onDragOver={(event) => {
        event.preventDefault()
        event.stopPropagation()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        // Else the page would load them.
        event.stopPropagation()
        setOver(false)
        take([...(event.dataTransfer?.files ?? [])])
      }}
    >
      <p>
        What would be different for these packets with other rules, or other settings? Only that is shown.
      </p>
      <div class="compare-what">
        <div class="compare-row">
          <button type="button" onClick={() => input.current?.click()}>
            Choose rules…
          </button>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            aria-label="The second ruleset"
            onChange={({ currentTarget }) => {
              take([...(currentTarget.files ?? [])])
              currentTarget.value = ''
            }}
          />
          {state.rules === null && state.rules6 === null ? (
            <button
              type="button"
              onClick={() => comparing.set({ rules: copyOf(load.rules), isWritten: true })}
            >
              Write them here
            </button>
          ) : (
            <button
              type="button"
              onClick={() => comparing.set({ rules: null, rules6: null, isWritten: false })}
            >
              The loaded rules again
            </button>
          )}
          {isEdited && (
            <button type="button" onClick={() => void comparing.runEdits()}>
              What did my edits change?
            </button>
          )}
        </div>
        {state.rules !== null && <SecondRules store={store} comparing={comparing} family="ipv4" />}
        {state.rules6 !== null && <SecondRules store={store} comparing={comparing} family="ipv6" />}
        <label class="compare-sysctls">
          <span>Sysctls of the second run, a line each</span>
          <textarea
            rows={Math.max(1, state.sysctls.split('\n').length)}
            spellcheck={false}
            placeholder="net.netfilter.nf_conntrack_tcp_be_liberal = 1"
            value={state.sysctls}
            onInput={({ currentTarget }) => comparing.set({ sysctls: currentTarget.value })}
          />
        </label>
        <div class="compare-row">
          <button type="button" class="main-action" onClick={() => void comparing.run()}>
            Compare
          </button>
          {state.progress !== null && (
            <span role="status">
              {counted(state.progress.packets, 'packet')}…{' '}
              <button type="button" onClick={() => comparing.leave()}>
                Cancel
              </button>
            </span>
          )}
        </div>
      </div>
      {state.refused !== null && (
        <pre class="problem" role="alert">
          {state.refused}
        </pre>
      )}
      {state.result !== null && <Compared store={store} {...state.result} />}
    </div>
  )
}

/** The text of the second ruleset, to be changed. */
function SecondRules({
  store,
  comparing,
  family,
}: {
  readonly store: Store
  readonly comparing: Comparing
  readonly family: 'ipv4' | 'ipv6'
}) {
  const { state } = comparing
  const rules = (family === 'ipv6' ? state.rules6 : state.rules)!
  const marks = useMarks(store, rules, family)
  return (
    <details class="second-rules" open={state.isWritten}>
      <summary>
        The second ruleset is <b>{rules.name}</b>: edit
      </summary>
      <TextEditor
        id={`compare-${family}`}
        label={`The second ruleset, ${rules.name}`}
        text={rules.text}
        marks={marks}
        onText={(text) => comparing.setRules(family, { ...rules, text })}
      />
    </details>
  )
}

const REST_MS = 250

/** What is wrong with the text, once nobody types. */
function useMarks(
  store: Store,
  { name, text }: { readonly name: string; readonly text: string },
  family: 'ipv4' | 'ipv6',
): readonly TextMark[] {
  const [marks, setMarks] = useState<readonly TextMark[]>([])
  useEffect(() => {
    let isWanted = true
    const timer = setTimeout(() => {
      store.link.ask('checkRules', { name, text, family }).then(
        (found) => isWanted && setMarks(found),
        () => isWanted && setMarks([]),
      )
    }, REST_MS)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [name, text, family])
  return marks
}

function copyOf(rules: { readonly name: string; readonly text: string } | null) {
  return (
    rules ?? {
      name: 'new.v4',
      text: '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n',
    }
  )
}

async function takeRules(comparing: Comparing, files: readonly File[]): Promise<void> {
  if (files.length === 0) return
  try {
    for (const file of files) {
      if ((await kindOf(file)) === 'capture')
        throw new Error(`${file.name} is no ruleset: drop a capture on another part of the page`)
      const { family, text } = await rulesOf(file)
      comparing.setRules(family, text)
    }
    await comparing.run()
  } catch (error) {
    comparing.set({ refused: error instanceof Error ? error.message : textOf(error) })
  }
}

function useComparing(comparing: Comparing): ComparingState {
  const [state, setState] = useState(comparing.state)
  useEffect(() => {
    const look = () => setState(comparing.state)
    look()
    return comparing.subscribe(look)
  }, [comparing])
  return state
}
