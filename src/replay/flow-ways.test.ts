/** Ways that are remembered, held to the rules themselves: all that a run leaves behind is the same. */
import { expect, test } from 'vitest'
import { leftBehind } from '../../test/support/left-behind.ts'
import { randomOf } from '../../test/support/rules.ts'
import { MergedCapture } from '../capture/merge.ts'
import { pcapHeader, pcapRecord } from '../capture/pcap-writer.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import { extensions } from '../firewall/extensions.ts'
import { Firewall } from '../firewall/firewall.ts'
import { HostWay } from '../firewall/host-way.ts'
import { FixedWay, type Way } from '../firewall/way.ts'
import { HOOK_FORWARD, HOOK_INPUT, HOOK_OUTPUT } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import { Host } from '../host/host.ts'
import { parseIPv4 } from '../packet/address.ts'
import { buildPacket } from '../packet/build.ts'
import { ethernet } from '../packet/build-link.ts'
import { LINKTYPE_ETHERNET } from '../packet/link-type.ts'
import type { Ruleset } from '../ruleset/model.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { Consequences } from './consequences.ts'
import type { PacketRecord } from './record.ts'
import { recordOf } from './record-of.ts'
import { Replay, type ReplayObserver } from './replay.ts'

const FORMAT = { precision: 'micro', byteOrder: 'little' } as const

class Chance {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  below(many: number): number {
    return Math.floor(this.#random() * many)
  }

