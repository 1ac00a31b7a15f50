import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import type { PacketPlan } from '../packet/build.ts'

const server = '192.0.2.9'
const out = (source: string, sourcePort: number, flags: string, numbers: object = {}): PacketPlan => ({
  source,
  destination: server,
  tcp: { sourcePort, destinationPort: 80, flags, ...numbers },
})
const back = (
  destination: string,
  destinationPort: number,
  flags: string,
  numbers: object = {},
): PacketPlan => ({
  source: server,
  destination,
  tcp: { sourcePort: 80, destinationPort, flags, ...numbers },
})
const query = (source: string, sourcePort: number): PacketPlan => ({
  source,
  destination: server,
  udp: { sourcePort, destinationPort: 53 },
})

/** Rules that tell how many there are, by how many of them match. */
class Counter {
  readonly bench: RuleBench
  readonly #options: string

  constructor(options = '', last = '') {
    this.#options = options
    const rules = Array.from(
      { length: 140 },
      (_, i) => `-A FORWARD -m connlimit --connlimit-above ${i} ${this.#options}`,
    )
    this.bench = new RuleBench({ rules: [...rules, last].join('\n') })
  }

  /** `tick`: at a time of its own. */
  count(packet: PacketPlan, tick = true): number {
    if (tick) this.bench.wait(0.02)
    const before = this.bench.counts('filter', 'FORWARD')
    this.bench.send(packet)
    return this.bench
      .counts('filter', 'FORWARD')
      .slice(0, 140)
      .filter((count, rule) => count > before[rule]!).length
  }
}

const a = '10.0.1.2'

test('connections of an address, those that ended are dropped at the next look', () => {
  const counter = new Counter()
  expect(counter.count(out(a, 1, 'S'))).toBe(1)
  expect(counter.count(out(a, 1, 'S'))).toBe(1)
  expect(counter.count(out(a, 2, 'S'))).toBe(2)
  // The answers count for the server.
  expect(counter.count(back(a, 2, 'SA', { acknowledgment: 1 }))).toBe(1)
  expect(counter.count(out(a, 2, 'A', { sequence: 1, acknowledgment: 1 }))).toBe(2)
  expect(counter.count(query(a, 9))).toBe(3)
  // What ended its own connection is still there, until the next packet.
  expect(counter.count(out(a, 1, 'R', { sequence: 1 }))).toBe(3)
  expect(counter.count(out(a, 2, 'A', { sequence: 1, acknowledgment: 1 }))).toBe(2)
  expect(counter.count(out(a, 2, 'R', { sequence: 1 }))).toBe(1)
  expect(counter.count(query(a, 9))).toBe(1)
  // An INVALID packet counts as what its headers say.
  expect(counter.count(out(a, 7, 'SF'))).toBe(2)
})

test('the last packet of an only connection is dropped: it counts as none', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -m connlimit --connlimit-above 5 -j REJECT' })
  const sent = [
    out(a, 2, 'S'),
    back(a, 2, 'SA', { acknowledgment: 1 }),
    out(a, 2, 'A', { sequence: 1, acknowledgment: 1 }),
    out(a, 2, 'FA', { sequence: 1, acknowledgment: 1 }),
    back(a, 2, 'FA', { sequence: 1, acknowledgment: 2 }),
    out(a, 2, 'A', { sequence: 2, acknowledgment: 2 }),
  ]
  const verdicts = sent.map((packet) => {
    bench.wait(0.02)
    return bench.send(packet).verdict
  })
  expect(verdicts).toEqual(['ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP'])
})

test('a look drops 65, and stops', () => {
  const counter = new Counter()
  for (let port = 100; port < 220; port++) counter.count(query(a, port))
  expect(counter.count(query(a, 99))).toBe(121)
  // All of them expire.
  counter.bench.wait(100)
  expect(counter.count(query(a, 99))).toBe(57)
  expect(counter.count(query(a, 99))).toBe(2)
})

test('at one tick new ones are added unseen, 64 of them', () => {
  const counter = new Counter('', '-A FORWARD -j DROP')
  const counts = Array.from({ length: 150 }, (_, i) => counter.count(query(a, 100 + i), false))
  expect(counts.filter((count) => count > 40)).toHaveLength(48)
  expect(counts.filter((count) => count > 63)).toHaveLength(2)
  expect(Math.max(...counts)).toBe(64)
})

test('masks, sides, and the opposite question', () => {
  const rules = (options: string) => new RuleBench({ rules: `-A FORWARD -m connlimit ${options} -j DROP` })
  const verdicts = (bench: RuleBench, ...sources: string[]) =>
    sources.map((source, i) => {
      bench.wait(0.02)
      return bench.send(query(source, i)).verdict
    })
  const far = '10.0.2.2'
  expect(verdicts(rules('--connlimit-above 1'), a, '10.0.1.3', a)).toEqual(['ACCEPT', 'ACCEPT', 'DROP'])
  expect(verdicts(rules('--connlimit-above 1 --connlimit-mask 24'), a, '10.0.1.3', far)).toEqual([
    'ACCEPT',
    'DROP',
    'ACCEPT',
  ])
  expect(verdicts(rules('--connlimit-above 1 --connlimit-mask 0'), a, far)).toEqual(['ACCEPT', 'DROP'])
  expect(verdicts(rules('--connlimit-above 1 --connlimit-daddr'), a, far)).toEqual(['ACCEPT', 'DROP'])
  expect(verdicts(rules('! --connlimit-above 1'), a, a)).toEqual(['DROP', 'DROP'])
})

test('a packet too short for its ports is dropped', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -m connlimit --connlimit-above 9 -j DROP' })
  const short = { source: a, destination: server, protocol: 17, payload: new Uint8Array(3) }
  expect(bench.send(short)).toMatchObject({ verdict: 'DROP', decidedBy: null })
})
