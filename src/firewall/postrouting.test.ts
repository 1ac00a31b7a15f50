import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { HOOK_OUTPUT } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import { Host } from '../host/host.ts'
import { FixedWay } from './way.ts'

test('OUTPUT keeps the device of the first routing; POSTROUTING sees that of the second', () => {
  const host = new Host()
  const [first, second] = [host.interfaces.numberOf('out0'), host.interfaces.numberOf('lo')]
  class Elsewhere extends FixedWay {
    override reroute(passage: Passage): boolean {
      passage.outInterface = second
      return true
    }
  }
  const bench = new RuleBench({
    host,
    way: new Elsewhere(HOOK_OUTPUT, 0, first),
    rules: `
      *mangle
      -A POSTROUTING -o lo
      -A POSTROUTING -o out0
      COMMIT
      *nat
      -A OUTPUT -p udp -j DNAT --to-destination 127.0.0.1
      COMMIT
      *filter
      -A OUTPUT -o lo
      -A OUTPUT -o out0
      COMMIT`,
  })
  bench.send({ source: '10.0.0.1', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } })
  expect(bench.counts('filter', 'OUTPUT')).toEqual([0, 1, 1])
  expect(bench.counts('mangle', 'POSTROUTING')).toEqual([1, 0, 1])
})

test('a forwarded packet still has the device it came in by in POSTROUTING, where only chains of the user may ask', () => {
  const bench = new RuleBench({
    rules: `
      *mangle
      :a - [0:0]
      -A POSTROUTING -j a
      -A a -i in0
      -A a ! -i in+
      COMMIT`,
  })
  bench.send({ source: '10.0.0.1', destination: '192.0.2.9', udp: { sourcePort: 1, destinationPort: 2 } })
  expect(bench.counts('mangle', 'a')).toEqual([1, 0])
})
