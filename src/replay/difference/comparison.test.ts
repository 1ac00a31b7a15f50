import { describe, expect, test } from 'vitest'
import { hostileHost, hostileSets, randomRules } from '../../../test/hostile/rulesets.ts'
import { randomOf } from '../../../test/support/rules.ts'
import { MergedCapture } from '../../capture/merge.ts'
import { CHANGED_NEW } from '../../conntrack/outcome.ts'
import { buildPacket, type PacketPlan } from '../../packet/build.ts'
import type { Ruleset } from '../../ruleset/model.ts'
import type { PacketRecord } from '../record.ts'
import { Replay } from '../replay.ts'
import { captureOf, compare, type Laboratory, machineOf, rulesOf } from './fixtures.ts'

/** Conversations of a few hosts, ports and protocols, packets of several mixed; some ports are used again. */
function traffic(seed: number, conversations: number): PacketPlan[] {
  const random = randomOf(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  const queues = Array.from({ length: conversations }, (_, index): PacketPlan[] => {
    const source = `10.0.0.${2 + below(4)}`
    const destination = `192.0.2.${9 + below(2)}`
    const draw = random()
    if (draw < 0.2) {
      const id = index
      return [
        { source, destination, icmp: { type: 8, id } },
        { source: destination, destination: source, icmp: { type: 0, id } },
      ]
    }
    const ports = { sourcePort: 40_000 + below(20), destinationPort: [22, 53, 80, 443][below(4)]! }
    const back = { sourcePort: ports.destinationPort, destinationPort: ports.sourcePort }
    const reply = { source: destination, destination: source }
    if (draw < 0.4) {
      return [
        { source, destination, udp: { ...ports, payload: 'a' } },
        { ...reply, udp: { ...back, payload: 'b' } },
      ]
    }
    const begin = below(1 << 30)
    const tcp = (flags: string, sequence: number, acknowledgment: number, length = 0) => ({
      flags,
      sequence: begin + sequence,
      acknowledgment: acknowledgment === 0 ? 0 : begin + acknowledgment,
      payload: new Uint8Array(length),
    })
    const all: PacketPlan[] = [
      { source, destination, tcp: { ...ports, ...tcp('S', 0, 0) } },
      { ...reply, tcp: { ...back, ...tcp('SA', 5000, 1) } },
      { source, destination, tcp: { ...ports, ...tcp('A', 1, 5001) } },
      { source, destination, tcp: { ...ports, ...tcp('PA', 1, 5001, 10) } },
      { ...reply, tcp: { ...back, ...tcp('A', 5001, 11, 20) } },
      { source, destination, tcp: { ...ports, ...tcp('FA', 11, 5021) } },
      { ...reply, tcp: { ...back, ...tcp('FA', 5021, 12) } },
      { source, destination, tcp: { ...ports, ...tcp('A', 12, 5022) } },
    ]
    return all.slice(0, 1 + below(all.length))
  })
  const plans: PacketPlan[] = []
  for (let open = queues; open.length > 0; open = open.filter((queue) => queue.length > 0)) {
    const queue = open[below(Math.min(open.length, 6))]!
    plans.push(queue.shift()!)
  }
  return plans
}

/** A ruleset as a list of rules, `table chain rule`. */
function layOut(rules: readonly string[], policy: string): string {
  const tables = new Map<string, string[]>()
  for (const rule of rules) {
    const [, table, line] = /^(\w+) (.*)$/.exec(rule)!
    tables.set(table!, [...(tables.get(table!) ?? []), `-A ${line}`])
  }
  const filter = tables.get('filter') ?? []
  tables.set('filter', [`:FORWARD ${policy}`, ...filter])
  return [...tables].map(([table, lines]) => `*${table}\n${lines.join('\n')}\nCOMMIT\n`).join('')
}

const pool = [
  'filter FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  'filter FORWARD -m conntrack --ctstate INVALID -j DROP',
  'filter FORWARD -p tcp --dport 22 -j DROP',
  'filter FORWARD -p tcp --dport 22 -j ACCEPT',
  'filter FORWARD -p tcp --dport 80 -j ACCEPT',
  'filter FORWARD -p tcp --dport 443 -m limit --limit 1/s --limit-burst 2 -j ACCEPT',
  'filter FORWARD -p tcp --dport 443 -j REJECT --reject-with tcp-reset',
  'filter FORWARD -p udp -j ACCEPT',
  'filter FORWARD -p udp -j REJECT',
  'filter FORWARD -p icmp -j ACCEPT',
  'filter FORWARD -s 10.0.0.2 -j DROP',
  'filter FORWARD -p tcp --syn -j LOG --log-prefix "syn "',
  'filter FORWARD -m statistic --mode random --probability 0.5 -j ACCEPT',
  'filter FORWARD -p tcp --syn -m recent --name seen --rcheck --seconds 2 --hitcount 3 -j DROP',
  'filter FORWARD -p tcp --syn -m recent --name seen --set',
  'mangle PREROUTING -s 10.0.0.3 -j MARK --set-mark 3',
  'mangle FORWARD -p tcp --dport 80 -j CONNMARK --set-mark 9',
  'mangle FORWARD -p udp -j TTL --ttl-set 9',
  'raw PREROUTING -p udp --dport 53 -j NOTRACK',
  'nat PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.0.2.50:8080',
  'nat POSTROUTING -s 10.0.0.4 -j SNAT --to-source 192.0.2.1',
  'nat POSTROUTING -p udp -j SNAT --to-source 192.0.2.1:5000-5003',
]

/** Some of the pool in any order; and the same with one rule gone, new, or elsewhere. */
function twoRulesets(seed: number): { readonly old: Ruleset; readonly now: Ruleset } {
  const random = randomOf(seed)
  const below = (bound: number) => Math.floor(random() * bound)
  const rules = pool.filter(() => random() < 0.4).sort(() => random() - 0.5)
  const policy = random() < 0.5 ? 'DROP' : 'ACCEPT'
  const changed = [...rules]
  const draw = random()
  if (draw < 0.4 && changed.length > 0) changed.splice(below(changed.length), 1)
  if (draw >= 0.4 || draw < 0.1) changed.splice(below(changed.length + 1), 0, pool[below(pool.length)]!)
  return { old: rulesOf(layOut(rules, policy)), now: rulesOf(layOut(changed, policy)) }
}

interface Seen {
  readonly effect: string
  readonly begins: boolean
  readonly flow: string
}

/** What became of each packet, by a run of its own. */
async function seenBy(ruleset: Ruleset, laboratory: Laboratory): Promise<Seen[]> {
  const { firewall, options, parts } = machineOf([ruleset], laboratory)
  const seen: Seen[] = []
  let notes: string[] = []
  firewall.onNote = (passage, note) => notes.push(parts.noteText(note, passage))
  const begin = (number: number) => {
    firewall.random.restart(number)
    notes = []
  }
  const capture = new MergedCapture([{ name: 'capture', chunks: [laboratory.capture] }])
  const replay = new Replay(
    capture,
    firewall,
    {
      onStart: () => {
        begin(1)
        return []
      },
      onPacket(packet, outcome, number) {
        const record = parts.recordOf(packet, outcome, number)
        const begins = (outcome.changes & CHANGED_NEW) !== 0
        seen.push({ effect: effectOf(record, notes), begins, flow: flowOf(record) })
        begin(number + 1)
      },
    },
    options,
  )
  await replay.run()
  return seen
}

function effectOf(record: PacketRecord, notes: readonly string[]): string {
  const { verdict, egress, answers = [], entry, reasons } = record
  const mark = verdict === 'ACCEPT' ? (entry?.mark ?? 0) : 0
  const notSent = reasons.some(({ code }) => code === 'not-sent')
  const answered = answers.map(({ decidedBy, ctstate, ...answer }) => answer)
  return JSON.stringify([verdict, notSent, egress, answered, mark, notes])
}

function flowOf(record: PacketRecord): string {
  const { protocol, source, destination, sourcePort, destinationPort, id } = record
  return `${protocol} ${[`${source} ${sourcePort}`, `${destination} ${destinationPort}`].sort().join(' ')} ${id}`
}

/** Flows and packets, and how many of each change. */
function bruteForce(old: readonly Seen[], now: readonly Seen[]) {
  const numbers = new Map<string, number>()
  const hadEntry = new Set<string>()
  const flows = new Set<string>()
  const changed = new Set<string>()
  let packets = 0
  old.forEach(({ effect, begins, flow }, index) => {
    if (begins) {
      if (hadEntry.has(flow)) numbers.set(flow, (numbers.get(flow) ?? 0) + 1)
      hadEntry.add(flow)
    }
    const name = `${flow} ${numbers.get(flow) ?? 0}`
    flows.add(name)
    if (effect === now[index]!.effect) return
    changed.add(name)
    packets++
  })
  return { flows: flows.size, changed: changed.size, packets }
}

const host = hostileHost('router')

test('a change of one rule changes exactly the flows and packets that two runs of their own tell apart', async () => {
  let different = 0
  for (let seed = 1; seed <= 40; seed++) {
    const laboratory = { capture: captureOf(traffic(seed, 30)), host, remembered: 256 }
    const { old, now } = twoRulesets(seed)
    const expected = bruteForce(await seenBy(old, laboratory), await seenBy(now, laboratory))
    const { flows, packets, changes, same } = await compare([old], [now], laboratory)
    expect({ seed, flows: flows.total, changed: flows.changed, packets: packets.changed }).toEqual({
      seed,
      ...expected,
    })
    expect(same).toBe(expected.changed === 0)
    const sum = (of: (group: (typeof changes)[number]) => number) =>
      changes.reduce((total, group) => total + of(group), 0)
    expect(sum((group) => group.flows)).toBe(expected.changed)
    expect(sum((group) => group.packets)).toBe(expected.packets)
    expect(sum(({ examples }) => examples.length)).toBe(expected.changed)
    for (const { why, first } of changes.flatMap(({ examples }) => examples)) {
      const { old, new: now } = first
      const isDecidedElsewhere = JSON.stringify(old.decidedBy) !== JSON.stringify(now.decidedBy)
      const isSent = [old, now].every(({ reasons }) => !reasons.some(({ code }) => code === 'not-sent'))
      if (!first.effects.includes('verdict') || !isDecidedElsewhere || !isSent) continue
      expect({ seed, told: why !== null && (why.old !== null || why.new !== null) }).toEqual({
        seed,
        told: true,
      })
    }
    if (expected.changed > 0) different++
  }
  expect(different).toBeGreaterThan(15)
})

describe('a ruleset and itself', () => {
  test('differ in nothing: 40 rulesets of all extensions, both families', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const rules = () => [
        rulesOf(randomRules('ipv4', seed, 40), 'ipv4'),
        rulesOf(randomRules('ipv6', seed, 10), 'ipv6'),
      ]
      const laboratory = { capture: captureOf(traffic(seed, 30)), host, sets: hostileSets, remembered: 256 }
      const { same, packets, rules: hits } = await compare(rules(), rules(), laboratory)
      expect({ seed, same, changed: packets.changed, reclassified: packets.reclassified, hits }).toEqual({
        seed,
        same: true,
        changed: 0,
        reclassified: 0,
        hits: [],
      })
    }
  })
})

