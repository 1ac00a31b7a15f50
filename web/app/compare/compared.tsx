/** What a comparison came to. */
import type { ComparedGroup, ComparedSide, Comparison } from '../../protocol.ts'
import { type Store, useStore } from '../store.ts'
import { classes, counted, grouped } from '../words.ts'

interface Props {
  readonly store: Store
  readonly comparison: Comparison
  /** What the sides are called. */
  readonly old: string
  readonly now: string
}

export function Compared({ store, comparison, old, now }: Props) {
  const { headline, notes, groups, moreGroups, rules, moreRules, assumptions } = comparison
  return (
    <div class="compared">
      <div role="status">
        <h3>{headline}</h3>
      </div>
      <p class="quiet">
        <b>old</b> {old} · <b>new</b> {now}
      </p>
      {notes.map((note) => (
        <p key={note} class="quiet">
          {note}
        </p>
      ))}
      {groups.map((group, index) => (
        <Group key={index} store={store} group={group} />
      ))}
      {moreGroups > 0 && <p class="quiet">and {counted(moreGroups, 'further kind')} of change</p>}
      {rules.length > 0 && (
        <>
          <h4>Rules: packets that they took</h4>
          <table class="hit-changes">
            <thead>
              <tr>
                <th scope="col">
                  <span class="unseen">Change</span>
                </th>
                <th scope="col" class="number">
                  old
                </th>
                <th scope="col" class="number">
                  new
                </th>
                <th scope="col">Rule</th>
              </tr>
            </thead>
            <tbody>
              {rules.map(({ sign, old: before, now: after, place, text }, index) => (
                <tr key={index}>
                  <td class={`change-sign ${signWords[sign]}`}>
                    <span aria-hidden="true">{sign === '-' ? '−' : sign}</span>
                    <span class="unseen">{signWords[sign]}</span>
                  </td>
                  <td class="number">{before}</td>
                  <td class="number">{after}</td>
                  <td>
                    <span class="quiet">{place}</span> <code>{text}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {moreRules > 0 && <p class="quiet">and {grouped(moreRules)} more</p>}
        </>
      )}
      {assumptions.length > 0 && (
        <details class="assumed">
          <summary>{counted(assumptions.length, 'thing')} taken for granted</summary>
          <ul>
            {assumptions.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

const signWords = { '-': 'gone', '+': 'added', '~': 'moved', ' ': 'same' } as const

function Group({ store, group }: { readonly store: Store; readonly group: ComparedGroup }) {
  const { title, flows, packets, old, now, why, examples } = group
  const packet = useStore(store, (state) => state.packet)
  return (
    <section class="change-group">
      <h4>
        {title} <span class="quiet">{`${counted(flows, 'flow')}, ${counted(packets, 'packet')}`}</span>
      </h4>
      <dl>
        <dt>old</dt>
        <dd>
          <Side side={old} />
        </dd>
        <dt>new</dt>
        <dd>
          <Side side={now} />
        </dd>
        {why.length > 0 && <dt>why</dt>}
        {why.length > 0 && (
          <dd>
            {why.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </dd>
        )}
      </dl>
      <ul>
        {examples.map(({ name, numbers, packet: first }) => (
          <li key={first}>
            <button
              type="button"
              class={classes('change-flow', first === packet && 'chosen')}
              aria-current={first === packet}
              onClick={() => void store.move(first)}
            >
              <span>{name}</span> <span class="quiet">{numbers}</span>
            </button>
          </li>
        ))}
      </ul>
      {flows > examples.length && <p class="quiet">and {counted(flows - examples.length, 'more flow')}</p>}
    </section>
  )
}

function Side({ side: { fate, place, line, text } }: { readonly side: ComparedSide }) {
  return (
    <>
      <b class={classes('mark', isBad(fate) && 'blocked')}>{fate}</b>{' '}
      {place !== '' && (
        <>
          {place} <span class="quiet">{line}</span>{' '}
        </>
      )}
      {place === '' ? <span class="quiet">{text}</span> : <code>{text}</code>}
    </>
  )
}

function isBad(fate: string): boolean {
  return fate === 'DROP' || fate === 'REJECT'
}
