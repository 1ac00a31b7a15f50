/** Why the packet under the cursor fared as it did: the text of `sallyport explain`. */
import type { Explaining } from './explained.ts'

export function ExplainPane({
  explained,
  packet,
}: {
  readonly explained: Explaining
  readonly packet: number
}) {
  if (explained === null) return <p class="pane-body quiet">…</p>
  if ('refused' in explained) return <p class="pane-body problem">{explained.refused}</p>
  return (
    <pre
      role="region"
      class={explained.packet === packet ? 'pane-body explanation' : 'pane-body explanation stale'}
      tabIndex={0}
      aria-label={`Why packet ${explained.packet} fared as it did`}
    >
      {explained.lines.map((spans, line) => (
        <span key={line}>
          {spans.map(({ style, text }, index) => (
            <span key={index} class={style}>
              {text}
            </span>
          ))}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}