const forward = (rules: string) => rulesOf(`*filter\n:FORWARD DROP\n${rules}\nCOMMIT\n`)
const ends = { source: '10.0.0.2', destination: '192.0.2.9' }
const back = { source: '192.0.2.9', destination: '10.0.0.2' }
const syn = (sourcePort: number, destinationPort: number): PacketPlan => ({
  ...ends,
  tcp: { sourcePort, destinationPort, flags: 'S', sequence: 0 },
})
const session = (port: number): PacketPlan[] => [
  syn(port, 22),
  {
    ...back,
    tcp: { sourcePort: 22, destinationPort: port, flags: 'SA', sequence: 0, acknowledgment: 1 },
  },
  { ...ends, tcp: { sourcePort: port, destinationPort: 22, flags: 'A', sequence: 1, acknowledgment: 1 } },
]
const keystroke = (port: number): PacketPlan => ({
  ...ends,
  tcp: { sourcePort: port, destinationPort: 22, flags: 'PA', sequence: 1, acknowledgment: 1, payload: 'x' },
})

test('an ICMP error belongs to the flow that it is about; what NAT does to a flow breaks no pair', async () => {
  const query: PacketPlan = { ...ends, udp: { sourcePort: 5000, destinationPort: 53, payload: 'q' } }
  const error: PacketPlan = { ...back, icmp: { type: 3, code: 3, payload: buildPacket(query) } }
  const capture = captureOf([query, error])
  const plain = forward('-A FORWARD -j ACCEPT')
  const strict = forward('-A FORWARD -p udp -j ACCEPT')
  const found = await compare([plain], [strict], { capture, host })
  expect(found.flows).toMatchObject({ total: 1, changed: 1 })
  expect(found.changes[0]!.examples[0]).toMatchObject({ packets: 2, differing: 1, flow: { protocol: 'udp' } })
  const nat = rulesOf(
    '*nat\n-A POSTROUTING -j SNAT --to-source 192.0.2.1\nCOMMIT\n*filter\n-A FORWARD -j ACCEPT\nCOMMIT\n',
  )
  const translated = await compare([plain], [nat], { capture: captureOf([query]), host })
  expect(translated.flows).toMatchObject({ total: 1, changed: 1 })
  expect(translated.changes[0]).toMatchObject({ effects: ['translation'], old: { fate: 'ACCEPT' } })
})

