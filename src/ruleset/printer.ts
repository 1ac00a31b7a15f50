/** Prints rulesets: byte for byte as iptables-legacy-save, or with their comments for a repository. */

import { compareUtf8 } from '../diagnostic/utf8-length.ts'
import { formatHost, formatMask } from './address-text.ts'
import type { ValueContext } from './extension.ts'
import type { AddressTest, Chain, Counters, InterfaceTest, Rule, Ruleset, Table, Use } from './model.ts'
import { formatProtocol } from './protocols.ts'
import type { Registered, Registry } from './registry.ts'

/** How rules are printed. */
export interface PrintOptions {
  /**
   * `canonical` (unless told): what iptables-save prints, without its two comment lines. `fmt`: tables, user chains and
   * rules in the order of the file, with its comments.
   */
  readonly form?: 'canonical' | 'fmt'
  /** Counters of rules, and of chains; else no rule shows any and all chains show 0. */
  readonly counters?: boolean
}

type Printing = Pick<Ruleset, 'family' | 'registry'>

/**
 * The text of a ruleset, a line each with its end. What is printed loads as the same rules. Comments and prefixes of log
 * lines are in it byte for byte, as iptables-save prints them: what would steer a terminal, too.
 */
export function printRuleset(
  ruleset: Ruleset,
  { form = 'canonical', counters = false }: PrintOptions = {},
): string {
  const lines: string[] = []
  for (const table of ruleset.tables) {
    if (form === 'fmt') printTable(table, ruleset, counters, lines)
    else printCanonicalTable(table, ruleset, counters, lines)
  }
  if (form === 'fmt') lines.push(...ruleset.comments)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function printCanonicalTable(table: Table, ruleset: Printing, counters: boolean, lines: string[]): void {
  const builtIn = table.chains.filter((chain) => chain.policy !== null)
  const users = table.chains.filter((chain) => chain.policy === null)
  const chains = [...builtIn, ...users.sort((a, b) => compareUtf8(a.name, b.name))]
  lines.push(`*${table.name}`)
  for (const chain of chains) lines.push(printChain(chain, counters))
  for (const chain of chains) {
    for (const rule of chain.rules) lines.push(printCounted(rule, chain.name, ruleset, counters))
  }
  lines.push('COMMIT')
}

function printTable(table: Table, ruleset: Printing, counters: boolean, lines: string[]): void {
  lines.push(...table.comments, `*${table.name}`)
  for (const chain of table.chains) lines.push(...chain.comments, printChain(chain, counters))
  for (const { rule, chain } of inOrderOfFile(table)) {
    lines.push(...rule.comments, printCounted(rule, chain.name, ruleset, counters))
  }
  lines.push(...table.lastComments, 'COMMIT')
}

/** The rules by line if each chain has them so (no -I has put one ahead of an earlier one); else chain by chain. */
function inOrderOfFile(table: Table): { rule: Rule; chain: Chain }[] {
  const all = table.chains.flatMap((chain) => chain.rules.map((rule) => ({ rule, chain })))
  const ascending = table.chains.every(({ rules }) =>
    rules.every((rule, index) => index === 0 || rules[index - 1]!.place.line <= rule.place.line),
  )
  return ascending ? all.sort((a, b) => a.rule.place.line - b.rule.place.line) : all
}

function printChain({ name, policy, counters }: Chain, counted: boolean): string {
  return `:${name} ${policy ?? '-'} ${counted && policy !== null ? formatCounters(counters) : '[0:0]'}`
}

function formatCounters({ packets, bytes }: Counters): string {
  return `[${packets}:${bytes}]`
}

function printCounted(rule: Rule, chain: string, ruleset: Printing, counters: boolean): string {
  const text = `-A ${chain}${printRule(rule, ruleset)}`
  return counters ? `${formatCounters(rule.counters)} ${text}` : text
}

/** What stands behind `-A CHAIN`, each part with a blank in front. */
export function printRule(rule: Rule, printing: Printing): string {
  return ruleParts(rule, printing).join('')
}

/**
 * The rule in parts, in the order in which Linux asks them: source, destination, input and output interface, protocol,
 * fragment, each '' where the rule does not ask; then each match; last the target, '' for none.
 */
export function ruleParts(rule: Rule, { family, registry }: Printing): string[] {
  const { protocol, fragment, target } = rule
  const context: ValueContext = {
    family,
    protocol: protocol === null || protocol.inverted ? null : protocol.number,
  }
  const printed = (use: Use, type: 'match' | 'target') =>
    `${use.name}${printOptions(use, registry[type](use.name, family), context)}`
  return [
    address('-s', rule.source),
    address('-d', rule.destination),
    device('-i', rule.inInterface),
    device('-o', rule.outInterface),
    protocol === null ? '' : `${protocol.inverted ? ' !' : ''} -p ${formatProtocol(protocol.number)}`,
    fragment === null ? '' : fragment.inverted ? ' ! -f' : ' -f',
    ...rule.matches.map((match) => ` -m ${printed(match, 'match')}`),
    target === null
      ? ''
      : target.kind === 'extension'
        ? ` -j ${printed(target, 'target')}`
        : ` ${target.kind === 'goto' ? '-g' : '-j'} ${target.chain}`,
  ]
}

function address(option: string, test: AddressTest | null): string {
  if (test === null) return ''
  return `${test.inverted ? ' !' : ''} ${option} ${formatHost(test.address)}/${formatMask(test.mask)}`
}

function device(option: string, test: InterfaceTest | null): string {
  return test === null ? '' : `${test.inverted ? ' !' : ''} ${option} ${test.name}`
}

function printOptions({ options }: Use, registered: Registered | null, context: ValueContext): string {
  if (registered === null) return ''
  const { extension, keys } = registered
  if (extension.print) return ` ${extension.print(options, context)}`
  let text = ''
  for (const key of keys) {
    const setting = options[key]
    if (setting === undefined) continue
    const option = extension.options[key]!
    const omitted = option.omit
      ? option.omit(setting, options, context)
      : !setting.inverted && setting.value === initialValue(option.initial)
    if (omitted) continue
    if (setting.inverted) text += ' !'
    text += ` ${option.nameFor?.(setting.value) ?? option.names[0]}`
    if (option.kind.words > 0) text += ` ${option.kind.print(setting.value, context)}`
  }
  return text
}

/** A default that depends on the family is printed unless the option says otherwise. */
function initialValue(initial: unknown): unknown {
  return typeof initial === 'function' || initial === undefined ? omitNothing : initial
}
const omitNothing = Symbol('no value is omitted')

/** The rule in canonical form without counters: two rules are equal to iptables if these are. */
export function canonicalRule(rule: Rule, family: Ruleset['family'], registry: Registry): string {
  return printRule(rule, { family, registry })
}
