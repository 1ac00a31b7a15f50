/** Rulesets as hostile input: read, compiled, and a packet sent through, in bounded time and memory. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Outcome } from '../../src/conntrack/outcome.ts'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { Tuple } from '../../src/conntrack/tuple.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { buildPacket } from '../../src/packet/build.ts'
import { decodeNetwork } from '../../src/packet/decode.ts'
import { Packet } from '../../src/packet/packet.ts'
import type { Family } from '../../src/ruleset/model.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { RuleBench } from '../support/rule-bench.ts'
import { hold } from './hold.ts'
import { Random } from './mutate.ts'
import { busyRouter, families, hostileSets } from './rulesets.ts'

const MEBIBYTE = 1_048_576
const tcp = { sourcePort: 1, destinationPort: 80, flags: 'S' }
const packets = {
  ipv4: buildPacket({ source: '10.0.0.1', destination: '10.0.0.2', tcp }),
  ipv6: buildPacket({ source: '2001:db8::1', destination: '2001:db8::2', tcp }),
}

interface Run {
  readonly errors: readonly string[]
  /** Of the processor. */
  readonly seconds: number
  readonly bytes: number
  /** Null: it was not loaded. */
  readonly firewall: Firewall | null
}

/** A text on its whole way; one with mistakes goes no further than its diagnostics. */
function run(text: string, family: Family = 'ipv4', count = 10): Run {
  const from = process.cpuUsage()
  const before = process.memoryUsage()
  const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions })
  const errors = diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)
  let firewall: Firewall | null = null
  if (errors.length === 0) {
    firewall = new Firewall(new Tracker(), { rulesets: [ruleset], sets: hostileSets() })
    const bytes = packets[family]
    for (let i = 0; i < count; i++) {
      const packet = new Packet()
      packet.seconds = 1_700_000_000 + i
      decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
      const tuple = new Tuple()
      firewall.prepare(packet, tuple)
      firewall.process(packet, tuple, new Outcome())
    }
  }
  const { user, system } = process.cpuUsage(from)
  const after = process.memoryUsage()
  const used = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers
  return { errors, seconds: (user + system) / 1e6, bytes: used, firewall }
}

const filter = (rules: string, commit = 'COMMIT\n') => `*filter\n${rules}${commit}`

test.each(families)('%s rules cut off anywhere: loaded, or refused', (family) => {
  const text = busyRouter(family)
  for (let length = 0; length < text.length; length += 61) {
    const { errors, firewall } = run(text.slice(0, length), family, 1)
    hold((errors.length === 0) === (firewall !== null), () => `${length}`)
    // What stands behind the last COMMIT is lost: that is an error.
    if (!/COMMIT\n?$/.test(text.slice(0, length)) && length > 0) expect(errors).not.toEqual([])
  }
})

test('files that are no rules: refused', () => {
  const capture = readFileSync(join(import.meta.dirname, '../../examples/first-look.pcapng'))
  expect(run(capture.toString('latin1')).errors).not.toEqual([])
  const random = new Random(1)
  const noise = String.fromCharCode(...Array.from({ length: 50_000 }, () => random.below(256)))
  expect(run(noise).errors).not.toEqual([])
  expect(run('\0'.repeat(MEBIBYTE)).errors).toHaveLength(1)
})

test('lines that end as in other systems, a byte order mark: read as meant, or refused', () => {
  const plain = run(filter('-A FORWARD -p tcp -j DROP\n'))
  expect(plain.errors).toEqual([])
  for (const text of [
    filter('-A FORWARD -p tcp -j DROP\n').replaceAll('\n', '\r\n'),
    `\ufeff${filter('')}`,
  ]) {
    const { errors, firewall } = run(text)
    if (errors.length === 0) expect(firewall).not.toBeNull()
  }
})

test('a table twice: the later one counts; a table that does not end is refused', () => {
  const { firewall } = run(filter('-A FORWARD -j DROP\n') + filter('-A FORWARD -p tcp\n'), 'ipv4', 3)
  const chain = firewall!.programs.ipv4!.tables.get('filter')!.chains.get('FORWARD')!
  expect(chain.rules.map(({ packets }) => packets)).toEqual([3])
  expect(run(filter('-A FORWARD -j DROP\n', '')).errors).toContain('no-commit')
})