test('flows that make room for others are counted', async () => {
  const plans = Array.from({ length: 10 }, (_, index) => syn(1000 + index, 80))
  const rules = forward('-A FORWARD -j ACCEPT')
  const { flows } = await compare([rules], [forward('')], { capture: captureOf(plans), host, remembered: 4 })
  expect(flows).toEqual({ total: 10, changed: 10, forgotten: 6 })
})

test('another setting: its flows are told, with the reason', async () => {
  const rules = forward('-A FORWARD -m conntrack --ctstate INVALID -j DROP\n-A FORWARD -j ACCEPT')
  const far = keystroke(40_000)
  const outside = { ...far, tcp: { ...far.tcp!, sequence: 900_000 } }
  const capture = captureOf([...session(40_000), outside])
  const found = await compare([rules], [rules], { capture, host }, undefined, {
    'net.netfilter.nf_conntrack_tcp_be_liberal': 1,
  })
  expect(found.flows.changed).toBe(1)
  const [group] = found.changes
  expect(group).toMatchObject({ old: { fate: 'DROP' }, new: { fate: 'ACCEPT' } })
  expect(group!.examples[0]!.why).toMatchObject({
    old: { kind: 'failed', condition: '-m conntrack --ctstate INVALID' },
    reason: { side: 'old', reason: { code: 'tcp-seq-high' } },
  })
})

