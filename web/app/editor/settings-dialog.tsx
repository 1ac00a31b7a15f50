/** Settings: how packets are judged beside the rules, in the words of the command line. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { type SettingMark, type ToldSettings, usualSettings } from '../../protocol.ts'
import { type Store, textOf } from '../store.ts'
import { TextEditor } from './text-editor.tsx'

/** Who types on is not told of half a word. */
const REST_MS = 250

const texts: readonly {
  readonly field: SettingMark['field']
  readonly title: string
  readonly about: string
  readonly placeholder: string
}[] = [
  {
    field: 'sysctls',
    title: 'Sysctls',
    about: 'By their own names, a line each, as sysctl -a prints them.',
    placeholder: 'net.netfilter.nf_conntrack_tcp_loose = 0',
  },
  {
    field: 'host',
    title: 'The host',
    about:
      'Whose rules they are: lines of local, route and pair, or all that ip -j addr and ip -j route print. Guessed from the capture while nothing is said.',
    placeholder: 'local eth0=192.0.2.1/24\nroute default=eth0',
  },
  {
    field: 'ipset',
    title: 'IP sets',
    about: 'What -m set and -j SET name: what ipset save prints.',
    placeholder: 'create web hash:ip\nadd web 192.0.2.9',
  },
  {
    field: 'timeouts',
    title: 'Timeout policies',
    about: 'What -j CT --timeout names, a line each as in nfct timeout add.',
    placeholder: 'short inet tcp established 600',
  },
]

type Choice = 'linux' | 'checksum' | 'conntrack' | 'captured'

const choices: readonly {
  readonly field: Choice
  readonly title: string
  readonly options: readonly (readonly [string, string])[]
}[] = [
  {
    field: 'linux',
    title: 'Connection tracking of',
    options: [
      ['6.18', 'Linux 6.18'],
      ['2.4', 'Linux 2.4, of which the old articles tell'],
    ],
  },
  {
    field: 'checksum',
    title: 'Checksums are',
    options: [
      ['auto', 'verified, unless they were offloaded'],
      ['verify', 'verified'],
      ['ignore', 'ignored'],
    ],
  },
  {
    field: 'conntrack',
    title: 'Packets are tracked',
    options: [
      ['always', 'always'],
      ['auto', 'where a rule needs it'],
    ],
  },
  {
    field: 'captured',
    title: 'The capture stands',
    options: [
      ['auto', 'where it looks like'],
      ['inside', 'inside of the translation'],
      ['outside', 'outside of it'],
      ['both', 'on both sides: every packet twice'],
      ['wire', 'as the host had each packet'],
    ],
  },
]

const numbers: readonly {
  readonly field: 'zone' | 'hz' | 'seed'
  readonly title: string
  readonly least: number
  readonly most: number
}[] = [
  { field: 'zone', title: 'Zone', least: 0, most: 65_535 },
  { field: 'hz', title: 'Clock ticks a second', least: 24, most: 1200 },
  { field: 'seed', title: 'Seed of random numbers', least: 1, most: 2 ** 31 - 1 },
]

export function SettingsDialog({ store, onClose }: { readonly store: Store; readonly onClose: () => void }) {
  // What could not be opened may be with what is told here.
  const [failed] = useState(store.state.failed)
  const [told, setTold] = useState<ToldSettings>((failed ?? store.state.load).settings)
  const [marks, setMarks] = useState<readonly SettingMark[]>([])
  const [refused, setRefused] = useState<string | null>(null)
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current!
    element.showModal()
    return () => element.close()
  }, [])
  useEffect(() => {
    let isWanted = true
    const timer = setTimeout(() => {
      store.link.ask('checkSettings', told).then(
        (found) => isWanted && setMarks(found),
        (error) => isWanted && setRefused(textOf(error)),
      )
    }, REST_MS)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [told])
  const change = (part: Partial<ToldSettings>) => {
    setRefused(null)
    setTold((known) => ({ ...known, ...part }))
  }
  const apply = async () => {
    const wrong = await (failed === null
      ? store.edit({ settings: told })
      : store.load({ ...failed, settings: told }, false))
    if (wrong === null) onClose()
    else setRefused(wrong)
  }
  return (
    <dialog ref={dialog} class="settings" aria-labelledby="settings-title" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void apply()
        }}
      >
        <div class="dialog-head">
          <h2 id="settings-title">Settings</h2>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
        <div class="choices">
          {choices.map(({ field, title, options }) => (
            <label key={field}>
              <span>{title}</span>
              <select
                name={field}
                value={told[field]}
                onChange={({ currentTarget }) => change({ [field]: currentTarget.value })}
              >
                {options.map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
          ))}
          {numbers.map(({ field, title, least, most }) => (
            <label key={field}>
              <span>{title}</span>
              <input
                name={field}
                type="number"
                min={least}
                max={most}
                step={1}
                required
                value={told[field]}
                onInput={({ currentTarget }) => {
                  const value = currentTarget.valueAsNumber
                  if (Number.isFinite(value)) change({ [field]: value })
                }}
              />
            </label>
          ))}
          <label class="check">
            <input
              type="checkbox"
              name="asRecorded"
              checked={told.asRecorded}
              onChange={({ currentTarget }) => change({ asRecorded: currentTarget.checked })}
            />
            <span>Evaluate every packet as it was recorded, what follows a dropped opening packet too</span>
          </label>
        </div>
        {texts.map(({ field, title, about, placeholder }) => (
          <section key={field}>
            <h3>{title}</h3>
            <p class="quiet">{about}</p>
            <TextEditor
              id={`setting-${field}`}
              label={title}
              text={told[field]}
              placeholder={placeholder}
              marks={marks.filter((mark) => mark.field === field)}
              onText={(text) => change({ [field]: text })}
            />
          </section>
        ))}
        {refused !== null && (
          <pre class="problem" role="alert">
            {refused}
          </pre>
        )}
        <div class="dialog-foot">
          <button type="submit" class="primary" disabled={marks.some(({ kind }) => kind === 'error')}>
            Run with these
          </button>
          <button type="button" onClick={() => change(usualSettings)}>
            As usual
          </button>
        </div>
      </form>
    </dialog>
  )
}

/** How many differ from the usual ones. */
export function changedSettings(told: ToldSettings): number {
  return (Object.keys(usualSettings) as (keyof ToldSettings)[]).filter(
    (field) => told[field] !== usualSettings[field],
  ).length
}
