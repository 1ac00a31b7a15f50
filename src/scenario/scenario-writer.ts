/** A connection of a capture as a scenario: its packets, and what is observed of them as what is expected. */
import type { Packet } from '../packet/packet.ts'
import type { PacketRecord } from '../replay/record.ts'
import { applyEdits } from './edit.ts'
import type { Observation } from './executor.ts'
import { addressOf, isIPv6, PacketWriter } from './packet-writer.ts'
import { parseScenario } from './parser.ts'
import { formatProblem } from './problem.ts'
import { ScenarioRun } from './run.ts'

/** More of them nobody reads. */
const MOST_PACKETS = 2000
const WIDTH = 76

/** It cannot be written as a scenario; the message says why. */
export class NotWritten extends Error {
  override readonly name = 'NotWritten'
}

/** What the packets went through. */
export interface ScenarioCircumstances {
  /** Of the scenario's file: `flow.scenario`. */
  readonly name: string
  /** Lines of comment at the top, without their sign. */
  readonly about: readonly string[]
  readonly rules: string | null
  readonly rules6: string | null
  /** Lines of settings as a scenario has them: `sysctl …`, `zone 3`, `local …`. */
  readonly settings: readonly string[]
  /** Blocks with a head: `ipset` and what ipset save prints. */
  readonly blocks: readonly { readonly head: string; readonly text: string }[]
  isLocal(address: string): boolean
}

interface Step {
  /** Microseconds since 1970 UTC. */
  readonly time: number
  readonly line: string
  /** Verdict and class, as the capture's run had them. */
  readonly seen: string
}

export class ScenarioWriter {
  readonly #about: ScenarioCircumstances
  readonly #names = new Map<string, string>()
  readonly #writer = new PacketWriter((address) => this.#names.get(address) ?? address)
  readonly #steps: (Step | { readonly time: number; readonly comment: string })[] = []
  #isIPv6 = false

  constructor(about: ScenarioCircumstances) {
    this.#about = about
  }

  /** The next packet of the connection; `client` and `server` get their names from the first. @throws NotWritten */
  add(packet: Packet, side: 0 | 1 | 2, via: string, record: PacketRecord): void {
    if (this.#steps.length >= MOST_PACKETS)
      throw new NotWritten(`a scenario of more than ${MOST_PACKETS} packets is nothing to read`)
    const time = packet.seconds * 1e6 + Math.round(packet.nanoseconds / 1000)
    if (this.#names.size === 0 && side !== 2) {
      const [client, server] =
        side === 0 ? (['source', 'destination'] as const) : (['destination', 'source'] as const)
      this.#names.set(addressOf(packet, client), 'client')
      if (!this.#names.has(addressOf(packet, server))) this.#names.set(addressOf(packet, server), 'server')
      this.#isIPv6 = isIPv6(packet)
    }
    const unsent = record.reasons.find(({ code }) => code === 'not-sent' || code.startsWith('second-copy'))
    const written = unsent === undefined ? this.#writer.write(packet, side, via) : { left: unsent.code }
    if ('left' in written)
      this.#steps.push({ time, comment: `packet ${record.packet} is left out: ${written.left}` })
    else this.#steps.push({ time, line: written.line, seen: seenOf(record) })
  }

  /** A text that `sallyport test` passes. @throws NotWritten */
  async finish(): Promise<string> {
    const [first] = this.#steps
    if (!this.#steps.some((step) => 'line' in step))
      throw new NotWritten(first !== undefined && 'comment' in first ? first.comment : 'it has no packet')
    const seen: string[] = []
    // What is observed here is told; where the capture's run had something else, that is told as well.
    await this.#observed(this.#text([]), ({ record }) => seen.push(seenOf(record)))
    return this.#observed(this.#text(seen), () => {})
  }

  /** The text with what is observed in it; `onPacket` is told of each. */
  async #observed(text: string, onPacket: (observation: Observation) => void): Promise<string> {
    let now = text
    // A run tells of some failures, and counts the rest.
    for (let isFirst = true; ; isFirst = false) {
      const { file, problems } = parseScenario(now, this.#about.name)
      if (file === null)
        throw new NotWritten(problems.map((one) => formatProblem(one, now, WIDTH)).join('\n'))
      const run = new ScenarioRun(file, isFirst ? { onPacket } : {})
      const { problem, failures } = await run.test(file.tests[0]!)
      if (problem !== null) throw new NotWritten(formatProblem(problem, now, WIDTH))
      const edits = failures.flatMap((failure) => failure.edits ?? [])
      if (edits.length === 0) return now
      now = applyEdits(now, edits).text
    }
  }

  /** `seen`: of the packets that are written, what is observed of them on their own. */
  #text(seen: readonly string[]): string {
    const { about, settings, blocks, isLocal } = this.#about
    const first = this.#steps[0]!.time
    const start = Math.floor(first / 1e6)
    const rules = this.#isIPv6 ? this.#about.rules6 : this.#about.rules
    const lines = about.map((line) => `# ${line}`.trimEnd())
    if (this.#writer.zeroed > 0)
      lines.push('# Long payloads, and those that were not captured, are zeros here.')
    lines.push('', `start ${new Date(start * 1000).toISOString().slice(0, 19)}`, ...settings)
    for (const [address, name] of this.#names)
      lines.push(
        isLocal(address)
          ? `host ${name} ${address}/${this.#isIPv6 ? 128 : 32} local`
          : `host ${name} ${address}`,
      )
    for (const { head, text } of blocks) lines.push(head, ...indented(text))
    if (rules !== null) lines.push(this.#isIPv6 ? 'rules6' : 'rules', ...indented(rules))
    lines.push('')
    let before = start * 1e6
    let packet = 0
    for (const step of this.#steps) {
      if ('comment' in step) {
        lines.push(`# ${step.comment}`)
        continue
      }
      const alone = seen[packet++]
      if (alone !== undefined && alone !== step.seen) lines.push(`# In the capture: ${step.seen}.`)
      // A capture may run backwards; a scenario cannot.
      const delay = Math.max(0, step.time - before)
      before += delay
      lines.push(`+${secondsText(delay)}  ${step.line}`, '       ?')
    }
    return `${lines.join('\n')}\n`
  }
}

/** What a person would miss: class, verdict, and who decided. */
function seenOf({ ctstate, verdict, decidedBy }: PacketRecord): string {
  const { kind, table, chain, number } = decidedBy
  const by =
    kind === 'rule'
      ? ` by ${table} ${chain} ${number}`
      : kind === 'policy'
        ? ` by the policy of ${chain}`
        : ''
  return `${ctstate ?? 'unjudged'}, ${verdict ?? 'undecided'}${by}`
}

function secondsText(microseconds: number): string {
  return String(Number((microseconds / 1e6).toFixed(6)))
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => (line === '' ? '' : `  ${line}`))
}