describe('a swap in the middle', () => {
  const old = forward('-A FORWARD -j ACCEPT')

  test('an open session goes on by the rule for known connections; a new one does not begin', async () => {
    const now = forward('-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT')
    const plans = [...session(40_000), keystroke(40_000), syn(40_001, 22)]
    const found = await compare([old], [now], { capture: captureOf(plans), host }, 3)
    expect(found.swap).toMatchObject({ packets: 3, open: 1, goesOn: 1, cut: 0, unseen: 0 })
    expect(found.swap!.sessions[0]).toMatchObject({
      fate: 'goes on',
      packets: 1,
      entry: { state: 'ESTABLISHED' },
      by: [{ fate: 'ACCEPT', by: { chain: 'FORWARD', number: 1 } }],
    })
    expect(found.flows).toMatchObject({ total: 2, changed: 1 })
    expect(found.changes[0]!.examples[0]!.first.new).toMatchObject({ packet: 5, verdict: 'DROP' })
  })

  test('without such a rule it is cut; one without a further packet was not seen', async () => {
    const plans = [...session(40_000), ...session(40_002), keystroke(40_000)]
    const found = await compare([old], [forward('')], { capture: captureOf(plans), host }, 6)
    expect(found.swap).toMatchObject({ open: 2, goesOn: 0, cut: 1, unseen: 1 })
    expect(found.swap!.sessions.map(({ fate }) => fate)).toEqual(['cut', 'unseen'])
    expect(found.swap!.sessions[0]!.cut).toMatchObject({ packet: 7, verdict: 'DROP' })
  })

  test('tables that NEW does not name stay, with what they count; hits count from the swap on', async () => {
    const withNat = rulesOf(
      '*nat\n-A POSTROUTING -j SNAT --to-source 192.0.2.1\nCOMMIT\n*filter\n-A FORWARD -j ACCEPT\nCOMMIT\n',
    )
    const plans = [syn(1, 80), syn(2, 80), syn(3, 80)]
    const found = await compare([withNat], [old], { capture: captureOf(plans), host }, 2)
    expect(found.swap!.kept).toEqual(['ipv4 nat'])
    expect(found.same).toBe(true)
    expect(found.rules.map(({ kind, new: now }) => [kind, now?.text])).toEqual([['changed', 'policy DROP']])
  })
})
