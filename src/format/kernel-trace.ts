/** What `-j TRACE` writes into the kernel log (nf_trace of ip_tables, legacy). */
import type { CompiledChain } from '../firewall/compiled-chain.ts'
import { type CompiledRule, MATCHED } from '../firewall/compiled-rule.ts'
import type { Firewall } from '../firewall/firewall.ts'
import type { WalkListener } from '../firewall/walk.ts'
import type { LogNote } from '../hook/note.ts'
import type { Passage } from '../hook/passage.ts'
import type { Interfaces } from '../host/interfaces.ts'
import type { AddressTest } from '../ruleset/model.ts'
import { logLine } from './log-line.ts'

/** Listens to a firewall, and has the lines of the packet that went through it last. */
export class KernelTrace implements WalkListener {
  lines: string[] = []
  readonly #interfaces: Interfaces
  /** A rule says which packets are traced; else all are. */
  readonly #isAsked: boolean

  constructor(firewall: Firewall) {
    this.#interfaces = firewall.host.interfaces
    this.#isAsked = [firewall.programs.ipv4, firewall.programs.ipv6].some((program) =>
      program?.ruleset.tables.some(({ chains }) =>
        chains.some(({ rules }) =>
          rules.some(({ target }) => target?.kind === 'extension' && target.name === 'TRACE'),
        ),
      ),
    )
    firewall.listener = this
  }

  onPacket(): void {
    this.lines = []
  }

  onRule(chain: CompiledChain, rule: CompiledRule, failed: number, passage: Passage): void {
    if (failed === MATCHED) this.#add(chain, ruleKind(chain, rule), rule.number, passage)
  }

  onReturn(from: CompiledChain, passage: Passage): void {
    this.#add(from, 'return', from.rules.length + 1, passage)
  }

  onPolicy(chain: CompiledChain, passage: Passage): void {
    this.#add(chain, 'policy', chain.rules.length + 1, passage)
  }

  #add({ table, name }: CompiledChain, kind: string, number: number, passage: Passage): void {
    if (this.#isAsked && !passage.traced) return
    const note = { ...traced, prefix: `TRACE: ${table}:${name}:${kind}:${number} ` }
    this.lines.push(logLine(note, passage, this.#interfaces))
  }
}

const standardVerdicts: ReadonlySet<string> = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE'])

/**
 * What the line calls a rule that took the packet. One that has a verdict and no condition at all looks to Linux like the end
 * that it puts to every chain itself (get_chainname_rulenum).
 */
export function ruleKind(chain: CompiledChain, { rule }: CompiledRule): 'rule' | 'return' | 'policy' {
  const { source, destination, inInterface, outInterface, protocol, fragment, matches, target } = rule
  const isTail =
    target?.kind === 'extension' &&
    standardVerdicts.has(target.name) &&
    matches.length === 0 &&
    isAnywhere(source) &&
    isAnywhere(destination) &&
    inInterface === null &&
    outInterface === null &&
    (protocol === null || protocol.number === 0) &&
    fragment === null
  if (!isTail) return 'rule'
  return chain.policyDrops === null ? 'return' : 'policy'
}

const isAnywhere = (test: AddressTest | null): boolean =>
  test === null || (!test.inverted && test.mask.every((word) => word === 0))

/** NF_LOG_MASK: everything but the decoded link header. */
const traced: LogNote = {
  kind: 'log',
  prefix: '',
  level: 4,
  tcpSequence: true,
  tcpOptions: true,
  ipOptions: true,
  uid: true,
  macDecode: false,
}
