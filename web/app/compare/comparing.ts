/** What is compared with what is shown, kept while other tabs are: the second ruleset, settings, and what came of it. */
import type { Comparison, Load, Progress, SourceText } from '../../protocol.ts'
import { type Store, textOf } from '../store.ts'

type Family = 'ipv4' | 'ipv6'

export interface ComparingState {
  /** The second ruleset; null: the rules as they are loaded. */
  readonly rules: SourceText | null
  readonly rules6: SourceText | null
  /** It was begun here, so that it is to be edited at once. */
  readonly isWritten: boolean
  /** Lines that are set for the second run only. */
  readonly sysctls: string
  readonly progress: Progress | null
  readonly refused: string | null
  readonly result: { readonly comparison: Comparison; readonly old: string; readonly now: string } | null
}

export class Comparing {
  state: ComparingState = {
    rules: null,
    rules6: null,
    isWritten: false,
    sysctls: '',
    progress: null,
    refused: null,
    result: null,
  }
  readonly #store: Store
  readonly #listeners = new Set<() => void>()
  /** Counts comparisons: the answer of an earlier one is not shown. */
  #turn = 0

  constructor(store: Store) {
    this.#store = store
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(part: Partial<ComparingState>): void {
    this.state = { ...this.state, ...part }
    for (const listener of this.#listeners) listener()
  }

  setRules(family: Family, rules: SourceText | null): void {
    this.set(family === 'ipv6' ? { rules6: rules } : { rules })
  }

  /** The second run: what is shown, but for what was told here. */
  get now(): Load {
    const { load } = this.#store.state
    const { rules, rules6, sysctls } = this.state
    const { settings } = load
    return {
      ...load,
      rules: rules ?? load.rules,
      rules6: rules6 ?? load.rules6,
      settings:
        sysctls.trim() === '' ? settings : { ...settings, sysctls: `${settings.sysctls}\n${sysctls}` },
    }
  }

  /** From what is shown to the second ruleset and settings. */
  run(): Promise<void> {
    return this.#compare(this.#store.state.load, this.now)
  }

  /** From what was given to what it was edited to. */
  runEdits(): Promise<void> {
    const { given, load } = this.#store.state
    return this.#compare(given, load)
  }

  async #compare(old: Load, now: Load): Promise<void> {
    const turn = ++this.#turn
    const begun: Progress = { bytesRead: 0, bytes: 0, packets: 0, flows: 0, isShown: false }
    this.set({ refused: null, progress: begun })
    try {
      const comparison = await this.#store.link.ask('compare', { old, now }, (progress) => {
        if (turn === this.#turn) this.set({ progress })
      })
      if (turn !== this.#turn) return
      const names = namesOf(old, now)
      this.set({ progress: null, result: { comparison, ...names } })
    } catch (error) {
      if (turn === this.#turn) this.set({ progress: null, refused: textOf(error) })
    }
  }

  leave(): void {
    this.#turn++
    this.set({ progress: null })
    void this.#store.link.ask('leaveCompare', null)
  }
}

/** What the sides are called: by their rules, and by what else differs. */
function namesOf(old: Load, now: Load): { readonly old: string; readonly now: string } {
  const name = ({ rules, rules6 }: Load) =>
    [rules?.name, rules6?.name].filter((one) => one !== undefined).join(', ') || 'no rules'
  const isSame = old.rules?.text === now.rules?.text && old.rules6?.text === now.rules6?.text
  const more = now.settings.sysctls.slice(old.settings.sysctls.length).trim().replace(/\n+/g, ', ')
  const settings = old.settings === now.settings ? '' : more === '' ? ' with other settings' : ` with ${more}`
  const edited = !isSame && name(old) === name(now) ? ', edited' : ''
  return { old: name(old), now: `${isSame ? 'the same rules' : name(now)}${edited}${settings}` }
}
