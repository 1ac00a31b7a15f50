/** The rules as the text that they were given as, changed in place; the run repeats as one types. */
import { useState } from 'preact/hooks'
import type { TextMark } from '../../protocol.ts'
import { type Store, useStore } from '../store.ts'
import { classes } from '../words.ts'
import { useChecked } from './checked.ts'
import { TextEditor } from './text-editor.tsx'

type Family = 'ipv4' | 'ipv6'

const fields = { ipv4: 'rules', ipv6: 'rules6' } as const
const names = { ipv4: 'rules.v4', ipv6: 'rules.v6' } as const
const titles = { ipv4: 'IPv4', ipv6: 'IPv6' } as const

/** Where no rules are: all is let through, as on a machine where nobody loaded any. */
const template = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
# -A INPUT -m conntrack --ctstate INVALID -j DROP
COMMIT
`

interface Props {
  readonly store: Store
  /** Line of the rule that decided on the packet under the cursor; null for none. */
  readonly line: (family: Family) => number | null
  readonly onDone: () => void
}

export function RulesEditor({ store, line, onDone }: Props) {
  const [family, setFamily] = useState<Family>(
    store.state.load.rules === null && store.state.load.rules6 !== null ? 'ipv6' : 'ipv4',
  )
  return (
    <div class="rules-editor">
      <div class="editor-head">
        <div role="group" aria-label="Which rules" class="families">
          {(['ipv4', 'ipv6'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={one === family} onClick={() => setFamily(one)}>
              {titles[one]}
            </button>
          ))}
        </div>
        <button type="button" onClick={onDone}>
          Done
        </button>
      </div>
      <FamilyEditor key={family} store={store} family={family} line={line(family)} />
    </div>
  )
}

interface FamilyProps {
  readonly store: Store
  readonly family: Family
  readonly line: number | null
}

function FamilyEditor({ store, family, line }: FamilyProps) {
  const field = fields[family]
  const opened = useStore(store, (state) => state.opened)
  const run = useStore(store, (state) => state.load[field])
  const given = useStore(store, (state) => state.given[field])
  const name = given?.name ?? names[family]
  const checked = useChecked<TextMark>(
    `${field} ${opened}`,
    store.drafts,
    run?.text ?? template,
    (text) => store.link.ask('checkRules', { name, text, family }),
    (text) => store.edit({ [field]: { name, text } }),
  )
  const { text, marks, refused, isWaiting } = checked
  const errors = marks.filter(({ kind }) => kind === 'error').length
  const isRun = text === run?.text
  const revert = () => {
    if (given !== null) checked.set(given.text)
    else {
      checked.reset(template)
      void store.edit({ [field]: null })
    }
  }
  return (
    <TextEditor
      id={`${field}-text`}
      label={`${titles[family]} rules, ${name}`}
      text={text}
      marks={marks}
      current={isRun ? line : null}
      onText={checked.set}
    >
      {refused !== null && <pre class="problem">{refused}</pre>}
      <p class="editor-foot">
        <span class={classes('state', errors > 0 && 'failed')}>
          {errors > 0
            ? 'Cannot be run like this: what is shown went through the rules before.'
            : refused !== null
              ? ''
              : isWaiting
                ? 'Running…'
                : isRun
                  ? '✓ What is shown went through these rules.'
                  : 'Not run yet: change something.'}
        </span>
        {text !== (given?.text ?? template) && (
          <button type="button" onClick={revert}>
            Revert
          </button>
        )}
      </p>
    </TextEditor>
  )
}
