/** What rules cost: the same traffic through 0, 10, 1,000 and 10,000 rules of which only the last takes a packet. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Outcome } from '../src/conntrack/outcome.ts'
import { Tuple } from '../src/conntrack/tuple.ts'
import { extensions } from '../src/firewall/extensions.ts'
import { Firewall } from '../src/firewall/firewall.ts'
import { VERDICT_ACCEPT } from '../src/hook/hook.ts'
import { buildPacket } from '../src/packet/build.ts'
import { decodeNetwork } from '../src/packet/decode.ts'
import { Packet } from '../src/packet/packet.ts'
import type { Ruleset } from '../src/ruleset/model.ts'
import { parseRuleset } from '../src/ruleset/parser.ts'
import { atMost, cpuNanoseconds, heldBytes, median, type Row, speed } from './measure.ts'
import { makeRules } from './rules-text.ts'
import { makeTracker, Stream } from './stream.ts'
import { Traffic } from './traffic.ts'

const PASS = 250_000
const ROUNDS = 9
const CONNECTIONS = 100_000
const SYSCTLS = { nf_conntrack_tcp_timeout_time_wait: 10 }
const WARM_UP = 8
/** For the time that loading takes, and the memory: how many rules. */
const LOADED = [1_000, 10_000, 100_000] as const

const ESTABLISHED = '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'

interface Course {
  readonly name: string
  readonly rules: readonly string[] | null
  /** Nothing but packets of connections that are open. */
  readonly lasting?: boolean
}

function courses(): Course[] {
  const plain = (count: number, stateful: boolean) => [
    ...makeRules({ count, stateful }),
    '-A FORWARD -j ACCEPT',
  ]
  return [
    { name: 'no rules', rules: null },
    { name: '10 rules', rules: plain(10, true) },
    { name: '1,000 rules', rules: plain(1000, true) },
    { name: '10,000 rules, none stateful', rules: plain(10_000, false) },
    { name: '10,000 rules', rules: plain(10_000, true) },
    { name: 'ESTABLISHED first, 10,000 rules', rules: [ESTABLISHED, ...plain(10_000, true)] },
    { name: 'no rules, established traffic', rules: null, lasting: true },
    {
      name: 'ESTABLISHED first, established traffic',
      rules: [ESTABLISHED, ...plain(10_000, true)],
      lasting: true,
    },
  ]
}

export function rulesetOf(lines: readonly string[]): Ruleset {
  const text = `*filter\n${lines.join('\n')}\nCOMMIT\n`
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', registry: extensions })
  if (diagnostics.length > 0) throw new Error(diagnostics[0]!.message)
  return ruleset
}

/** A course in a process of its own: as whoever runs one ruleset has it, without code that was optimised for others. */
class CourseProcess {
  readonly name: string
  readonly times: number[] = []
  readonly #child: ChildProcess

  constructor(place: number, name: string) {
    this.name = name
    this.#child = fork(process.argv[1]!, ['rules', String(place)], { execArgv: ['--expose-gc'] })
  }

