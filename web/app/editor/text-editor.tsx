/**
 * A text that is typed, with marks in it: a plain field, and behind it the same text again, invisible to who listens, that
 * carries line numbers, underlines and signs. Both wrap alike.
 */
import { Component, type ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { TextMark } from '../../protocol.ts'
import { classes } from '../words.ts'
import { fixed } from './text-changes.ts'

/** Longer texts are changed in an editor that is made for them. */
const MOST_LINES = 10_000
/** Of the type, and beside the text: see editor.css. */
const COLUMN_PIXELS = 7.3
const INSET_PIXELS = 62

export interface TextEditorProps {
  readonly id: string
  readonly label: string
  readonly text: string
  readonly marks: readonly TextMark[]
  /** What the text is, as a hint while it is empty. */
  readonly placeholder?: string
  /** Line, from 1, of what the page shows; null for none. It is kept in sight while nobody types. */
  readonly current?: number | null
  readonly onText: (text: string) => void
  /** The caret was put on another line, by hand. */
  readonly onLine?: (line: number) => void
  /** What is told below, beside the marks at the caret. */
  readonly children?: ComponentChildren
}

const signs: Readonly<Record<TextMark['kind'], string>> = {
  error: '✗',
  failed: '✗',
  warning: '!',
  note: 'i',
  passed: '✓',
}
const names: Readonly<Record<TextMark['kind'], string>> = {
  error: 'Mistake',
  failed: 'Does not hold',
  warning: 'Warning',
  note: 'Note',
  passed: 'Holds',
}
/** The gravest first. */
const ranks: readonly TextMark['kind'][] = ['error', 'failed', 'warning', 'note', 'passed']

export function TextEditor(props: TextEditorProps) {
  const { id, label, text, marks, placeholder = '', current = null, onText, onLine, children } = props
  const box = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const [caret, setCaret] = useState(0)
  const [columns, setColumns] = useState(0)
  const lines = useMemo(() => text.split('\n'), [text])
  const byLine = useMemo(() => groupByLine(marks), [marks])
  const caretLine = useMemo(() => lineOf(text, Math.min(caret, text.length)), [text, caret])
  const told = marks.filter(({ kind }) => kind !== 'passed')
  const here = told.filter(({ line }) => line === caretLine)
  const starts = useMemo(() => startsOf(lines), [lines])

  useLayoutEffect(() => {
    // Only where it differs, so that the caret stays.
    if (field.current !== null && field.current.value !== text) field.current.value = text
  }, [text])
  useEffect(() => {
    const view = box.current
    if (view === null) return
    const observer = new ResizeObserver(() =>
      setColumns(Math.floor((view.clientWidth - INSET_PIXELS) / COLUMN_PIXELS)),
    )
    observer.observe(view)
    return () => observer.disconnect()
  }, [])
  // What is opened begins at its top; from the next step on the line stays in sight.
  const followed = useRef<number | null>(null)
  useEffect(() => {
    const isFirst = followed.current === null
    followed.current = current
    if (isFirst || current === null || document.activeElement === field.current) return
    const line = box.current?.querySelector<HTMLElement>(`[data-line="${current}"]`)
    const view = box.current
    if (line == null || view === null) return
    const top = line.offsetTop
    if (top >= view.scrollTop && top + line.offsetHeight <= view.scrollTop + view.clientHeight) return
    view.scrollTop = Math.max(0, top - view.clientHeight / 3)
  }, [current, id])

  const look = () => setCaret(field.current?.selectionStart ?? 0)
  const goTo = (mark: TextMark) => {
    const element = field.current
    if (element === null) return
    element.focus()
    element.setSelectionRange(mark.start, mark.end)
    look()
    box.current?.querySelector(`[data-line="${mark.line}"]`)?.scrollIntoView({ block: 'nearest' })
  }
  const mend = ({ fixes }: TextMark) => {
    const mended = fixed(text, fixes)
    onText(mended.text)
    const element = field.current
    if (element === null) return
    element.value = mended.text
    element.focus()
    element.setSelectionRange(mended.caret, mended.caret)
    look()
  }
  if (lines.length > MOST_LINES)
    return (
      <p class="pane-body quiet">
        {lines.length} lines are too many to be changed here: change the file, and open it again.
      </p>
    )
  const shown = here.length > 0 ? here : told.filter(({ line }) => line === told[0]?.line)
  return (
    <div class="editor">
      <div ref={box} class="editor-view">
        <div class="editor-sheet">
          <div class="editor-lines" aria-hidden="true">
            {lines.map((line, index) => (
              <Line
                key={index}
                number={index + 1}
                text={line}
                start={starts[index]!}
                marks={byLine.get(index + 1) ?? nothing}
                isCurrent={current === index + 1}
                columns={columns}
              />
            ))}
          </div>
          <textarea
            ref={field}
            id={id}
            aria-label={label}
            aria-describedby={`${id}-told`}
            aria-invalid={marks.some(({ kind }) => kind === 'error')}
            placeholder={placeholder}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            onInput={({ currentTarget }) => {
              onText(currentTarget.value)
              look()
            }}
            onSelect={look}
            onKeyUp={({ key }) => {
              if (/^(?:Arrow(?:Up|Down)|Page|Home|End)/.test(key)) onLine?.(lineAtCaret(field.current))
            }}
            onClick={() => onLine?.(lineAtCaret(field.current))}
          />
        </div>
      </div>
      <div id={`${id}-told`} class="editor-told" role="status">
        {shown.map((mark) => (
          <Told
            key={`${mark.start} ${mark.message}`}
            mark={mark}
            onGo={() => goTo(mark)}
            onMend={() => mend(mark)}
          />
        ))}
        {told.length > shown.length && (
          <button
            type="button"
            class="more"
            onClick={() =>
              goTo(
                told.find(({ start }) => start > caret && !shown.some((one) => one.start === start)) ??
                  told[0]!,
              )
            }
          >
            Next of {told.length}
          </button>
        )}
        {children}
      </div>
    </div>
  )
}

function Told({
  mark,
  onGo,
  onMend,
}: {
  readonly mark: TextMark
  readonly onGo: () => void
  readonly onMend: () => void
}) {
  const { kind, line, code, message, advice, fixes } = mark
  return (
    <div class={classes('told', kind)}>
      <button
        type="button"
        class="place"
        onClick={onGo}
        aria-label={`${names[kind]} in line ${line}: go there`}
      >
        <span aria-hidden="true">{signs[kind]}</span> {line}
      </button>
      <p>
        {message}
        {code !== null && <span class="quiet"> {code}</span>}
        {advice !== null && <span class="advice">{advice}</span>}
      </p>
      {fixes.length > 0 && (
        <button type="button" onClick={onMend}>
          {kind === 'failed' ? 'Expect this' : 'Correct'}
        </button>
      )}
    </div>
  )
}

const nothing: readonly TextMark[] = []

interface LineProps {
  readonly number: number
  readonly text: string
  /** Offset of its first character. */
  readonly start: number
  readonly marks: readonly TextMark[]
  readonly isCurrent: boolean
  /** Of the field. */
  readonly columns: number
}

/** Drawn anew only where something about it has changed: of a long text that is typed in, one line has. */
class Line extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    const { text, marks, isCurrent, columns } = this.props
    return (
      text !== next.text ||
      isCurrent !== next.isCurrent ||
      columns !== next.columns ||
      !areAlike(marks, this.props.start, next.marks, next.start)
    )
  }

  render({ number, text, start, marks, isCurrent, columns }: LineProps) {
    const kind = ranks.find((rank) => marks.some((mark) => mark.kind === rank))
    const failed = marks.find((mark) => mark.kind === 'failed')
    // Behind the end of the line where there is room; it stands below the field in any case.
    const hasRoom = failed !== undefined && text.length + failed.message.length + 2 < columns
    return (
      <div
        data-line={number}
        class={classes('editor-line', isCurrent && 'current', /^\s*#/.test(text) && 'comment')}
      >
        {kind !== undefined && <span class={classes('sign', kind)}>{signs[kind]}</span>}
        {pieces(text, start, marks).map(({ part, mark }, index) =>
          mark === null ? (
            part
          ) : (
            <span key={index} class={classes('under', mark.kind)}>
              {part}
            </span>
          ),
        )}
        {hasRoom && <span class="ghost">{`  ${failed.message}`}</span>}
      </div>
    )
  }
}

/** The same, as far as a line shows them, wherever the line stands. */
function areAlike(one: readonly TextMark[], from: number, other: readonly TextMark[], to: number): boolean {
  return (
    one.length === other.length &&
    one.every((mark, index) => {
      const { start, end, kind, message } = other[index]!
      return (
        mark.start - from === start - to &&
        mark.end - from === end - to &&
        mark.kind === kind &&
        mark.message === message
      )
    })
  )
}

/** A line cut where marks begin and end; of several upon each other the gravest. */
function pieces(text: string, start: number, marks: readonly TextMark[]) {
  const end = start + text.length
  const shown = marks.filter((mark) => mark.kind !== 'passed')
  const cuts = [
    ...new Set([start, end, ...shown.flatMap((mark) => [mark.start, Math.max(mark.end, mark.start + 1)])]),
  ]
    .filter((cut) => cut >= start && cut <= end)
    .sort((a, b) => a - b)
  return cuts.slice(0, -1).map((cut, index) => {
    const over = shown.filter((mark) => mark.start <= cut && cut < Math.max(mark.end, mark.start + 1))
    const gravest = ranks
      .map((rank) => over.find(({ kind }) => kind === rank))
      .find((mark) => mark !== undefined)
    return { part: text.slice(cut - start, cuts[index + 1]! - start), mark: gravest ?? null }
  })
}

function groupByLine(marks: readonly TextMark[]): Map<number, TextMark[]> {
  const found = new Map<number, TextMark[]>()
  for (const mark of marks) {
    const known = found.get(mark.line)
    if (known === undefined) found.set(mark.line, [mark])
    else known.push(mark)
  }
  return found
}

function startsOf(lines: readonly string[]): number[] {
  let at = 0
  return lines.map((line) => {
    const start = at
    at += line.length + 1
    return start
  })
}

function lineOf(text: string, position: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) line++
  return line
}

function lineAtCaret(field: HTMLTextAreaElement | null): number {
  return field === null ? 1 : lineOf(field.value, field.selectionStart)
}