  some(share: number): boolean {
    return this.#random() < share
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}

/** What all packets of a flow have alike, at least once it is established. */
const alike = [
  ...['-s 10.0.0.0/24', '! -s 10.0.0.3', '-d 192.0.2.9', '! -d 192.0.2.0/24', '-p udp', '! -p udp', '! -f'],
  ...['-p tcp --dport 80', '-p tcp --sport 80', '-p tcp ! --dport 4001', '-p tcp --sport 4000:4002'],
  ...['-p tcp --syn', '-p tcp ! --syn', '-p tcp --tcp-flags SYN,RST SYN', '-p tcp --tcp-flags SYN,PSH SYN'],
  ...['-p tcp --tcp-flags ACK,URG ACK,URG', '-p tcp --tcp-flags SYN SYN', '-p tcp ! --tcp-flags ACK,SYN ACK'],
  ...['-p tcp -m multiport --ports 80,4001', '-p tcp -m multiport ! --dports 80', '-m mark --mark 1'],
  ...[
    '-m conntrack --ctstate ESTABLISHED',
    '-m conntrack --ctstate NEW',
    '-m state --state ESTABLISHED,RELATED',
  ],
  ...['-m conntrack ! --ctstate INVALID', '-m conntrack --ctstatus ASSURED', '-m conntrack --ctdir REPLY'],
  ...['-m conntrack --ctorigsrc 10.0.0.2', '-m conntrack --ctreplsrcport 80', '-m conntrack --ctstate SNAT'],
  ...['-m conntrack ! --ctstatus ASSURED', '-m conntrack --ctstatus SEEN_REPLY', '-m comment --comment x'],
  ...[
    '-m iprange --src-range 10.0.0.1-10.0.0.2',
    '-m addrtype --dst-type LOCAL',
    '-m physdev ! --physdev-is-in',
  ],
  ...['-m pkttype --pkt-type unicast', '-m mac --mac-source 02:00:00:00:00:01'],
]
/** What tells them apart, or counts them. */
const varying = [
  ...[
    '-p tcp --tcp-flags FIN FIN',
    '-p tcp --tcp-flags PSH PSH',
    '-p tcp --tcp-option 8',
    '-m tos --tos 0x10',
  ],
  ...[
    '-m conntrack --ctexpire 0:200',
    '-m length --length 40:45',
    '-m ttl --ttl-lt 10',
    '-m connmark --mark 1',
  ],
  ...['-m limit --limit 2/second --limit-burst 3', '-m statistic --mode nth --every 3 --packet 0'],
  ...['-m quota --quota 2000', '-m connbytes --connbytes 500: --connbytes-mode bytes --connbytes-dir both'],
  ...['-m string --string ZZ --algo bm', '-m recent --name r --update --seconds 2 --hitcount 3'],
  ...['-m connlimit --connlimit-above 1 --connlimit-mask 0', '-m helper --helper ftp'],
]
const receivedBy = ['-i in0', '! -i in0', '-i in+', '-i eth1', '-i eth0']
const leavesBy = ['-o out0', '! -o eth0', '-o eth+']

const ends: Readonly<Record<string, readonly string[]>> = {
  filter: ['ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'RETURN', 'DROP', 'REJECT', 'LOG', 'a', 'b', 'a', 'b', ''],
  mangle: [
    ...['ACCEPT', 'MARK --set-mark 1', 'MARK --xor-mark 3', 'CONNMARK --save-mark', 'CONNMARK --set-mark 1'],
    ...['TTL --ttl-dec 1', 'TOS --set-tos 0x10', 'CONNMARK --restore-mark', '', 'RETURN'],
  ],
  raw: ['NOTRACK', 'ACCEPT', '', 'CT --zone 0', 'RETURN', ''],
}
/** Beside them, where all is to be alike. */
const steadyEnds: Readonly<Record<string, readonly string[]>> = {
  filter: ['ACCEPT', 'ACCEPT', 'ACCEPT', 'RETURN', 'DROP', 'a', 'b', 'a', 'b', ''],
  mangle: ['ACCEPT', 'MARK --set-mark 1', 'MARK --xor-mark 3', '', 'RETURN'],
  raw: ['ACCEPT', '', 'RETURN'],
}

/** Few things that vary in one ruleset, so that there is something to remember beside them. */
interface Style {
  readonly varying: string
  /** Of the conditions, those that vary. */
  readonly share: number
  readonly ends: typeof ends
}

function ruleOf(chance: Chance, style: Style, table: string, chain: string): string {
  const words = [`-A ${chain}`]
  const asked = new Set<string>()
  for (let left = chance.below(3); left > 0; left--) {
    const condition = chance.some(style.share) ? style.varying : chance.pick(alike)
    // One protocol, one option of a kind.
    const kinds = condition.split(' ').filter((word) => word.startsWith('-'))
    if (kinds.some((kind) => asked.has(kind))) continue
    if (table === 'raw' && /connlimit|SNAT/.test(condition)) continue
    for (const kind of kinds) asked.add(kind)
    words.push(condition)
  }
  if (chance.some(0.15) && ['PREROUTING', 'INPUT', 'FORWARD', 'a', 'b'].includes(chain))
    words.push(chance.pick(receivedBy))
  if (chance.some(0.1) && ['POSTROUTING', 'OUTPUT', 'FORWARD'].includes(chain))
    words.push(chance.pick(leavesBy))
  const target = chance.pick(style.ends[table]!)
  if (target === '' || (chain === 'b' && (target === 'a' || target === 'b')) || chain === target)
    return words.join(' ')
  const isFlag = chance.some(0.2) && (target === 'a' || target === 'b')
  return [...words, isFlag ? '-g' : '-j', target].join(' ')
}

const chainsOf: Readonly<Record<string, readonly string[]>> = {
  raw: ['PREROUTING', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  filter: ['INPUT', 'FORWARD', 'OUTPUT', 'a', 'b'],
}

/** Some have a table more; the walk mostly gets to its end, so that there is something to remember. */
function rulesOf(chance: Chance): Ruleset {
  const text: string[] = []
  const style = {
    varying: chance.pick(varying),
    share: chance.pick([0, 0.3]),
    ends: chance.some(0.7) ? steadyEnds : ends,
  }
  for (const [table, chains] of Object.entries(chainsOf)) {
    if (table !== 'filter' && chance.some(0.6)) continue
    text.push(`*${table}`)
    if (table === 'filter') {
      text.push(`:INPUT ${chance.pick(['ACCEPT', 'ACCEPT', 'DROP'])} [0:0]`, ':a - [0:0]', ':b - [0:0]')
      if (chance.some(0.3)) text.push('-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT')
    }
    // Now and then so many that they are found by an index.
    const many = table === 'filter' && chance.some(0.2) ? 30 : 4
    for (const chain of chains)
      for (let left = chance.below(many); left > 0; left--) text.push(ruleOf(chance, style, table, chain))
    text.push('COMMIT')
  }
  if (chance.some(0.4))
    text.push(
      '*nat',
      chance.pick(['-A POSTROUTING -s 10.0.0.3 -j SNAT --to-source 192.0.2.77', '-A POSTROUTING -j ACCEPT']),
      chance.pick(['-A PREROUTING -p tcp --dport 22 -j DNAT --to-destination 192.0.2.9:80', '-A INPUT']),
      'COMMIT',
    )
  return parsed(text)
}

/** Without the rules that are valid in other chains only. */
function parsed(lines: readonly string[]): Ruleset {
  const { ruleset, diagnostics } = parseRuleset(`${lines.join('\n')}\n`, {
    family: 'ipv4',
    registry: extensions,
  })
  const wrong = new Set(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ place }) => place.line),
  )
  if (wrong.size === 0) return ruleset
  return parsed(lines.filter((_, index) => !wrong.has(index + 1)))
}

interface Flow {
  readonly ends: readonly [string, string]
  readonly ports: readonly [number, number]
  readonly next: [number, number]
  /** Answers are seen translated: to this address, or from this one and its port. */
  readonly outside: string | null
  readonly server: string | null
  stage: number
}

/** Two captures of it, one of each side: connections that begin, go on, end and begin again, and what is odd. */
function capturesOf(chance: Chance, steps: number): Uint8Array[][] {
  const flows: Flow[] = Array.from({ length: 5 }, (_, index) => ({
    ends: [`10.0.0.${2 + (index & 1)}`, index === 4 ? '192.0.2.9' : '198.51.100.7'],
    ports: [4000 + index, index === 3 ? 22 : 80],
    next: [index * 1000 - 2000, index * 777],
    outside: index === 1 && chance.some(0.5) ? '192.0.2.77' : null,
    server: index === 3 && chance.some(0.5) ? '192.0.2.9' : null,
    stage: 0,
  }))
  const files: Uint8Array[][] = [0, 1].map(() => [pcapHeader(FORMAT, LINKTYPE_ETHERNET)])
  let time = 1_700_000_000_000
  for (let step = 0; step < steps; step++) {
    time += chance.pick([0, 0, 1, 3, 3, 40, 40, 900])
    if (chance.some(0.01)) time += chance.pick([130_000, 440_000_000])
    const flow = chance.pick(flows)
    let from: 0 | 1 = chance.some(0.5) ? 1 : 0
    let flags = chance.pick(['A', 'A', 'PA'])
    if (flow.stage < 3) {
      from = flow.stage === 1 ? 1 : 0
      flags = ['S', 'SA', 'A'][flow.stage]!
      flow.stage++
    } else if (chance.some(0.03)) {
      flags = 'FA'
      flow.stage++
    } else if (chance.some(0.007)) flags = chance.pick(['RA', 'R', 'SA', 'UA', 'SFA', 'S'])
    if (flow.stage === 5 && chance.some(0.5)) flow.stage = 0
    const payload = flags === 'PA' ? chance.pick([1, 7, 30, 900, 1400]) : 0
    const isOdd = chance.some(0.04)
    const oddity = isOdd
      ? chance.pick(['ttl', 'cast', 'host', 'sum', 'tag', 'udp', 'ahead', 'again', 'tos'])
      : ''
    const to = from === 0 ? 1 : 0
    const shift = oddity === 'ahead' ? 90_000 : oddity === 'again' ? -5 : 0
    const packet = buildPacket({
      source: from === 1 && flow.server !== null ? flow.server : flow.ends[from],
      destination: from === 1 && flow.outside !== null ? flow.outside : flow.ends[to],
      ttl: oddity === 'ttl' ? 1 : 64,
      tos: oddity === 'tos' ? 0x10 : 0,
      dontFragment: chance.some(0.5),
      ...(oddity === 'udp'
        ? { udp: { sourcePort: flow.ports[from], destinationPort: flow.ports[to] } }
        : {
            tcp: {
              sourcePort: from === 1 && flow.server !== null ? 80 : flow.ports[from],
              destinationPort: flow.ports[to],
              flags,
              sequence: flow.next[from] + shift,
              acknowledgment: flags === 'S' ? 0 : flow.next[to],
              window: 5000,
              payload: new Uint8Array(payload).fill(0x5a),
            },
          }),
    })
    if (shift === 0 && oddity !== 'udp' && oddity !== 'sum')
      flow.next[from] += payload + (/[SF]/.test(flags) ? 1 : 0)
    if (oddity === 'sum') packet[packet.length - 1]! ^= 1
    const side = from === 0 ? 1 : 3
    const bytes = ethernet(packet, {
      source: [2, 0, 0, 0, 0, oddity === 'host' ? 9 : side],
      destination: oddity === 'cast' ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, side + 1],
      ...(oddity === 'tag' && { vlans: [7] }),
    })
    files[from]!.push(
      pcapRecord(FORMAT, {
        bytes,
        start: 0,
        end: bytes.length,
        originalLength: bytes.length,
        seconds: Math.floor(time / 1000),
        nanoseconds: (time % 1000) * 1_000_000,
      }),
    )
  }
  return files
}

