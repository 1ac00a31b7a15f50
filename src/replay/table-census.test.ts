import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { tableCensus } from './table-census.ts'

const plain = { source: '10.0.0.2', destination: '192.0.2.9' }

test('services of high addresses are told by protocol, address and port', () => {
  const bench = new RuleBench({ rules: '-A FORWARD -j ACCEPT' })
  const ends = (sourcePort: number, destinationPort: number) => ({ sourcePort, destinationPort })
  for (let port = 1; port <= 5; port++) bench.send({ ...plain, tcp: { ...ends(port, 80), flags: 'S' } })
  for (let port = 1; port <= 4; port++) bench.send({ ...plain, tcp: { ...ends(port, 65_535), flags: 'S' } })
  for (let port = 1; port <= 3; port++)
    bench.send({ ...plain, destination: '255.255.255.254', udp: ends(port, 53) })
  for (let id = 1; id <= 2; id++) bench.send({ ...plain, icmp: { type: 8, code: 0, id } })
  bench.send({ ...plain, source: '223.255.255.1', protocol: 255 })
  const { entries, services, sources } = tableCensus(bench.tracker)
  expect(entries).toBe(15)
  expect(services).toEqual([
    { name: 'tcp 192.0.2.9:80', entries: 5 },
    { name: 'tcp 192.0.2.9:65535', entries: 4 },
    { name: 'udp 255.255.255.254:53', entries: 3 },
    { name: 'icmp 192.0.2.9', entries: 2 },
    { name: 'unknown 192.0.2.9', entries: 1 },
  ])
  expect(sources).toEqual([
    { name: '10.0.0.2', entries: 14 },
    { name: '223.255.255.1', entries: 1 },
  ])
})
