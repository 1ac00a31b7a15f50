/** Matches on what no capture and no description of a host tells: refused when compiled, with what is missing. */
import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import { NotEvaluated } from '../hook/environment.ts'

test.each([
  ['-m owner --uid-owner 0', 'OUTPUT', 'no capture tells'],
  ['-m socket', 'PREROUTING', 'no capture tells'],
  ['-m cgroup --cgroup 5', 'OUTPUT', 'no capture tells'],
  ['-m cpu --cpu 0', 'INPUT', 'no capture tells'],
  ['-m policy --dir in --pol none', 'INPUT', 'no capture tells'],
  ['-m devgroup --src-group 1', 'INPUT', 'nobody told'],
  ['-m realm --realm 1', 'INPUT', 'nobody told'],
])('%s', (rule, chain, message) => {
  let error: unknown
  try {
    new MatchBench(rule, { chain })
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(NotEvaluated)
  expect((error as NotEvaluated).message).toContain(message)
})