/** Counts the packets that go the general way. */
class Counting implements Way {
  begun = 0
  readonly #way: Way

  constructor(way: Way) {
    this.#way = way
  }

  get loopback() {
    return this.#way.loopback
  }

  get bounds() {
    return this.#way.bounds!
  }

  assume(assumed: number, times: number) {
    this.#way.assume?.(assumed, times)
  }

  begin(passage: Passage) {
    this.begun++
    return this.#way.begin(passage)
  }

  route(passage: Passage) {
    return this.#way.route(passage)
  }

  reroute(passage: Passage) {
    return this.#way.reroute(passage)
  }

  answer(passage: Passage, cause: Passage) {
    return this.#way.answer(passage, cause)
  }
}

function wayOf(chance: Chance, host: Host, capture: MergedCapture): Way {
  const { interfaces } = host
  const [in0, out0] = [interfaces.numberOf('in0'), interfaces.numberOf('out0')]
  if (chance.some(0.4)) return new FixedWay(chance.pick([HOOK_INPUT, HOOK_FORWARD, HOOK_OUTPUT]), in0, out0)
  const eth0 = interfaces.numberOf('eth0')
  const eth1 = interfaces.numberOf('eth1')
  const word = (text: string) => Int32Array.of(parseIPv4(text)!)
  host.hasPorts = false
  host.addAddress({ interface: eth0, words: word('10.0.0.1'), length: 24 })
  if (chance.some(0.7)) host.addAddress({ interface: eth1, words: word('192.0.2.9'), length: 24 })
  if (chance.some(0.5)) {
    host.setDevice(eth1, { mtu: 1000 })
    host.setDevice(eth0, { mtu: 1500 })
  }
  const gateway = {
    ipv6: false,
    type: 'unicast',
    words: word('0.0.0.0'),
    length: 0,
    interface: eth1,
  } as const
  if (chance.some(0.5)) host.addRoute(gateway)
  const ofFile = chance.some(0.6) ? ['eth0', 'eth1'] : []
  const place = new CapturePlace(host, { interfaces: capture.interfaces, ofFile })
  return new HostWay(host, place, { strict: chance.some(0.5) })
}