test('chains that lead to each other are refused; ten thousand that do not are walked', () => {
  expect(run(filter(':a -\n:b -\n-A FORWARD -j a\n-A a -j b\n-A b -j a\n')).errors).toContain('loop')
  expect(run(filter(':a -\n-A FORWARD -g a\n-A a -g a\n')).errors).toContain('loop')
  const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`)
  const declared = names.map((name) => `:${name} - [0:0]\n`).join('')
  const jumps = names.map((name, index) => `-A ${index === 0 ? 'FORWARD' : `c${index - 1}`} -j ${name}\n`)
  const { errors, firewall, seconds } = run(filter(declared + jumps.join('')))
  expect(errors).toEqual([])
  expect(firewall!.decision.verdict).toBe(1)
  expect(seconds).toBeLessThan(15)
}, 60_000)

// Each chain goes through the next one twice: 2^16 rules are met by one packet, and the walk ends.
test('chains that multiply: the walk ends', () => {
  const depth = 16
  let text = ''
  for (let i = 0; i <= depth; i++) text += `:c${i} - [0:0]\n`
  text += '-A FORWARD -j c0\n'
  for (let i = 0; i < depth; i++) text += `-A c${i} -j c${i + 1}\n`.repeat(2)
  const { firewall, seconds } = run(filter(`${text}-A c${depth}\n`), 'ipv4', 1)
  const last = firewall!.programs.ipv4!.tables.get('filter')!.chains.get(`c${depth}`)!
  expect(last.rules[0]!.packets).toBe(2 ** depth)
  expect(seconds).toBeLessThan(10)
})

test('a rule of a megabyte, and values that are as long: bounded', () => {
  for (const rule of [
    `-A FORWARD ${'-m comment --comment a '.repeat(45_000)}`,
    `-A FORWARD -m comment --comment ${'x'.repeat(MEBIBYTE)}`,
    `-A FORWARD -m u32 --u32 "${'0&0=0&&'.repeat(150_000)}0=0"`,
    `-A FORWARD -p tcp -m multiport --ports ${'1,'.repeat(500_000)}1`,
    `-A FORWARD -m string --algo bm --string ${'x'.repeat(MEBIBYTE)}`,
    `-A FORWARD ${'-m mark --mark 0 '.repeat(50_000)}-j DROP`,
  ])
    expect(run(filter(`${rule}\n`)).seconds).toBeLessThan(10)
}, 60_000)

const COUNT = 10_000
const address = (index: number) => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
const scattered = (index: number) => address(Math.imul(index, 0x9e37_79b1) >>> 8)

/** Rules by number that an index might drown in. */
const floods: readonly [string, Family, (index: number) => string][] = [
  ['all the same', 'ipv4', () => '-s 10.0.0.1 -p tcp --dport 80'],
  ['a wide network and an address in it', 'ipv4', (i) => (i % 2 ? '-s 10.0.0.0/8' : `-s ${address(i)}`)],
  ['prefixes of one address', 'ipv4', (i) => `-s 10.0.0.1/${(i % 32) + 1}`],
  ['prefixes within each other', 'ipv4', (i) => `-s ${scattered(i)}/${(i % 25) + 8}`],
  ['prefixes of IPv6', 'ipv6', (i) => `-s 2001:db8::${(i & 0xffff).toString(16)}/${(i % 128) + 1}`],
  ['ports that overlap', 'ipv4', (i) => `-p tcp --sport ${i}:${i + 63} --dport ${i % 60}:${(i % 60) + 63}`],
  ['long ranges of ports', 'ipv4', (i) => `-p tcp --dport ${i}:65535 -d ${scattered(i)}/${(i % 20) + 8}`],
  [
    'four fields with common values',
    'ipv4',
    (i) => `-s ${address(i % 200)} -d ${address(i % 199)} -p tcp --dport ${i % 201} --sport ${i % 203}`,
  ],
]
test.each(floods)(
  'an index of rules: %s',
  (_, family, rule) => {
    let rules = ''
    for (let i = 0; i < COUNT; i++) rules += `-A FORWARD ${rule(i)}\n`
    const { errors, seconds, bytes } = run(filter(rules), family)
    process.stdout.write(`  ${seconds.toFixed(1)} s, ${(bytes / MEBIBYTE).toFixed(0)} MiB\n`)
    expect(errors).toEqual([])
    expect(seconds).toBeLessThan(10)
    expect(bytes).toBeLessThan(256 * MEBIBYTE)
  },
  30_000,
)

const SENDERS = process.env['SALLYPORT_FLOOD'] === 'full' ? 500_000 : 50_000
/** A tenth of it in the normal run, as with floods. */
const MANY = process.env['SALLYPORT_FLOOD'] === 'full' ? 100_000 : 10_000

test(`${MANY} rules: read, compiled, asked`, () => {
  let rules = ''
  for (let i = 0; i < MANY; i++)
    rules += `-A FORWARD -s ${scattered(i)} -p tcp --dport ${i & 0xffff} -j DROP\n`
  const { errors, seconds } = run(filter(rules))
  expect(errors).toEqual([])
  expect(seconds).toBeLessThan(60)
}, 120_000)

test('a flood of senders through lists, limits, counts and sets: what they remember is bounded', () => {
  const bench = new RuleBench({
    rules: `
      -A FORWARD -m recent --name r --set
      -A FORWARD -m recent --name r --update --seconds 60 --hitcount 20
      -A FORWARD -m hashlimit --hashlimit-name h --hashlimit-upto 1/hour --hashlimit-mode srcip,srcport,dstip,dstport
      -A FORWARD -m connlimit --connlimit-above 1
      -A FORWARD -j SET --add-set small4 src,dst --exist
      -A FORWARD -j DROP`,
    sets: hostileSets(),
  })
  const send = (from: number, to: number) => {
    for (let i = from; i < to; i++) bench.send({ source: address(i), destination: '10.0.0.2', tcp })
    globalThis.gc?.()
    return process.memoryUsage()
  }
  const before = send(0, 10_000)
  const after = send(10_000, 10_000 + SENDERS)
  const grown = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers
  process.stdout.write(`  ${SENDERS} senders: ${(grown / MEBIBYTE).toFixed(0)} MiB more\n`)
  expect(bench.counts('filter', 'FORWARD')[0]).toBe(10_000 + SENDERS)
  expect(grown).toBeLessThan(128 * MEBIBYTE)
}, 60_000)
