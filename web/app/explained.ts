/** What explains the packet under the cursor, asked for once the cursor rests. */
import { useEffect, useState } from 'preact/hooks'
import type { Explained } from '../protocol.ts'
import { type Store, textOf, useStore } from './store.ts'

/** A cursor that is dragged asks for nothing. */
const REST_MS = 120

export type Explaining = Explained | { readonly refused: string } | null

/** `width`: columns of the text. */
export function useExplained(store: Store, width: number): Explaining {
  const run = useStore(store, (state) => state.run)
  const packet = useStore(store, (state) => state.packet)
  const [explained, setExplained] = useState<Explaining>(null)
  useEffect(() => {
    if (run === 0 || packet === 0) return
    let isWanted = true
    const timer = setTimeout(async () => {
      try {
        const answer = await store.link.ask('explain', { packet, width })
        if (isWanted) setExplained(answer)
      } catch (error) {
        if (isWanted) setExplained({ refused: textOf(error) })
      }
    }, REST_MS)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [run, packet, width])
  return explained
}
