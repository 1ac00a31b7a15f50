/** Where the page stands: one run, one cursor, one connection; every pane shows the same moment. */
import { useEffect, useState } from 'preact/hooks'
import {
  type Load,
  type Met,
  type Overview,
  type PacketPlace,
  type PacketSpan,
  type Progress,
  type ScenarioText,
  type SourceFile,
  type SourceText,
  type TimeSpan,
  usualSettings,
} from '../protocol.ts'
import {
  firstSort,
  firstTab,
  formatAddress,
  isAbout,
  nowhere,
  readAddress,
  type Sort,
  type TabName,
} from './address.ts'
import { kindOf, rulesOf, textOfFile } from './given-files.ts'
import { counted } from './words.ts'
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
  /** What is shown was made of this. */
  readonly load: Load
  /** The same before it was edited, and how often something was opened: a number for who keeps drafts. */
  readonly given: Load
  readonly opened: number
  /** What was to be opened last and could not be: with other settings it may. */
  readonly failed: Load | null
  /** The rule that was chosen, with its packets; null for none. */
  readonly hits: RuleHits | null
  readonly tab: TabName
  /** The selection of connections; '' for all. */
  readonly filter: string
  readonly sort: Sort
  /** What of the capture is looked at; null for all. */
  readonly span: Span | null
  /** Counts what was added to a run that is shown while it loads. */
  readonly grown: number
  /** While it is played: the capture's time, between two packets; else null. */
  readonly clock: number | null
}

/** A part of the capture's time, with its packets. */
export interface Span extends TimeSpan, PacketSpan {}

export interface RuleHits extends Met {
  /** Its place among the rows of the ruleset. */
  readonly row: number
  /** `FORWARD 3`. */
  readonly name: string
}

const noLoad: Load = { captures: [], rules: null, rules6: null, settings: usualSettings, scenario: null }

const noProgress: Progress = { bytesRead: 0, bytes: 0, packets: 0, flows: 0, isShown: false }

const nothing: State = {
  run: 0,
  progress: null,
  overview: null,
  message: null,
  packet: 0,
  flow: 0,
  place: null,
  isExample: false,
  load: noLoad,
  given: noLoad,
  opened: 0,
  failed: null,
  hits: null,
  tab: firstTab,
  filter: '',
  sort: firstSort,
  span: null,
  grown: 0,
  clock: null,
}

/** An edit that takes no longer shows no progress. */
const QUIET_MS = 400
/** Between two looks at how far a load that is shown has come. */
const GROWTH_MS = 400
/** Behind the last movement of the cursor its address is written. */
const REST_MS = 80

export class Store {
  /** The capture that came with the page, and its rules. */
  readonly example: Load
  readonly link = new WorkerLink()
  state: State = nothing
  /** Texts as they are typed, by what they are of and `opened`: a half-typed one outlives the pane that shows it. */
  readonly drafts = new Map<string, string>()
  /** Loads that were begun. */
  #loads = 0
  /** The last one that was given up. */
  #cancelled = 0
  /** What was shown before the load that is shown while it grows. */
  #settled: State | null = null
  /** A span's packets are being asked for; and the span that is wanted last. */
  #isLooking = false
  #spanWanted: TimeSpan | null = null
  /** A place is being asked for; of what the cursor passes meanwhile, only the last packet is. */
  #isPlacing = false
  #writing: ReturnType<typeof setTimeout> | undefined
  /** The connection that came with the last move. */
  #flowTold: number | undefined
  readonly #listeners = new Set<() => void>()

  /** The name in the gallery of what is shown; null where it is from elsewhere. */
  readonly #nameOf: (state: State) => string | null

  constructor({ example, nameOf }: { example: Load; nameOf: (state: State) => string | null }) {
    this.example = example
    this.#nameOf = nameOf
  }

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

