import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../traffic/random.ts'
import { TrafficMaker } from './generate/traffic.ts'
import { whyNoRules } from './needs.ts'
import type { Observed } from './observed.ts'
import { playRules, playTraffic, type RulePlayer } from './play-rules.ts'
import { ruleFailure } from './rule-campaign.ts'
import type { RuleCase } from './rule-case.ts'
import { RuleEngine } from './rule-engine.ts'
import { RuleKernel } from './rule-kernel.ts'
import { exampleCases, nftDiffers, writtenCases } from './written.ts'

/** What the written rulesets use together. */
const MATCHES =
  'addrtype comment connbytes connlabel connlimit connmark conntrack dscp ecn hashlimit helper hl icmp icmp6 iprange length limit mac mark multiport pkttype quota recent sctp set state statistic string tcp tcpmss time tos ttl u32 udp'
const TARGETS =
  'ACCEPT CLASSIFY CONNMARK CT DNAT DROP DSCP HL LOG MARK MASQUERADE NETMAP NFLOG NFQUEUE NOTRACK REDIRECT REJECT RETURN SET SNAT TCPMSS TOS TRACE TTL'
const RANDOM_PACKETS = 30
const cases = writtenCases()

const missing = whyNoRules()
const title = 'written rules in Linux and in the engine'
if (missing !== null) console.warn(`SKIPPED: ${cases.length + 1} tests of ${title}, because ${missing}`)

test('the written rules use each match and target', () => {
  const text = cases.flatMap(({ rules }) => rules).join('\n')
  expect(MATCHES.split(' ').filter((name) => !text.includes(` -m ${name} `))).toEqual([])
  expect(TARGETS.split(' ').filter((name) => !new RegExp(` -j ${name}\\b`).test(text))).toEqual([])
  expect(cases.length).toBeGreaterThanOrEqual(40)
})

describe.skipIf(missing !== null)(title, () => {
  let kernel: RuleKernel
  let player: RulePlayer

  beforeAll(() => {
    kernel = RuleKernel.open()
    player = { kernel, engine: new RuleEngine(kernel.lab) }
  })

  afterAll(() => {
    kernel?.close()
  })

  /** Random packets, the same each time. */
  function playRandom(one: RuleCase): string {
    const traffic = new TrafficMaker(one.family, new Random(one.name.length))
    let sent = 0
    const next = (last: Observed | null) => (sent++ < RANDOM_PACKETS ? traffic.next(last) : null)
    const { difference, trace } = playTraffic(player, one, next, true)
    return difference ? ruleFailure(one, difference, trace).text : ''
  }

  test.for(cases.map((one) => [one.name, one] as const))('%s', ([, one]) => {
    const { difference, trace, unevaluated } = playRules(player, one, true)
    expect(unevaluated).toEqual([])
    expect(difference ? ruleFailure(one, difference, trace).text : '').toBe('')
    const met = kernel.counts().filter(({ number, packets }) => number > 0 && packets !== '0')
    expect(met.length).toBeGreaterThan(0)
    expect(playRandom(one)).toBe('')
  })

  test('the rulesets of the examples', () => {
    expect(exampleCases().map(playRandom).join('')).toBe('')
  })
})

describe.skipIf(missing !== null)('the same by the nft back end', () => {
  test('agrees, but for what is known', () => {
    const kernel = RuleKernel.open('nft')
    const player = { kernel, engine: new RuleEngine(kernel.lab) }
    const differing = cases.filter((one) => playRules(player, one).difference !== null)
    kernel.close()
    expect(differing.map(({ name }) => name)).toEqual(Object.keys(nftDiffers).sort())
  })
})
