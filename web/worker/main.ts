/** The worker: questions in, answers out. */
import type { Question, Reply } from '../protocol.ts'
import { Session } from './session.ts'
import { Refusal } from './source.ts'

/** What of a worker's scope is used; the DOM's types have it for windows only. */
interface Scope {
  onmessage: ((event: MessageEvent<Question>) => void) | null
  postMessage(reply: Reply): void
}

const scope = globalThis as unknown as Scope
const session = new Session()
/** Between two messages about how far a load has come. */
const PROGRESS_MS = 100

async function reply({ id, kind, ask }: Question): Promise<void> {
  let last = 0
  try {
    const answer = await session.answer(kind, ask, (progress) => {
      const now = performance.now()
      if (now - last < PROGRESS_MS) return
      last = now
      scope.postMessage({ id, progress })
    })
    scope.postMessage({ id, answer })
  } catch (error) {
    // A defect of ours is told as well: the page lives on, and says what it knows.
    const refused =
      error instanceof Refusal
        ? error.message
        : `a defect of sallyport: ${error instanceof Error ? error.message : error}`
    scope.postMessage({ id, refused })
  }
}

scope.onmessage = ({ data }) => void reply(data)
