import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Random } from '../traffic/random.ts'
import { notYet } from './generate/exclusions.ts'
import { TrafficMaker } from './generate/traffic.ts'
import { whyNoRules } from './needs.ts'
import { playRules, playTraffic, type RulePlayer } from './play-rules.ts'
import { ruleFailure } from './rule-campaign.ts'
import { RuleEngine } from './rule-engine.ts'
import { RuleKernel } from './rule-kernel.ts'
import { writtenCases } from './written.ts'

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

  test.for(cases.map((one) => [one.name, one] as const))('%s', ([name, one], { skip }) => {
    const outcome = playRules(player, one, true)
    const { unevaluated } = outcome
    if (unevaluated.length > 0) {
      const known = new Set(notYet.map((extension) => extension.split(' ')[1]))
      expect(unevaluated.filter((text) => !known.has(text.split(':')[0]))).toEqual([])
      skip(unevaluated.join('; '))
    }
    const { difference, trace } = outcome
    expect(difference ? ruleFailure(one, difference, trace).text : '').toBe('')
    // Every rule has met a packet, or its edge was not tried.
    const met = kernel.counts().filter(({ number, packets }) => number > 0 && packets !== '0')
    expect(met.length).toBeGreaterThan(0)
    const traffic = new TrafficMaker(one.family, new Random(name.length))
    let sent = 0
    const random = playTraffic(
      player,
      one,
      (last) => (sent++ < RANDOM_PACKETS ? traffic.next(last) : null),
      true,
    )
    expect(random.difference ? ruleFailure(one, random.difference, random.trace).text : '').toBe('')
  })
})
