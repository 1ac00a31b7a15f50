/** A run that several questions wait for, since lists are asked for page by page. Another one takes its place. */

export class SharedRun<Answer> {
  #now: { readonly of: object; readonly key: string; answer: Promise<Answer> | null } | null = null

  /** `begin` is told how to find out whether anybody still waits for it; `of` and `key` say what it is about. */
  run(of: object, key: string, begin: (isWanted: () => boolean) => Promise<Answer>): Promise<Answer> {
    if (this.#now?.of === of && this.#now.key === key && this.#now.answer !== null) return this.#now.answer
    const mine: { of: object; key: string; answer: Promise<Answer> | null } = { of, key, answer: null }
    this.#now = mine
    mine.answer = begin(() => this.#now === mine).finally(() => {
      if (this.#now === mine) this.#now = null
    })
    return mine.answer
  }

  /** Nobody waits for it any more. */
  end(): void {
    this.#now = null
  }
}
