// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what a shell would put in
/** Lines as they stand on a real page, with what web pages do to dashes, quotes and blanks. */
import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { correctedLine } from './diagnostic.ts'
import { parseRuleset } from './parser.ts'

const page: readonly (readonly [line: string, findings: readonly string[], corrected: string | null])[] = [
  [
    'iptables -A INPUT-p tcp ! –syn -m state –state NEW-j DROP',
    ['lost-blank', 'typographic-dash', 'typographic-dash', 'lost-blank'],
    'iptables -A INPUT -p tcp ! --syn -m state --state NEW -j DROP',
  ],
  [
    'iptables -A INPUT -p tcp ! -–syn -m state –-state NEW -j DROP',
    ['typographic-dash', 'typographic-dash'],
    'iptables -A INPUT -p tcp ! --syn -m state --state NEW -j DROP',
  ],
  [
    'iptables -A INPUT -p tcp ! -–tcp-flags SYN SYN -m state –-state NEW -j DROP',
    ['typographic-dash', 'narrow-flags', 'typographic-dash'],
    'iptables -A INPUT -p tcp ! --tcp-flags SYN,RST,ACK,FIN SYN -m state --state NEW -j DROP',
  ],
  ['iptables -N syn-flood-$iface', ['unset-variable'], null],
  [
    'iptables -A INPUT -i $iface -p tcp –syn -j syn-flood-$iface',
    ['unset-variable', 'typographic-dash'],
    'iptables -A INPUT -i $iface -p tcp --syn -j syn-flood-$iface',
  ],
  [
    'iptables -A syn-flood-$iface -m limit –limit 10/s –limit-burst 100 -j RETURN',
    ['typographic-dash', 'typographic-dash'],
    'iptables -A syn-flood-$iface -m limit --limit 10/s --limit-burst 100 -j RETURN',
  ],
  ['iptables -A syn-flood-$iface -j DROP', [], null],
  [
    'iptables -A INPUT -m string –string ‘*.exe’ -j REDIRECT',
    ['missing-option', 'typographic-dash', 'typographic-quote', 'no-wildcard', 'wrong-table'],
    'iptables -t nat -A PREROUTING -m string --string .exe --algo bm -j REDIRECT',
  ],
]
const text = page.map(([line]) => `${line}\n`).join('')
const { diagnostics } = parseRuleset(text, { family: 'ipv4', registry })

test.each(page.map(([line, findings, corrected], index) => ({ line, findings, corrected, index })))(
  '$line',
  ({ line, findings, corrected, index }) => {
    const mine = diagnostics.filter(({ place }) => place.line === index + 1)
    expect(mine.map(({ code }) => code)).toEqual(findings)
    const position = text.indexOf(line)
    expect(correctedLine(text, position, diagnostics)).toBe(corrected)
  },
)

test('the page corrected, its variable given a value: nothing is left to say, and it is what was meant', () => {
  const mended = page.map(([line, , corrected]) => `${corrected ?? line}\n`).join('')
  const again = parseRuleset(mended, { family: 'ipv4', registry, variables: { iface: 'eth0' } })
  expect(again.diagnostics).toEqual([])
  const names = again.ruleset.tables.flatMap((table) => table.chains.map((chain) => chain.name))
  expect(names).toContain('syn-flood-eth0')
})