/** Packets that entered hooks one by one, with ways to remember and without. */
const begun = { all: 0, notable: 0 }

function inPieces(records: readonly Uint8Array[], many: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < records.length; at += many)
    pieces.push(new Uint8Array(records.slice(at, at + many).flatMap((record) => [...record])))
  return pieces
}

/** Everything that a run leaves behind. */
async function run(seed: number, look: 'all' | 'notable') {
  const chance = new Chance(seed)
  const rulesets = [rulesOf(chance)]
  const others = chance.some(0.3) ? [rulesOf(chance)] : null
  const [a, b] = capturesOf(chance, 400)
  const capture = new MergedCapture([
    // In pieces, between which rules may be replaced.
    { name: 'a', chunks: inPieces(a!, 8) },
    { name: 'b', chunks: inPieces(b!, 20) },
  ])
  const tracker = new Tracker({ fillRandom: (words) => words.fill(0x9e37_79b1) })
  tracker.settings.set('nf_conntrack_acct', chance.below(2))
  const host = new Host()
  const inner = wayOf(chance, host, capture)
  const way = new Counting(inner)
  const firewall = new Firewall(tracker, { rulesets, host, way })
  const programs = [firewall.programs.ipv4]
  const consequences = chance.some(0.5) ? new Consequences(firewall) : null
  const source = { names: ['a', 'b'], interfaces: capture.interfaces, tracker, firewall }
  const notable: PacketRecord[] = []
  const swapAt = 5 + chance.below(20)
  let reads = 0
  const keep: NonNullable<ReplayObserver['onPacket']> = (packet, outcome, number) => {
    const { changes, reasons, droppedBy } = outcome
    if ((changes & 7) !== 0 || reasons.count > 0 || droppedBy !== 0)
      notable.push(recordOf(source, packet, outcome, number))
  }
  const replay = new Replay(
    capture,
    firewall,
    {
      ...(look === 'all' ? { onPacket: keep } : { onNotablePacket: keep }),
      onProgress() {
        if (++reads !== swapAt || others === null) return
        firewall.restore(others)
        programs.push(firewall.programs.ipv4)
      },
    },
    consequences === null ? {} : { consequences },
  )
  await replay.run()
  begun[look] += way.begun
  const left = {
    notable,
    ...leftBehind(replay, programs),
    assumed: inner instanceof HostWay ? { ...inner.assumed } : null,
    silenced: consequences?.silenced,
  }
  tracker.dispose()
  return left
}

test.each(Array.from({ length: 8 }, (_, part) => part * 20))(
  'packets whose way is remembered leave behind what those do that meet the rules, from ruleset %i on',
  async (first) => {
    for (let seed = first; seed < first + 20; seed++)
      expect(await run(seed, 'notable'), `seed ${seed}`).toEqual(await run(seed, 'all'))
  },
)

test('a good part of them had ways', () => {
  expect(begun.notable / begun.all).toBeLessThan(0.85)
})
