/** The engine's own table, events, expectations and counters against what the real tools print of the kernel's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause } from '../../src/live/pause.ts'
import type { Difference } from './compare.ts'
import { saltFragment } from './fragment-id.ts'
import { Kernel } from './kernel.ts'
import { EngineListings, KernelListings } from './listing-readers.ts'
import { compareListings, type Listings } from './listings.ts'
import { whyNoTool, whyNot } from './needs.ts'
import { shrinkSteps } from './shrink.ts'
import { describeStep } from './trace.ts'
import type { Case, Step } from './traffic/case.ts'
import { generateCase } from './traffic/generator.ts'

const FIXED_SEED = 3
const freshSeed = Date.now() % 1_000_000_000
const KINDS = [
  'tcp-conversation',
  'helpers',
  'sctp',
  'tcp-walk',
  'datagrams',
  'errors',
  'fragments',
  'everything',
] as const
/** Tables read; what they cost is mostly the tools' start, so several cases of a kind make one. */
const TABLES = 2 * KINDS.length
const CASES_EACH = 3
/** Its traffic leaves four expectations. */
const WITH_EXPECTATIONS = 39

/** Every way an entry can be accounted and stamped; two apart, both are the other way round. */
const EXTRAS = [
  { nf_conntrack_acct: 1, nf_conntrack_timestamp: 0 },
  { nf_conntrack_acct: 1, nf_conntrack_timestamp: 1 },
  { nf_conntrack_acct: 0, nf_conntrack_timestamp: 1 },
  { nf_conntrack_acct: 0, nf_conntrack_timestamp: 0 },
] as const

/** Below one second, with room for the time it takes to look at the clock. */
const TOO_LATE_MS = 950
const ATTEMPTS = 6
/** What no case comes near: then nothing expires while the tools read. */
const SHORTEST_TIMEOUT = 50

const missing = whyNot() ?? whyNoTool()
const title = 'what the tools print of Linux and what the engine says of itself'
if (missing !== null) console.warn(`\n*** SKIPPED: 4 tests of ${title}, because ${missing} ***\n`)

