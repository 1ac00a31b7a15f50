import { expect, test } from 'vitest'
import { Bench } from '../firewall/fixtures.ts'
import { subscribe } from './subscribe.ts'

test('entries that expire while nobody sends are told in the order of their deadlines', () => {
  const bench = new Bench()
  const told: string[] = []
  subscribe(bench.tracker, ({ type, seconds, entry }) => {
    if (type === 'destroy') told.push(`${seconds - 1_700_000_000} s: ${entry.original.sourcePort}`)
  })
  const dns = (sourcePort: number): void => {
    bench.send({ source: '10.0.0.2', destination: '192.0.2.53', udp: { sourcePort, destinationPort: 53 } })
  }
  const syn = (sourcePort: number): void => {
    bench.send({
      source: '10.0.0.2',
      destination: '192.0.2.9',
      tcp: { sourcePort, destinationPort: 80, flags: 'S', sequence: 1 },
    })
  }
  syn(1)
  dns(2)
  bench.wait(0.3)
  dns(3)
  bench.wait(20)
  dns(4)
  syn(5)
  bench.wait(500_000)
  syn(6)
  expect(told).toEqual(['30 s: 2', '30 s: 3', '50 s: 4', '120 s: 1', '140 s: 5'])
})

test('a time-stamped entry that ends: the event says when it stopped, to the tick where it expired', () => {
  const bench = new Bench({ sysctls: { nf_conntrack_timestamp: 1 } })
  const stops: unknown[] = []
  subscribe(bench.tracker, ({ type, entry }) => stops.push(type, entry.stop))
  const dns = (): void => {
    bench.send({ source: '10.0.0.2', destination: '192.0.2.53', udp: { sourcePort: 1, destinationPort: 53 } })
  }
  dns()
  bench.wait(31.5)
  dns()
  expect(stops).toEqual(['new', null, 'destroy', { seconds: 1_700_000_030, nanoseconds: 0 }, 'new', null])
})
