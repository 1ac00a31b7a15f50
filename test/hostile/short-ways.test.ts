/** Bent captures by the short ways that packets go where nobody looks at each: what is left behind is that of the general way. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Traffic } from '../../bench/traffic.ts'
import { MergedCapture } from '../../src/capture/merge.ts'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { Replay } from '../../src/replay/replay.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { leftBehind } from '../support/left-behind.ts'
import { corpus, inChunks, mutated, Random } from './mutate.ts'
import { anyOptions } from './packets.ts'

const rules = `*filter
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -p tcp -m tcp --dport 80 -m string --string never --algo bm -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -p tcp -m tcp --syn -m limit --limit 5/s -j ACCEPT
-A FORWARD -p tcp -m tcp --syn -j DROP
COMMIT
`

/** Little but segments that may go a short way. */
function traffic(connections: number): Uint8Array {
  const made = new Traffic({ connections, interval: 20_000 })
  const header = Traffic.fileHeader()
  const bytes = new Uint8Array(header.length + 200 * made.recordLength)
  bytes.set(header)
  made.fill(bytes.subarray(header.length))
  return bytes
}

/** Packets that went the general way, over all runs. */
const general = { all: 0, few: 0 }

async function run(
  look: 'all' | 'few',
  chunks: readonly Uint8Array[],
  { hz, checksums, zone, sysctls }: typeof anyOptions extends fc.Arbitrary<infer T> ? T : never,
  withRules: boolean,
) {
  const tracker = new Tracker({ hz, checksums, zone, fillRandom: (words) => words.fill(0x9e37_79b1) })
  for (const [name, value] of Object.entries(sysctls)) tracker.settings.set(name, value)
  const { ruleset } = parseRuleset(rules, { family: 'ipv4', registry: extensions })
  const firewall = new Firewall(tracker, { rulesets: withRules ? [ruleset] : [] })
  const process = firewall.process.bind(firewall)
  firewall.process = (packet, tuple, outcome) => {
    general[look]++
    process(packet, tuple, outcome)
  }
  const capture = new MergedCapture([{ name: 'bent', chunks: chunks.map((chunk) => chunk.slice()) }])
  const replay = new Replay(capture, firewall, look === 'all' ? { onPacket: () => {} } : {})
  await replay.run()
  const left = { ...leftBehind(replay, [firewall.programs.ipv4]), problems: capture.problems }
  tracker.dispose()
  return left
}

test('what is left behind is the same', async () => {
  const captures = [traffic(3), traffic(20), ...corpus()]
  // Most of all bend the traffic.
  const bent = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 1) },
    { weight: 1, arbitrary: fc.constant(-1) },
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(), bent, anyOptions, fc.boolean(), async (seed, at, options, withRules) => {
      const random = new Random(seed)
      const chunks = inChunks(mutated(at < 0 ? captures : [captures[at]!], random), random)
      expect(await run('few', chunks, options, withRules)).toEqual(
        await run('all', chunks, options, withRules),
      )
    }),
    { numRuns: 300 },
  )
  expect(general.few).toBeLessThan(general.all * 0.7)
}, 120_000)
