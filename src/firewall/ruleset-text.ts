/** Text of rules to the model, with every extension there is. */
import { type ParsedRuleset, type ParseOptions, parseRuleset as parse } from '../ruleset/parser.ts'
import { extensions } from './extensions.ts'

/** How a text of rules is read. */
export interface RulesetOptions extends Omit<ParseOptions, 'registry'> {}

/**
 * Reads rules: what iptables-save prints, a file for iptables-restore, or a script of iptables commands. Never throws,
 * whatever the text: mistakes are `diagnostics`, and with an error among them the ruleset is not to be relied on.
 *
 * ```ts
 * import { buildPacket, Feed, Firewall, formatDiagnostic, parseRuleset, Tracker } from 'sallyport'
 *
 * const text = '*filter\n:FORWARD DROP\n-A FORWARD -p tcp --dport 80 -j ACCEPT\nCOMMIT\n'
 * const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', file: 'rules.v4' })
 * for (const one of diagnostics) console.error(formatDiagnostic(one, text))
 *
 * const feed = new Feed(new Firewall(new Tracker(), { rulesets: [ruleset] }))
 * const tcp = { sourcePort: 40_000, destinationPort: 22, flags: 'S' }
 * const syn = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
 * const { verdict, decidedBy } = feed.send(syn, { seconds: 1_700_000_000 })
 * console.log(verdict, decidedBy) // DROP { kind: 'policy', table: 'filter', chain: 'FORWARD' }
 * ```
 */
export function parseRuleset(text: string, options: RulesetOptions): ParsedRuleset {
  return parse(text, { ...options, registry: extensions })
}
