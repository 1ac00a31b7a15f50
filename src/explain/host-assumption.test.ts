import { expect, test } from 'vitest'
import { Tracker } from '../conntrack/tracker.ts'
import { CapturePlace } from '../firewall/capture-place.ts'
import { HostWay } from '../firewall/host-way.ts'
import { Host } from '../host/host.ts'
import { Standpoint } from '../replay/standpoint.ts'
import { Summary } from '../replay/summary.ts'
import { hostAssumptionsOf } from './host-assumption.ts'

function assumedOf(
  strict: boolean,
  change: (way: HostWay, standpoint: Standpoint, summary: Summary) => void,
) {
  const host = new Host()
  const tracker = new Tracker()
  const way = new HostWay(host, new CapturePlace(host), { strict })
  const standpoint = new Standpoint('wire', host, way, tracker)
  const summary = new Summary(tracker)
  summary.packets = 9
  change(way, standpoint, summary)
  return hostAssumptionsOf({ way, standpoint, summary, sentences: ['guess\u202e'], asksInterfaces: true })
}

test('what was guessed and what the IP layer did not check is said, safe to print', () => {
  expect(assumedOf(false, () => {}).map(({ code, sentence }) => `${code}: ${sentence}`)).toEqual([
    'host: guess\\u202e',
    'ip-layer: the IP layer is taken to let every source pass (martians, rp_filter) and every length (MTU): only --host tells what it checks',
  ])
  expect(assumedOf(true, () => {})[1]!.sentence).toBe(
    'rp_filter is taken to be off: ip -j addr does not tell it (--sysctl net.ipv4.conf.all.rp_filter=1)',
  )
})

test('what was counted is said with its number', () => {
  const list = assumedOf(true, (way, standpoint, summary) => {
    way.assumed.inByRoute = 2
    way.assumed.outUnknown = 1
    summary.notOurs = 3
    standpoint.counts.secondCopies = 5
    standpoint.counts.against = 1
  })
  expect(list.slice(1).map(({ code, count }) => `${code} ${count}`)).toEqual([
    'interfaces 2',
    'interfaces 1',
    'ip-layer 9',
    'not-ours 3',
    'second-copies 5',
  ])
  expect(list[5]!.sentence).toBe(
    '5 packets seen a second time, as the router sent them on, and not judged again; 1 of them was forwarded, and here not',
  )
})
