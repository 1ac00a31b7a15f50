/** What survives when rules are loaded while packets are on their way: the same loads and packets through Linux and here. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Tracker } from '../../src/conntrack/tracker.ts'
import { countedRuleset } from '../../src/firewall/counted.ts'
import { extensions } from '../../src/firewall/extensions.ts'
import { Firewall } from '../../src/firewall/firewall.ts'
import { Namespace } from '../../src/live/namespace.ts'
import { Tun } from '../../src/live/tun.ts'
import { buildPacket } from '../../src/packet/build.ts'
import { Feed } from '../../src/replay/feed.ts'
import { parseRuleset } from '../../src/ruleset/parser.ts'
import { printRuleset } from '../../src/ruleset/printer.ts'
import { whyNoRules } from './rules/needs.ts'

const skip = whyNoRules()
if (skip) console.warn(`restore.test.ts is skipped: ${skip}`)

const RAW =
  '*raw\n-A PREROUTING -p udp -m limit --limit 1/hour --limit-burst 3\n-A PREROUTING -p udp\nCOMMIT\n'
/** Each rule keeps something: by a name, with the connection, or to itself. */
const mangle = (burst: number) => `*mangle
-A PREROUTING -p udp -m recent --set --name seen
-A PREROUTING -p udp -m recent --rcheck --hitcount 6 --name seen
-A PREROUTING -p udp -m hashlimit --hashlimit-upto 1/hour --hashlimit-burst ${burst} --hashlimit-name few
-A PREROUTING -p udp -m limit --limit 1/hour --limit-burst 3
-A PREROUTING -p udp -m quota --quota 80
-A PREROUTING -p udp -m statistic --mode nth --every 3 --packet 0
-A PREROUTING -p udp -m connlimit --connlimit-above 2 --connlimit-mask 0
-A PREROUTING -p udp -m connmark --mark 0x7
-A PREROUTING -p udp -m udp --dport 9 -j CONNMARK --set-xmark 0x7/0xffffffff
COMMIT
`
/** NEW does not mark, so that what is marked was marked before. */
const OLD = mangle(2)
const NEW = mangle(5).replace(/^.*CONNMARK.*\n/m, '')

/** Four connections, then two of them again and a fifth. */
const datagram = (sourcePort: number) =>
  buildPacket({
    source: '10.9.0.2',
    destination: '10.9.0.1',
    udp: { sourcePort, destinationPort: 9, payload: 'x' },
  })
const before = [1, 2, 3, 4].map((port) => datagram(4000 + port))
const after = [1, 2, 5].map((port) => datagram(4000 + port))

/** Lines of rules with their counters. */
function counted(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('['))
}

function here(loads: readonly string[]): string[] {
  const rulesets = loads.map((text) => parseRuleset(text, { family: 'ipv4', registry: extensions }).ruleset)
  const firewall = new Firewall(new Tracker(), { rulesets: [rulesets[0]!] })
  const feed = new Feed(firewall)
  for (const bytes of before) feed.send(bytes, { seconds: 1_700_000_000 })
  firewall.restore([rulesets[1]!])
  for (const bytes of after) feed.send(bytes, { seconds: 1_700_000_000 })
  return counted(printRuleset(countedRuleset(firewall.programs.ipv4!), { counters: true }))
}

describe.skipIf(skip !== null).each(['iptables-legacy', 'iptables-nft'])('%s', (program) => {
  let namespace: Namespace
  let tun: Tun

  beforeAll(() => {
    namespace = new Namespace()
    namespace.set('net.ipv4.conf.all.rp_filter', 0)
    namespace.set('net.ipv4.conf.default.rp_filter', 0)
    tun = namespace.inside(() => new Tun('tun0'))
    namespace.run('ip', 'address', 'add', '10.9.0.1/24', 'dev', 'tun0')
    namespace.run('ip', 'link', 'set', 'tun0', 'up')
  })
  afterAll(() => {
    tun?.close()
    namespace?.remove()
  })

  test('tables that are not named, what is known by name and what belongs to connections stay; the rest begins anew', () => {
    const load = (text: string) => namespace.run('sh', '-c', `${program}-restore <<'END'\n${text}END`)
    const send = (packets: readonly Uint8Array[]) => {
      for (const bytes of packets) expect(tun.write(bytes)).toBe(true)
    }
    load(RAW + OLD)
    send(before)
    load(NEW)
    send(after)
    const kernel = counted(namespace.run(`${program}-save`, '-c'))
    expect(kernel.length).toBe(10)
    // As both tools print it, whatever the order of their tables.
    expect(here([RAW + OLD, NEW]).sort()).toEqual(kernel.sort())
  })
})
