/** What web pages, editors and haste do to a rule: the correction is the rule as it was. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { correctedLine } from './diagnostic.ts'
import { parseRuleset } from './parser.ts'
import { printRuleset } from './printer.ts'

const fileOf = (rule: string) => `*filter\n:web - [0:0]\n${rule}\nCOMMIT\n`

function parse(rule: string) {
  const text = fileOf(rule)
  const { diagnostics, ruleset } = parseRuleset(text, { family: 'ipv4', registry })
  return {
    text: printRuleset(ruleset),
    codes: diagnostics.map(({ code }) => code),
    errors: diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message),
    corrected: correctedLine(text, text.indexOf(rule), diagnostics),
  }
}

describe('slips: found, and the correction has none', () => {
  const good = '-A INPUT -p tcp --dport 22 -j DROP'
  const syn = '-A INPUT -p tcp --syn -m conntrack --ctstate NEW -j DROP'
  const comment = '-A INPUT -m comment --comment "foo bar" -j DROP'
  test.each([
    ['-A INPUT -p tcp\u2013dport 22 -j DROP', ['lost-blank'], good],
    ['-A INPUT -p tcp\u2011dport 22 -j DROP', ['lost-blank'], good],
    ['-A INPUT -p tcp-\u2013dport 22 -j DROP', ['lost-blank'], good],
    ['-A INPUT\u2013p tcp --dport 22 -j DROP', ['lost-blank'], good],
    ['-A INPUT -p tcp&#8211;dport 22 -j DROP', ['html-entity', 'lost-blank'], good],
    ['-A INPUT -p tcp --dport 22\u2013j DROP', ['lost-blank'], good],
    ['-A INPUT -p tcp --dport 22; -j DROP', ['bad-value'], null],
    ['-A INPUT -p tcp --dport 22 -j DROP;', ['stray-word'], good],
    ['-A INPUT -p tcp --dport 22 -j DROP ;', ['stray-word'], `${good} `],
    ['-A INPUT -j DROP -p tcp --dport 22;', ['stray-word'], '-A INPUT -j DROP -p tcp --dport 22'],
    ['-A INPUT -j DROP -p tcp --syn;', ['stray-word'], '-A INPUT -j DROP -p tcp --syn'],
    [
      '-A INPUT -p tcp -state NEW -j DROP',
      ['single-dash', 'missing-match'],
      '-A INPUT -p tcp -m state --state NEW -j DROP',
    ],
    [
      '-A INPUT -p tcp \u2013state NEW -j DROP',
      ['typographic-dash', 'missing-match'],
      '-A INPUT -p tcp -m state --state NEW -j DROP',
    ],
    [
      '-A INPUT -p tcp\u2013state NEW -j DROP',
      ['lost-blank', 'missing-match'],
      '-A INPUT -p tcp -m state --state NEW -j DROP',
    ],
    ['-A INPUT -p tcp --syn-m conntrack --ctstate NEW -j DROP', ['lost-blank'], syn],
    ['-A INPUT -p tcp --syn\u2013m conntrack --ctstate NEW -j DROP', ['lost-blank'], syn],
    ['-A INPUT -p tcp --syn -m conntrack--ctstate NEW -j DROP', ['lost-blank'], syn],
    ["-A INPUT -m comment --comment 'foo bar' -j DROP", ['odd-quote'], comment],
    ['-A INPUT -m comment --comment `foo bar` -j DROP', ['odd-quote'], comment],
    ['-A INPUT -m comment --comment \u00b4foo bar\u00b4 -j DROP', ['typographic-quote'], comment],
    ['-A INPUT ! -s ! 1.2.3.4 -j DROP', ['old-negation'], '-A INPUT ! -s 1.2.3.4 -j DROP'],
    ['-A INPUT ! -p ! tcp -j DROP', ['old-negation'], '-A INPUT ! -p tcp -j DROP'],
    ['-A INPUT -p tcp ! --dport ! 22 -j DROP', ['old-negation'], '-A INPUT -p tcp ! --dport 22 -j DROP'],
    ['-A INPUT -p tcp ! --dport !22 -j DROP', ['old-negation'], '-A INPUT -p tcp ! --dport 22 -j DROP'],
    ['-A INPUT ! ! -s 1.2.3.4 -j DROP', ['stray-word'], '-A INPUT ! -s 1.2.3.4 -j DROP'],
  ])('%s', (rule, codes, corrected) => {
    const found = parse(rule)
    expect(found.codes).toEqual(codes)
    expect(found.errors).not.toEqual([])
    expect(found.corrected).toBe(corrected)
    if (corrected !== null) expect(parse(corrected).codes).toEqual([])
  })

  test('single quotes around one word, a ; in a text, and a shell’s quotes in a script are meant', () => {
    for (const rule of [
      "-A INPUT -m comment --comment 'foo' -j DROP",
      '-A INPUT -j DROP -m comment --comment a;',
      '-A INPUT -j DROP -m comment --comment ;',
    ]) {
      expect(parse(rule).codes).toEqual([])
    }
    const script = "iptables -A INPUT -m comment --comment 'foo bar' -j DROP;\n"
    expect(parseRuleset(script, { family: 'ipv4', registry }).diagnostics).toEqual([])
  })
})

/** Rules of several words; what stands between two of them may be lost or bent. */
const rules = [
  '-A INPUT -s 10.0.0.0/8 -d 10.1.2.3 -i eth0 -p tcp --dport 22 --sport 1024:65535 -j DROP',
  '-A INPUT -p tcp --syn -m conntrack --ctstate NEW,RELATED -m limit --limit 5/sec --limit-burst 9 -j web',
  '-A FORWARD -i eth0 -o eth1 -p udp -m multiport --dports 53,123 -m comment --comment dns -j ACCEPT',
  '-A INPUT -p icmp --icmp-type echo-request -m recent --name a --rcheck --seconds 60 -j REJECT --reject-with icmp-host-prohibited',
  '-A INPUT -p tcp ! --tcp-flags SYN,ACK SYN -m state --state NEW -g web',
  '-A INPUT -m mark --mark 0x1/0xff -j LOG --log-level 4 --log-prefix drop:',
]

const dash = fc.constantFrom('\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212', '&#8211;', '&ndash;')
/** Each makes another text of an option's word. */
const slips = {
  'typographic dash': (option: string, with_: string) => ` ${with_}${option.replace(/^-+/, '')}`,
  'half a typographic dash': (option: string, with_: string) => ` -${with_}${option.replace(/^-+/, '')}`,
  'lost blank': (option: string) => option,
  'lost blank and typographic dash': (option: string, with_: string) =>
    `${with_}${option.replace(/^-+/, '')}`,
  'odd blank': (option: string) => `\u00a0${option}`,
} as const

test('any option of a good rule bent: an error whose correction is the same rule, without a finding', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...rules),
      fc.nat(),
      fc.constantFrom(...Object.values(slips)),
      dash,
      (rule, nth, slip, with_) => {
        const options = [...rule.matchAll(/ --?[a-z][a-z-]*/g)]
        const { 0: text, index } = options[nth % options.length]!
        // Names and texts may well hold a dash: it is theirs then.
        if (/(?:-[io]|--name|--comment|--log-prefix) \S+$/.test(rule.slice(0, index))) return
        const bent = rule.slice(0, index) + slip(text.trim(), with_) + rule.slice(index + text.length)
        const { corrected, errors } = parse(bent)
        expect(errors, bent).not.toEqual([])
        expect(corrected, bent).toBe(rule)
      },
    ),
    { numRuns: 2000 },
  )
})