  /** Nanoseconds of processor time a packet; the first answer comes when the course is warm. */
  async pass(): Promise<void> {
    this.#child.send('pass')
    const [time] = (await once(this.#child, 'message')) as [number]
    this.times.push(time)
  }

  end(): void {
    this.#child.disconnect()
  }
}

/** In a process of its own: runs the course at this place, a pass whenever it is told to. */
export async function runCourse(place: number): Promise<void> {
  const { rules, lasting = false } = courses()[place]!
  const chunk = new Uint8Array(PASS * 80)
  const traffic = new Traffic({ connections: CONNECTIONS, lasting })
  const stream = await Stream.open(makeTracker(SYSCTLS), rules === null ? [] : [rulesetOf(rules)])
  for (let made = 0; made < CONNECTIONS * WARM_UP; made += PASS) {
    traffic.fill(chunk)
    await stream.run(chunk)
  }
  process.on('message', async () => {
    traffic.fill(chunk)
    const start = cpuNanoseconds()
    await stream.run(chunk)
    process.send?.((cpuNanoseconds() - start) / PASS)
  })
}

export async function measureRules(): Promise<Row[]> {
  // Ahead of all else, as a user loads rules: a heap with connections in it costs the collector time.
  const loadings = loading()
  const runs = courses().map(({ name }, place) => new CourseProcess(place, name))
  // One at a time: what runs beside another shares its caches.
  for (let round = 0; round <= ROUNDS; round++) for (const run of runs) await run.pass()
  for (const run of runs) {
    run.end()
    run.times.shift()
  }
  /** The median of what a course takes for what another does, round by round. */
  const ratio = (a: number, b: number) =>
    median(runs[a]!.times.map((time, round) => time / runs[b]!.times[round]!))
  return [
    ...runs.map(({ name, times }) => speed(name, median(times))),
    atMost('10 rules : no rules', ratio(1, 0), 1.3, ' x', 2),
    atMost('1,000 rules : 10 rules', ratio(2, 1), 1.3, ' x', 2),
    atMost('10,000 rules, none stateful : 10 rules', ratio(3, 1), 1.5, ' x', 2),
    atMost('10,000 rules : 10 rules', ratio(4, 1), null, ' x', 2),
    atMost('ESTABLISHED first, 10,000 rules : no rules', ratio(5, 0), null, ' x', 2),
    atMost('the same, established traffic', ratio(7, 6), 1.25, ' x', 2),
    ...loadings,
  ]
}

/** Reading a ruleset, making it ready, and the index that its first packet asks for; what each leaves on the heap for a rule. */
function loading(): Row[] {
  load(2000)
  const loads = LOADED.map((count) => ({ count, ...load(count) }))
  const { read, ready, first } = loads.at(-1)!
  return [
    atMost('loading 100,000 rules', read.seconds + ready.seconds, 2, ' s', 2),
    atMost('of that, reading', read.seconds, null, ' s', 2),
    atMost('their first packet, which has them indexed', first.seconds, null, ' s', 2),
    ...loads.flatMap(({ count, read, ready, first }) => {
      const rules = `${count.toLocaleString('en')} rules`
      return [
        atMost(`heap a rule, ${rules} read`, read.bytes / count, null, ' B', 0),
        atMost(
          `heap a rule more, ${rules} ready and indexed`,
          (ready.bytes + first.bytes) / count,
          null,
          ' B',
          0,
        ),
      ]
    }),
  ]
}

interface Step {
  /** As a clock on the wall has it. */
  readonly seconds: number
  readonly bytes: number
}

function load(count: number): { readonly read: Step; readonly ready: Step; readonly first: Step } {
  const lines = [...makeRules({ count, stateful: true }), '-A FORWARD -j ACCEPT']
  const tracker = makeTracker()
  const [ruleset, read] = stepOf(() => rulesetOf(lines))
  const [firewall, ready] = stepOf(() => new Firewall(tracker, { rulesets: [ruleset] }))
  const [verdict, first] = stepOf(() => firstVerdict(firewall))
  if (verdict !== VERDICT_ACCEPT) throw new Error('the rules do not take the first packet')
  return { read, ready, first }
}

function stepOf<T>(run: () => T): readonly [T, Step] {
  const before = heldBytes()
  const start = performance.now()
  const made = run()
  const seconds = (performance.now() - start) / 1000
  return [made, { seconds, bytes: heldBytes() - before }]
}

function firstVerdict(firewall: Firewall): number {
  const [packet, tuple, outcome] = [new Packet(), new Tuple(), new Outcome()]
  const tcp = { sourcePort: 40_000, destinationPort: 80, flags: 'S' }
  const bytes = buildPacket({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
  packet.seconds = 1_700_000_000
  decodeNetwork(packet, new DataView(bytes.buffer), bytes, 0, bytes.length, bytes.length)
  firewall.prepare(packet, tuple)
  firewall.process(packet, tuple, outcome)
  return firewall.decision.verdict
}
