/** A text that is checked as it is typed, and run once it can be. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TextMark } from '../../protocol.ts'
import { textOf } from '../store.ts'
import { shifted } from './text-changes.ts'

/** Who types on is not told of half a word. */
const REST_MS = 300

export interface Checked<Mark extends TextMark> {
  readonly text: string
  readonly marks: readonly Mark[]
  /** What kept it from being run, beside marks. */
  readonly refused: string | null
  /** Typed, and not run yet. */
  readonly isWaiting: boolean
  set(text: string): void
  /** The same without running it. */
  reset(text: string): void
}

/**
 * `key`: which text it is; with another one, everything begins anew with its draft, or with what was given. `check` answers the marks of a text, `run`
 * runs one without mistakes and answers what is wrong, or null.
 */
export function useChecked<Mark extends TextMark>(
  key: string,
  drafts: Map<string, string>,
  given: string,
  check: (text: string) => Promise<readonly Mark[]>,
  run: (text: string) => Promise<string | null>,
): Checked<Mark> {
  const initial = drafts.get(key) ?? given
  const [state, setState] = useState({
    key,
    text: initial,
    marks: [] as readonly Mark[],
    refused: null as string | null,
    isWaiting: false,
  })
  const turn = useRef(0)
  const latest = useRef({ check, run })
  latest.current = { check, run }
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)

  const look = async (text: string, isRun: boolean) => {
    const mine = ++turn.current
    const isLate = () => turn.current !== mine
    try {
      const marks = await latest.current.check(text)
      if (isLate()) return
      const isWrong = marks.some(({ kind }) => kind === 'error')
      setState((known) => ({ ...known, marks, refused: null, isWaiting: isRun && !isWrong }))
      if (!isRun || isWrong) return
      const refused = await latest.current.run(text)
      if (!isLate()) setState((known) => ({ ...known, refused, isWaiting: false }))
    } catch (error) {
      if (!isLate()) setState((known) => ({ ...known, refused: textOf(error), isWaiting: false }))
    }
  }

  useEffect(() => {
    clearTimeout(timer.current)
    setState({ key, text: initial, marks: [], refused: null, isWaiting: false })
    void look(initial, false)
    return () => {
      turn.current++
      clearTimeout(timer.current)
    }
  }, [key])

  const set = (text: string) => {
    drafts.set(key, text)
    setState((known) => ({
      ...known,
      text,
      marks: shifted(known.marks, known.text, text),
      isWaiting: true,
    }))
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void look(text, true), REST_MS)
  }
  const reset = (text: string) => {
    drafts.delete(key)
    clearTimeout(timer.current)
    setState({ key, text, marks: [], refused: null, isWaiting: false })
    void look(text, false)
  }
  const { text, marks, refused, isWaiting } =
    state.key === key ? state : { text: initial, marks: [], refused: null, isWaiting: false }
  return { text, marks, refused, isWaiting, set, reset }
}
