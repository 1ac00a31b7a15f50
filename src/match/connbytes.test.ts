import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'

const out = {
  source: '10.0.1.2',
  destination: '192.0.2.9',
  udp: { sourcePort: 1000, destinationPort: 53, payload: new Uint8Array(72) },
}
const back = {
  source: '192.0.2.9',
  destination: '10.0.1.2',
  udp: { sourcePort: 53, destinationPort: 1000, payload: new Uint8Array(472) },
}

/** What a rule says to a question of 100 bytes, its answer of 500, and the question again. */
function matched(options: string): boolean[] {
  const bench = new RuleBench({ rules: `-A FORWARD -m connbytes ${options} -j DROP\n-A FORWARD -j ACCEPT` })
  // Kept out of the table by a drop, an entry would count from the start again.
  const counting = new RuleBench({ rules: `-A FORWARD -m connbytes ${options}` })
  expect(bench.tracker.settings.acct).toBe(1)
  return [out, back, out].map((packet) => {
    const before = counting.counts('filter', 'FORWARD')[0]!
    counting.send(packet)
    return counting.counts('filter', 'FORWARD')[0]! > before
  })
}

test.each([
  ['--connbytes 2: --connbytes-mode packets --connbytes-dir both', [false, true, true]],
  ['--connbytes 2: --connbytes-mode packets --connbytes-dir original', [false, false, true]],
  ['--connbytes 1:1 --connbytes-mode packets --connbytes-dir reply', [false, true, true]],
  ['--connbytes 600:600 --connbytes-mode bytes --connbytes-dir both', [false, true, false]],
  ['! --connbytes 600:601 --connbytes-mode bytes --connbytes-dir both', [true, false, true]],
  ['--connbytes 200: --connbytes-mode bytes --connbytes-dir original', [false, false, true]],
  ['--connbytes 233:300 --connbytes-mode avgpkt --connbytes-dir both', [false, true, true]],
  ['--connbytes 0:0 --connbytes-mode avgpkt --connbytes-dir reply', [true, false, false]],
  ['--connbytes 500: --connbytes-mode avgpkt --connbytes-dir reply', [false, true, true]],
])('connbytes %s', (options, wanted) => {
  expect(matched(options)).toEqual(wanted)
})

test('a packet without a connection never matches', () => {
  const bench = new RuleBench({
    rules: '-A FORWARD -m connbytes ! --connbytes 5:6 --connbytes-mode packets --connbytes-dir both',
  })
  const tcp = { sourcePort: 1, destinationPort: 2, flags: 'SF' }
  bench.send({ source: '10.0.1.2', destination: '192.0.2.9', tcp })
  expect(bench.counts('filter', 'FORWARD')[0]).toBe(0)
})
