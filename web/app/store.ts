/** Where the page stands: one run, one cursor, one connection; every pane shows the same moment. */
import { useEffect, useState } from 'preact/hooks'
import {
  type Load,
  type Overview,
  type PacketPlace,
  type Progress,
  type SourceFile,
  usualSettings,
} from '../protocol.ts'
import { formatAddress, isAbout, readAddress } from './address.ts'
import { kindOf, rulesOf } from './given-files.ts'
import { Refused, WorkerLink } from './worker-link.ts'

export interface State {
  /** Counts the runs that were shown, for panes that keep what they asked. */
  readonly run: number
  readonly progress: Progress | null
  readonly overview: Overview | null
  /** What went wrong last, for people. */
  readonly message: string | null
  /** The cursor: a packet, from 1; 0 while nothing is loaded. */
  readonly packet: number
  /** The chosen connection, from 1; 0 for none. */
  readonly flow: number
  readonly place: PacketPlace | null
  /** The capture that came with the page is shown. */
  readonly isExample: boolean
}

const nothing: State = {
  run: 0,
  progress: null,
  overview: null,
  message: null,
  packet: 0,
  flow: 0,
  place: null,
  isExample: false,
}

export class Store {
  readonly link = new WorkerLink()
  state: State = nothing
  /** Loads that were begun. */
  #loads = 0
  #load: Load = { captures: [], rules: null, rules6: null, settings: usualSettings, scenario: null }
  readonly #listeners = new Set<() => void>()

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #set(part: Partial<State>): void {
    this.state = { ...this.state, ...part }
    for (const listener of this.#listeners) listener()
  }

  say(message: string | null): void {
    this.#set({ message })
  }

  /** Captures among the files take the place of those before, and so do rules; what is not among them stays. */
  async take(files: readonly File[]): Promise<void> {
    const captures: SourceFile[] = []
    let { rules, rules6 } = this.#load
    try {
      for (const file of files) {
        if ((await kindOf(file)) === 'capture') captures.push({ name: file.name, blob: file })
        else {
          const { family, text } = await rulesOf(file)
          if (family === 'ipv6') rules6 = text
          else rules = text
        }
      }
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error))
      return
    }
    // The example's rules are the example's.
    const gaveRules = rules !== this.#load.rules || rules6 !== this.#load.rules6
    if (captures.length > 0 && this.state.isExample && !gaveRules) {
      rules = null
      rules6 = null
    }
    const isExample = this.state.isExample && captures.length === 0
    await this.load(
      {
        ...this.#load,
        captures: captures.length > 0 ? captures : this.#load.captures,
        rules,
        rules6,
        scenario: null,
      },
      isExample,
    )
  }

  withoutRules(): Promise<void> {
    return this.load({ ...this.#load, rules: null, rules6: null }, this.state.isExample)
  }

  /** What is shown stays until the new run is there; where that fails, it stays as well. */
  async load(load: Load, isExample: boolean): Promise<void> {
    const turn = ++this.#loads
    this.#set({ message: null, progress: { bytesRead: 0, bytes: 0, packets: 0, flows: 0 } })
    try {
      const overview = await this.link.ask('load', load, (progress) => {
        if (this.#loads === turn) this.#set({ progress })
      })
      if (this.#loads !== turn) return
      this.#load = load
      const run = this.state.run + 1
      this.#set({ run, overview, progress: null, isExample, packet: 0, flow: 0, place: null })
      await this.#begin(overview)
    } catch (error) {
      if (this.#loads === turn) this.#set({ progress: null, message: textOf(error) })
    }
  }

  /** Gives up the load in hand. */
  cancel(): void {
    void this.link.ask('cancel', null)
  }

  /** The moment that the address names, else the first thing that is out of the ordinary. */
  async #begin(overview: Overview): Promise<void> {
    const address = readAddress(location.hash)
    if (address.packet !== null && isAbout(address, overview.fingerprint)) {
      await this.follow()
      return
    }
    const worst = await this.link.ask('flows', {
      filter: '',
      sort: 'odd',
      descending: true,
      from: 0,
      count: 1,
    })
    await this.move('rows' in worst ? (worst.rows[0]?.telling ?? 1) : 1)
    if (address.capture !== null && !isAbout(address, overview.fingerprint)) this.say(otherCapture)
  }

  /** Goes where the address says. */
  async follow(): Promise<void> {
    const { overview } = this.state
    const address = readAddress(location.hash)
    if (overview === null || address.packet === null) return
    if (!isAbout(address, overview.fingerprint)) {
      this.say(otherCapture)
      return
    }
    if (address.packet === this.state.packet) return
    if (address.packet > overview.packets) {
      this.say(`The address names packet ${address.packet}; the capture has ${overview.packets}.`)
      return
    }
    await this.move(address.packet, address.flow ?? undefined)
  }

  /** Puts the cursor on a packet, and chooses its connection, or the one given. */
  async move(packet: number, flow?: number): Promise<void> {
    const { overview, run } = this.state
    if (overview === null) return
    const to = Math.max(1, Math.min(overview.packets, Math.round(packet)))
    this.#set({ packet: to, ...(flow !== undefined && { flow }) })
    try {
      const place = await this.link.ask('place', { packet: to })
      if (this.state.packet !== to || this.state.run !== run) return
      this.#set({ place, flow: flow ?? (place.flow === 0 ? this.state.flow : place.flow) })
      this.#write()
    } catch (error) {
      this.say(textOf(error))
    }
  }

  #write(): void {
    const { overview, packet, flow } = this.state
    if (overview === null) return
    const capture = overview.fingerprint
    const hash = formatAddress({ packet, flow: flow === 0 ? null : flow, capture })
    if (location.hash !== hash) history.replaceState(null, '', hash)
  }
}

const otherCapture = 'This address is about another capture: open that one, and its packet is shown.'

export function textOf(error: unknown): string {
  return error instanceof Refused
    ? error.message
    : `a defect of the page: ${error instanceof Error ? error.message : error}`
}

/** A component that shows a part of the state, again whenever that has changed. */
export function useStore<Part>(store: Store, pick: (state: State) => Part): Part {
  const [part, setPart] = useState(() => pick(store.state))
  useEffect(() => {
    const look = () => setPart(() => pick(store.state))
    look()
    return store.subscribe(look)
  }, [store])
  return part
}
