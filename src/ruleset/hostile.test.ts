// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what a shell would put in
/** Any bytes: never an exception, never without bound. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { registry } from '../../test/support/registry.ts'
import { makeRule, randomOf } from '../../test/support/rules.ts'
import { correctedLine, formatDiagnostic } from './diagnostic.ts'
import { parseRuleset } from './parser.ts'
import { printRuleset } from './printer.ts'

const family = fc.constantFrom('ipv4' as const, 'ipv6' as const)
const fragments = [
  ...'\n|\n|\n| |\t|"|\'|\\|!|#|$|${|`|;|&&|(|{|}|--|-|=|,|:|/|[1:2]|*filter\n|COMMIT\n|:a - [0:0]\n|iptables |-t nat |–|“|\u00a0'.split(
    '|',
  ),
  ...'-A INPUT |-I a 1|-D |-N |-X|-E a b|-P INPUT DROP|-j a|-g b|-m state|--state |NEW|-p tcp|--dport |22|-s |1.2.3.4/8'.split(
    '|',
  ),
  ...'for x in |do |done|<<EOF\n|EOF\n|x=1|$x|&gt;|-m u32 --u32 |-m hashlimit |-m string --hex-string |-m time --datestart '.split(
    '|',
  ),
]

function check(text: string, of: 'ipv4' | 'ipv6'): void {
  for (const syntax of ['restore', 'script'] as const) {
    const { ruleset, diagnostics } = parseRuleset(text, { family: of, registry, syntax, limit: 20 })
    expect(diagnostics.length).toBeLessThanOrEqual(21)
    for (const diagnostic of diagnostics) {
      expect(diagnostic.position).toBeLessThanOrEqual(text.length)
      formatDiagnostic(diagnostic, text)
      correctedLine(text, diagnostic.position, diagnostics)
    }
    printRuleset(ruleset, { counters: true })
    printRuleset(ruleset, { form: 'fmt' })
  }
}

test('any text: findings with places inside it, and no exception', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), family, check))
})

test('pieces of rules in any order: findings with places inside them, and no exception', () => {
  const text = fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((parts) => parts.join(''))
  fc.assert(fc.property(text, family, check), { numRuns: 1000 })
})

test('a good rule with a character changed, lost or doubled: findings, and no exception', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.nat(),
      fc.string({ maxLength: 2, unit: 'binary' }),
      family,
      (seed, at, put, of) => {
        const made = makeRule(registry, of, randomOf(seed))
        const text = `*${made.table}\n-A ${made.chain} ${made.text}\nCOMMIT\n`
        const place = at % text.length
        check(text.slice(0, place) + put + text.slice(place + 1), of)
      },
    ),
    { numRuns: 500 },
  )
})

const restore = (body: string) => parseRuleset(`*filter\n${body}COMMIT\n`, { family: 'ipv4', registry })

/** Milliseconds of processor time that it takes: other tests run on the same cores. */
function timed(action: () => void): number {
  const start = process.cpuUsage()
  action()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

function manyRules(count: number): string {
  let body = ''
  for (let i = 0; i < count; i++) {
    const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
    body += `-A INPUT -s ${address}/32 -i eth0 -p tcp -m tcp --dport ${i % 65536} -m conntrack --ctstate NEW,RELATED -j ACCEPT\n`
  }
  return body
}

// Alone on the machine it takes 1.2 to 1.7 seconds; how fast that is, is for the benchmark to watch.
test('100,000 rules: ten times the work of 10,000', () => {
  const [few, many] = [manyRules(10_000), manyRules(100_000)]
  let rules = 0
  const read = (body: string) => () => {
    rules = restore(body).ruleset.tables[0]!.chains[0]!.rules.length
  }
  read(few)()
  const once = Math.max(timed(read(few)), timed(read(few)))
  const whole = timed(read(many))
  expect(rules).toBe(100_000)
  expect(whole).toBeLessThan(Math.max(2000, 30 * once))
}, 60_000)

test.each([
  ['a word of a megabyte', `-A INPUT -m comment --comment ${'x'.repeat(1_000_000)}\n`],
  ['a rule of a megabyte', `-A INPUT ${'-m comment --comment a '.repeat(45_000)}\n`],
  ['a megabyte of options that nobody knows', `-A INPUT ${'--nope 1 '.repeat(100_000)}\n`],
  ['a megabyte of !', `-A INPUT ${'! '.repeat(500_000)}\n`],
  ['a megabyte of quotes', `-A INPUT ${'"'.repeat(1_000_000)}\n`],
  ['a megabyte of typographic quotes', `-A INPUT ${' ‘'.repeat(300_000)}\n`],
  ['a megabyte of entities that are none', `-A INPUT ${'&#12'.repeat(250_000)}\n`],
  [
    'lists of a thousand addresses each',
    `-A INPUT -s ${'1.1.1.1,'.repeat(999)}1.1.1.1 -d ${'1.1.1.1,'.repeat(999)}1.1.1.1\n`,
  ],
  ['rules put in front, 100,000 times', '-I INPUT -j DROP\n'.repeat(100_000)],
  ['rules put second, 50,000 times', `-A INPUT\n${'-I INPUT 2 -j DROP\n'.repeat(50_000)}`],
  [
    'rules taken away again from the end',
    `${'-A INPUT -i lo\n'.repeat(5000)}${'-A INPUT -j DROP\n'.repeat(5000)}${'-D INPUT -j DROP\n'.repeat(5000)}`,
  ],
  ['a million empty lines', '\n'.repeat(1_000_000)],
])(
  '%s: read within five seconds',
  (_, body) => {
    expect(timed(() => restore(body))).toBeLessThan(5000)
  },
  30_000,
)

test('ten thousand chains, each leading into the next: read and found without a circle', () => {
  let body = ''
  for (let i = 0; i < 10_000; i++) body += `:c${i} - [0:0]\n`
  body += '-A INPUT -j c0\n'
  for (let i = 1; i < 10_000; i++) body += `-A c${i - 1} -j c${i}\n`
  expect(restore(body).diagnostics).toEqual([])
  const { diagnostics } = restore(`${body}-A c9999 -j c5\n`)
  expect(diagnostics.map(({ code }) => code)).toEqual(['loop'])
})

test('a script whose loops and values multiply: stopped', () => {
  const loops = 'for a in 1 2 3 4 5 6 7 8 9 0; do '.repeat(12)
  const text = `x=xxxxxxxxxxxxxxxx\n${'x=$x$x\n'.repeat(40)}${loops}iptables -A INPUT -j $x; ${'done; '.repeat(12)}\n`
  const { diagnostics } = parseRuleset(text, { family: 'ipv4', registry, syntax: 'script' })
  expect(diagnostics.some(({ code }) => code === 'too-many')).toBe(true)
}, 30_000)

/** `count` chains of two rules that both lead into the next, by `option`. */
function doubling(count: number, option: '-j' | '-g'): string {
  let body = Array.from({ length: count }, (_, i) => `:c${i} - [0:0]\n`).join('')
  body += '-A INPUT -j c0\n'
  for (let i = 1; i < count; i++) body += `-A c${i - 1} ${option} c${i}\n`.repeat(2)
  return body
}

test('forty chains that each lead twice into the next: refused, with the number of rules that a packet would meet', () => {
  const { diagnostics } = restore(doubling(40, '-j'))
  expect(diagnostics).toMatchObject([
    {
      code: 'too-many',
      severity: 'error',
      message:
        'one packet may walk through 1,099,511,627,775 rules of INPUT: chains lead into the same chain again and again',
      place: { line: 42 },
    },
  ])
})

test.each([
  ['of 67 million rules', doubling(26, '-j')],
  ['by -g, of which nothing comes back', doubling(40, '-g')],
  ['of chains that no packet meets', doubling(40, '-j').replace('-A INPUT -j c0\n', '')],
])('a walk %s: read', (_, body) => {
  expect(restore(body).diagnostics).toEqual([])
})
