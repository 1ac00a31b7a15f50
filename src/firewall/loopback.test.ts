import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { Host } from '../host/host.ts'
import { CapturePlace } from './capture-place.ts'
import { HostWay } from './host-way.ts'

const syn = {
  source: '127.0.0.1',
  destination: '127.0.0.1',
  tcp: { sourcePort: 40_000, destinationPort: 80, flags: 'S' },
}

/** All packets are captured on lo. */
function benchOf(rules: string): RuleBench {
  const host = new Host()
  const place = new CapturePlace(host, { ofFile: ['lo'] })
  return new RuleBench({ rules, host, way: new HostWay(host, place) })
}

test('what a machine sends to itself leaves and comes in, with the entry that it has already', () => {
  const bench = benchOf(`
    *raw
    -A PREROUTING -i lo -j ACCEPT
    COMMIT
    *filter
    :INPUT DROP [0:0]
    -A INPUT -i lo -m conntrack --ctstate NEW -m mark --mark 5 -j ACCEPT
    -A OUTPUT -o lo -j MARK --set-mark 5
    COMMIT`)
  expect(bench.send(syn)).toMatchObject({ verdict: 'ACCEPT', decidedBy: 'filter INPUT 1', ctstate: 'NEW' })
  expect(bench.counts('raw', 'PREROUTING')).toEqual([1, 0])
  expect(bench.counts('filter', 'OUTPUT')).toEqual([1, 1])
  expect(bench.tracker.table.count).toBe(1)
})

test('INPUT drops it', () => {
  const bench = benchOf('*filter\n:INPUT DROP [0:0]\nCOMMIT')
  expect(bench.send(syn)).toMatchObject({ verdict: 'DROP', decidedBy: 'filter INPUT policy' })
})
