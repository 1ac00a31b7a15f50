/**
 * One client behind a masquerading router: HTTP, a question by UDP, one to a closed port, two pings. Captured by tcpdump on
 * Linux 6.18 on the inner side, on the outer side, on all interfaces, and of what the router received; TCP's ports were
 * chosen by --random-fully, so that they are not those of the engine.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MergedCapture } from '../capture/merge.ts'
import type { Outcome } from '../conntrack/outcome.ts'
import { reasonData } from '../conntrack/reason.ts'
import { ctstateOf } from '../conntrack/status.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import { extensions } from '../firewall/extensions.ts'
import { Firewall } from '../firewall/firewall.ts'
import { HostWay } from '../firewall/host-way.ts'
import { Host } from '../host/host.ts'
import { parseLocal, tellLocal } from '../host/host-words.ts'
import { readIpOutput } from '../host/ip-output.ts'
import type { Packet } from '../packet/packet.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { Replay } from './replay.ts'
import { type Captured, Standpoint } from './standpoint.ts'

const fixture = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))
const rules = fixture('masquerade.v4').toString()

function fullHost(): Host {
  const host = new Host()
  readIpOutput(fixture('masquerade-host.txt').toString(), host)
  return host
}

function hostOf(...locals: string[]): Host {
  const host = new Host()
  for (const local of locals) tellLocal(host, parseLocal(local))
  return host
}

interface Result {
  /** Protocol, ctstate, verdict and hops, of each packet that entered a hook. */
  readonly verdicts: string[]
  /** Packets that the rules of FORWARD took, and its policy. */
  readonly forward: number[]
  /** How often which reason was given. */
  readonly reasons: Readonly<Record<string, number>>
  readonly standpoint: Standpoint
  readonly unjudged: number
}

async function run(
  file: string,
  captured: Captured,
  { host = fullHost(), text = rules, ofFile = [] as string[] } = {},
): Promise<Result> {
  const { ruleset, diagnostics } = parseRuleset(text, { family: 'ipv4', registry: extensions })
  expect(diagnostics).toEqual([])
  const tracker = new Tracker({ checksums: 'auto' })
  const capture = new MergedCapture(file.split(' ').map((name) => ({ name, chunks: [fixture(name)] })))
  const place = new CapturePlace(host, { interfaces: capture.interfaces, ofFile })
  const way = new HostWay(host, place, { strict: true })
  const firewall = new Firewall(tracker, { rulesets: [ruleset], host, way })
  const standpoint = new Standpoint(captured, host, way, tracker)
  const verdicts: string[] = []
  const reasons: Record<string, number> = {}
  const observer = {
    onPacket(packet: Packet, outcome: Outcome) {
      for (const { code } of reasonData(outcome.reasons)) reasons[code] = (reasons[code] ?? 0) + 1
      const { decision } = firewall
      if (decision.way < 0) return
      const { interfaces } = host
      const { passage } = firewall
      const arms = `${interfaces.nameOf(passage.inInterface)}>${interfaces.nameOf(passage.outInterface)}`
      verdicts.push(
        `${packet.protocol} ${ctstateOf(outcome.ctinfo)} ${decision.verdict} ${arms} ttl ${packet.ttl}`,
      )
    },
  }
  const replay = new Replay(capture, firewall, observer, { standpoint })
  await replay.run()
  const chain = firewall.programs.ipv4!.behindRaw[2]!.find((one) => one.table === 'filter')!
  const forward = [...chain.rules.map((rule) => rule.packets), chain.packets]
  return { verdicts, forward, reasons, standpoint, unjudged: replay.summary.unjudged }
}

/** The counters of the router itself: rules 1 and 2 of FORWARD, and its policy. */
const counted = [14, 4, 0]

test('what the router received: its own counters', async () => {
  const { forward, reasons, verdicts } = await run('masquerade-wire.pcap', 'wire')
  expect(verdicts[0]).toBe('6 NEW 1 in0>out0 ttl 64')
  expect({ forward, reasons }).toEqual({ forward: counted, reasons: { 'icmp-related': 1, readdressed: 5 } })
})

test('all interfaces: second copies are recognised, and answers find the entry whose ports are others', async () => {
  const wire = await run('masquerade-wire.pcap', 'wire')
  const { forward, reasons, verdicts, standpoint, unjudged } = await run('masquerade-both.pcap', 'both')
  expect(forward).toEqual(counted)
  expect(reasons).toEqual({ 'second-copy': 18, readdressed: 5, 'icmp-related': 1 })
  expect(verdicts).toEqual(wire.verdicts)
  expect({ ...standpoint.counts, unjudged }).toEqual({
    secondCopies: 18,
    against: 0,
    readdressed: 5,
    standIns: 0,
    own: 0,
    unjudged: 0,
  })
})

test('the inner side: answers get back the addresses that they came with', async () => {
  const wire = await run('masquerade-wire.pcap', 'wire')
  for (const host of [fullHost(), hostOf('in0=10.0.0.1/24', 'out0=203.0.113.5/24')]) {
    const options = { host, ofFile: ['in0'] }
    const { forward, verdicts, standpoint } = await run('masquerade-inside.pcap', 'inside', options)
    expect(forward).toEqual(counted)
    expect(verdicts).toEqual(wire.verdicts)
    expect(standpoint.counts.readdressed).toBe(9)
  }
})

test('the outer side: one inner address stands for the client', async () => {
  const wire = await run('masquerade-wire.pcap', 'wire')
  for (const host of [fullHost(), hostOf('in0=10.0.0.1/24', 'out0=203.0.113.5/24')]) {
    const options = { host, ofFile: ['out0'] }
    const { forward, verdicts, standpoint } = await run('masquerade-outside.pcap', 'outside', options)
    expect(forward).toEqual(counted)
    expect(verdicts).toEqual(wire.verdicts)
    expect(standpoint.counts.standIns).toBe(4)
  }
})

test('both sides as two captures, which know no directions: the same', async () => {
  const wire = await run('masquerade-wire.pcap', 'wire')
  const files = 'masquerade-inside.pcap masquerade-outside.pcap'
  for (const host of [fullHost(), hostOf('in0=10.0.0.1/24', 'out0=203.0.113.5/24')]) {
    const { forward, verdicts, standpoint } = await run(files, 'both', { host, ofFile: ['in0', 'out0'] })
    expect(forward).toEqual(counted)
    expect(verdicts).toEqual(wire.verdicts)
    expect(standpoint.counts.secondCopies).toBe(18)
  }
})

test('the router forwarded what the rules here drop: its second copy says so', async () => {
  const text = rules.replace('-A FORWARD -i in0 -o out0 -m conntrack --ctstate NEW -j ACCEPT\n', '')
  const { forward, reasons } = await run('masquerade-both.pcap', 'both', { text })
  // Its connections are not, so their answers are for the host itself: not forwarded either.
  expect(forward).toEqual([0, 7])
  expect(reasons['second-copy-against']).toBe(18)
  expect(reasons['second-copy']).toBe(undefined)
})
