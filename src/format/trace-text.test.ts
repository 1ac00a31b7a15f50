import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { TraceRecorder } from '../replay/trace.ts'
import { traceLines } from './trace-text.ts'

test('every rule that a packet met, and what failed first', () => {
  const bench = new RuleBench({
    rules: `
      *mangle
      -A PREROUTING -j MARK --set-mark 7
      COMMIT
      *filter
      :FORWARD DROP [0:0]
      :web - [0:0]
      -A FORWARD ! -s 10.0.0.0/8 -j DROP
      -A FORWARD -p tcp -m tcp --dport 80:81 -j web
      -A FORWARD -m mark --mark 7 -j ACCEPT
      -A web -i eth+ -j ACCEPT
      COMMIT`,
  })
  const recorder = new TraceRecorder(bench.firewall)
  const tcp = { sourcePort: 40_000, destinationPort: 80, flags: 'S' }
  bench.send({ source: '10.0.0.9', destination: '192.0.2.1', tcp })
  bench.send({ source: '10.0.0.2', destination: '192.0.2.9', tcp })
  expect(`\n${traceLines(recorder.steps).join('\n')}\n`).toBe(`
      mangle PREROUTING 1  yes   -j MARK --set-xmark 0x7/0xffffffff
      mangle PREROUTING    end   policy ACCEPT
      mangle FORWARD       end   policy ACCEPT
      filter FORWARD 1     no    ! -s 10.0.0.0/8
      filter FORWARD 2     yes   -p tcp -m tcp --dport 80:81 -j web
      filter web 1         no    -i eth+
      filter web           end   back to the chain that jumped here
      filter FORWARD 3     yes   -m mark --mark 0x7 -j ACCEPT
      mangle POSTROUTING   end   policy ACCEPT
`)
})
