import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { findHelper } from '../conntrack/helper/registry.ts'

const segment = (from: string, to: string, ports: [number, number], flags: string, more: object = {}) => ({
  source: from,
  destination: to,
  tcp: { sourcePort: ports[0], destinationPort: ports[1], flags, window: 1000, ...more },
})
const client = '10.0.1.2'
const server = '192.0.2.9'

test('the connection that a helper announced, by the name of that helper', () => {
  const bench = new RuleBench({
    rules: [
      '--helper ftp',
      '--helper ftp-2121',
      '--helper ft',
      '--helper ""',
      '! --helper ftp',
      '! --helper tftp',
    ]
      .map((options) => `-A FORWARD -m helper ${options}`)
      .join('\n'),
  })
  bench.tracker.helpers.assignments.push({ helper: findHelper('ftp')!, protocol: 6, port: 21 })
  const counts = () => bench.counts('filter', 'FORWARD').slice(0, 6)
  bench.send(segment(client, server, [1000, 21], 'S'))
  bench.send(segment(server, client, [21, 1000], 'SA', { acknowledgment: 1 }))
  bench.send(segment(client, server, [1000, 21], 'A', { sequence: 1, acknowledgment: 1 }))
  const says = (text: string, sequence: number) => {
    const payload = new TextEncoder().encode(text)
    bench.send(segment(client, server, [1000, 21], 'PA', { sequence, acknowledgment: 1, payload }))
  }
  says('USER a\r\n', 1)
  says('PORT 10,0,1,2,4,1\r\n', 9)
  // The control connection itself was announced by nobody.
  expect(counts()).toEqual([0, 0, 0, 0, 5, 5])
  expect(bench.send(segment(server, client, [20, 1025], 'S')).ctstate).toBe('RELATED')
  expect(counts()).toEqual([1, 1, 0, 1, 5, 6])
})
