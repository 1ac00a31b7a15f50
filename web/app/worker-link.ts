/** Asks the worker, and hears its answers. */
import { source } from 'inlined:worker'
import type { Kind, Progress, Question, Questions, Reply } from '../protocol.ts'

/** The worker cannot answer; the message is for people. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

interface Waiting {
  resolve(answer: unknown): void
  reject(error: Error): void
  progress(progress: Progress): void
}

export class WorkerLink {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #next = 1

  constructor() {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
    this.#worker = new Worker(url)
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#hear(data)
    // Out of memory, most likely: who waits is told, and nothing else comes from this worker.
    this.#worker.onerror = ({ message }) => {
      for (const waiting of this.#waiting.values())
        waiting.reject(new Refused(`the worker failed: ${message}`))
      this.#waiting.clear()
    }
  }

  /** @throws Refused */
  ask<K extends Kind>(
    kind: K,
    ask: Questions[K]['ask'],
    progress: (progress: Progress) => void = () => {},
  ): Promise<Questions[K]['answer']> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, progress })
      this.#worker.postMessage({ id, kind, ask } as Question)
    })
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    if ('progress' in reply) {
      waiting.progress(reply.progress)
      return
    }
    this.#waiting.delete(reply.id)
    if ('refused' in reply) waiting.reject(new Refused(reply.refused))
    else waiting.resolve(reply.answer)
  }
}
