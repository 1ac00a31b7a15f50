/** Where the chosen connection stands in the list, so that the list can go there. */
import { useEffect, useState } from 'preact/hooks'
import type { FlowPlaceQuestion } from '../protocol.ts'
import type { Store } from './store.ts'

/** Behind the last change: of what a dragged cursor passes, nothing is looked for. */
const REST_MS = 60

/** From 0; -1 where it is not in the list, or nobody knows yet. `total`: a longer list is looked through again. */
export function useFlowPlace(store: Store, question: FlowPlaceQuestion | null, total: number): number {
  const key = JSON.stringify(question)
  const [found, setFound] = useState({ key: '', place: -1 })
  useEffect(() => {
    if (question === null || total === 0) return
    let isWanted = true
    const timer = setTimeout(async () => {
      const place = await store.link.ask('flowPlace', question).catch(() => -1)
      if (isWanted) setFound({ key, place })
    }, REST_MS)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [key, total === 0])
  return found.key === key ? found.place : -1
}
