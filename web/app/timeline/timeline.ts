/** The timeline of the run, or of a part of its time, as far as it has come. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Timeline, TimeSpan } from '../../protocol.ts'
import { type Store, useStore } from '../store.ts'

/** One question at a time: of the spans that a drag passes meanwhile, only the last is asked for. */
export function useTimeline(store: Store, span: TimeSpan | null, buckets: number): Timeline | null {
  const run = useStore(store, (state) => state.run)
  const grown = useStore(store, (state) => state.grown)
  const [timeline, setTimeline] = useState<Timeline | null>(null)
  const key = `${run} ${grown} ${span?.from} ${span?.to} ${buckets}`
  const wanted = useRef({ key, run, span, buckets })
  wanted.current = { key, run, span, buckets }
  const isAsking = useRef(false)
  const ask = async () => {
    if (isAsking.current) return
    isAsking.current = true
    let answered = ''
    while (answered !== wanted.current.key && wanted.current.run > 0 && wanted.current.buckets > 0) {
      const { key: now, span: part, buckets: count } = wanted.current
      const question = { buckets: count, from: part?.from ?? null, to: part?.to ?? null }
      // Refused where the run was replaced meanwhile: that has another key.
      const answer = await store.link.ask('timeline', question).catch(() => null)
      answered = now
      if (answer !== null) setTimeline(answer)
    }
    isAsking.current = false
  }
  useEffect(() => void ask(), [key])
  return run === 0 ? null : timeline
}