describe.skipIf(missing !== null)(title, () => {
  let kernel: Kernel
  let kernelListings: KernelListings
  const engineListings = new EngineListings()
  let runs = 0

  beforeAll(() => {
    kernel = Kernel.open()
    kernelListings = new KernelListings(kernel)
  })

  afterAll(() => {
    kernelListings?.close()
    kernel?.close()
  })

  /** The same steps through both; null when the machine was too slow to tell the clocks apart. */
  function play(settings: Case['settings'], steps: readonly Step[]): [Listings, Listings] | null {
    const { engine } = engineListings
    const run = ++runs
    kernel.flush()
    kernel.configure(settings)
    engine.restart(settings)
    kernelListings.begin()
    engineListings.begin()
    let start = performance.now()
    for (const step of [kernelListings.nextMarker(), ...steps, kernelListings.nextMarker()]) {
      if (step.kind === 'packet') {
        const bytes = saltFragment(step.bytes, run)
        kernel.send(bytes, step.side)
        engine.send(bytes, step.side)
      } else {
        pause(step.seconds * 1000)
        start += step.seconds * 1000
        engine.advance(step.seconds)
      }
    }
    const both: [Listings, Listings] = [kernelListings.end(), engineListings.end()]
    return performance.now() - start > TOO_LATE_MS ? null : both
  }

  function patiently(settings: Case['settings'], steps: readonly Step[]): [Listings, Listings] {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const both = play(settings, steps)
      if (both) return both
    }
    throw new Error('the machine is too slow to keep both clocks together')
  }

  /** A difference with the shortest traffic that has it. */
  function explain(made: Case, first: Difference): string {
    const steps = shrinkSteps(made.steps, (candidate) => {
      const both = play(made.settings, candidate)
      return both !== null && compareListings(...both).some(({ what }) => what === first.what)
    })
    const again = compareListings(...patiently(made.settings, steps))
    const { what, kernel, engine } = again.find((difference) => difference.what === first.what) ?? first
    return [
      `case ${made.seed} (${made.kind}) ${JSON.stringify(made.settings)}`,
      ...steps.map((step, index) => describeStep(index, step, null, null)),
      `=> ${what}`,
      `   kernel: ${kernel}`,
      `   engine: ${engine}`,
    ].join('\n')
  }

  function compareAll(cases: readonly Case[]): string {
    const failures: string[] = []
    const kinds = new Set<string>()
    const count = { packets: 0, entries: 0, expectations: 0, events: 0 }
    for (const made of cases) {
      const [theirs, ours] = patiently(made.settings, made.steps)
      const [first, ...rest] = compareListings(theirs, ours)
      count.packets += made.steps.length
      count.entries += theirs.tables['conntrack -L']!.length
      count.expectations += theirs.tables['conntrack -L expect']!.length
      const [events = []] = Object.values(theirs.events)
      count.events += events.length
      for (const line of events) kinds.add(/\[([A-Z]+)\]/.exec(line)![1]!)
      if (!first) continue
      failures.push([explain(made, first), ...rest.map(({ what }) => `   also: ${what}`)].join('\n'))
      if (failures.length === 3) break
    }
    expect(failures.join('\n\n')).toBe('')
    return Object.entries(count)
      .map(([what, number]) => `${number} ${what}`)
      .join(', ')
  }

  test.for([
    ['fixed', FIXED_SEED],
    ['fresh', freshSeed],
  ] as const)('a %s seed: tables, events, expectations and counters are alike', ([, seed]) => {
    const cases = Array.from({ length: TABLES }, (_, index) => {
      const kind = KINDS[index % KINDS.length]!
      const extra = EXTRAS[(index + 2 * Math.floor(index / KINDS.length)) % EXTRAS.length]!
      const made = Array.from({ length: CASES_EACH }, (_, part) =>
        generateCase(seed * 1000 + index * CASES_EACH + part, kind),
      )
      return withoutAgeing({ ...made[0]!, steps: made.flatMap(({ steps }) => steps) }, extra)
    })
    console.info(`${title}: seed ${seed}`)
    console.info(`${title}: ${compareAll(cases)}`)
  })

  test('seconds pass in truth: ages and streams are alike', () => {
    const { steps, ...made } = generateCase(FIXED_SEED, 'udp-streams')
    const fewer = steps.filter(({ kind }, index) => kind === 'sleep' || index % 3 === 0)
    console.info(`${title}: ${compareAll([withoutAgeing({ ...made, steps: fewer }, EXTRAS[1])])}`)
  })

  test('an engine that says something else is found out, whatever it is', () => {
    const made = withoutAgeing(generateCase(WITH_EXPECTATIONS, 'helpers'), EXTRAS[1])
    const [theirs, ours] = patiently(made.settings, made.steps)
    expect(compareListings(theirs, ours)).toEqual([])
    const outputs = { ...ours.tables, ...ours.events }
    expect(Object.values(outputs).filter((lines) => lines.length < 2)).toEqual([])
    for (const [what, lines] of Object.entries(outputs)) {
      const at = lines.findIndex((line) => later(line) !== line)
      const line = lines[at]!
      const replaced = (by: string) => lines.map((other, index) => (index === at ? by : other))
      for (const spoiled of [
        lines.filter((_, index) => index !== at),
        [...lines, line],
        replaced(line.replace(/(sport=|sport>|--sport )/, '$19')),
        replaced(later(line)),
      ]) {
        const place = what in ours.tables ? 'tables' : 'events'
        const other = { ...ours, [place]: { ...ours[place], [what]: spoiled } }
        expect(compareListings(theirs, other).map((difference) => difference.what)).toEqual([what])
      }
    }
    for (const [name, value] of Object.entries(ours.statistics)) {
      const other = { ...ours, statistics: { ...ours.statistics, [name]: value + 1 } }
      expect(compareListings(theirs, other).map(({ what }) => what)).toEqual([name])
    }
    for (const [what, lines] of Object.entries(ours.events)) {
      const [first, ...others] = lines
      const other = { ...ours, events: { ...ours.events, [what]: [...others, first!] } }
      expect(compareListings(theirs, other).map((difference) => difference.what)).toEqual([what])
    }
  })
})

/** The line with two seconds more to live, by what it says of that. */
function later(line: string): string {
  return line.replace(
    /^((?:\[[\d.]+\]\t *\[[A-Z]+\] )?(?:(?:ipv[46] +\d+ )?\w+ +\d+ |-A -t )?|.*<timeout>)(\d+)/,
    (_, head, seconds) => `${head}${Number(seconds) + 2}`,
  )
}

/** Ageing through netlink is a change that user space made, and the kernel tells it. */
function withoutAgeing(made: Case, extra: Readonly<Record<string, number>>): Case {
  const settings = Object.entries(made.settings).filter(
    ([name, value]) => !name.includes('timeout') || value >= SHORTEST_TIMEOUT,
  )
  return {
    ...made,
    settings: { ...Object.fromEntries(settings), ...extra },
    steps: made.steps.filter(({ kind }) => kind !== 'age'),
  }
}