  /** Captures, rules and settings among the files take the place of those before; what is not among them stays. */
  async take(files: readonly File[]): Promise<void> {
    const { load: shown, isExample } = this.state
    const captures: SourceFile[] = []
    let { rules, rules6, settings } = shown
    let scenario: SourceText | null = null
    try {
      for (const file of files) {
        const kind = await kindOf(file)
        if (kind === 'capture') captures.push({ name: file.name, blob: file })
        else if (kind === 'scenario') scenario = { name: file.name, text: await textOfFile(file) }
        else if (kind === 'rules') {
          const { family, text } = await rulesOf(file)
          if (family === 'ipv6') rules6 = text
          else rules = text
        } else settings = { ...settings, [kind]: await textOfFile(file) }
      }
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error))
      return
    }
    if (scenario !== null) {
      await this.play({ ...scenario, files: [] })
      return
    }
    // The example's rules are the example's.
    const gaveRules = rules !== shown.rules || rules6 !== shown.rules6
    if (captures.length > 0 && isExample && !gaveRules) {
      rules = null
      rules6 = null
    }
    // Without a capture they are shown with that of the example.
    const packets = shown.scenario === null ? shown.captures : this.example.captures
    await this.load(
      { captures: captures.length > 0 ? captures : packets, rules, rules6, settings, scenario: null },
      captures.length === 0 && (isExample || shown.scenario !== null),
    )
  }

  withoutRules(): Promise<unknown> {
    return this.load({ ...this.state.load, rules: null, rules6: null }, this.state.isExample)
  }

  /** Shows a test of a scenario. */
  play(scenario: ScenarioText, test = 0): Promise<unknown> {
    return this.load({ ...noLoad, scenario: { ...scenario, test } }, false)
  }

  /** The same packets under other circumstances, or nearly the same: the cursor stays. Answers what is wrong, or null. */
  edit(part: Partial<Load>): Promise<string | null> {
    return this.load({ ...this.state.load, ...part }, this.state.isExample, 'edit')
  }

  /** Another test of the scenario that is shown. */
  playTest(test: number): void {
    const { load } = this.state
    if (load.scenario !== null)
      void this.load({ ...load, scenario: { ...load.scenario, test } }, false, 'test')
  }

  /** What is shown stays until the new run is there; where that fails, it stays as well. Answers what is wrong, or null. */
  async load(load: Load, isExample: boolean, how: 'open' | 'test' | 'edit' = 'open'): Promise<string | null> {
    const isEdit = how === 'edit'
    const turn = ++this.#loads
    const { packet } = this.state
    const begun = performance.now()
    const growth = this.#growth({ load, isExample }, () => this.#loads === turn)
    if (!isEdit) this.#set({ message: null, progress: noProgress })
    try {
      const overview = await this.link.ask(
        'load',
        isEdit ? { ...load, isHidden: true } : load,
        (progress) => {
          if (this.#loads !== turn || (isEdit && performance.now() - begun < QUIET_MS)) return
          this.#set({ progress })
          if (progress.isShown) void growth.look()
        },
      )
      if (this.#loads !== turn) return null
      growth.end()
      const run = this.state.run + 1
      // Who has looked around while it loaded stays there.
      const keeps = (isEdit && packet > 0) || (growth.before !== null && this.state.packet > 1)
      this.#set({
        run,
        overview,
        load,
        isExample,
        progress: null,
        hits: null,
        failed: null,
        ...(how === 'open' && { given: load, opened: this.state.opened + 1 }),
        ...(!keeps && {
          packet: 0,
          flow: 0,
          place: null,
          ...(growth.before === null && { filter: '', span: null }),
        }),
      })
      if (overview.isCut) this.say(cutText(overview))
      if (keeps)
        // Of other rules, or of another text, connections may have other numbers.
        await this.move(
          growth.before === null ? packet : this.state.packet,
          isEdit ? undefined : this.state.flow || undefined,
        )
      else await this.#begin(overview)
      return null
    } catch (error) {
      if (this.#loads !== turn) return null
      growth.end()
      // What was shown before is shown again.
      if (growth.before !== null) this.#set({ ...growth.before, run: this.state.run + 1 })
      const failed = how === 'open' && this.#cancelled !== turn ? load : this.state.failed
      this.#set({ progress: null, failed, ...(!isEdit && { message: textOf(error) }) })
      return textOf(error)
    }
  }

  /** Shows a load while it goes on; `before` is what was shown until then, and null until something is. */
  #growth(part: Pick<State, 'load' | 'isExample'>, isWanted: () => boolean) {
    let isAsking = false
    let isOver = false
    let last = Number.NEGATIVE_INFINITY
    const growth = {
      before: null as State | null,
      look: async () => {
        if (isAsking || isOver || performance.now() - last < GROWTH_MS) return
        isAsking = true
        const overview = await this.link.ask('overview', null).catch(() => null)
        isAsking = false
        last = performance.now()
        if (overview === null || isOver || !isWanted()) return
        if (growth.before === null) {
          growth.before = this.#settled ?? this.state
          this.#settled = growth.before
          const { run } = this.state
          const fresh = { hits: null, packet: 0, flow: 0, place: null, filter: '', span: null }
          this.#set({ ...part, ...fresh, run: run + 1, overview })
          await this.move(1)
        } else this.#set({ overview, grown: this.state.grown + 1 })
      },
      end: () => {
        isOver = true
        this.#settled = null
      },
    }
    return growth
  }

  showClock(clock: number | null): void {
    if (clock !== this.state.clock) this.#set({ clock })
  }

  /** Looks at a part of the time only; null: at all of it. Of what is drawn while one is asked for, only the last comes. */
  async look(span: TimeSpan | null): Promise<void> {
    this.#spanWanted = span
    const { span: was, overview } = this.state
    // Its times at once, since the next key goes on from there; its packets when they are known.
    if (span !== null)
      this.#set({ span: { first: was?.first ?? 1, last: was?.last ?? overview?.packets ?? 0, ...span } })
    if (this.#isLooking) return
    this.#isLooking = true
    const { run } = this.state
    try {
      for (let done: TimeSpan | null | undefined; done !== this.#spanWanted && this.state.run === run; ) {
        done = this.#spanWanted
        const packets = done === null ? null : await this.link.ask('span', done)
        if (this.state.run === run) this.#set({ span: packets === null ? null : { ...done!, ...packets } })
      }
    } catch (error) {
      this.say(textOf(error))
    } finally {
      this.#isLooking = false
    }
  }

  /** To the next packet that was dropped, is INVALID or odd; false: there is none. */
  async moveToOdd(step: 1 | -1): Promise<boolean> {
    const { packet } = this.state
    if (packet === 0) return false
    const to = await this.link.ask('odd', { packet, step })
    if (to > 0) await this.move(to)
    return to > 0
  }

  /** Ends the load in hand with what there is. */
  stop(): void {
    void this.link.ask('stop', null)
  }

  /** Chooses a rule by its place among the rows, and goes to the first of its packets from the cursor on. */
  async chooseRule(row: number, name: string): Promise<void> {
    const { run } = this.state
    try {
      const met = await this.link.ask('met', { row })
      if (this.state.run !== run) return
      this.#set({ hits: { ...met, row, name } })
      const { packet } = this.state
      const next = met.packets.find((one) => one >= packet) ?? met.packets[0]
      if (next !== undefined && next !== packet) await this.move(next)
    } catch (error) {
      if (this.state.run === run) this.say(textOf(error))
    }
  }

  leaveRule(): void {
    this.#set({ hits: null })
  }

  /** Gives up the selection, and the rule: all connections are listed again. */
  leaveSelection(): void {
    this.leaveRule()
    this.show({ filter: '' })
  }

  /** Gives up the load in hand. */
  cancel(): void {
    this.#cancelled = this.#loads
    void this.link.ask('cancel', null)
  }

  /** The moment that the address names, else the first thing that is out of the ordinary. */
  async #begin(overview: Overview): Promise<void> {
    const told = readAddress(location.hash)
    // What is opened later on has another address, unless that was asked for.
    const isTold = this.state.run === 1 || (told.show !== null && told.show === this.#nameOf(this.state))
    const address = isTold ? told : nowhere
    if (address.packet !== null && isAbout(address, overview.fingerprint)) {
      await this.follow()
      return
    }
    const worst = await this.link.ask('flows', {
      filter: '',
      rule: null,
      span: null,
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
    const { tab, filter, sort } = address
    this.#set({ tab, filter, sort })
    if (address.packet === this.state.packet && (address.flow ?? this.state.flow) === this.state.flow) return
    if (address.packet > overview.packets) {
      this.say(`The address names packet ${address.packet}; the capture has ${overview.packets}.`)
      return
    }
    await this.move(address.packet, address.flow ?? undefined)
  }

  /** What is shown beside the cursor: another tab, selection or order. */
  show(part: Partial<Pick<State, 'tab' | 'filter' | 'sort'>>): void {
    this.#set(part)
    this.#write()
  }

  /** Puts the cursor on a packet, and chooses its connection, or the one given. */
  async move(packet: number, flow?: number): Promise<void> {
    const { overview, run } = this.state
    if (overview === null) return
    const to = Math.max(1, Math.min(overview.packets, Math.round(packet)))
    this.#set({ packet: to, ...(flow !== undefined && { flow }) })
    this.#flowTold = flow
    if (this.#isPlacing) return
    this.#isPlacing = true
    try {
      let place = await this.link.ask('place', { packet: to })
      while (this.state.run === run && this.state.packet !== place.packet)
        place = await this.link.ask('place', { packet: this.state.packet })
      if (this.state.run !== run) return
      const told = this.#flowTold
      this.#set({ place, flow: told ?? (place.flow === 0 ? this.state.flow : place.flow) })
      // A cursor that is dragged writes no addresses: that takes time, and browsers bound how often it may be done.
      clearTimeout(this.#writing)
      this.#writing = setTimeout(() => this.#write(), REST_MS)
    } catch (error) {
      if (this.state.run === run) this.say(textOf(error))
    } finally {
      this.#isPlacing = false
      const { packet: now, place } = this.state
      // Moved in a run that took the place of this one.
      if (this.state.run !== run && now > 0 && place?.packet !== now) void this.move(now, this.#flowTold)
    }
  }

  #write(): void {
    const { overview, packet, flow, tab, filter, sort } = this.state
    // Before the end of a load nothing has a fingerprint.
    if (overview === null || packet === 0 || !overview.isWhole) return
    const capture = overview.fingerprint
    const show = this.#nameOf(this.state)
    const test = (this.state.load.scenario?.test ?? 0) + 1
    const hash = formatAddress({
      show,
      test,
      packet,
      flow: flow === 0 ? null : flow,
      tab,
      filter,
      sort,
      capture,
    })
    if (location.hash !== hash) history.replaceState(null, '', hash)
  }
}

const otherCapture = 'This address is about another capture: open that one, and its packet is shown.'

function cutText({ packets }: Overview): string {
  return `The first ${counted(packets, 'packet')} are shown, and the capture has more: there is no room for them, or the load was ended.`
}

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
