/** Why the packet under the cursor fared as it did: the text of `sallyport explain`. */
import type { Span } from '../protocol.ts'
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
        <span key={line} style={hanging(spans)}>
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

/** What does not fit into the pane goes on below, further in than its line begins. */
function hanging(spans: readonly Span[]): { readonly paddingLeft: string; readonly textIndent: string } {
  const text = spans.map((span) => span.text).join('')
  const columns = text.length - text.trimStart().length + 4
  return { paddingLeft: `${columns}ch`, textIndent: `-${columns}ch` }
}
