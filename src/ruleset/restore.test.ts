import { describe, expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { correctedLine, formatDiagnostic } from './diagnostic.ts'
import { parseRuleset } from './parser.ts'
import { printRuleset } from './printer.ts'

const parse = (text: string) => parseRuleset(text, { family: 'ipv4', registry, file: 'rules.v4' })
const codes = (text: string) => parse(text).diagnostics.map(({ code, severity }) => `${severity} ${code}`)

/** The finding about one rule, and the rule corrected. */
function slip(rule: string) {
  const text = `*filter\n:web - [0:0]\n${rule}\nCOMMIT\n`
  const { diagnostics } = parse(text)
  const position = text.indexOf(rule)
  return {
    codes: diagnostics.map(({ code }) => code),
    suggestions: diagnostics.map(({ suggestion }) => suggestion).filter((one) => one !== null),
    corrected: correctedLine(text, position, diagnostics),
  }
}

test('a finding is printed with file, line, column, caret and suggestion', () => {
  const text = '*filter\n-A INPUT -p tcp -m conntrack --cstate NEW -j ACCEPT\nCOMMIT\n'
  const { diagnostics } = parse(text)
  expect(formatDiagnostic(diagnostics.find(({ code }) => code === 'unknown-option')!, text)).toBe(
    [
      'rules.v4:2:30  error  unknown-option',
      '  2 | -A INPUT -p tcp -m conntrack --cstate NEW -j ACCEPT',
      '    |                              ^^^^^^^^',
      '  there is no option "--cstate" here; did you mean --ctstate?',
    ].join('\n'),
  )
})

describe('slips, their names and corrections', () => {
  test.each([
    ['-A INPUT -p tcp --dport22 -j ACCEPT', ['lost-blank'], '-A INPUT -p tcp --dport 22 -j ACCEPT'],
    ['-A INPUT -p tcp -dport 22 -j ACCEPT', ['single-dash'], '-A INPUT -p tcp --dport 22 -j ACCEPT'],
    ['-A INPUT -p tcp--dport 22 -j ACCEPT', ['lost-blank'], '-A INPUT -p tcp --dport 22 -j ACCEPT'],
    ['-A INPUT -j ACCEPT-m comment --comment a', ['lost-blank'], '-A INPUT -j ACCEPT -m comment --comment a'],
    [
      '-A INPUT -m state --state NEW, ESTABLISHED -j ACCEPT',
      ['blank-in-list'],
      '-A INPUT -m state --state NEW,ESTABLISHED -j ACCEPT',
    ],
    ['-A INPUT --state NEW -j ACCEPT', ['missing-match'], '-A INPUT -m state --state NEW -j ACCEPT'],
    ['-A INPUT -p tcp --dport 80-90', ['bad-value'], '-A INPUT -p tcp --dport 80:90'],
    ['-A INPUT -p tcp --dport 90:80', ['bad-value'], '-A INPUT -p tcp --dport 80:90'],
    ['-A INPUT -s ! 10.0.0.0/8 -j DROP', ['old-negation'], '-A INPUT ! -s 10.0.0.0/8 -j DROP'],
    ['-A INPUT -p tcp --dport !22 -j DROP', ['old-negation'], '-A INPUT -p tcp ! --dport 22 -j DROP'],
    [
      '-A INPUT -m comment —comment “two words” -j DROP',
      ['typographic-dash', 'typographic-quote'],
      '-A INPUT -m comment --comment "two words" -j DROP',
    ],
    ['-A INPUT\u00a0-j DROP', ['odd-blank'], '-A INPUT -j DROP'],
    ['-A INPUT &#8211;j DROP', ['html-entity'], '-A INPUT -j DROP'],
    ['iptables -A INPUT -j DROP', ['prompt'], '-A INPUT -j DROP'],
    ['  # why', ['bad-line'], '# why'],
    ['-A INPUT -j DROP # why', ['bad-line'], '-A INPUT -j DROP '],
    [
      '-A INPUT -m multiport -p tcp --dports 1-5,7',
      ['bad-value'],
      '-A INPUT -m multiport -p tcp --dports 1:5,7',
    ],
  ])('%s', (rule, found, corrected) => {
    const result = slip(rule)
    expect(result.codes).toEqual(found)
    expect(result.corrected).toBe(corrected)
  })

  test.each([
    ['-A INPUT -j ACEPT', 'unknown-target', 'ACCEPT'],
    ['-A INPUT -j wbe', 'unknown-target', 'web'],
    ['-A INOUT -j DROP', 'unknown-chain', 'INPUT'],
    ['-A input -j DROP', 'unknown-chain', 'INPUT'],
    ['-A INPUT -m conntrac --ctstate NEW', 'unknown-match', 'conntrack'],
    ['-A INPUT -p tpc', 'bad-value', 'tcp'],
    ['-A INPUT -p tcp --dport htpp', 'bad-value', 'http'],
    ['-P INPUT drop', 'bad-value', 'DROP'],
  ])('%s: %s, did you mean %s?', (rule, code, suggestion) => {
    expect(slip(rule)).toMatchObject({ codes: [code], suggestions: [suggestion] })
  })

  test('all mistakes of a line are found, each once', () => {
    expect(
      slip('-A INPUT -p tcp --dport 99999 -s 300.1.1.1 -m state --state FOO -o eth0 -j NOPE').codes,
    ).toEqual(['bad-value', 'bad-value', 'bad-value', 'wrong-chain', 'unknown-target'])
  })
})

describe('files', () => {
  const good = '*filter\n-A INPUT -j ACCEPT\nCOMMIT\n'

  test('byte order mark and carriage returns: read, with a warning, places as in the file', () => {
    const text = `\ufeff${good.replace('-A INPUT -j ACCEPT', '-A INPUT -j ACCEPT\n-A INPUT -j NOPE').replaceAll('\n', '\r\n')}`
    const { diagnostics, ruleset } = parse(text)
    expect(diagnostics.map(({ code }) => code)).toEqual([
      'byte-order-mark',
      'carriage-return',
      'unknown-target',
    ])
    expect(diagnostics[2]!.place).toMatchObject({ line: 3, column: 13 })
    expect(text.slice(diagnostics[2]!.position, diagnostics[2]!.position + 4)).toBe('NOPE')
    expect(ruleset.tables[0]!.chains[0]!.rules[0]!.target).toMatchObject({ name: 'ACCEPT' })
  })

  test.each([
    ['no COMMIT', '*filter\n-A INPUT -j ACCEPT\n', ['error no-commit']],
    ['a COMMIT in small letters', '*filter\ncommit\n', ['error bad-line']],
    ['no line feed at the end', '*filter\nCOMMIT', ['warning no-commit']],
    ['no table', '-A INPUT -j ACCEPT\n', ['error no-table']],
    ['a table that there is not', '*fliter\n-A INPUT -j FOO\nCOMMIT\n', ['error unknown-table']],
    ['a table twice', good + good, ['warning repeated-table']],
    ['a table in a table', '*nat\n*filter\nCOMMIT\n', ['error no-commit']],
    ['a chain twice', '*filter\n:a - [0:0]\n:a - [0:0]\nCOMMIT\n', ['error bad-chain']],
    ['a policy of a chain of the user', '*filter\n:a DROP [0:0]\nCOMMIT\n', ['error bad-chain']],
    ['-t', '*filter\n-t nat -A INPUT -j ACCEPT\nCOMMIT\n', ['error bad-command']],
    [
      'a quote that is never closed',
      '*filter\n-A INPUT -m comment --comment "a\nCOMMIT\n',
      ['warning bad-line'],
    ],
    ['nothing', '', []],
  ])('%s', (_, text, found) => {
    expect(codes(text)).toEqual(found)
  })

  test('the form for a repository: comments stay with what they stand above, what the tool generated goes', () => {
    const text = [
      '# Generated by iptables-save v1.8.9 on Tue Nov 24 08:00:00 2026',
      '# Who may come in',
      '*filter',
      ':INPUT DROP [7:8]',
      ':web - [0:0]',
      '',
      '# loopback',
      '-A INPUT -i lo -j ACCEPT',
      '# web',
      '-A web -p tcp --dport 80 -j ACCEPT',
      '-A INPUT -j web',
      '# the end',
      'COMMIT',
      '# Completed on Tue Nov 24 08:00:00 2026',
      '# last words',
      '',
    ].join('\n')
    const printed = printRuleset(parse(text).ruleset, { form: 'fmt' })
    expect(printed).toBe(
      [
        '# Who may come in',
        '*filter',
        ':INPUT DROP [0:0]',
        ':FORWARD ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        ':web - [0:0]',
        '',
        '# loopback',
        '-A INPUT -i lo -j ACCEPT',
        '# web',
        '-A web -p tcp -m tcp --dport 80 -j ACCEPT',
        '-A INPUT -j web',
        '# the end',
        'COMMIT',
        '# last words',
        '',
      ].join('\n'),
    )
    expect(printRuleset(parse(printed).ruleset, { form: 'fmt' })).toBe(printed)
  })

  test('a target is refused as soon as its chain is reached from where it cannot stand', () => {
    const nat = (rules: string) => codes(`*nat\n:a - [0:0]\n${rules}-A a -j MASQUERADE\nCOMMIT\n`)
    expect(nat('')).toEqual([])
    expect(nat('-A POSTROUTING -j a\n')).toEqual([])
    expect(nat('-A PREROUTING -j a\n')).toEqual(['error wrong-chain'])
  })
})

test.each([
  ['--cstate NEW', '--ctstate (needs -m conntrack)'],
  ['-p tcp --limt 5/s', '--limit (needs -m limit)'],
  ['--dprot 22', '--dport (needs -p dccp, sctp, tcp or udp)'],
  [
    '-p icmp --icmp-type 8 --dprot 22',
    '--dport (is for dccp, sctp, tcp or udp, not for the protocol of this rule)',
  ],
  ['-j LOG --log-prefx x', '--log-prefix'],
  ['-j DROP --too-ports 5', '--to-ports (needs -j MASQUERADE or -j REDIRECT)'],
  ['--foobarbaz', null],
])(
  'an option that is not known, of a match that was not loaded: what it may be, and what it needs: %s',
  (rule, suggestion) => {
    const { diagnostics } = parseRuleset(`*filter\n-A INPUT ${rule}\nCOMMIT\n`, { family: 'ipv4', registry })
    expect(diagnostics).toMatchObject([{ code: 'unknown-option', suggestion }])
  },
)

test('a line for the other family is skipped, whatever stands behind -6', () => {
  const { ruleset, diagnostics } = parse(
    '*filter\n-A INPUT -6 -s ::1 -j NOPE\n-6 -A INPUT\n-A INPUT -j DROP\nCOMMIT\n',
  )
  expect(diagnostics).toEqual([])
  expect(ruleset.tables[0]!.chains[0]!.rules).toHaveLength(1)
  const script = parseRuleset('iptables -6 -A INPUT -j DROP\n', { family: 'ipv4', registry })
  expect(script.diagnostics.map(({ code }) => code)).toEqual(['wrong-family'])
})

test.each([
  ['4294967295', '255.255.255.255/32'],
  ['256', '0.0.1.0/32'],
  ['0x7f000001', '127.0.0.1/32'],
  ['10', '10.0.0.0/32'],
  ['10.300', '10.0.1.44/32'],
  ['1.2.65535', '1.2.255.255/32'],
  ['4294967296', null],
  ['1.2.65536', null],
  ['1.2.3.256', null],
])('-s %s is %s', (text, printed) => {
  const { ruleset, diagnostics } = parse(`*filter\n-A INPUT -s ${text} -j DROP\nCOMMIT\n`)
  expect(diagnostics.map(({ code }) => code)).toEqual(printed === null ? ['bad-value'] : [])
  if (printed !== null) expect(printRuleset(ruleset)).toContain(`-s ${printed} `)
})

test('a word or a line that iptables-restore has no room for is refused; a command of a script is not', () => {
  const comment = (length: number) => `-A INPUT -m comment --comment "${'x'.repeat(length)}"`
  const file = (line: string) => codes(`*filter\n${line}\nCOMMIT\n`)
  expect(file(comment(1023))).toEqual([])
  expect(file(comment(1024))).toEqual(['error bad-value'])
  expect(file(comment(1_000_000))).toEqual(['error bad-value'])
  expect(parseRuleset(`iptables ${comment(1024)}\n`, { family: 'ipv4', registry }).diagnostics).toEqual([])
  const words = (count: number) => `-A INPUT ${'-v '.repeat(count - 2)}`
  expect(file(words(251))).toEqual([])
  expect(file(words(252))).toEqual(['error too-many'])
  expect(file(`[1:2] ${words(251)}`)).toEqual([])
  expect(file(`[1:2] ${words(252)}`)).toEqual(['error too-many'])
})

test('multiport: the protocol stands in front of its ports, wherever the match does', () => {
  const rule = (text: string) => codes(`*filter\n-A INPUT ${text}\nCOMMIT\n`)
  expect(rule('-m multiport -p tcp --dports 22')).toEqual([])
  expect(rule('-m multiport --dports 22 -p tcp')).toEqual(['error needs-protocol'])
  expect(rule('-m multiport --dports 22')).toEqual(['error needs-protocol'])
  expect(rule('-m tcp --dport 22 -p tcp')).toEqual([])
})

test.each([
  'PREROUTING -j DNAT --to-destination 1.2.3.4:80',
  'PREROUTING -j REDIRECT --to-ports 80',
  'POSTROUTING -j SNAT --to-source 1.2.3.4:80',
  'POSTROUTING -j MASQUERADE --to-ports 80',
])('-A %s: the protocol stands in front of the port', (rule) => {
  const nat = (line: string) => codes(`*nat\n-A ${line}\nCOMMIT\n`)
  expect(nat(rule)).toEqual(['error needs-protocol'])
  expect(nat(`${rule} -p tcp`)).toEqual(['error needs-protocol'])
  expect(nat(rule.replace(' -j', ' -p tcp -j'))).toEqual([])
  expect(nat(rule.replace(' -j', ' ! -p tcp -j'))).toEqual([])
})
